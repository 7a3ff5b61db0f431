"""Fakes that equal or nearly equal training rows, or repeat one another.

Hashes of their bytes find equal rows in N steps. A fake is a near
duplicate if it is nearer to a training row than 99 % of training rows are to
their own nearest neighbours. Fakes that vary less than the data have more near
duplicates without being copies: look at the pairs.
"""

import collections
import hashlib

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import nearest
from compare_gan.metrics import neighbours
from compare_gan.metrics import pixels
from compare_gan.metrics.rows import check
import gin
import numpy as np

_SHARE = "share of images"


@gin.configurable(denylist=["train_features", "fake_features"])
@contract.declare(
  contract.Score("duplicates_of_train", contract.LOWER, 0.0, 1.0, _SHARE),
  contract.Score("duplicates_of_fakes", contract.LOWER, 0.0, 1.0, _SHARE),
  contract.Score("near_duplicates", contract.LOWER, 0.0, 1.0, _SHARE),
)
def duplicates(
  train_features: np.ndarray,
  fake_features: np.ndarray,
  quantile: accepted.Share = 0.01,
) -> dict[str, float]:
  """Returns the shares of fakes that equal, repeat, or are near to a row.

  Args:
    train_features: [M, D].
    fake_features: [N, D].
    quantile: of the distances of training rows to their nearest other row; a
      fake is near if its distance is below it.
  """
  _check_quantile("duplicates", quantile)
  check(2, train_features=train_features)
  check(1, train_features=train_features, fake_features=fake_features)
  share_of_train, share_of_fakes, near = _shares(
    train_features, fake_features, quantile
  )
  return {
    "duplicates_of_train": share_of_train,
    "duplicates_of_fakes": share_of_fakes,
    "near_duplicates": near,
  }


@gin.configurable(denylist=["train_images", "fake_images"])
@contract.declare(
  contract.Score("duplicate_images_of_train", contract.LOWER, 0.0, 1.0, _SHARE),
  contract.Score("duplicate_images_of_fakes", contract.LOWER, 0.0, 1.0, _SHARE),
  contract.Score("near_duplicate_images", contract.LOWER, 0.0, 1.0, _SHARE),
)
def duplicate_images(
  train_images: np.ndarray,
  fake_images: np.ndarray,
  quantile: accepted.Share = 0.01,
) -> dict[str, float]:
  """Returns the same shares for pixels, which are rounded to 0, 1, ..., 255.

  Args:
    train_images: [M, H, W, C].
    fake_images: [N, H, W, C].
    quantile: as in `duplicates`.
  """
  _check_quantile("duplicate_images", quantile)
  pixels.check(train_images=train_images, fake_images=fake_images)
  if train_images.shape[1:] != fake_images.shape[1:]:
    raise ValueError(
      f"train_images has shape {train_images.shape} and fake_images "
      f"{fake_images.shape}, but only images of the same size can be equal."
    )
  train, fake = _as_rows(train_images), _as_rows(fake_images)
  check(2, train_images=train)
  share_of_train, share_of_fakes, near = _shares(train, fake, quantile)
  return {
    "duplicate_images_of_train": share_of_train,
    "duplicate_images_of_fakes": share_of_fakes,
    "near_duplicate_images": near,
  }


def _check_quantile(metric, quantile):
  if not 0.0 <= quantile <= 1.0:
    raise ValueError(
      f"{metric}.quantile is {quantile}, but it must be a share from 0 to 1."
    )


def _as_rows(images):
  """Returns uint8 rows [N, H * W * C]."""
  return np.stack(
    [np.rint(pixels.to_255(image)).astype(np.uint8).ravel() for image in images]
  )


def _shares(train, fake, quantile):
  """Returns the shares of fakes that equal, repeat, or are near to a row."""
  own = neighbours.kth_squared_distances(train, 1)
  # Not the quantile of squares, which interpolates differently between rows.
  border = np.quantile(np.sqrt(own), quantile) ** 2
  _, squares = nearest.nearest_rows(fake, train)
  is_near = squares < (1.0 - neighbours.TIE) * border
  return (
    float(np.mean(are_in(fake, train))),
    float(np.mean(are_repeated(fake))),
    float(np.mean(is_near)),
  )


def are_in(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Returns for each row [N] whether it equals a row of the others."""
  known = set(_keys(others))
  return np.array([key in known for key in _keys(rows)])


def are_repeated(rows: np.ndarray) -> np.ndarray:
  """Returns for each row [N] whether another one equals it."""
  counts = collections.Counter(_keys(rows))
  return np.array([counts[key] > 1 for key in _keys(rows)])


def _keys(rows):
  """Yields hashes of the rows' bytes, which are equal for equal rows."""
  for row in np.asarray(rows):
    # float64 makes all dtypes comparable; adding 0 makes -0 the same as 0.
    yield hashlib.sha256((row.astype(np.float64) + 0.0).tobytes()).digest()
