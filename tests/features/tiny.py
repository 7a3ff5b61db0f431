"""Datasets of 8x8 pixels that a network learns in a few steps."""

from compare_gan.datasets import in_memory
import numpy as np


class Corners(in_memory.InMemoryDataset):
  """Class k has a bright corner k, on noise."""

  def __init__(self, num_classes=4, shape=(8, 8, 3), noise=0):
    super().__init__("corners", shape, num_classes, eval_samples=40)
    self._noise = noise

  def load(self, split):
    n = {"train": 200, "eval": 40}[split]
    rng = np.random.RandomState(self._noise)
    images = rng.randint(0, 60, [n, *self.image_shape]).astype(np.uint8)
    labels = np.arange(n) % 4
    a, b = images.shape[1] // 2, images.shape[2] // 2
    for image, k in zip(images, labels):
      rows, columns = k // 2 * a, k % 2 * b
      # Each class has a colour of its own as well, the mean of which is seen.
      image[rows : rows + a, columns : columns + b, k % 3 :] += 180
    return images, labels % self.num_classes if self.num_classes else None
