"""The same files in a folder, a zip and tars, for tests of their readers."""

import io
import tarfile
import zipfile

from tests.datasets import pictures

FILES = {"a/1.png": b"one" * 50, "a/2.png": b"two", "b/3.png": b""}
KINDS = ["folder", "zip", "zip stored", "tar", "tar.gz", "tar.bz2", "tar.xz"]


def tar(path, files, mode="w"):
  with tarfile.open(path, mode) as archive:
    for name, data in files.items():
      info = tarfile.TarInfo(name)
      info.size = len(data)
      archive.addfile(info, io.BytesIO(data))
  return path


def make(kind, folder, files):
  if kind == "folder":
    return pictures.write_tree(folder / "tree", files)
  if kind.startswith("zip"):
    method = (
      zipfile.ZIP_STORED if kind == "zip stored" else zipfile.ZIP_DEFLATED
    )
    return pictures.zipped(folder / "x.zip", files, method)
  _, _, packer = kind.partition(".")
  return tar(folder / f"x.{kind}", files, f"w:{packer}")
