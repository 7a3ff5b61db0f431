"""Writes an exported file, whose folder is made if it is missing."""

import os

from compare_gan.storage import files


def make_folder_of(path: str) -> None:
  """Makes the folder of a file."""
  folder = os.path.dirname(path)
  if folder:
    files.make_folder(folder)


def write(path: str, data: bytes) -> None:
  """Writes a file, and makes its folder if it is missing."""
  make_folder_of(path)
  files.write_bytes(path, data)
