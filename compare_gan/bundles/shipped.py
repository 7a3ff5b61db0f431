"""The bundles that come with the package: shipped/NAME.zip."""

import os

from compare_gan.bundles import archive
from compare_gan.storage import files

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shipped")
_SUFFIX = ".zip"


def names() -> list[str]:
  """Returns the names of the shipped bundles, sorted."""
  return [
    name[: -len(_SUFFIX)]
    for name in files.names(_FOLDER)
    if name.endswith(_SUFFIX)
  ]


def path_of(name: str) -> str:
  """Returns the file of a shipped bundle."""
  return os.path.join(_FOLDER, f"{name}{_SUFFIX}")


def about(name: str) -> str:
  """Returns a shipped bundle in one line."""
  return archive.read(path_of(name))[0].about
