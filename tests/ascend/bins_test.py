"""Files of inputs and outputs: what is written, and what is refused."""

import json

from compare_gan.ascend import bins
from compare_gan.export import signatures
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy writes the files")


class _Options:
  z_dim = 3


class _Gan:
  num_classes = 4
  image_shape = (2, 2, 1)
  options = _Options()


_BIGGAN = signatures.get("biggan")
_ABOUT = {"seed": 7, "step": 5, "z_in_words": "uniform from -1 to 1"}


def _write(folder, n=3, signature=_BIGGAN, batch=1, labels=True):
  z = np.arange(n * 3).reshape(n, 3)
  y = np.arange(n) % 4 if labels else None
  gan = _Gan()
  gan.num_classes = 4 if labels else 0
  return bins.write(str(folder), gan, signature, batch, z, y, **_ABOUT)


def _outputs(folder, n, dtype="float32", value=lambda i: i / 10):
  folder.mkdir()
  for i in range(n):
    array = np.full([1, 2, 2, 1], value(i), dtype)
    array.tofile(str(folder / f"{i}_output_0.bin"))
  return str(folder)


def test_files_of_a_card(tmp_path):
  manifest = _write(tmp_path)
  assert (tmp_path / "z" / "1.bin").read_bytes() == (
    np.array([3, 4, 5], "<f4").tobytes()
  )
  assert (tmp_path / "y" / "2.bin").read_bytes() == b"\2\0\0\0"  # int32
  assert len(list((tmp_path / "z").iterdir())) == 3
  assert json.loads((tmp_path / "manifest.json").read_text())["seed"] == 7
  assert manifest.ports() == _BIGGAN.inputs(_Gan(), 1)
  assert manifest.output_port().shape == (1, 2, 2, 1)


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("name,batch", [("biggan", 1), ("bigbigan", 2)])
def test_what_is_read_is_what_was_written(tmp_path, name, batch, labels):
  signature = signatures.get(name)
  manifest = _write(tmp_path, 3, signature, batch, labels)
  stored, z, y = bins.read(str(tmp_path))
  # Tuples are lists in JSON.
  assert stored.ports() == manifest.ports()
  assert stored.files == -(-3 // batch) and stored.images == 3
  np.testing.assert_array_equal(z, np.arange(9).reshape(3, 3))
  if labels:
    np.testing.assert_array_equal(y, [0, 1, 2])
  else:
    assert y is None


def test_last_file_is_filled_up(tmp_path):
  _write(tmp_path, 3, signatures.get("bigbigan"), 2)
  last = np.fromfile(str(tmp_path / "x1" / "1.bin"), "<f4")
  np.testing.assert_array_equal(last, [6, 7, 8, 0, 1, 2])


def test_files_of_before_are_not_mixed_in(tmp_path):
  _write(tmp_path)
  with pytest.raises(ValueError, match="already holds files"):
    _write(tmp_path)


def test_int64_labels_are_refused(tmp_path):
  _write(tmp_path)
  np.array([[1]], np.int64).tofile(str(tmp_path / "y" / "1.bin"))
  with pytest.raises(ValueError, match="8 bytes, but y is int32 .*int64"):
    bins.read(str(tmp_path))


def test_truncated_input_is_refused(tmp_path):
  _write(tmp_path)
  (tmp_path / "z" / "2.bin").write_bytes(b"\0" * 11)
  with pytest.raises(ValueError, match="11 bytes, but z is .* 12 bytes.$"):
    bins.read(str(tmp_path))


def test_changed_input_is_refused(tmp_path):
  _write(tmp_path)
  np.zeros([1, 3], np.float32).tofile(str(tmp_path / "z" / "1.bin"))
  with pytest.raises(ValueError, match="sha256"):
    bins.read(str(tmp_path))


def test_folder_without_manifest(tmp_path):
  with pytest.raises(FileNotFoundError, match="make_bins"):
    bins.read(str(tmp_path))


def test_outputs_are_in_the_order_of_their_numbers(tmp_path):
  """Not in that of their names, in which 10 comes before 2."""
  manifest = _write(tmp_path / "in", 11)
  folder = _outputs(tmp_path / "out", 11, value=lambda i: -1 + i / 5)
  images, dtype = bins.read_outputs(folder, manifest)
  assert dtype == "float32"
  # In [-1, 1] there, in [0, 1] here.
  np.testing.assert_allclose(images[:, 0, 0, 0], np.arange(11) / 10, atol=1e-6)
  assert images.shape == (11, 2, 2, 1)


def test_half_outputs_are_known_by_their_size(tmp_path):
  manifest = _write(tmp_path / "in")
  folder = _outputs(tmp_path / "out", 3, "float16", lambda i: 0.1)
  images, dtype = bins.read_outputs(folder, manifest)
  assert dtype == "float16" and images.dtype == np.float32
  np.testing.assert_allclose(images, 0.55, atol=1e-4)
  with pytest.raises(ValueError, match=r"has 8 bytes, .* has 16 \(float32\)"):
    bins.read_outputs(folder, manifest, "float32")


def test_text_is_read(tmp_path):
  manifest = _write(tmp_path / "in", 1)
  (tmp_path / "0_output_0.txt").write_text("0 0.5 \n-0.5 1 \n")
  images, dtype = bins.read_outputs(str(tmp_path), manifest)
  assert dtype == "text"
  np.testing.assert_allclose(images.ravel(), [0.5, 0.75, 0.25, 1.0])
  (tmp_path / "0_output_0.txt").write_text("0 0.5")
  with pytest.raises(ValueError, match="2 numbers, but"):
    bins.read_outputs(str(tmp_path), manifest)


def test_last_folder_is_taken(tmp_path):
  manifest = _write(tmp_path / "in", 1)
  for name, value in (("20260102_030405", 0.0), ("20260102_030406", 1.0)):
    (tmp_path / "out").mkdir(exist_ok=True)
    _outputs(tmp_path / "out" / name, 1, value=lambda i, v=value: v)
  images, _ = bins.read_outputs(str(tmp_path / "out"), manifest)
  assert images.min() == 1.0


@pytest.mark.parametrize(
  "change,message",
  [
    (lambda f: (f / "1_output_0.bin").unlink(), "Missing: 1. Outputs without"),
    (
      lambda f: (f / "9_output_0.bin").write_bytes(b"0" * 16),
      "Outputs without an input: 9.",
    ),
    (
      lambda f: (f / "1_output_0.bin").write_bytes(b"0" * 15),
      "has 15 bytes, .* truncated",
    ),
    (
      lambda f: np.zeros(4, "<f2").tofile(str(f / "1_output_0.bin")),
      "mixes float16 and float32",
    ),
    (
      lambda f: np.full(4, 3, "<f4").tofile(str(f / "1_output_0.bin")),
      "pixels from .* to 3.0, but those of --signature=biggan",
    ),
    (
      lambda f: np.full(4, np.nan, "<f4").tofile(str(f / "1_output_0.bin")),
      "pixels from nan to nan",
    ),
  ],
)
def test_outputs_that_are_not_whole(tmp_path, change, message):
  manifest = _write(tmp_path / "in")
  folder = _outputs(tmp_path / "out", 3)
  change(tmp_path / "out")
  with pytest.raises(ValueError, match=message):
    bins.read_outputs(folder, manifest)


def test_no_outputs(tmp_path):
  manifest = _write(tmp_path / "in")
  for folder, message in ((tmp_path / "in", "no <number>_output_0"),):
    with pytest.raises(FileNotFoundError, match=message):
      bins.read_outputs(str(folder), manifest)
  with pytest.raises(FileNotFoundError, match="There is no folder"):
    bins.read_outputs(str(tmp_path / "nothing"), manifest)
