"""Images of HDF5 files, in memory and read image by image."""

import os

from compare_gan.datasets import catalogue
import gin
import numpy as np
import pytest

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

h5py = pytest.importorskip("h5py")

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data and h5py read it"),
]
_N = 6
_PIXELS = np.stack([pictures.pixels(i, 8, 4) for i in range(_N)])  # 8 high


def _write(folder, imgs=None, labels=None, **more):
  path = folder / "ILSVRC8.hdf5"
  with h5py.File(path, "w") as file:
    file["imgs"] = _PIXELS.transpose(0, 3, 1, 2) if imgs is None else imgs
    if labels is None:
      labels = np.arange(_N) % 3
    for name, value in {"labels": labels, **more}.items():
      file[name] = value
  return path


def _open(path, *bindings):
  gin.clear_config()
  gin.parse_config(
    [
      'dataset.name = "hdf5"',
      f'hdf5.path = "{path}"',
      "hdf5.eval_fraction = 0",
      *bindings,
    ]
  )
  return catalogue.dataset()


@pytest.mark.parametrize("memory_bytes", [0, 2**30])
def test_images_and_labels(memory_bytes, tmp_path):
  dataset = _open(_write(tmp_path), f"hdf5.memory_bytes = {memory_bytes}")
  assert (dataset.image_shape, dataset.num_classes) == ((8, 4, 3), 3)
  batch = next(iter(dataset.in_order("train", _N)))
  np.testing.assert_array_equal(np.rint(255 * batch["images"].numpy()), _PIXELS)
  np.testing.assert_array_equal(batch["labels"], [0, 1, 2, 0, 1, 2])


def test_batches_do_not_depend_on_where_the_images_are(tmp_path):
  path = _write(tmp_path)
  found = []
  for memory_bytes in (0, 2**30):
    dataset = _open(path, f"hdf5.memory_bytes = {memory_bytes}")
    found.append(next(iter(dataset.batches("train", 4))))
  np.testing.assert_array_equal(found[0]["images"], found[1]["images"])
  np.testing.assert_array_equal(found[0]["labels"], found[1]["labels"])


def test_rows_in_any_order_and_twice(tmp_path):
  dataset = _open(_write(tmp_path), "hdf5.memory_bytes = 0")
  images, labels = dataset.read("train", np.array([4, 1, 4]))
  np.testing.assert_array_equal(images, _PIXELS[[4, 1, 4]])
  np.testing.assert_array_equal(labels, [1, 1, 1])


@pytest.mark.parametrize(
  "more, words",
  [
    ({"imgs": _PIXELS}, r"uint8 \[6, 8, 4, 3\], but .*: its colors are last"),
    ({"imgs": np.zeros([6, 3, 8, 4], np.float32)}, "is float32"),
    ({"labels": np.zeros(5, int)}, "one integer for each of 6 images"),
    ({"labels": np.zeros(6, np.float32)}, "one integer for each"),
    ({"labels": np.array([0, 1, -1, 0, 0, 0])}, "image 2.*its label -1 is out"),
  ],
)
def test_wrong_layouts_are_refused(more, words, tmp_path):
  with pytest.raises(ValueError, match=words):
    _open(_write(tmp_path, **more))


def test_other_names_are_bound(tmp_path):
  path = _write(tmp_path)
  with pytest.raises(ValueError, match="holds .'imgs', 'labels'.*hdf5.images"):
    _open(path, 'hdf5.images = "x"')
  assert _open(path, "hdf5.labels = None").num_classes == 0


def test_other_files_are_refused(tmp_path):
  path = tmp_path / "a.hdf5"
  path.write_bytes(b"no" * 600)
  with pytest.raises(ValueError, match="is not an HDF5 file"):
    _open(path)
  with pytest.raises(FileNotFoundError, match="there is no such file"):
    _open(tmp_path / "b.hdf5")


def test_changed_file_is_noticed(tmp_path):
  path = _write(tmp_path)
  dataset = _open(path, "hdf5.memory_bytes = 0")
  os.utime(path, ns=(1, 1))
  with pytest.raises(Exception, match="has changed since it was opened"):
    dataset.read("train", np.array([0]))
