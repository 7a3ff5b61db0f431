"""What tests of looks share: a subject without a network, and small data."""

from typing import NamedTuple

from compare_gan.datasets import in_memory
from compare_gan.looks import real
from compare_gan.looks import subject
import numpy as np


class Bars(in_memory.InMemoryDataset):
  """Image i of 4x4 pixels is black but for column i % 4, of 50 + i grey."""

  def __init__(self):
    super().__init__("bars", (4, 4, 1), 3, eval_samples=5)

  def load(self, split):
    n = {"train": 8, "eval": 5}[split]
    images = np.zeros([n, 4, 4, 1], np.uint8)
    for i in range(n):
      images[i, :, i % 4] = 50 + i + (100 if split == "eval" else 0)
    return images, np.arange(n) % 3


class Options(NamedTuple):
  z_dim: int = 2


class Gan(NamedTuple):
  options: Options = Options()
  num_classes: int = 3
  image_shape: tuple = (4, 4, 1)


def look_at(folder, images, labels=None, make_extractor=None, dataset=None):
  """Returns a Subject whose images are these."""
  made = subject.Subject(
    Gan(),
    str(folder),
    draw=lambda classes: (np.zeros([len(images), 2]), labels),
    real_images=lambda: real.RealImages(dataset or Bars(), make_extractor),
  )
  made.images = np.asarray(images, np.float32)
  return made
