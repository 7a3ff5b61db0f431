"""Datasets that fit into memory and stay there as they are stored: uint8.

Your own dataset is a class with one method:

  class Flowers(in_memory.InMemoryDataset):
    classes = ("daisy", "iris", "lily", "rose", "tulip")  # may be left out

    def __init__(self):
      super().__init__("flowers", (32, 32, 3), num_classes=5, eval_samples=1000)

    def load(self, split):
      with np.load(f"flowers-{split}.npz") as arrays:
        return arrays["images"], arrays["labels"]

TensorFlow uses an array in place if it begins at a multiple of 64 bytes, as
those of `empty` do; otherwise it copies the array.
"""

import abc
from collections.abc import Sequence
from typing import Optional
from typing import Union

from compare_gan.datasets import abstract_dataset
import numpy as np
import tensorflow as tf

_ALIGNMENT = 64


def empty(
  shape: Sequence[int], dtype: Union[type, np.dtype] = np.uint8
) -> np.ndarray:
  """Returns an uninitialized array that TensorFlow does not have to copy."""
  dtype = np.dtype(dtype)
  size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
  memory = np.empty(size + _ALIGNMENT, np.uint8)
  first = -memory.ctypes.data % _ALIGNMENT
  return memory[first : first + size].view(dtype).reshape(shape)


class InMemoryDataset(abstract_dataset.AbstractDataset):
  """Reads a split once, when its first batch is requested."""

  parallel_reads: Optional[int] = (
    None  # One thread: handing over takes longer than reading.
  )
  bytes_per_read: int = (
    2**22
  )  # For the same reason: 21 batches of CIFAR's size.
  # (H, W, colors) of `load`, None for the image_shape.
  stored_shape: Optional[tuple[int, ...]] = None

  def __init__(
    self,
    name: str,
    image_shape: Sequence[int],
    num_classes: int,
    eval_samples: int,
  ) -> None:
    super().__init__(name, image_shape, num_classes, eval_samples)
    self._loaded: dict[str, tuple[tf.Tensor, tf.Tensor]] = {}

  @abc.abstractmethod
  def load(self, split: str) -> tuple[np.ndarray, Optional[np.ndarray]]:
    """Returns a split's arrays.

    Returns:
      images: [N, H, W, colors], uint8, or float32 in [0, 1].
      labels: integers [N], or None if num_classes is 0.
    """

  def size(self, split: str) -> int:
    return int(self._tensors(split)[0].shape[0])

  def bytes_in_memory(self, split: str) -> int:
    shape = self.stored_shape or self.image_shape
    return self.known_sizes.get(split, 0) * int(np.prod(shape))

  def read(
    self, split: str, indices: tf.Tensor, u: Optional[tf.Tensor] = None
  ) -> tuple[tf.Tensor, tf.Tensor]:
    del u
    images, labels = self._tensors(split)
    return tf.gather(images, indices), tf.gather(labels, indices)

  def _tensors(self, split):
    if split not in self._loaded:
      # Eager tensors of the host, even during tracing: a graph that uses them
      # refers to them, while it would copy an array.
      with tf.init_scope(), tf.device("CPU:0"):
        images, labels = self.load(split)
        if labels is None:
          labels = np.zeros(len(images), np.int32)
        self._check(split, images, np.asarray(labels))
        tensors = _as_tensor(images), tf.constant(labels, tf.int32)
      self._loaded[split] = tensors
    return self._loaded[split]

  def _check(self, split, images, labels):
    title = f"{self.name}, split {split!r}"
    shape = self.stored_shape or self.image_shape
    if images.shape[1:] != shape:
      raise ValueError(
        f"{title}: images have the shape {images.shape[1:]}, not the "
        f"image_shape {shape} that the dataset states."
      )
    if images.dtype not in (np.uint8, np.float32):
      raise ValueError(
        f"{title}: images are {images.dtype}. They can be uint8, or float32 in "
        "[0, 1]."
      )
    if labels.shape != images.shape[:1]:
      raise ValueError(
        f"{title}: {len(images)} images have labels of shape {labels.shape}. "
        "Each image needs one label."
      )
    wrong = np.flatnonzero((labels < 0) | (labels >= max(1, self.num_classes)))
    if wrong.size:
      raise ValueError(
        f"{title}: {wrong.size} labels are outside of 0 to "
        f"{max(1, self.num_classes) - 1}, the first of them labels[{wrong[0]}] "
        f"= {labels[wrong[0]]}."
      )


def _as_tensor(array):
  """Returns the array as a tensor; tf.constant would always copy it."""
  shape, dtype, once = array.shape, array.dtype, [array]
  del array  # TensorFlow keeps the lambda below for ever.

  # Only the op of a graph takes over the memory that Python hands it.
  @tf.function(autograph=False)
  def take_array() -> tf.Tensor:
    return tf.numpy_function(lambda: once.pop(), [], dtype)

  return tf.ensure_shape(take_array(), shape)
