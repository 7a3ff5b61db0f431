"""directions.png, .csv: directions of z that change most (SeFa).

Shen & Zhou, 2021, https://arxiv.org/abs/2007.06600: let A be the weights of all
layers that get z unchanged. Then |A n| is how far a step n moves their outputs,
and it is largest for the eigenvectors of A^T A. These follow from the weights
alone: nothing is sampled or trained.

The layers are found by calling G, so any architecture works that gives z to
linear layers: the first one, and those that modulate batch norms by z or by
chunks of it. If such a layer passes its output unchanged to another one, as an
embedding of z does, their weights are multiplied. Unlike the paper's code, this
does not normalize the rows of A. A kernel with a norm is used as it is applied.
"""

import argparse
from typing import NamedTuple

from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.gans import abstract_gan
from compare_gan.layers import linear
from compare_gan.looks import views
from compare_gan.looks.subject import Subject
from compare_gan.looks.subject import require_pictures
from compare_gan.pictures import sheet
import numpy as np
import tensorflow as tf

_COUNT = 8
_STEPS = 7
_WAY = 3.0  # standard deviations of z, to both sides
_SAMPLES = 3
_ZERO = 1e-9  # of the largest eigenvalue; steps below it change nothing


class Layer(NamedTuple):
  """A layer that gets z unchanged."""

  name: str  # of its scope, "fc_noise"
  matrix: np.ndarray  # A [outputs, z_dim]


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument(
    "--directions",
    type=int,
    help=f"for --make=directions: maximal number; default: {_COUNT}",
  )
  parser.add_argument(
    "--directions_of",
    default="",
    help="for --make=directions: takes only layers whose name has this text, "
    "such as fc_noise or B1/",
  )


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  require_pictures(gan, "directions")
  z_dim = gan.options.z_dim
  if args.directions is not None and not 1 <= args.directions <= z_dim:
    raise ValueError(
      f"--directions={args.directions}: it must be from 1 to {z_dim}, the "
      "size of z."
    )


