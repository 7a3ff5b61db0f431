"""Where an exported file is written: its folder is made if there is none."""

import os

from compare_gan.storage import files


def make_folder_of(path: str) -> None:
  """Makes the folder that a file is to be in."""
  folder = os.path.dirname(path)
  if folder:
    files.make_folder(folder)


def write(path: str, data: bytes) -> None:
  """Writes a file, and its folder if there is none."""
  make_folder_of(path)
  files.write_bytes(path, data)
