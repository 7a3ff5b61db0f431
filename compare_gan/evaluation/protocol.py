"""Protocol cards: how scores were computed.

The same model gets an FID of 21 or 14, by the split, the number of images, the
resize or the network that is looked through. So each row of scores carries a
card, a flat dict of everything that its values depend on beside the model:

  form       of the card, see FORM
  metrics    {metric: {"parameters": {...}, "uses": [keys of this card]}}
  others     facts. One that some metric uses matters to such metrics alone;
             what none of them uses matters to all.

Scores with equal cards can be compared; the digest of a card is for tables and
papers. Two rows are alike if the metrics that both have were computed alike:
another metric in one of them makes no difference to the scores of the others.
"""

import hashlib
import json
from typing import Any
from typing import Optional

from compare_gan.storage.score_row import ScoreRow

Card = dict[str, Any]

# Cards of form 1, which say none, had no "metrics" and knew images by the name
# of their dataset. Since form 2 they are known by a hash of all that are used.
FORM = 2

# Who made the score and by which version; it should not change the value.
_ONLY_SAID = ("code", "tensorflow")
# Since form 2 what follows from them is in a hash of images.
_IN_A_HASH = ("dataset", "preparation")

# What cards of form 1 knew, and of that, what only some metrics depend on.
_OF_ALL_IN_FORM_1 = (
  "dataset",
  "num_fake",
  "pixels",
  "scores",
  "images",
  "z",
  "labels",
  "ema",
  "batch_norm",
  "seed",
  "runs",
  "real_statistics",
)
_OF_SOME_IN_FORM_1 = (
  "split",
  "num_real",
  "num_train",
  "num_heldout",
  "features",
  "features_digest",
  "batch_norm_of_d",
  "real_features",
  "fake_features",
  "real_labels",
  "fake_labels",
  "fake_logits",
)


def digest(card: Card) -> str:
  """Returns 8 hex digits of all that scores under this card depend on."""
  said = _said(card)
  kept = {key: card[key] for key in card if key not in said}
  text = json.dumps(kept, sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:8]


def digest_of_score(row: ScoreRow, name: str) -> str:
  """Returns the digest of what one score depends on.

  Other metrics of the row, and what only they use, do not count. Rows of
  earlier versions have one digest for all scores.

  Args:
    row: of a table.
    name: of a score in the tables.
  """
  metrics = _metrics(row.protocol)
  for metric, names in row.metrics.items():
    if metric in metrics and name in names:
      return digest(_of_metrics(row.protocol, [metric]))
  return row.protocol_digest


def differences(first: Card, second: Card) -> list[str]:
  """Returns sentences on what makes two cards unlike; none if nothing does.

  Metrics that only one of them has are not compared; nor is what a card of an
  earlier version does not record, see `unknown`.
  """
  first, second = as_json(first), as_json(second)
  if _form(first) != _form(second):
    return _differences_of_forms(first, second)
  shared = [metric for metric in _metrics(first) if metric in _metrics(second)]
  cards = [_of_metrics(card, shared) for card in (first, second)]
  left_out = {*_said(first), *_said(second), "metrics"}
  unlike = [
    f"{key}: {_value(first, key)} and {_value(second, key)}"
    for key in sorted({*cards[0], *cards[1]} - left_out)
    if cards[0].get(key) != cards[1].get(key)
  ]
  for metric in shared:
    unlike += _differences_of_parameters(metric, *cards)
  return unlike


def unknown(first: Card, second: Card) -> str:
  """Returns a sentence on what an earlier version did not record, or ""."""
  if _form(first) == _form(second):
    return ""
  older, newer, which = (
    (first, second, "first")
    if _form(first) < _form(second)
    else (second, first, "second")
  )
  known = {*_OF_ALL_IN_FORM_1, *_OF_SOME_IN_FORM_1, *_said(newer), "form"}
  missing = sorted({*newer} - known - {"metrics"} - {*older})
  parameters = [
    f"{metric}.{name}"
    for metric, entry in _metrics(newer).items()
    for name in entry["parameters"]
  ]
  unrecorded = ", ".join([*missing, *sorted(parameters)])
  return (
    f"The {which} was scored by an earlier version, which did not record "
    f"{unrecorded}: nobody knows whether these are alike. Score it again to be "
    "sure."
  )


def covers(old: Card, new: Card) -> bool:
  """Returns whether a row with the card `old` has all scores of `new`.

  A row of an earlier version covers nothing, as it does not say enough.
  """
  missing = {*_metrics(new)} - {*_metrics(old)}
  return _form(old) == _form(new) and not missing and not differences(old, new)


def merged(old: Card, new: Card) -> Optional[Card]:
  """Returns the card of a row with the scores of both, None if they differ."""
  if _form(old) != _form(new) or not (_metrics(old) and _metrics(new)):
    return None
  old, new = as_json(old), as_json(new)
  both = ({*old} & {*new}) - {*_said(new), "metrics"}
  # The metrics of one may use what has another value for those of the other.
  if differences(old, new) or any(old[key] != new[key] for key in both):
    return None
  return {**old, **new, "metrics": {**_metrics(old), **_metrics(new)}}


def _form(card):
  return card.get("form", 1)


def _metrics(card):
  return card.get("metrics") or {}


def _said(card):
  return _ONLY_SAID if _form(card) == 1 else (*_ONLY_SAID, *_IN_A_HASH)


def as_json(card: Card) -> Card:
  """Returns the card as a table gives it back: tuples are lists."""
  return json.loads(json.dumps(card))


def _of_metrics(card, chosen):
  """Returns the card of a row that had only the chosen metrics."""
  metrics = _metrics(card)
  of_some = {key for entry in metrics.values() for key in entry["uses"]}
  used = {key for metric in chosen for key in metrics[metric]["uses"]}
  kept = {key: card[key] for key in card if key not in of_some - used}
  if metrics:
    kept["metrics"] = {metric: metrics[metric] for metric in chosen}
  return kept


def _differences_of_parameters(metric, first, second):
  before, after = (
    card["metrics"][metric]["parameters"] for card in (first, second)
  )
  return [
    f"{metric}.{name}: {before.get(name)!r} and {after.get(name)!r}"
    for name in sorted({*before, *after})
    if before.get(name) != after.get(name)
  ]


def _differences_of_forms(first, second):
  """Returns sentences on what cards of form 1 know already."""
  return [
    f"{key}: {first.get(key)!r} and {second.get(key)!r}"
    for key in sorted((*_OF_ALL_IN_FORM_1, *_OF_SOME_IN_FORM_1))
    if first.get(key) != second.get(key)
    and (key in _OF_ALL_IN_FORM_1 or (key in first and key in second))
  ]


def _value(card, key):
  """Returns a value in words, a hash of images with what it is of."""
  if not key.endswith("_images") or not card.get(key):
    return repr(card.get(key))
  of = [str(card[k]) for k in _IN_A_HASH if card.get(k)]
  return " ".join([repr(card[key]), *(["of", ", ".join(of)] if of else [])])
