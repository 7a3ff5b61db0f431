"""Bundles on a hub of models: hf://user/name, through huggingface_hub.

A repository holds the files of the bundle, not the zip, so that its page shows
the card. `hf://user/name@revision` names a commit, a tag or a branch. The
library keeps what it has downloaded, and knows the user's token.
"""

from collections.abc import Mapping
import os
import re
import tempfile
from typing import Any

from compare_gan.bundles import manifest as manifest_lib
from compare_gan.storage import files

SCHEME = "hf://"
_ADDRESS = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


def is_address(path: str) -> bool:
  """Returns whether a path is the address of a bundle on the hub."""
  return path.startswith(SCHEME)


def pull(address: str) -> str:
  """Returns the folder that a bundle was downloaded to; it is not checked.

  Args:
    address: "hf://user/name", with "@revision" at its end or without.
  """
  name, _, revision = _repository(address, address).partition("@")
  library = _library(address)
  try:
    return library.snapshot_download(
      name,
      revision=revision or None,
      # Whatever else is there is not downloaded.
      allow_patterns=[manifest_lib.NAME, *manifest_lib.MEMBERS],
    )
  except Exception as error:  # The library's errors have no common class.
    raise OSError(f"{address} cannot be downloaded: {error}") from error


def push(
  repository: str, contents: Mapping[str, bytes], private: bool = False
) -> str:
  """Makes a bundle the content of a repository; returns its address.

  Args:
    repository: "user/name"; it is made if it is missing.
    contents: {name: content} of the bundle.
    private: whether a new repository is shown to its owner only.
  """
  name = _repository(repository, f"--push={repository}")
  if "@" in name:
    raise ValueError(
      f"--push={repository} names a revision. Leave it out: a bundle becomes "
      "the newest one."
    )
  library = _library(f"--push={repository}")
  try:
    api = library.HfApi()
    api.create_repo(name, repo_type="model", private=private, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="compare_gan-") as folder:
      for each, content in contents.items():
        files.write_bytes(os.path.join(folder, each), content)
      api.upload_folder(
        repo_id=name,
        folder_path=folder,
        repo_type="model",
        commit_message="A bundle of compare_gan",
      )
  except Exception as error:  # See above.
    raise OSError(f"{SCHEME}{name} cannot be written: {error}") from error
  return f"{SCHEME}{name}"


def _repository(text, shown):
  name = text.removeprefix(SCHEME)
  if not _ADDRESS.fullmatch(name):
    raise ValueError(f"{shown} must name a repository, user/name.")
  return name


def _library(wanted: str) -> Any:
  try:
    import huggingface_hub
  except ImportError as error:
    raise ImportError(
      f"{wanted} needs the package huggingface_hub: pip install "
      "'compare_gan[huggingface]'."
    ) from error
  return huggingface_hub
