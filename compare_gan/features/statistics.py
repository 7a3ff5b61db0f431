"""Mean and covariance of the real images' features, cached on disk.

They depend on the images and on the extractor; the hashes of both are in the
name of the cached file. `read` and `write` are for statistics that other
programs use: npz files with `mu` [D] and `sigma` [D, D], as published with the
two-time-scale update rule (https://arxiv.org/abs/1706.08500).
"""

import io
from typing import Any
from typing import Optional

from compare_gan.datasets import cache
from compare_gan.features import abstract_extractor
from compare_gan.features import fingerprint
from compare_gan.metrics import fid
from compare_gan.storage import files
import numpy as np

_VERSION = 1
_BATCH = 1000


def gaussian_of_dataset(
  dataset: Any,
  extractor: abstract_extractor.AbstractExtractor,
  split: str = "eval",
  count: Optional[int] = None,
) -> fid.Gaussian:
  """Returns the Gaussian of a split's features, which is computed once.

  Args:
    dataset: an AbstractDataset.
    extractor: an AbstractExtractor.
    split: "train" or "eval".
    count: of the first images in order; None for all.
  """
  count = dataset.size(split) if count is None else count
  key = abstract_extractor.digest(
    _VERSION,
    fingerprint.content(dataset, split, count).images,
    extractor.identity(),
  )

  def make() -> np.ndarray:
    moments = fid.Moments()
    for batch in dataset.in_order(split, _BATCH, count):
      moments.add(extractor(batch["images"]).features)
    gaussian = moments.gaussian()
    return np.concatenate([gaussian.mean[None], gaussian.factor])

  rows = cache.array(f"statistics-{key}", make)
  return fid.Gaussian(rows[0], rows[1:])


def write(path: str, gaussian: fid.Gaussian) -> None:
  """Writes `mu` and `sigma`, float64."""
  content = io.BytesIO()
  np.savez(content, mu=gaussian.mean, sigma=gaussian.covariance)
  files.write_bytes(path, content.getvalue())


def read(path: str) -> fid.Gaussian:
  """Returns the Gaussian of a file with `mu` and `sigma`."""
  content = io.BytesIO(files.read_bytes(path))
  with np.load(content, allow_pickle=False) as arrays:
    missing = {"mu", "sigma"} - set(arrays.files)
    if missing:
      raise ValueError(
        f"{path} has {sorted(arrays.files)}, but mu [D] and sigma [D, D] are "
        "needed."
      )
    mean, covariance = (arrays[k].astype(np.float64) for k in ("mu", "sigma"))
  if mean.ndim != 1 or covariance.shape != 2 * mean.shape:
    raise ValueError(
      f"{path}: mu has the shape {mean.shape} and sigma {covariance.shape}, "
      "but [D] and [D, D] are needed."
    )
  if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
    raise ValueError(f"{path} has NaN or infinity, but numbers are needed.")
  largest = np.abs(covariance).max()
  if np.abs(covariance - covariance.T).max() > 1e-6 * largest:
    raise ValueError(
      f"{path}: sigma is not symmetric, so it is not a covariance."
    )
  return fid.Gaussian.from_covariance(mean, covariance)
