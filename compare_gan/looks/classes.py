"""classes.png: a named column for each class, beside real images.

With --classes 3,5 only these classes, otherwise the first ones. Real images are
held-out ones (`evaluate.split`), in a shuffled order. The names are those of
the dataset, see `AbstractDataset.class_names`.
"""

import argparse
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Optional

from compare_gan.gans import abstract_gan
from compare_gan.looks.subject import Subject
from compare_gan.looks.subject import require_classes
from compare_gan.looks.subject import require_pictures
from compare_gan.pictures import sheet
import numpy as np

_CLASSES = 10  # columns, as many again for real images
_TITLE = "left: generated images, right: real ones"


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  del args
  require_classes(gan, "classes")
  require_pictures(gan, "classes")


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  _, labels = subject.latents
  assert labels is not None, "check() refuses a model without classes"
  shown = shown_classes(subject.classes, labels)
  fakes = by_class(subject.images, labels, shown)
  rows = max(map(len, fakes))
  reals = subject.real.of_classes(shown, rows)
  names = subject.real.dataset.class_names()
  subject.write_png(
    "classes.png", draw(fakes, reals, [names[k] for k in shown])
  )


def shown_classes(
  wanted: Optional[Sequence[int]], labels: Iterable[int]
) -> list[int]:
  """Returns the classes that are wanted, or the first that have images."""
  if wanted:
    return list(dict.fromkeys(wanted))
  return sorted(set(np.asarray(labels).tolist()))[:_CLASSES]


def by_class(
  images: np.ndarray, labels: np.ndarray, classes: Sequence[int]
) -> list[np.ndarray]:
  """Returns the images of each class."""
  return [images[np.asarray(labels) == k] for k in classes]


def draw(
  fakes: Sequence[np.ndarray],
  reals: Sequence[np.ndarray],
  names: Sequence[str],
) -> np.ndarray:
  """Returns a picture uint8 [H, W, 3].

  Args:
    fakes, reals: images [N, H, W, C] of each class; N may differ.
    names: of the classes.
  """
  columns = [*fakes, *reals]
  rows = [
    [column[i] if i < len(column) else None for column in columns]
    for i in range(max(map(len, columns)))
  ]
  return sheet.sheet(
    rows, _TITLE, heads=[*names, *names], gaps={len(fakes) - 1}
  )
