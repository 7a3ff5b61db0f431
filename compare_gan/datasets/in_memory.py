"""Datasets that fit into memory, where they stay as they are stored: uint8.

A dataset of one's own takes a class with one method:

  class Flowers(in_memory.InMemoryDataset):
    def __init__(self):
      super().__init__("flowers", (32, 32, 3), num_classes=5, eval_samples=1000)

    def load(self, split):
      with np.load(f"flowers-{split}.npz") as arrays:
        return arrays["images"], arrays["labels"]
"""

import abc

from compare_gan.datasets import abstract_dataset
import numpy as np
import tensorflow as tf


class InMemoryDataset(abstract_dataset.AbstractDataset):
  """Reads a split once, when the first batch of it is asked for."""

  parallel_reads = None  # One thread: handing over takes longer than reading.

  def __init__(self, name, image_shape, num_classes, eval_samples):
    super().__init__(name, image_shape, num_classes, eval_samples)
    self._loaded = {}

  @abc.abstractmethod
  def load(self, split):
    """Returns a split's arrays.

    Returns:
      images: [N, H, W, colors], uint8, or float32 in [0, 1].
      labels: integers [N], or None if num_classes is 0.
    """

  def size(self, split):
    return int(self._tensors(split)[0].shape[0])

  def read(self, split, indices):
    images, labels = self._tensors(split)
    return tf.gather(images, indices), tf.gather(labels, indices)

  def _tensors(self, split):
    if split not in self._loaded:
      images, labels = self.load(split)
      if labels is None:
        labels = np.zeros(len(images), np.int32)
      self._check(split, images, np.asarray(labels))
      # Eager tensors of the host, whatever is being traced: a graph that uses
      # them refers to them, where it would copy an array.
      with tf.init_scope(), tf.device("CPU:0"):
        tensors = tf.constant(images), tf.constant(labels, tf.int32)
      self._loaded[split] = tensors
    return self._loaded[split]

  def _check(self, split, images, labels):
    title = f"{self.name}, split {split!r}"
    if images.shape[1:] != self.image_shape:
      raise ValueError(
        f"{title}: images have the shape {images.shape[1:]}, not the "
        f"image_shape {self.image_shape} that the dataset states."
      )
    if images.dtype not in (np.uint8, np.float32):
      raise ValueError(
        f"{title}: images are {images.dtype}. uint8, or float32 in [0, 1], "
        "would do."
      )
    if labels.shape != images.shape[:1]:
      raise ValueError(
        f"{title}: {len(images)} images have labels of shape {labels.shape}. "
        "One label for each image would do."
      )
    wrong = np.flatnonzero((labels < 0) | (labels >= max(1, self.num_classes)))
    if wrong.size:
      raise ValueError(
        f"{title}: {wrong.size} labels are outside of 0 to "
        f"{max(1, self.num_classes) - 1}, the first of them labels[{wrong[0]}] "
        f"= {labels[wrong[0]]}."
      )
