"""ring8 and grid25: points in the plane from known Gaussians.

They show at once whether a GAN drops modes. A point is an image of shape
[1, 1, 2], with its two coordinates in [0, 1] as two colours, so that it passes
through the same code as images; its label is the number of its mode. The plane
is that of the literature (a ring of radius 2 with a standard deviation of 0.02,
a grid of -4 ... 4 with 0.05) moved into the unit square.

The noise is the sum of 12 uniform numbers, which is normal except that its
tails end at 6 standard deviations, so that the bytes are the same on any
machine.
"""

from collections.abc import Sequence
from typing import Union

from compare_gan.datasets import in_memory
import numpy as np

SIZES = {"train": 50000, "eval": 10000}
_HIGH_QUALITY = 3.0  # standard deviations


class Toy(in_memory.InMemoryDataset):
  """The same number of points around each mode.

  Args:
    name: of the dataset.
    modes: the centres, [K, 2].
  """

  known_sizes = SIZES
  stddev = 1 / 256  # of each coordinate

  def __init__(
    self, name: str, modes: Union[np.ndarray, Sequence[tuple[float, float]]]
  ) -> None:
    super().__init__(name, (1, 1, 2), len(modes), SIZES["eval"])
    self.modes = np.asarray(modes)

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    n = SIZES[split]
    labels = np.arange(n) % len(self.modes)
    stream = sorted(SIZES).index(split)
    random = np.random.RandomState([stream, len(self.modes)])
    noise = random.randint(0, 2**16, [n, 2, 12], dtype=np.uint16).sum(axis=-1)
    noise = (noise.astype(np.int64) - 6 * (2**16 - 1)) / 2**16  # of variance 1
    points = self.modes[labels] + self.stddev * noise
    return points.astype(np.float32).reshape(n, 1, 1, 2), labels


def ring8() -> Toy:
  """Returns eight modes on a circle; "off" stands for one on a diagonal."""
  off = 0.5**0.5
  circle = [(1, 0), (off, off), (0, 1), (-off, off)]
  circle += [(-x, -y) for x, y in circle]
  return Toy("ring8", 0.5 + 0.375 * np.array(circle))


def grid25() -> Toy:
  """Returns 5 x 5 modes."""
  ticks = np.array([2, 5, 8, 11, 14]) / 16
  return Toy("grid25", [(x, y) for x in ticks for y in ticks])


BUILT_IN = {"ring8": ring8, "grid25": grid25}


def modes_covered(
  samples: np.ndarray,
  modes: Union[np.ndarray, Sequence[tuple[float, float]]],
  stddev: float,
) -> int:
  """Returns how many modes have a high-quality sample, 0 ... K.

  High quality: within three standard deviations of a mode, as in VEEGAN
  (https://arxiv.org/abs/1705.07761).

  Args:
    samples: [N, 2].
    modes, stddev: of the dataset, [K, 2] and a number.
  """
  return int(_is_near(samples, modes, stddev).any(axis=0).sum())


def high_quality_share(
  samples: np.ndarray,
  modes: Union[np.ndarray, Sequence[tuple[float, float]]],
  stddev: float,
) -> float:
  """Returns the share of high-quality samples, 0 ... 1; 0.989 for real ones.

  See `modes_covered`; a share of 1 - exp(-3^2 / 2) of a Gaussian in the plane
  is within three standard deviations.
  """
  return float(_is_near(samples, modes, stddev).any(axis=1).mean())


def _is_near(samples, modes, stddev):
  """Returns bools [N, K]."""
  offsets = np.asarray(samples, np.float64)[:, None] - np.asarray(modes)
  return np.sum(offsets**2, axis=-1) <= (_HIGH_QUALITY * stddev) ** 2
