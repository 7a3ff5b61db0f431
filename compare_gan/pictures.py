"""What can be seen of a generator: grids, ways through z and between classes.

All return uint8 pictures [H, W, 3], or lists of them, the frames of a gif.
"""

from compare_gan import image_grid
from compare_gan import sampling
import numpy as np


def _images(sampler, z, labels):
  return np.concatenate(list(sampler.batches(z, labels)))


def samples(sampler, z, labels, columns=None):
  """Returns a grid of the images of z."""
  return image_grid.grid(_images(sampler, z, labels), columns)


def interpolation(sampler, z, labels, frames=16):
  """Returns frames: each cell goes from its z to the next cell's, in a circle.

  The way is along a sphere, where a normal distribution has its mass; labels
  stay those of the cell.
  """
  ends = np.roll(z, -1, axis=0)
  return [
    samples(sampler, _slerp(z, ends, t), labels)
    for t in np.linspace(0.0, 1.0, frames, dtype=np.float32)
  ]


def _slerp(a, b, t):
  """Returns rows on the way from a to b: angles and lengths move evenly."""
  length_a, length_b = (
    np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-8) for x in (a, b)
  )
  unit_a, unit_b = a / length_a, b / length_b
  cosine = np.sum(unit_a * unit_b, axis=1, keepdims=True)
  angle = np.arccos(np.clip(cosine, -1.0, 1.0))
  sine = np.sin(angle)
  straight = np.abs(sine) < 1e-4  # The same direction, or the opposite one.
  sine = np.where(straight, 1.0, sine)
  way = np.sin((1 - t) * angle) / sine * unit_a + np.sin(t * angle) / sine * (
    unit_b
  )
  way = np.where(straight, (1 - t) * unit_a + t * unit_b, way)
  return (((1 - t) * length_a + t * length_b) * way).astype(np.float32)


def morph(sampler, z, first, second, frames=11):
  """Returns frames from one class to another: the weights of two labels mix.

  Args:
    sampler: of a conditional GAN.
    z: stays the same.
    first, second: classes.
    frames: with both ends.
  """
  found = []
  for t in np.linspace(0.0, 1.0, frames, dtype=np.float32):
    weights = np.zeros([len(z), sampler.gan.num_classes], np.float32)
    weights[:, first] += 1.0 - t
    weights[:, second] += t
    found.append(samples(sampler, z, weights))
  return found


def truncation_sheet(
  sampler, labels, thresholds=(2.0, 1.5, 1.0, 0.7, 0.5, 0.3, 0.1), seed=0
):
  """Returns a grid: a row for each threshold of |z|, the same noise in each."""
  z_dim = sampler.gan.options.z_dim
  n = 8 if labels is None else len(labels)
  z = [sampling.truncated(n, z_dim, t, seed) for t in thresholds]
  if labels is not None:
    labels = np.tile(labels, len(thresholds))
  return samples(sampler, np.concatenate(z), labels, columns=n)
