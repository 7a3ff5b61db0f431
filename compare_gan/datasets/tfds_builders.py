"""Where tensorflow-datasets keeps its data, and which version is read."""

import os
import re
import stat
from typing import Any
from typing import Optional

from compare_gan.datasets import tfds_old
from compare_gan.datasets.places import data_folder
from compare_gan.storage import files

_VERSION = re.compile(r"\d+\.\d+\.\d+")


def open_builder(tfds_name: str, data_dir: Optional[str], name: str) -> Any:
  """Returns the builder of prepared files; never downloads, never asks.

  Args:
    tfds_name: "cifar10", "lsun/bedroom" or "cifar10:3.0.2".
    data_dir: None for tensorflow-datasets' default.
    name: `dataset.name`, for messages.
  """
  tfds_name, _, wanted = tfds_name.partition(":")
  root = data_folder(data_dir) / tfds_name
  found = _versions(root)
  if not found:  # The configuration was left out.
    configs = {name: _versions(root / name) for name in _names(root)}
    configs = {c: versions for c, versions in configs.items() if versions}
    if len(configs) > 1:
      raise ValueError(
        f"dataset.name = {name!r}: {root} holds the configurations "
        f"{', '.join(configs)}. Name one of them: 'tfds:{tfds_name}/<name>'."
      )
    found = next(iter(configs.values()), {})
  path = found.get(wanted) if wanted else found.get(_newest(found))
  if path is None:
    raise FileNotFoundError(
      f"dataset.name = {name!r}: there is no prepared dataset in {root}"
      f"{' of version ' + wanted if wanted else ''}. `python -m compare_gan "
      f"datasets prepare --name {name}` downloads and prepares it; "
      "--tfds_data_dir says where it is. Meanwhile dataset.name = 'shapes32' "
      "is built in and needs no download."
    )
  if tfds_old.is_old(path):
    return tfds_old.open_builder(path)
  import tensorflow_datasets as tfds

  return tfds.builder_from_directory(str(path))


def _versions(folder):
  """Returns {"3.0.2": path} of the versions prepared in a folder."""
  return {
    name: folder / name
    for name in _names(folder)
    if _VERSION.fullmatch(name) and "dataset_info.json" in _names(folder / name)
  }


def _names(folder):
  """Returns the names in a folder, none if it is not a folder.

  An unreadable folder raises an error: otherwise an older version next to it
  would be read in its place.
  """
  try:
    is_folder = stat.S_ISDIR(files.call(os.stat, folder).st_mode)
  except (FileNotFoundError, NotADirectoryError):
    return []
  except OSError as error:
    raise files.unreadable(str(folder), error) from error
  return files.names(str(folder)) if is_folder else []


def _newest(versions):
  key = lambda version: [int(part) for part in version.split(".")]  # noqa: E731
  return max(versions, key=key, default=None)


def prepare(
  tfds_name: str, data_dir: Optional[str], file_format: Optional[str] = None
) -> str:
  """Downloads and prepares a dataset; returns the folder."""
  import tensorflow_datasets as tfds

  arguments = {"file_format": file_format} if file_format else {}
  builder = tfds.builder(
    tfds_name, data_dir=str(data_folder(data_dir)), **arguments
  )
  builder.download_and_prepare()
  return str(builder.data_dir)
