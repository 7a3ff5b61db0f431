"""A row of scores: what one evaluation found, a line of scores.jsonl.

evaluation/ makes rows, the tables of a model_dir and `evaluate --json` keep
them, and studies and commands read them.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any
from typing import Optional

# Stands for a key that a line lacks: lines of earlier versions and of
# `evaluate --real_features` have fewer. It reads as empty and is not written.
_ABSENT: dict[str, Any] = {}
_NO_STEP = -1


def _absent() -> Any:
  return dataclasses.field(default_factory=lambda: _ABSENT)


@dataclasses.dataclass(frozen=True)
class ScoreRow:
  """What one evaluation found for one model, or for given images or features.

  Attributes:
    checkpoint_path, step: where the weights are from; "" and -1 if there are
      none.
    status: "ok", or what is wrong with the row.
    scores: {name: mean over the runs}.
    lists: {name: [one value a run]}.
    intervals: {name: [low, high]} with `evaluate.bootstrap`.
    without_intervals: {metric: sentence}, why a metric has no interval.
    errors: {metric: sentence} for metrics that could not be computed.
    metrics: {metric: [names of its scores]} for metrics that were computed.
    better: {name of a score: "lower", "higher", "neither", or None where its
      metric does not say}, see metrics/contract.py.
    protocol: the protocol card, see evaluation/protocol.py.
    protocol_digest: of the card.
    config: the gin bindings, {"selector.parameter": text}.
    more: other keys of a line, kept unchanged.
  """

  checkpoint_path: str = ""
  step: int = _NO_STEP
  status: str = "ok"
  scores: Mapping[str, float] = _absent()
  lists: Mapping[str, list[float]] = _absent()
  intervals: Mapping[str, list[float]] = _absent()
  without_intervals: Mapping[str, str] = _absent()
  errors: Mapping[str, str] = _absent()
  metrics: Mapping[str, list[str]] = _absent()
  better: Mapping[str, Optional[str]] = _absent()
  protocol: dict[str, Any] = _absent()
  protocol_digest: str = ""
  config: Mapping[str, str] = _absent()
  more: Mapping[str, Any] = _absent()

  @classmethod
  def from_json(cls, line: Mapping[str, Any]) -> "ScoreRow":
    """Returns the row of a line; null counts as a missing key."""
    given = {key: line[key] for key in _KEYS if line.get(key) is not None}
    more = {key: value for key, value in line.items() if key not in _KEYS}
    return cls(**given, more=more)

  def as_json(self) -> dict[str, Any]:
    """Returns what JSON can hold, without the keys that are absent."""
    line = {key: getattr(self, key) for key in _KEYS}
    if not self.checkpoint_path:
      del line["checkpoint_path"]
    if self.step == _NO_STEP:
      del line["step"]
    if not self.protocol_digest:
      del line["protocol_digest"]
    found = {k: value for k, value in line.items() if value is not _ABSENT}
    return {**found, **self.more}

  @property
  def is_of_metrics(self) -> bool:
    """Whether `status` is about metrics, not about meaningless images."""
    return self.status == status_of(self.errors)


_KEYS = [field.name for field in dataclasses.fields(ScoreRow)]
_KEYS.remove("more")


def status_of(errors: Mapping[str, str]) -> str:
  """Returns the status of a row whose metrics have these errors."""
  return f"no {', '.join(sorted(errors))}" if errors else "ok"
