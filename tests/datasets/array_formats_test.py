"""Files of arrays as Numbers."""

import builtins
import errno
import sys

from compare_gan.datasets import array_formats
import numpy as np
import pytest


def test_parts_are_one_after_the_other():
  parts = [
    array_formats.Whole(np.full([n, 2], n, dtype))
    for n, dtype in ((1, np.uint8), (2, np.uint16))
  ]
  both = array_formats.Parts(parts)
  assert (both.shape, both.dtype) == ((3, 2), np.uint16)
  np.testing.assert_array_equal(
    array_formats.read_all(both), [[1, 1], [2, 2], [2, 2]]
  )


def test_parts_of_other_types_are_refused():
  parts = [array_formats.Whole(np.ones([1, 2], t)) for t in (np.uint8, "f4")]
  with pytest.raises(
    ValueError, match="'float32', 'uint8'.*the same value means"
  ):
    array_formats.Parts(parts)


def test_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
  np.save(tmp_path / "x.npy", np.zeros(3))
  opened = open

  def refuse(path, *args):
    if str(path).endswith("x.npy"):
      raise PermissionError(errno.EACCES, "Permission denied")
    return opened(path, *args)

  monkeypatch.setattr(builtins, "open", refuse)
  with pytest.raises(PermissionError, match="x.npy cannot be read"):
    array_formats.members_of(str(tmp_path / "x.npy"))


def test_mat_of_version_73_without_h5py(tmp_path, monkeypatch):
  path = tmp_path / "x.mat"
  # Version and byte order stand at byte 124.
  path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + b"\0" * 400)
  monkeypatch.setitem(sys.modules, "h5py", None)
  with pytest.raises(ValueError, match="v7.3 file, which needs h5py: pip inst"):
    array_formats.members_of(str(path))


def test_no_blocks_have_a_shape():
  empty = array_formats.Whole(np.zeros([0, 3]))
  assert array_formats.read_all(array_formats.Parts([empty])).shape == (0, 3)
