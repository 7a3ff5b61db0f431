"""Multi-scale structural similarity between fakes: how much alike they are.

MS-SSIM is from Wang et al., 2003; its mean over random pairs as a measure of
(lost) diversity is from https://arxiv.org/abs/1610.09585. Lower is more
diverse. Like the original compare_gan, this cuts the window at coarse scales
and pads odd sizes, so that images of 32 pixels work; other packages refuse
fewer than 176.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import pixels
import gin
import numpy as np

_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_C1, _C2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2


def similarity(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Returns the MS-SSIM [N] of pairs of images [N, H, W, C] in [0, 255]."""
  terms = []
  for _ in _WEIGHTS:
    luminance, structure = _compare(x, y)
    terms.append(structure.mean(axis=(1, 2)))  # [N, C]
    x, y = _halve(x), _halve(y)
  # Only the coarsest scale compares luminance.
  terms[-1] = (luminance * structure).mean(axis=(1, 2))
  terms = np.maximum(np.stack(terms, axis=-1), 0.0)
  return np.prod(terms**_WEIGHTS, axis=-1).mean(axis=-1)


@gin.configurable(denylist=["fake_images"])
@contract.declare(
  contract.Score("ms_ssim", contract.LOWER, 0.0, 1.0, "similarity"),
)
def ms_ssim(
  fake_images: np.ndarray, pairs: accepted.Count = 1000, seed: accepted.Seed = 0
) -> dict[str, float]:
  """Returns the mean MS-SSIM over random pairs, or all if there are no more.

  Args:
    fake_images: [N, H, W, C]; to compare within a class, give one class only.
    pairs: number of pairs of images that are compared.
    seed: of the pairs.
  """
  pixels.check(fake_images=fake_images)
  n = len(fake_images)
  if n < 2:
    raise ValueError("fake_images holds one image, but pairs need two or more.")
  if n * (n - 1) // 2 <= pairs:
    first, second = np.triu_indices(n, 1)
  else:
    rng = np.random.RandomState(seed)
    first = rng.randint(n, size=pairs)
    second = (first + rng.randint(1, n, size=pairs)) % n
  values = []
  for start in range(0, len(first), 32):
    x = fake_images[first[start : start + 32]]
    y = fake_images[second[start : start + 32]]
    values.append(similarity(pixels.to_255(x), pixels.to_255(y)))
  return {"ms_ssim": float(np.mean(np.concatenate(values)))}


def _compare(x, y):
  """Returns luminance and contrast-structure of all windows."""
  size = min(11, *x.shape[1:3])
  offsets = np.arange(size) - (size - 1) / 2.0
  window = np.exp(-0.5 * (offsets / 1.5) ** 2)
  window /= window.sum()
  mean_x, mean_y = _filter(x, window), _filter(y, window)
  product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
  covariance = _filter(x * y, window) - product
  variances = _filter(x * x + y * y, window) - squares
  luminance = (2.0 * product + _C1) / (squares + _C1)
  return luminance, (2.0 * covariance + _C2) / (variances + _C2)


def _filter(x, window):
  """Weighs rows, then columns, where the whole window fits."""
  for _ in range(2):
    size = x.shape[1] - len(window) + 1
    x = sum(w * x[:, i : i + size] for i, w in enumerate(window))
    x = x.swapaxes(1, 2)
  return x


def _halve(x):
  """Averages 2 x 2 pixels; an odd last row or column counts twice."""
  odd = [(0, size % 2) for size in x.shape[1:3]]
  x = np.pad(x, [(0, 0), *odd, (0, 0)], mode="symmetric")
  x = x[:, ::2] + x[:, 1::2]
  return (x[:, :, ::2] + x[:, :, 1::2]) / 4.0
