"""Labels in arrays: one for each image, and which number is the first class."""

from collections.abc import Iterable
from typing import Optional

import numpy as np


def one_each(given: np.ndarray, n: int, split: str) -> np.ndarray:
  """Returns labels int64 [n] of ones [n], [1, n], [n, 1] or one-hot [n, K]."""
  given = np.asarray(given)
  if given.dtype.kind not in "buif":
    raise ValueError(
      f"arrays: labels of split {split!r} are {given.dtype}. They must be the "
      "integers of classes: 0, 1 and so on."
    )
  one_hot = given.ndim == 2 and given.shape[0] == n and given.shape[1] > 1
  if one_hot and ((given == 0).sum(axis=1) == given.shape[1] - 1).all():
    return given.argmax(axis=1).astype(np.int64)
  if given.size != n:
    raise ValueError(
      f"arrays: {n} images of split {split!r} have labels of shape "
      f"{given.shape}. Each image needs one label."
    )
  flat = given.reshape(-1)
  if flat.dtype.kind not in "ui" and not (flat == np.trunc(flat)).all():
    raise ValueError(f"arrays: labels of split {split!r} are not integers.")
  return flat.astype(np.int64)


def counted(
  given: dict[str, Optional[np.ndarray]],
  images: dict[str, np.ndarray],
  first_label: Optional[int],
  num_classes: Optional[int],
) -> tuple[dict[str, np.ndarray], int]:
  """Returns {split: labels that begin at 0} and the number of classes.

  Without labels, all labels and the number of classes are 0.
  """
  labels = {
    split: one_each(some, len(images[split]), split)
    for split, some in given.items()
    if some is not None
  }
  if not labels:
    zeros = {
      split: np.zeros(len(some), np.int64) for split, some in images.items()
    }
    return zeros, 0
  if len(labels) < len(given):
    raise ValueError(
      "arrays: one of train and eval has labels and the other has none. "
      "arrays.labels = False leaves them out."
    )
  first = _first_label(labels, first_label, num_classes)
  labels = {split: some - first for split, some in labels.items()}
  if num_classes is None:
    num_classes = max(1, int(labels["train"].max()) + 1)
  return labels, num_classes


def _first_label(stored, first_label, num_classes):
  if first_label is not None:
    return first_label
  least = min(int(y.min()) for y in stored.values())
  if least == 1:
    if num_classes == max(int(y.max()) for y in stored.values()):
      return 1
    raise ValueError(
      "arrays: labels begin at 1. Set arrays.first_label = 1 if that is the "
      "first class, as MATLAB counts, or 0 if class 0 merely has no images "
      "here."
    )
  return 0


def are_1_to_10(labels: Iterable[Optional[np.ndarray]]) -> bool:
  """Returns whether the labels of all splits go from 1 or more to 10."""
  known = [np.asarray(some) for some in labels if some is not None]
  return (
    bool(known)
    and all(some.size and some.dtype.kind in "ui" for some in known)
    and min(some.min() for some in known) >= 1
    and max(some.max() for some in known) == 10
  )
