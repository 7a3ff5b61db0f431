"""map.png, .csv: real and generated images in the plane.

Their pixels or features (--features) are projected by principal components, or
by t-SNE or UMAP if installed (--map). A cloud of real images without fakes is a
missing mode; fakes outside all clouds look unlike any real image.
"""

import argparse
from collections.abc import Sequence
import importlib.util
from typing import Any
from typing import Optional

from compare_gan.gans import abstract_gan
from compare_gan.looks.subject import Subject
from compare_gan.pictures import chart
import numpy as np

_LEGEND = 20  # classes, at most, that a legend names
_HEADER = ("set", "image", "label", "x", "y")


def pca(rows: np.ndarray, k: int = 2) -> tuple[np.ndarray, np.ndarray]:
  """Returns projections on the first principal components, and their shares.

  The sign of a component makes its largest coefficient positive, so that the
  same rows always give the same map.

  Args:
    rows: [N, D], N > 1.
    k: how many components; those beyond the rank are 0.

  Returns:
    coordinates [N, k], and shares of the variance [k].
  """
  rows = np.asarray(rows, np.float64)
  centred = rows - rows.mean(axis=0)
  left, sizes, right = np.linalg.svd(centred, full_matrices=False)
  largest = np.argmax(np.abs(right), axis=1)
  signs = np.where(right[np.arange(len(right)), largest] < 0, -1.0, 1.0)
  coordinates = (left * (sizes * signs))[:, :k]
  total = np.sum(sizes**2)
  shares = sizes[:k] ** 2 / (total if total > 0 else 1.0)
  missing = k - coordinates.shape[1]
  return (
    np.pad(coordinates, [(0, 0), (0, missing)]),
    np.pad(shares, (0, missing)),
  )


def _pca(rows):
  coordinates, shares = pca(rows)
  names = [
    f"principal component {i + 1} ({share:.0%} of the variance)"
    for i, share in enumerate(shares)
  ]
  return coordinates, names


def _tsne(rows):
  from sklearn import manifold

  # The usual number of neighbours, or what the method allows for few rows.
  perplexity = min(30.0, (len(rows) - 1) / 3.0)
  method = manifold.TSNE(
    n_components=2, perplexity=perplexity, init="pca", random_state=0
  )
  return method.fit_transform(rows), ["t-SNE 1", "t-SNE 2"]


def _umap(rows):
  import umap

  method = umap.UMAP(
    n_components=2,
    n_neighbors=min(15, len(rows) - 1),
    random_state=0,
    n_jobs=1,  # the seed would also set it, with a warning
  )
  return method.fit_transform(rows), ["UMAP 1", "UMAP 2"]


