"""neighbours.png, .csv: images beside the nearest training ones.

Distances are between pixels or features of any extractor (--features). The
neighbours of held-out images are listed too, to show how near new images of the
same data are. An exact copy of a training image has a distance of exactly 0.
"""

import argparse
from collections.abc import Iterable

from compare_gan.gans import abstract_gan
from compare_gan.looks import real
from compare_gan.looks.subject import Subject
from compare_gan.looks.subject import require_pictures
from compare_gan.metrics import neighbours
from compare_gan.pictures import sheet
import numpy as np

_SHOWN = 48  # images in the picture; the table has all
_HEADER = ("set", "image", "rank", "train_index", "train_label", "distance")


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument(
    "--neighbours",
    type=int,
    default=5,
    help="for --make=neighbours: how many training images to show per image",
  )


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  require_pictures(gan, "neighbours")
  if args.neighbours < 1:
    raise ValueError(f"--neighbours={args.neighbours}: it must be 1 or more.")


def nearest(
  rows: np.ndarray, blocks: Iterable[np.ndarray], k: int
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the k rows of all blocks that are nearest to each row.

  If several are equally near, the first ones are returned.

  Args:
    rows: [N, D].
    blocks: arrays [M, D], one after the other, of at least k rows in all.
    k: how many.

  Returns:
    indices into the rows of all blocks, [N, k], the nearest first, and squared
    distances, [N, k], summed from differences: those of copies are exactly 0.
  """
  rows = np.asarray(rows, np.float64)
  indices = np.zeros([len(rows), k], int)
  squares = np.full([len(rows), k], np.inf)
  start = 0
  for block in blocks:
    products = np.empty([len(rows), len(block)])
    for i, j, part in neighbours.squared_distances(rows, block):
      products[i, j] = part
    for row, row_products in enumerate(products):
      near = _least(row_products, k, squares[row, -1])
      differences = block[near].astype(np.float64) - rows[row]
      exact = np.einsum("nd,nd->n", differences, differences)
      all_indices = np.concatenate([indices[row], start + near])
      all_squares = np.concatenate([squares[row], exact])
      order = np.lexsort([all_indices, all_squares])[:k]
      indices[row], squares[row] = all_indices[order], all_squares[order]
    start += len(block)
  return indices, squares


def _least(squares, k, limit):
  """Returns the places of the k least numbers, if they are below the limit.

  Also returns places of numbers that differ only by the rounding of products.
  """
  if len(squares) > k:
    limit = min(limit, np.partition(squares, k - 1)[k - 1])
  return np.flatnonzero(squares <= limit + neighbours.TIE * squares.max())


def make(subject: Subject, args: argparse.Namespace) -> None:
  real_images, k = subject.real, args.neighbours
  if real_images.num_train < k:
    raise ValueError(
      f"--neighbours={k}, but there are only {real_images.num_train} training "
      "images (dataset.name, evaluate.num_train)."
    )
  fake = subject.finite_images
  sets = {"fake": fake}
  if real_images.dataset.size("eval"):
    sets["heldout"] = real_images.some(len(fake), "eval")[0]
  images = np.concatenate(list(sets.values()))
  indices, squares = nearest(
    real_images.rows(images), real_images.train_rows(), k
  )
  near, labels = real_images.train(indices.ravel())
  near = near.reshape(*indices.shape, *images.shape[1:])
  copies = _are_equal(images, near)
  # Features of the same picture may differ in their last digits.
  distances = np.where(copies, 0.0, real_images.distances(squares))
  names = [(name, i) for name, each in sets.items() for i in range(len(each))]
  subject.write_csv(
    "neighbours.csv",
    _HEADER,
    _table(
      names,
      indices,
      labels.reshape(indices.shape)
      if real_images.dataset.num_classes
      else None,
      distances,
    ),
  )
  n = len(fake)
  picture = _picture(fake, near[:n], distances[:n], real_images.by_in_words)
  subject.write_png("neighbours.png", picture)
  print(_sentence(distances[:n], distances[n:], copies[:n], real_images))


def _are_equal(images, near):
  """Returns which neighbours [N, k] are the image itself."""
  images, near = real.to_8_bits(images)[:, None], real.to_8_bits(near)
  return np.all(images == near, axis=(2, 3, 4))


def _table(names, indices, labels, distances):
  for (name, i), at, row in zip(names, range(len(indices)), indices):
    for rank, index in enumerate(row):
      label = None if labels is None else labels[at, rank]
      yield name, i, rank + 1, index, label, float(distances[at, rank])


def _picture(images, near, distances, by):
  cells = np.concatenate([images[:, None], near], axis=1)[:_SHOWN]
  captions = [
    [f"image {i}", *(f"{x:.3g}" for x in row)]
    for i, row in enumerate(distances[:_SHOWN])
  ]
  return sheet.groups(
    cells,
    captions,
    "Each image, and the training images nearest to it with their distances "
    f"({by})",
  )


def _sentence(fake, heldout, copies, real_images):
  text = (
    f"neighbours: the nearest of {real_images.num_train} training images is at "
    f"{np.median(fake[:, 0]):.4g} ({real_images.by_in_words}, median of "
    f"{len(fake)} images)"
  )
  if len(heldout):
    text += f", of held-out images at {np.median(heldout[:, 0]):.4g}"
  return f"{text}; {int(copies.any(axis=1).sum())} images are exact copies."
