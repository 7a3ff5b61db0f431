"""Sliced Wasserstein distance, SWD (https://arxiv.org/abs/1710.10196).

Random patches of each level of a Laplacian pyramid, projected on random
directions, where the 1-Wasserstein distance is a mean over sorted values. As in
TF-GAN each patch is normalised by itself, and values are not multiplied by the
paper's 1000. 64 patches of an RGB image take 75 kB a level.
"""

from compare_gan.metrics import contract
from compare_gan.metrics import pixels
import gin
import numpy as np

_TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


def laplacian_pyramid(images, coarsest=16):
  """Returns float64 levels, details first, the rest at `coarsest` or more."""
  levels = [images]
  while min(levels[-1].shape[1:3]) >= 2 * coarsest:
    fine = levels[-1]
    coarse = _smooth(fine)[:, ::2, ::2]
    grown = np.zeros_like(fine)
    grown[:, ::2, ::2] = 4.0 * coarse
    levels[-1] = fine - _smooth(grown)
    levels.append(coarse)
  return levels


def distance(x, y, projections, rng):
  """Returns the mean 1-Wasserstein distance of rows x, y over directions."""
  directions = rng.standard_normal((x.shape[1], projections))
  directions /= np.linalg.norm(directions, axis=0)
  gaps = np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0)
  return float(np.mean(np.abs(gaps)))


@gin.configurable(denylist=["real_images", "fake_images"])
@contract.declare(
  contract.Score("swd", contract.LOWER, low=0.0, unit="distance of patches"),
  contract.Score("swd_*", contract.LOWER, low=0.0, unit="distance of patches"),
)
def sliced_wasserstein(
  real_images,
  fake_images,
  coarsest=16,
  patches=64,
  patch_size=7,
  projections=147,
  seed=0,
):
  """Returns the SWD of each level, named by its pixels, and their mean.

  Args:
    real_images: [N, H, W, C].
    fake_images: [N, H, W, C].
    coarsest: no level has fewer pixels.
    patches: from each image and level.
    patch_size: pixels, odd.
    projections: directions.
    seed: of patches and directions.
  """
  pixels.check(real_images=real_images, fake_images=fake_images)
  if real_images.shape != fake_images.shape:
    raise ValueError(
      f"real_images has shape {real_images.shape} and fake_images "
      f"{fake_images.shape}, but sorted values are compared one by one: give "
      "as many images of the same size."
    )
  rng = np.random.RandomState(seed)
  real, fake = (
    _descriptors(x, coarsest, patches, patch_size, rng)
    for x in (real_images, fake_images)
  )
  scores = {
    f"swd_{size}": distance(real[size], fake[size], projections, rng)
    for size in real
  }
  return {"swd": float(np.mean(list(scores.values()))), **scores}


def _descriptors(images, coarsest, patches, patch_size, rng):
  """Returns {height of level: rows [N * patches, patch_size^2 * C]}."""
  found = {}
  for start in range(0, len(images), 64):
    batch = pixels.to_255(images[start : start + 64])
    for level in laplacian_pyramid(batch, coarsest):
      rows = _patches(level, patches, patch_size, rng)
      found.setdefault(level.shape[1], []).append(rows)
  return {size: np.concatenate(rows) for size, rows in found.items()}


def _patches(images, patches, size, rng):
  n, height, width, _ = images.shape
  image = np.repeat(np.arange(n), patches)[:, None, None]
  offset = np.arange(size)
  top = rng.randint(height - size + 1, size=(n * patches, 1, 1))
  left = rng.randint(width - size + 1, size=(n * patches, 1, 1))
  rows = images[image, top + offset[:, None], left + offset]
  rows = rows.reshape(n * patches, -1)
  rows = rows - rows.mean(axis=1, keepdims=True)
  deviation = rows.std(axis=1, keepdims=True)
  # A patch of one colour is zeros, where TF-GAN's is NaN.
  return rows / np.where(deviation > 1e-6, deviation, 1.0)


def _smooth(x):
  for _ in range(2):
    padded = np.pad(x, [(0, 0), (2, 2), (0, 0), (0, 0)], mode="reflect")
    size = x.shape[1]
    x = sum(w * padded[:, i : i + size] for i, w in enumerate(_TAPS))
    x = x.swapaxes(1, 2)
  return x
