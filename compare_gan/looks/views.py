"""Pictures of a generator's images: grids, paths in z and between classes.

All return uint8 pictures [H, W, 3], or lists of them, the frames of a gif.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.context import draws
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.gans import latents
from compare_gan.pictures import image_grid
import numpy as np

_PSIS = (1.0, 0.85, 0.7, 0.5, 0.3, 0.15, 0.0)  # of a sheet of truncated styles


def _images(sampler, z, labels):
  return np.concatenate(list(sampler.batches(z, labels)))


def samples(
  sampler: sampling.Sampler,
  z: np.ndarray,
  labels: Optional[np.ndarray],
  columns: Optional[int] = None,
) -> np.ndarray:
  """Returns a grid of the images of z."""
  return image_grid.grid(_images(sampler, z, labels), columns)


def interpolation(
  sampler: sampling.Sampler,
  z: np.ndarray,
  labels: Optional[np.ndarray],
  frames: int = 16,
) -> list[np.ndarray]:
  """Returns frames: each cell goes from its z to the next cell's, in a circle.

  The path follows a sphere, where a normal distribution has its mass; each cell
  keeps its label.
  """
  ends = np.roll(z, -1, axis=0)
  return [
    samples(sampler, _slerp(z, ends, t), labels)
    for t in np.linspace(0.0, 1.0, frames, dtype=np.float32)
  ]


def _slerp(a, b, t):
  """Returns rows on the path from a to b: angles and lengths change evenly."""
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


def morph(
  sampler: sampling.Sampler,
  z: np.ndarray,
  first: int,
  second: int,
  frames: int = 11,
) -> list[np.ndarray]:
  """Returns frames from one class to another: the weights of two labels mix.

  Args:
    sampler: of a conditional GAN.
    z: stays the same.
    first, second: classes.
    frames: how many, including both ends.
  """
  found = []
  for t in np.linspace(0.0, 1.0, frames, dtype=np.float32):
    weights = np.zeros([len(z), sampler.gan.num_classes], np.float32)
    weights[:, first] += 1.0 - t
    weights[:, second] += t
    found.append(samples(sampler, z, weights))
  return found


def reconstructions(
  sampler: sampling.Sampler,
  images: np.ndarray,
  labels: np.ndarray,
  columns: int = 8,
) -> np.ndarray:
  """Returns a grid of real images, each above G's image of its code.

  Args:
    sampler: of a GAN with an encoder.
    images: [N, H, W, C] in [0, 1].
    labels: ints [N], not used if the GAN is not conditional.
    columns: of the grid.
  """
  n = len(images) // columns * columns or len(images)
  columns = min(columns, n)
  codes = np.asarray(sampler.gan.encode(images[:n], sampler.averaged).mean)
  again = _images(sampler, codes, np.asarray(labels[:n]))
  shape = [n // columns, columns, *images.shape[1:]]
  rows = [np.reshape(x, shape) for x in (images[:n], again)]
  pairs = np.stack(rows, axis=1)  # [rows, 2, columns, H, W, C]
  return image_grid.grid(pairs.reshape(2 * n, *images.shape[1:]), columns)


def truncation_sheet(
  sampler: sampling.Sampler,
  labels: Optional[np.ndarray],
  thresholds: Sequence[float] = (2.0, 1.5, 1.0, 0.7, 0.5, 0.3, 0.1),
  seed: int = 0,
  refill: Optional[Callable[[float], Any]] = None,
) -> np.ndarray:
  """Returns a grid: a row for each threshold of |z|, the same noise in each.

  If G has styles to truncate, a row is instead for each factor of their
  distance from the average, from 1 to 0.

  Args:
    sampler: see sampling.py.
    labels: of a row's images, None for a GAN that is not conditional.
    thresholds: of the rows.
    seed: of the noise.
    refill: refill(threshold) recomputes accumulated moments for a row's z.
  """
  z_dim = sampler.gan.options.z_dim
  n = 8 if labels is None else len(labels)
  if sampling.truncates_styles(sampler.gan):
    z, _ = sampling.draw(sampler.gan, n, seed)
    of_rows = [
      sampling.Sampler(sampler.gan, sampler.averaged, truncation=psi)
      for psi in _PSIS
    ]
    found = [_images(one, z, labels) for one in of_rows]
    return image_grid.grid(np.concatenate(found), n)
  rows = [sampling.truncated(n, z_dim, t, seed) for t in thresholds]
  if refill is None:
    if labels is not None:
      labels = np.tile(labels, len(thresholds))
    return samples(sampler, np.concatenate(rows), labels, columns=n)
  images = []
  with moments.kept_moments(sampler.gan):
    for threshold, z in zip(thresholds, rows):
      refill(threshold)
      images.append(_images(sampler, z, labels))
  return image_grid.grid(np.concatenate(images), n)


def z_quantiles(
  probabilities: Union[Sequence[float], np.ndarray], seed: int = 0
) -> np.ndarray:
  """Returns quantiles of a coordinate of `eval_z`, from 100,000 draws."""
  return np.quantile(_many_z(seed), probabilities)


def z_deviation(seed: int = 0) -> float:
  """Returns the standard deviation of a coordinate of `eval_z`."""
  return float(_many_z(seed).std())


def _many_z(seed):
  with draws.seeded([seed, 0]):
    return latents.eval_z([1000, 100]).numpy()


def sweep_values(count: int) -> np.ndarray:
  """Returns equally spaced values of the range that holds 96 % of `eval_z`."""
  low, high = z_quantiles([0.02, 0.98])
  return np.linspace(low, high, count, dtype=np.float32)


def sweep_sheet(
  sampler: sampling.Sampler,
  z: np.ndarray,
  label: Optional[int],
  coordinates: Sequence[int],
  values: np.ndarray,
) -> np.ndarray:
  """Returns a grid: one coordinate of z for each row, with a value per column.

  Args:
    sampler: see sampling.py.
    z: one latent [z_dim], at which the other coordinates stay.
    label: of all images, None for a GAN that is not conditional.
    coordinates: numbers of those that change.
    values: that they take.
  """
  swept, labels = _swept(z, label, coordinates, values)
  return samples(sampler, swept, labels, columns=len(values))


def sweep_frames(
  sampler: sampling.Sampler,
  z: np.ndarray,
  label: Optional[int],
  coordinates: Sequence[int],
  values: np.ndarray,
) -> list[np.ndarray]:
  """Returns frames: a cell for each coordinate, all with one value, from the
  first value to the last and back; arguments as for `sweep_sheet`."""
  swept, labels = _swept(z, label, coordinates, values)
  images = _images(sampler, swept, labels)
  images = images.reshape(len(coordinates), len(values), *images.shape[1:])
  there = [image_grid.grid(images[:, i]) for i in range(len(values))]
  return there + there[-2:0:-1]


def _swept(z, label, coordinates, values):
  swept = np.tile(z, [len(coordinates), len(values), 1])
  for row, coordinate in enumerate(coordinates):
    swept[row, :, coordinate] = values
  swept = swept.reshape(-1, len(z))
  if label is None:
    return swept, None
  return swept, np.full(len(swept), label, np.int32)
