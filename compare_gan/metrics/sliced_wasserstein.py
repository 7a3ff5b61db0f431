"""Sliced Wasserstein distance, SWD (https://arxiv.org/abs/1710.10196).

Random patches of each level of a Laplacian pyramid are projected on random
directions, where the 1-Wasserstein distance is a mean over sorted values. As in
TF-GAN, each patch is normalised by itself, and values are not multiplied by the
paper's 1000.

Sorting needs all patches of both sets projected on one direction: 51 MB a level
for 64 patches of 50,000 images. One pass over the images projects their patches
on as many directions as fit into 1 GiB, and later passes extract the same
patches again. So time grows with the number of passes, and memory stays at 1
GiB unless a single direction needs more.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import pixels
import gin
import numpy as np

_BYTES = 2**30  # of projections that are held at once
_BATCH = 64  # images that are decomposed at once
_TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


def laplacian_pyramid(
  images: np.ndarray, coarsest: int = 16
) -> list[np.ndarray]:
  """Returns float64 levels, finest first, the last at `coarsest` or more."""
  levels = [images]
  while min(levels[-1].shape[1:3]) >= 2 * coarsest:
    fine = levels[-1]
    coarse = _smooth(fine)[:, ::2, ::2]
    grown = np.zeros_like(fine)
    grown[:, ::2, ::2] = 4.0 * coarse
    levels[-1] = fine - _smooth(grown)
    levels.append(coarse)
  return levels


def distance(
  x: np.ndarray, y: np.ndarray, projections: int, rng: np.random.RandomState
) -> float:
  """Returns the mean 1-Wasserstein distance of rows x, y over directions."""
  directions = _directions(x.shape[1], projections, rng)
  gaps = np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0)
  return float(np.mean(np.abs(gaps)))


@gin.configurable(denylist=["real_images", "fake_images"])
@contract.declare(
  contract.Score("swd", contract.LOWER, low=0.0, unit="distance of patches"),
  contract.Score("swd_*", contract.LOWER, low=0.0, unit="distance of patches"),
)
def sliced_wasserstein(
  real_images: np.ndarray,
  fake_images: np.ndarray,
  coarsest: accepted.Count = 16,
  patches: accepted.Count = 64,
  patch_size: accepted.Count = 7,
  projections: accepted.Count = 147,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns the SWD of each level, named by its pixels, and their mean.

  Args:
    real_images: [N, H, W, C].
    fake_images: [N, H, W, C].
    coarsest: fewest pixels of a level.
    patches: number from each image and level.
    patch_size: sides of a patch in pixels, an odd number.
    projections: number of directions.
    seed: of patches and directions.
  """
  pixels.check(real_images=real_images, fake_images=fake_images)
  if real_images.shape != fake_images.shape:
    raise ValueError(
      f"real_images has shape {real_images.shape} and fake_images "
      f"{fake_images.shape}, but sorted values are compared one by one. Give "
      "equal numbers of images of the same size."
    )
  levels = _levels(real_images.shape[1:3], coarsest)
  rng = np.random.RandomState(seed)
  # Random numbers are drawn for patches of real images, then of fakes, then for
  # directions. All passes over the images use the same patches.
  for images in (real_images, fake_images):
    for _ in _drawn_patches(len(images), levels, patches, patch_size, rng):
      pass
  width = patch_size**2 * real_images.shape[-1]
  directions = [_directions(width, projections, rng) for _ in levels]
  bytes_each = 2 * len(levels) * len(real_images) * patches * 8
  count = max(1, _BYTES // bytes_each)
  totals = np.zeros(len(levels))
  for first in range(0, projections, count):
    rng = np.random.RandomState(seed)
    some = [d[:, first : first + count] for d in directions]
    real, fake = (
      _projected(images, some, coarsest, patches, patch_size, rng)
      for images in (real_images, fake_images)
    )
    for level in range(len(levels)):
      real[level] -= fake[level]
      totals[level] += np.abs(real[level], out=real[level]).sum()
  means = totals / (projections * len(real_images) * patches)
  scores = {
    f"swd_{height}": float(mean) for (height, _), mean in zip(levels, means)
  }
  return {"swd": float(np.mean(means)), **scores}


def _levels(size, coarsest):
  """Returns the (height, width) of each level of `laplacian_pyramid`."""
  levels = [tuple(size)]
  while min(levels[-1]) >= 2 * coarsest:
    levels.append(tuple((side + 1) // 2 for side in levels[-1]))
  return levels


def _directions(width, count, rng):
  """Returns random directions [width, count] of length 1."""
  directions = rng.standard_normal((width, count))
  return directions / np.linalg.norm(directions, axis=0)


def _drawn_patches(n, levels, patches, size, rng):
  """Yields (slice of n images, [where the patches of each level begin])."""
  for start in range(0, n, _BATCH):
    part = slice(start, min(start + _BATCH, n))
    shape = (patches * (part.stop - start), 1, 1)
    yield (
      part,
      [
        [rng.randint(side - size + 1, size=shape) for side in level]
        for level in levels
      ],
    )


def _projected(images, directions, coarsest, patches, patch_size, rng):
  """Returns the sorted projections of all patches, for each level.

  Args:
    images: [N, H, W, C].
    directions: [width, K] of each level.
    coarsest, patches, patch_size: as for `sliced_wasserstein`.
    rng: draws the patches.

  Returns:
    [K, N * patches] of each level.
  """
  found = [np.empty([d.shape[1], len(images) * patches]) for d in directions]
  levels = _levels(images.shape[1:3], coarsest)
  drawn = _drawn_patches(len(images), levels, patches, patch_size, rng)
  for part, places in drawn:
    rows = slice(part.start * patches, part.stop * patches)
    pyramid = laplacian_pyramid(pixels.to_255(images[part]), coarsest)
    for level, image in enumerate(pyramid):
      level_patches = _patches(image, *places[level], patch_size)
      found[level][:, rows] = (level_patches @ directions[level]).T
  for values in found:
    values.sort(axis=1)
  return found


def _patches(images, top, left, size):
  """Returns normalised patches [n * patches, size^2 * C] of images.

  Args:
    images: [n, H, W, C].
    top, left: where patches begin, [n * patches, 1, 1], image by image.
    size: pixels.
  """
  n = len(images)
  image = np.repeat(np.arange(n), len(top) // n)[:, None, None]
  offset = np.arange(size)
  rows = images[image, top + offset[:, None], left + offset]
  rows = rows.reshape(len(top), -1)
  rows = rows - rows.mean(axis=1, keepdims=True)
  deviation = rows.std(axis=1, keepdims=True)
  # A patch of one colour becomes zeros; TF-GAN's becomes NaN.
  return rows / np.where(deviation > 1e-6, deviation, 1.0)


def _smooth(x):
  for _ in range(2):
    padded = np.pad(x, [(0, 0), (2, 2), (0, 0), (0, 0)], mode="reflect")
    size = x.shape[1]
    x = sum(w * padded[:, i : i + size] for i, w in enumerate(_TAPS))
    x = x.swapaxes(1, 2)
  return x
