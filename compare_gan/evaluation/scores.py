"""From sets to scores: the part of a row that comes from metrics.

Each metric is computed in every run. A metric that fails leaves its error
instead of its scores, and does not stop the others.
"""

from collections.abc import Iterable
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.console import messages
from compare_gan.evaluation import needs
from compare_gan.evaluation import sets as sets_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import abstract_extractor
from compare_gan.metrics import bootstrap as bootstrap_lib
from compare_gan.metrics import choice
from compare_gan.metrics import contract
import numpy as np


class Scorer:
  """Computes the chosen metrics.

  Args:
    chosen: which metrics, and whether they have intervals.
    extractor: its name is in scores; None if the metrics need no features.
  """

  def __init__(
    self,
    chosen: settings_lib.Settings,
    extractor: Optional[abstract_extractor.AbstractExtractor],
  ):
    self._chosen = chosen
    self._extractor = extractor
    self._said: set[str] = set()  # lines already printed

  def score(self, runs: Iterable[sets_lib.Sets]) -> dict[str, Any]:
    """Returns the part of a row that comes from metrics, "status" to "better".

    Args:
      runs: iterator over the sets of each run, which it makes one at a time.
    """
    kept: dict[str, _Kept] = {}
    errors: dict[str, str] = {}
    status = "ok"
    try:
      for sets in runs:
        for metric in self._chosen.metrics:
          if metric.__name__ in errors:
            continue
          try:
            self._add_scores(metric, sets, kept)
          # Whatever error a metric raises, the others are still computed.
          except Exception as error:  # noqa: BLE001
            errors[metric.__name__] = messages.with_kind(error)
            # A mean over earlier runs only would contradict the card.
            kept.pop(metric.__name__, None)
        del sets  # Else they stay in memory next to those of the next run.
    except sets_lib.NotFinite as error:
      kept, errors, status = {}, {}, str(error)
    if errors:
      status = f"no {', '.join(sorted(errors))}"
    without = {k: x.without for k, x in kept.items() if x.without}
    self._print_missing_intervals(without)
    lists = _merged(x.lists for x in kept.values())
    return {
      "status": status,
      "scores": {name: float(np.mean(x)) for name, x in lists.items()},
      "lists": lists,
      "intervals": _merged(x.intervals for x in kept.values()),
      **({"without_intervals": without} if without else {}),
      "errors": errors,
      "metrics": {name: list(x.lists) for name, x in kept.items()},
      "better": _merged(x.better for x in kept.values()),
    }

  def _add_scores(self, metric, sets, kept):
    """Adds the scores of one run to {metric: _Kept}."""
    scores = call(metric, sets)
    named = {self._name(x, metric): value for x, value in scores.items()}
    own = kept.get(metric.__name__)
    if own is None:
      _check_unique(named, kept)
      better = {self._name(x, metric): direction(metric, x) for x in scores}
      found, reason = {}, ""
      if self._chosen.bootstrap:
        found, reason = self._intervals(metric, sets, scores)
      lists: dict[str, list[float]] = {name: [] for name in named}
      own = kept[metric.__name__] = _Kept(lists, better, found, reason)
    run = 1 + len(next(iter(own.lists.values()), ()))
    _check_same(list(named), list(own.lists), run)
    for name, value in named.items():
      own.lists[name].append(value)

  def _intervals(self, metric, sets, scores):
    """Returns the intervals of a metric's scores, and why some are missing."""
    reason = self._why_not_resampled(metric, sets)
    if reason:
      return {}, reason
    try:
      needed = {name: sets[name] for name in contract.needs(metric)}
      found = bootstrap_lib.intervals(metric, needed, scores=scores)
    # The score itself exists; halves may have too few rows for it.
    except Exception as error:  # noqa: BLE001
      reason = f"a resample cannot be scored: {messages.with_kind(error)}"
      return {}, reason.splitlines()[0]
    without = ", ".join(name for name in scores if name not in found)
    reason = f"{without} is not finite in all resamples" if without else ""
    return {
      self._name(name, metric): list(x) for name, x in found.items()
    }, reason

  def _why_not_resampled(self, metric, sets):
    """Returns why a metric's sets cannot be resampled, "" if they can."""
    if needs.takes_gaussian(metric) and needs.GAUSSIAN in sets:
      if self._chosen.real_statistics:
        return "evaluate.real_statistics has no rows to resample"
      return (
        "only the mean and covariance of the real images are computed, which "
        "cannot be resampled; with a metric that needs rows, as in "
        "evaluate.metrics = [@fid, @kid], it gets intervals"
      )
    asked = [name for name in contract.needs(metric) if name in needs.CALLABLES]
    if asked:
      return f"it calls the model ({', '.join(asked)}), which has no resamples"
    return ""

  def _print_missing_intervals(self, without):
    """Prints each reason once."""
    for metric, reason in without.items():
      line = f"evaluate.bootstrap gives {metric} no intervals: {reason}."
      if line not in self._said:
        print(line, flush=True)
        self._said.add(line)

  def _name(self, score, metric):
    extractor = self._extractor.name if self._extractor else None
    return choice.name_in_tables(score, metric, extractor)


def direction(metric: Any, name: str) -> Optional[str]:
  """Returns the better direction of a score, None if its metric has none."""
  score = contract.find(metric, name)
  return score.better if score else None


class _Kept(NamedTuple):
  """Results of one metric for a row; dropped if it fails in a later run."""

  lists: dict  # {name: [one value per run]}
  better: dict
  intervals: dict
  without: str  # why it has no intervals


def _merged(dicts):
  return {name: value for one in dicts for name, value in one.items()}


def _check_unique(names, kept):
  """Raises ValueError if another metric has a score of the same name."""
  for metric, other in kept.items():
    both = sorted(set(names) & set(other.lists))
    if both:
      raise ValueError(
        f"{metric} returns {', '.join(both)} as well, and their values would "
        "be averaged together. Leave one of the two out of evaluate.metrics."
      )


def _check_same(names, first, run):
  """Raises ValueError if a run's scores differ in name from the first run's."""
  if sorted(names) != sorted(first):
    raise ValueError(
      f"run {run} has the scores {', '.join(names)}, but the first run has "
      f"{', '.join(first)}. Only means over all runs are recorded."
    )


def call(metric: Any, sets: sets_lib.Sets) -> dict[str, float]:
  """Returns the scores of a metric; raises ValueError if a set is missing.

  Args:
    metric: a function as described in metrics/contract.py.
    sets: all available sets; the metric gets those that it needs.
  """
  if needs.takes_gaussian(metric) and needs.GAUSSIAN in sets:
    sets = {**sets, "real_features": sets[needs.GAUSSIAN]}
  missing = [name for name in contract.needs(metric) if name not in sets]
  if missing == ["encode"]:
    raise ValueError(
      "this model has no encoder; options.gan_class = @BigBiGAN has one"
    )
  if missing:
    raise ValueError(f"there are no {', '.join(missing)} here")
  names = contract.needs(metric)
  if contract.NUM_CLASSES in sets and contract.is_told_num_classes(metric):
    names = [*names, contract.NUM_CLASSES]
  return metric(**{name: sets[name] for name in names})
