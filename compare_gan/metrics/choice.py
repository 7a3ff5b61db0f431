"""The score that decides: which checkpoint is best, which setting wins.

Users name it as evaluate.best_by or study.score, by its name in the tables. The
chosen metrics must return it. Its direction is the one that its metric
declares, see contract.py.
"""

from collections.abc import Sequence
import fnmatch
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.metrics import contract

_OPPOSITE = {
  contract.LOWER: contract.HIGHER,
  contract.HIGHER: contract.LOWER,
}


class Choice(NamedTuple):
  """The score that decides."""

  name: str
  better: str  # "lower" or "higher"
  note: str = ""  # a sentence if the user's direction is not the metric's


def name_in_tables(score: str, metric: Any, extractor: Optional[str]) -> str:
  """Returns a score's name, with its extractor's unless that is Inception.

  Args:
    score: a key of what the metric returns.
    metric: the metric that returns it.
    extractor: its name; None if the metrics need none.
  """
  on_features = any(
    name.endswith(("_features", "_logits")) for name in contract.needs(metric)
  )
  if not on_features or extractor in (None, "inception"):
    return score
  return f"{score}_{extractor}"


def names(
  metrics: Sequence[Any], extractor: Optional[str]
) -> dict[str, contract.Score]:
  """Returns {name in tables: Score} for what metrics declare.

  Args:
    metrics: the chosen metrics.
    extractor: its name; "*" if it is not known yet, but is not Inception.
  """
  return {
    name_in_tables(score.name, metric, extractor): score
    for metric in metrics
    for score in contract.scores_of(metric)
  }


def default(metrics: Sequence[Any], extractor: Optional[str]) -> Optional[str]:
  """Returns the first score with a single name and a direction, or None."""
  for name, score in names(metrics, extractor).items():
    if score.better in _OPPOSITE and "*" not in score.name:
      return name
  return None


def choose(
  setting: str,
  name: str,
  metrics: Sequence[Any],
  extractor: Optional[str],
  better: Optional[str] = None,
) -> Choice:
  """Returns the Choice of a score; raises ValueError if it cannot decide.

  Args:
    setting: its name in messages, such as "evaluate.best_by".
    name: of the score in the tables.
    metrics: the chosen metrics.
    extractor: its name; "*" if it is not known yet.
    better: the user's direction, which overrides the metric's.
  """
  found = _find(name, metrics, extractor)
  if found is None:
    # What a metric without a declaration returns is known after a call only.
    if better and not all(map(contract.scores_of, metrics)):
      return Choice(name, better)
    raise ValueError(_why_unknown(setting, name, metrics, extractor))
  if better is None and found.better not in _OPPOSITE:
    raise ValueError(
      f"{setting} = {name!r} cannot decide: it describes a model, and neither "
      f"less nor more of it is better. {_that_decide(metrics, extractor)}"
    )
  if better in (None, found.better):
    return Choice(name, found.better)
  return Choice(
    name,
    better,
    f"{setting} = {name!r}: {better} counts as better, as this file says, but "
    f"its metric declares {found.better!r}.",
  )


def _find(name, metrics, extractor):
  for pattern, score in names(metrics, extractor).items():
    if fnmatch.fnmatchcase(name, pattern):
      return score
  return None


def _why_unknown(setting, name, metrics, extractor):
  undeclared = [m for m in metrics if not contract.scores_of(m)]
  return " ".join(
    [
      f"{setting} = {name!r} is not a score that evaluate.metrics return with "
      "these evaluate.features.",
      _that_decide(metrics, extractor),
      *(contract.how_to_declare(metric, name) for metric in undeclared),
    ]
  )


def _that_decide(metrics, extractor):
  known = [
    name.replace("*", "<features>") if extractor == "*" else name
    for name, score in names(metrics, extractor).items()
    if score.better in _OPPOSITE
  ]
  return f"There are {', '.join(known)}." if known else "There are none."