_METHODS = {"pca": _pca, "tsne": _tsne, "umap": _umap}
# What a method needs: its module, and the package's name for pip.
_NEEDS = {"tsne": ("sklearn", "scikit-learn"), "umap": ("umap", "umap-learn")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument(
    "--map",
    default="pca",
    help=f"for --make=map: {', '.join(_METHODS)}; the last two need "
    f"{' and '.join(package for _, package in _NEEDS.values())}",
  )


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  del gan
  if args.map not in _METHODS:
    raise ValueError(
      f"--map={args.map} is unknown. It can be {', '.join(_METHODS)}."
    )
  module, package = _NEEDS.get(args.map, ("numpy", ""))
  if importlib.util.find_spec(module) is None:
    raise ValueError(
      f"--map={args.map} needs {package}, which is not installed: pip install "
      f"{package}, or --map=pca, which needs nothing."
    )


def project(rows: np.ndarray, method: str) -> tuple[np.ndarray, list[str]]:
  """Returns coordinates [N, 2] of rows [N, D], and the names of the axes."""
  return _METHODS[method](np.asarray(rows, np.float64))


def make(subject: Subject, args: argparse.Namespace) -> None:
  fake = subject.finite_images
  real, real_labels = subject.real.some(len(fake))
  _, fake_labels = subject.latents
  if fake_labels is not None and fake_labels.ndim > 1:
    fake_labels = fake_labels.argmax(axis=1)  # Weights of classes.
  rows = np.concatenate([subject.real.unit_rows(x) for x in (real, fake)])
  if len(rows) < 4:
    raise ValueError(
      f"--make=map needs at least 4 images, real and generated ones together, "
      f"but there are {len(rows)}. Set --n."
    )
  places, axes = project(rows, args.map)
  parts = places[: len(real)], places[len(real) :]
  labels = real_labels, fake_labels
  subject.write_csv("map.csv", _HEADER, _table(parts, labels))
  title = f"Real and generated images by {subject.real.by_in_words}"
  names = getattr(subject.real.dataset, "classes", ())
  subject.write_png("map.png", picture(parts, labels, axes, title, names))


def _table(parts, labels):
  for name, places, set_labels in zip(("real", "fake"), parts, labels):
    for i, (x, y) in enumerate(places):
      yield (
        name,
        i,
        None if set_labels is None else set_labels[i],
        float(x),
        float(y),
      )


def picture(
  parts: tuple[np.ndarray, np.ndarray],
  labels: tuple[Optional[np.ndarray], Optional[np.ndarray]],
  axes: list[str],
  title: str,
  names: Sequence[str] = (),
) -> np.ndarray:
  """Returns a chart of real and fake places, and of the classes of each.

  Args:
    parts: places [N, 2] of real images and of fakes.
    labels: ints of both, or None without labels.
    axes: names of the two coordinates.
    title: of the chart.
    names: of the classes, if they have any.
  """
  real, fake = parts
  by_class = [
    i for i, set_labels in enumerate(labels) if set_labels is not None
  ]
  size = 200.0 / np.sqrt(len(real) + len(fake))

  def plot(figure: Any) -> None:
    panels = figure.subplots(
      1, 1 + len(by_class), sharex=True, sharey=True, squeeze=False
    )[0]
    panels[0].set_title(title if not by_class else "both")
    panels[0].scatter(*real.T, size, c=chart.REAL, alpha=0.6, label="real")
    panels[0].scatter(
      *fake.T, size, c=chart.FAKE, alpha=0.6, marker="^", label="generated"
    )
    panels[0].legend()
    panels[0].set_ylabel(axes[1])
    if by_class:
      figure.suptitle(title)
    known = [set_labels for set_labels in labels if set_labels is not None]
    classes = np.unique(np.concatenate(known)) if known else ()
    many = f", of {len(classes)}" if len(classes) > _LEGEND else ""
    for panel, i in zip(panels[1:], by_class):
      panel.set_title(f"{('real', 'generated')[i]} images by class{many}")
      _scatter_classes(panel, parts[i], labels[i], classes, size)
    if by_class:
      _add_classes(panels[-1], classes, names)
    for panel in panels:
      panel.set_xlabel(axes[0])

  return chart.draw(5.5 + 4.5 * len(by_class), 5.0, plot)


def _color(place, count):
  """Returns the color of a class: a distinct one, or for many, of a scale."""
  import matplotlib

  if count <= 10:
    return matplotlib.colormaps["tab10"](place)
  if count <= _LEGEND:
    return matplotlib.colormaps["tab20"](place)
  return matplotlib.colormaps["turbo"](place / (count - 1))


def _scatter_classes(panel, places, labels, classes, size):
  for place, label in enumerate(classes):
    color = _color(place, len(classes))
    panel.scatter(*places[labels == label].T, size, color=[color], alpha=0.7)


def _add_classes(panel, classes, names):
  """Adds a legend of the classes, if few, to the right of the last panel."""
  if len(classes) > _LEGEND:
    return
  handles = [
    panel.scatter(
      [],
      [],
      30,
      color=[_color(place, len(classes))],
      label=names[label] if 0 <= label < len(names) else str(label),
    )
    for place, label in enumerate(classes)
  ]
  panel.legend(
    handles=handles, title="class", loc="center left", bbox_to_anchor=(1, 0.5)
  )
