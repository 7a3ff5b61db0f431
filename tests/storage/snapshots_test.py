"""Snapshots on the disk: whole, in half precision, and named by their step."""

from compare_gan.storage import snapshots
import numpy as np
import pytest


def test_what_is_written_is_read(tmp_path):
  folder = str(tmp_path)
  tensors = {"g/a/kernel/Average_0.1": np.float32([[0.5, 1.0 / 3.0]])}
  snapshots.write(folder, 4, tensors)
  found = snapshots.read(folder, 4)
  assert list(found) == list(tensors)
  [value] = found.values()
  assert value.dtype == np.float16
  np.testing.assert_allclose(value, [[0.5, 1.0 / 3.0]], rtol=1e-3)


def test_a_value_beyond_half_precision_is_kept(tmp_path):
  snapshots.write(str(tmp_path), 4, {"w": np.float32([1e6])})
  assert snapshots.read(str(tmp_path), 4)["w"] == 1e6


def test_later_ones_can_be_removed(tmp_path):
  folder = str(tmp_path)
  assert snapshots.steps(folder) == []
  for step in (100, 9, 20):
    snapshots.write(folder, step, {"w": np.float32([step])})
  (tmp_path / snapshots.FOLDER / "snapshot-x.npz").write_text("of mine")
  assert snapshots.steps(folder) == [9, 20, 100]
  snapshots.remove_after(folder, 20)
  assert snapshots.steps(folder) == [9, 20]


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_damaged_one_is_named(tmp_path, keep):
  snapshots.write(str(tmp_path), 4, {"w": np.ones([30], np.float32)})
  path = tmp_path / snapshots.FOLDER / "snapshot-4.npz"
  path.write_bytes(path.read_bytes()[:keep])
  with pytest.raises(OSError, match="snapshot-4.npz cannot be read"):
    snapshots.read(str(tmp_path), 4)
