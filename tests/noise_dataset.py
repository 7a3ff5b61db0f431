"""A dataset of noise for tests of training."""

from compare_gan.datasets import in_memory
import numpy as np


class NoiseDataset(in_memory.InMemoryDataset):
  """Images [4, 4, 1] of noise with labels 0, 1, 2, 0, ..."""

  def __init__(self):
    super().__init__("noise", (4, 4, 1), num_classes=3, eval_samples=8)

  def load(self, split):
    size = {"train": 60, "eval": 8}[split]
    rng = np.random.RandomState(size)
    images = rng.uniform(size=(size, *self.image_shape)).astype(np.float32)
    return images, np.arange(size) % 3