def eigenvectors(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns the eigenvalues of A^T A, largest first, and unit eigenvectors.

  The largest coefficient of a vector (the first, if tied) is positive.

  Args:
    matrix: A [M, D].

  Returns:
    values [D], and vectors [D, D], one in each row.
  """
  matrix = np.asarray(matrix, np.float64)
  values, vectors = np.linalg.eigh(matrix.T @ matrix)
  values, vectors = np.maximum(values[::-1], 0.0), vectors.T[::-1]
  sizes = np.abs(vectors)
  largest = np.argmax(sizes > sizes.max(axis=1, keepdims=True) - 1e-9, axis=1)
  signs = np.sign(vectors[np.arange(len(vectors)), largest])
  return values, vectors * signs[:, None]


def rank(values: np.ndarray) -> int:
  """Returns how many eigenvalues, largest first, are not 0; at least 1."""
  return max(1, int(np.sum(values > _ZERO * values[0])))


def layers_of_z(
  gan: abstract_gan.AbstractGAN, averaged: bool = True
) -> list[Layer]:
  """Returns the linear layers of G that get coordinates of z unchanged.

  Args:
    gan: an AbstractGAN.
    averaged: whether to use the moving average of G's weights, if any.
  """
  # Each z comes with its opposite, so that a relu changes every coordinate.
  half = np.random.RandomState(0).standard_normal([2, gan.options.z_dim])
  z = np.concatenate([half, -half]).astype(np.float32)
  y = tf.zeros([len(z)], tf.int32) if gan.num_classes else None
  with state.frozen(), linear.recorded_calls() as calls:
    gan.generate(tf.constant(z), y, averaged)
    kernels = [call.layer.kernel(is_training=False).numpy() for call in calls]
  inputs = [call.x.numpy() for call in calls]
  outputs = [call.output.numpy() for call in calls]

  def follow(source: np.ndarray, to_source: np.ndarray) -> list[Layer]:
    """Returns layers that get columns of `source` [4, K] = to_source z + b."""
    found = []
    for i, x in enumerate(inputs):
      places = _places(x, source)
      gets = places >= 0
      if gets.any():
        weights = kernels[i][gets].T.astype(np.float64)
        matrix = weights @ to_source[places[gets]]
        further = follow(outputs[i], matrix) if is_handed_on(i) else []
        found += further or [Layer(_name(calls[i].layer), matrix)]
    return found

  def is_handed_on(i: int) -> bool:
    """Returns whether later layers get all outputs of a layer, unchanged."""
    handed_on = np.ptp(outputs[i], axis=0) == 0  # a constant tells nothing
    for x in inputs[i + 1 :]:
      places = _places(x, outputs[i])
      handed_on[places[places >= 0]] = True
    return bool(handed_on.all())

  return follow(z, np.eye(gan.options.z_dim))


def _places(x, source):
  """Returns which column of `source` each column of x is, -1 for none.

  Args:
    x: [N, columns].
    source: [N, K]; columns that do not vary match nothing.
  """
  order = np.argsort(source[0])
  found = np.searchsorted(source[0], x[0], sorter=order)
  places = order[np.minimum(found, len(order) - 1)]
  same = np.all(source[:, places] == x, axis=0)
  varies = np.ptp(source, axis=0) > 0
  return np.where(same & varies[places], places, -1)


def _name(layer):
  """Returns "B1/up_conv1/.../gamma" of a layer."""
  name = scope.full_name(layer.variables[0])
  for last in ("/kernel", "/V"):
    name = name.rsplit(last, 1)[0]
  return name.partition("/")[2] or name


def chosen_layers(
  gan: abstract_gan.AbstractGAN, averaged: bool, text: str
) -> list[Layer]:
  """Returns the layers of z whose names contain a text, at least one."""
  layers = layers_of_z(gan, averaged)
  if not layers:
    raise ValueError(
      f"--make=directions: {gan.generator.title} has no linear layer that "
      "gets z unchanged (compare_gan.layers.linear.Linear), so its directions "
      "do not follow from weights. --make=sweep moves along the coordinates "
      "of z."
    )
  found = [layer for layer in layers if text in layer.name]
  if not found:
    names = ", ".join(layer.name for layer in layers)
    raise ValueError(
      f"--directions_of={text}: no layer that gets z has this in its name. "
      f"The layers are {names}."
    )
  return found


def make(subject: Subject, args: argparse.Namespace) -> None:
  layers = chosen_layers(subject.gan, subject.averaged, args.directions_of)
  values, vectors = eigenvectors(np.concatenate([x.matrix for x in layers]))
  n = min(args.directions or _COUNT, rank(values))
  values, vectors = values[:n], vectors[:n]
  z_dim = vectors.shape[1]
  subject.write_csv(
    "directions.csv",
    ("direction", "eigenvalue", *(f"z{i}" for i in range(z_dim))),
    ((i + 1, values[i], *vectors[i]) for i in range(n)),
  )
  distances = np.linspace(-_WAY, _WAY, _STEPS) * views.z_deviation()
  subject.write_png(
    "directions.png", _picture(subject, values, vectors, distances)
  )
  print(f"directions: of {_in_words(layers, z_dim)}.")


def moved(
  z: np.ndarray, directions: np.ndarray, distances: np.ndarray
) -> np.ndarray:
  """Returns z + distance direction, [directions, N, distances, z_dim].

  Args:
    z: [N, z_dim].
    directions: unit vectors [K, z_dim].
    distances: [S].
  """
  steps = np.asarray(distances)[:, None] * directions[:, None, None, :]
  return (z[None, :, None, :] + steps).astype(np.float32)


def _picture(subject, values, vectors, distances):
  z, labels = subject.first(_SAMPLES)
  ways = moved(z, vectors, distances)
  shape = ways.shape[:-1]
  if labels is not None:
    spread = labels.reshape([1, len(z), 1, *labels.shape[1:]])
    labels = np.broadcast_to(spread, [*shape, *labels.shape[1:]])
    labels = labels.reshape([-1, *labels.shape[3:]])
  found = subject.sampler.batches(ways.reshape(-1, ways.shape[-1]), labels)
  images = np.concatenate(list(found))
  images = images.reshape([*shape, *images.shape[1:]])
  count = len(distances)
  return sheet.sheet(
    [[image for way in row for image in way] for row in images],
    "Directions of largest change (SeFa) with their eigenvalues, from "
    f"{distances[0]:.3g} to {distances[-1]:.3g},\nfor {len(z)} z, each in the "
    "middle of its strip",
    labels=[f"{i + 1}: {x:.3g}" for i, x in enumerate(values)],
    gaps={count * (j + 1) - 1 for j in range(len(z))},
  )


def _in_words(layers, z_dim):
  """Returns "fc_noise (z 0 to 7), B1/.../gamma (z 8 to 15)"."""
  words = []
  for layer in layers:
    used = np.flatnonzero(np.abs(layer.matrix).max(axis=0) > 0)
    part = f"z {used[0]} to {used[-1]}" if len(used) else "no z"
    words.append(f"{layer.name} ({part})")
  shown = words if len(words) <= 8 else [*words[:7], f"{len(words) - 7} more"]
  return ", ".join(shown)
