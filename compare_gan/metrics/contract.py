"""What a metric is, for those who write one and those who choose some by gin.

A metric is a function known to gin that returns {name: float}. Its parameters
without a default name what it needs, among

  real_features, fake_features     rows [N, D] of a feature extractor
  train_features, heldout_features rows of the training data, and of other data
  real_labels, fake_labels         ints [N], of the features' rows
  fake_logits                      rows [N, num_classes] of a classifier
  real_images, fake_images         [N, H, W, C], uint8 or floats in [0, 1]
  train_images, heldout_images     the same, of splits train and eval
  train_labels, heldout_labels     ints [N]
  jacobians                        d pixels / d z, [N, pixels, z_dim]
  generate, discriminate, encode   the model: (z, y) -> images, (images, y) ->
                                   DiscriminatorOutput, images -> EncoderOutput
                                   if it has an encoder
  latents                          (n, seed) -> z [n, z_dim], the log densities
                                   of its coordinates, labels or None

Its other parameters can be set by gin. Sets whose names begin with the same
word (real, fake, train, heldout) have the same number of rows, in the same
order. Your own metric needs no registration:

  import my_package.my_metric
  my_metric.k = 3

It declares its scores, the keys of what it returns, next to its formula:

  @gin.configurable(denylist=["real_features", "fake_features"])
  @contract.declare(contract.Score("precision", "higher", 0.0, 1.0, "share"))
  def my_metric(real_features, fake_features, k=3):

Code that sorts, keeps the best, plots or tests reads the direction from there.
A metric that needs only a mean and a covariance of real rows says so:

  @contract.takes_gaussian("real_features")

It then gets a fid.Gaussian where only that is known, from a file of statistics
or because no other metric needs the rows; fid.gaussian_of(real_features)
accepts both. A metric with a parameter num_classes=None gets the number of
classes of the fakes' labels, where it is known, if the metric is marked by

  @contract.takes_num_classes

Intervals score 200 random halves of all sets, see bootstrap.py. A metric that
can score them all at once, because its expensive part is the same in each of
them, has a parameter resamples=None and is marked by

  @contract.takes_resamples

`resamples` is then {"real": bools [B, rows of real_*], "fake": ...}, the rows
of each resample, and the metric returns {name: [B scores]}.

All parameters are on the protocol card of its scores, see parameters.py.
"""

import fnmatch
import functools
import importlib
import inspect
import math
import pkgutil
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import TypeVar

from compare_gan.storage.score_row import ScoreRow

_Metric = TypeVar("_Metric", bound=Callable[..., Any])

NUM_CLASSES = "num_classes"
RESAMPLES = "resamples"
LOWER, HIGHER, NEITHER = _BETTER = ("lower", "higher", "neither")


class Score(NamedTuple):
  """One number of a metric: its name, and which direction is better."""

  name: str  # a key of what the metric returns; "*" stands for any letters
  better: str  # "lower", "higher", or "neither" if it only describes
  low: float = -math.inf  # the range of its values, except for rounding
  high: float = math.inf
  unit: str = ""  # "squared distance of features", "share of images"


def declare(*scores: Score) -> Callable[[_Metric], _Metric]:
  """Returns a decorator that declares which scores a metric returns."""
  for score in scores:
    if score.better not in _BETTER:
      raise ValueError(
        f"Score {score.name!r} declares {score.better!r} as better. It can be "
        f"{', '.join(map(repr, _BETTER))}."
      )

  def decorate(metric: _Metric) -> _Metric:
    marked: Any = metric
    marked.scores = scores
    return metric

  return decorate


def scores_of(metric: Any) -> tuple[Score, ...]:
  """Returns the scores that a metric declares, none if it declares none."""
  return getattr(metric, "scores", ())


def find(metric: Any, name: str) -> Optional[Score]:
  """Returns the Score that a metric declares for a key it returns, if any."""
  for score in scores_of(metric):
    if fnmatch.fnmatchcase(name, score.name):
      return score
  return None


def takes_gaussian(*names: str) -> Callable[[_Metric], _Metric]:
  """Returns a decorator that declares which sets may be a fid.Gaussian.

  Args:
    names: parameters of the metric; evaluators give "real_features" only.
  """

  def decorate(metric: _Metric) -> _Metric:
    unknown = set(names) - set(needs(metric))
    if unknown:
      raise ValueError(
        f"takes_gaussian names {sorted(unknown)}, but {metric.__name__} needs "
        f"{', '.join(needs(metric)) or 'nothing'}."
      )
    marked: Any = metric
    marked.gaussians = names
    return metric

  return decorate


def gaussians_of(metric: Any) -> tuple[str, ...]:
  """Returns the parameters of a metric that may be Gaussians."""
  return getattr(metric, "gaussians", ())


def takes_num_classes(metric: _Metric) -> _Metric:
  """Marks a metric that needs the number of classes of the labels."""
  marked: Any = metric
  marked.takes_num_classes = True
  return metric


def is_told_num_classes(metric: Any) -> bool:
  """Returns whether a metric is marked by `takes_num_classes`."""
  return getattr(metric, "takes_num_classes", False)


def takes_resamples(metric: _Metric) -> _Metric:
  """Marks a metric that scores many subsets of its rows at once."""
  if RESAMPLES not in inspect.signature(metric).parameters:
    raise ValueError(
      f"{metric.__name__} has no parameter resamples=None, which passes the "
      "rows of each resample."
    )
  marked: Any = metric
  marked.takes_resamples = True
  return metric


def scores_resamples(metric: Any) -> bool:
  """Returns whether a metric is marked by `takes_resamples`."""
  return getattr(metric, "takes_resamples", False)


def needs(metric: Callable[..., Any]) -> list[str]:
  """Returns the names of the parameters of `metric` that have no default."""
  parameters = inspect.signature(metric).parameters.values()
  return [p.name for p in parameters if p.default is inspect.Parameter.empty]


# ---- Scores without their metric ---------------------------------------------


def better_in_row(row: ScoreRow, name: str) -> Optional[str]:
  """Returns which direction of a row's score is better, None if unknown.

  Args:
    row: of a table. Rows that record no directions, such as those of earlier
      versions, have the directions of the metrics here.
    name: of the score.
  """
  return row.better[name] if name in row.better else better_of(name)


@functools.cache
def better_of(name: str) -> Optional[str]:
  """Returns a score's direction, as the metrics of this package declare it.

  Args:
    name: of a score, also with its extractor's name: "fid_classifier". The
      longest declared name that it begins with counts.
  """
  found = [
    score
    for score in _declared_here()
    if fnmatch.fnmatchcase(name, score.name)
    or fnmatch.fnmatchcase(name, f"{score.name}_*")
  ]
  longest = max(found, key=lambda score: len(score.name), default=None)
  return longest.better if longest else None


@functools.cache
def _declared_here():
  """Returns all scores that the modules of this package declare."""
  package = importlib.import_module(__name__.rpartition(".")[0])
  found = []
  for info in pkgutil.iter_modules(package.__path__):
    module = importlib.import_module(f"{package.__name__}.{info.name}")
    for metric in vars(module).values():
      if callable(metric):
        found += scores_of(metric)
  return tuple(dict.fromkeys(found))


def how_to_declare(metric: Any, name: Optional[str] = None) -> str:
  """Returns a sentence on how to make a metric's scores sortable."""
  return (
    f"{metric.__name__} declares no scores, so it is unknown whether lower or "
    "higher ones are better. Write @contract.declare(contract.Score("
    f'"{name or metric.__name__}", "lower")) above it, or "higher", with '
    "`from compare_gan.metrics import contract`."
  )
