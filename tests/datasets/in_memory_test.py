"""Arrays as datasets, and which arrays are refused."""

from compare_gan.datasets import in_memory
import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import tiny

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


class _Arrays(in_memory.InMemoryDataset):
  def __init__(self, images, labels, num_classes=2):
    super().__init__("mine", (1, 1, 1), num_classes, eval_samples=1)
    self.arrays = images, labels
    self.loads = 0

  def load(self, split):
    self.loads += 1
    return self.arrays


def _images(n, dtype=np.uint8):
  return np.zeros([n, 1, 1, 1], dtype)


def test_a_split_is_loaded_once():
  dataset = _Arrays(_images(3), [0, 1, 1])
  assert dataset.loads == 0
  for start in range(3):
    next(iter(dataset.batches("train", 2, start=start)))
  assert dataset.loads == 1


def test_float_images_stay_as_they_are():
  images = np.float32([0.1, 0.7]).reshape(2, 1, 1, 1)
  batch = next(iter(_Arrays(images, [0, 1]).in_order("train", 2)))
  np.testing.assert_array_equal(batch["images"], images)


def test_loading_inside_a_traced_function_leaves_nothing_of_it_behind():
  dataset = tiny.Tiny()
  read = tf.function(lambda i: dataset.read("train", i)[1])
  np.testing.assert_array_equal(read(tf.constant([5], tf.int64)), [2])
  np.testing.assert_array_equal(dataset.read("train", [4])[1], [1])


@pytest.mark.parametrize(
  "images,labels,message",
  [
    (
      _images(3),
      [0, 2, -1],
      r"2 labels are outside of 0 to 1.*labels\[1\] = 2",
    ),
    (_images(3), [0, 1], "3 images have labels of shape"),
    (_images(2, np.float64), [0, 1], "float64.*uint8"),
    (
      np.zeros([2, 1, 1, 3], np.uint8),
      [0, 1],
      r"\(1, 1, 3\), not the image_sh",
    ),
    (_images(0), [], "no examples"),
  ],
)
def test_arrays_that_do_not_fit_are_refused(images, labels, message):
  with pytest.raises(ValueError, match=f"mine.*{message}"):
    _Arrays(images, labels).batches("train", 1)


def test_labels_without_classes_are_refused():
  with pytest.raises(ValueError, match="labels are outside of 0 to 0"):
    _Arrays(_images(2), [0, 1], num_classes=0).batches("train", 1)
