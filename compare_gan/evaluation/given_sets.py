"""Scores of sets that another program made, and their card.

There is no model and no dataset: metrics that need sets which are not given are
left out.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.console import messages
from compare_gan.evaluation import cards
from compare_gan.evaluation import protocol
from compare_gan.evaluation import scores as scores_lib
from compare_gan.evaluation import sets as sets_lib
from compare_gan.features import abstract_extractor
from compare_gan.metrics import contract
from compare_gan.metrics import parameters as parameters_lib
import numpy as np


def compare_sets(
  metrics: Iterable[Any], sets: sets_lib.Sets
) -> tuple[dict[str, float], dict[str, str]]:
  """Returns ({name: score}, {metric: error}) of given sets.

  Args:
    metrics: functions as described in metrics/contract.py.
    sets: {"real_features": rows, "fake_features": rows, ...}. A metric that
      needs others is left out.
  """
  scores, errors = {}, {}
  for metric in metrics:
    if set(contract.needs(metric)) - set(sets):
      continue
    try:
      scores.update(scores_lib.call(metric, sets))
    except Exception as error:  # noqa: BLE001
      errors[metric.__name__] = messages.with_kind(error)
  return scores, errors


def card_of_sets(metrics: Iterable[Any], sets: sets_lib.Sets) -> protocol.Card:
  """Returns the protocol card of what `compare_sets` returns.

  Args:
    metrics, sets: as for `compare_sets`. The card has hashes of real rows but
      only the sizes of fakes, because the fakes are what is scored.
  """
  card = {
    "form": protocol.FORM,
    "features": "given",
    "scores": "float64",
    "code": cards.code_version(),
  }
  entries = {}
  for metric in metrics:
    needed = contract.needs(metric)
    if set(needed) - set(sets):
      continue
    facts: dict[str, Any] = {
      name: list(np.shape(sets[name])) for name in needed
    }
    facts.update(
      {
        f"{name}_digest": abstract_extractor.digest(np.asarray(sets[name]))
        for name in needed
        if not name.startswith("fake_")
      }
    )
    card.update(facts)
    entries[metric.__name__] = {
      "parameters": parameters_lib.parameters(metric),
      "uses": sorted(facts),
    }
  return protocol.as_json({**card, "metrics": entries})


def directions(
  metrics: Sequence[Any], scores: Iterable[str]
) -> dict[str, Optional[str]]:
  """Returns {name: better direction} for scores that `compare_sets` returns."""
  return {
    name: next(
      filter(None, (scores_lib.direction(metric, name) for metric in metrics)),
      None,
    )
    for name in scores
  }
