"""Prepared datasets and the Inception network: what is found, and where."""

from collections.abc import Iterator
import hashlib
import os
import pathlib
import tempfile
from typing import Optional

from compare_gan.datasets import places
from compare_gan.doctor import own_process
from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import ok
from compare_gan.doctor.finding import wrong
from compare_gan.features import inception_network
from compare_gan.storage import files

ORDER = 50

_INFO = "dataset_info.json"  # of each version of a dataset that is complete
_DEPTH = 3  # name, configuration, version
_SECONDS = 300.0


def look(asked: Asked) -> list[Finding]:
  """Returns findings about datasets and the Inception network."""
  return [datasets(asked.tfds_data_dir), *inception(asked)]


# ---- Datasets ----------------------------------------------------------------


def datasets(data_dir: Optional[str]) -> Finding:
  """Returns the finding about datasets of tensorflow-datasets.

  Args:
    data_dir: --tfds_data_dir; None for the default.
  """
  folder = places.data_folder(data_dir)
  advice = (
    "python -m compare_gan datasets prepare --name cifar10 downloads one; "
    "--tfds_data_dir or TFDS_DATA_DIR says where they are. shapes32 and other "
    "built-in datasets need no files."
  )
  found = sorted(prepared(folder, _DEPTH)) if folder.is_dir() else []
  if found:
    return ok("datasets", f"{', '.join(found)} in {folder}")
  if data_dir and not folder.is_dir():
    said = f"--tfds_data_dir={data_dir}: there is no such folder"
    return wrong("datasets", said, advice)
  return absent("datasets", f"none is prepared in {folder}", advice)


def prepared(folder: pathlib.Path, depth: int) -> Iterator[str]:
  """Yields "cifar10/3.0.2" for each complete dataset below a folder."""
  for name in files.names(str(folder)):
    inner = folder / name
    if not inner.is_dir() or name.startswith("."):
      continue
    if (inner / _INFO).is_file():
      yield name
    elif depth > 1:
      yield from (f"{name}/{one}" for one in prepared(inner, depth - 1))


# ---- Inception ---------------------------------------------------------------


def inception(asked: Asked) -> list[Finding]:
  """Returns findings about the network that FID is defined by."""
  path = asked.inception or _lying_about(asked)
  hub = _in_hub_cache()
  advice = (
    "Scores use a classifier of the dataset instead. To compare with published "
    f"FIDs, give {inception_network.FILE} by {inception_network.FLAG}."
  )
  if path:
    return [archive(path, is_given=bool(asked.inception)), hub]
  said = (
    f"{inception_network.FLAG} is not given, and neither this folder nor that "
    f"of the datasets has {inception_network.FILE}"
  )
  return [absent("Inception", said, advice), hub]


def _lying_about(asked):
  """Returns the path of an archive where people put it, None without one."""
  for folder in (pathlib.Path(), places.data_folder(asked.tfds_data_dir)):
    path = folder / inception_network.FILE
    if path.is_file():
      return str(path)
  return None


def archive(path: str, is_given: bool) -> Finding:
  """Returns the finding about an archive, whose network runs on an image.

  Args:
    path: of the archive.
    is_given: whether the user has named it.
  """
  flag = f"{inception_network.FLAG}={path}"
  advice = (
    f"Download {inception_network.FILE} again: its network is not what FID is "
    "defined by, or it is damaged."
  )
  if not os.path.isfile(path):
    said = f"{flag}: there is no such file"
    return wrong("Inception", said, f"Give the path of the archive. {advice}")
  answer = own_process.ask(["inception", path], _SECONDS)
  last = answer.said[-1] if answer.said else {}
  if "identity" not in last:
    reason = answer.failure or last.get("error", "it says nothing")
    return wrong("Inception", f"{path}: {reason}", advice)
  said = f"{path} is whole and runs, SHA-256 {_sha256(path)}"
  if not is_given:
    said += f"; scores use it with {flag}"
  return ok("Inception", said)


def _sha256(path):
  whole = hashlib.sha256()
  with files.call(open, path, "rb") as file:
    for block in iter(lambda: files.call(file.read, 2**20), b""):
      whole.update(block)
  return whole.hexdigest()


def _in_hub_cache():
  """Returns the finding about TF-Hub's copy of the network."""
  folder = pathlib.Path(
    os.environ.get("TFHUB_CACHE_DIR")
    or os.path.join(tempfile.gettempdir(), "tfhub_modules")
  )
  name = hashlib.sha1(inception_network.HUB.encode("utf8")).hexdigest()
  place = folder / name
  if (place / "saved_model.pb").is_file():
    return ok("Inception of TF-Hub", f"in {place}")
  return absent(
    "Inception of TF-Hub",
    f"no copy in {folder}",
    "evaluate.features = @inception downloads it, where there is a network. "
    "TFHUB_CACHE_DIR is a better place for it than a temporary folder.",
  )
