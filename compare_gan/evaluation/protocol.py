"""Protocol cards: how scores were computed.

The same model gets an FID of 21 or 14, depending on the split, the number of
images, the resize or the feature network. So each row of scores has a card, a
flat dict of everything except the model that its values depend on:

  form       of the card, see FORM
  metrics    {metric: {"parameters": {...}, "uses": [keys of this card]}}
  others     facts. A fact that metrics use matters to these metrics only; a
             fact that no metric uses matters to all.

Scores with equal cards can be compared; the digest of a card is for tables and
papers. Two rows are alike if the metrics of both were computed alike: other
metrics in one of them do not matter.
"""

import hashlib
import json
from typing import Any
from typing import Optional

from compare_gan.storage.score_row import ScoreRow

Card = dict[str, Any]

# Cards of form 1 have no "form" and no "metrics", and identify images by the
# name of their dataset. Form 2 identifies them by a hash of all used images.
FORM = 2

# The versions that made the score, which should not change its value.
_ONLY_SAID = ("code", "tensorflow")
# Since form 2 a hash of images includes their effect.
_IN_A_HASH = ("dataset", "preparation")

# Keys of form 1 that all metrics depend on, and keys that only some do.
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
  """Returns 8 hex digits of everything that this card's scores depend on."""
  said = _said(card)
  kept = {key: card[key] for key in card if key not in said}
  text = json.dumps(kept, sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:8]


def digest_of_score(row: ScoreRow, name: str) -> str:
  """Returns the digest of what one score depends on.

  Other metrics of the row, and facts that only they use, do not count. Rows of
  earlier versions have one digest for all scores.

  Args:
    row: of a table.
    name: of a score in the tables.
  """
  metrics = _metrics(row.protocol)
  for metric, names in row.metrics.items():
    if metric in metrics and name in names:
      return digest(_card_of_metrics(row.protocol, [metric]))
  return row.protocol_digest


def differences(first: Card, second: Card) -> list[str]:
  """Returns sentences on how two cards differ; none if they do not.

  It skips metrics that only one card has, and facts that a card of an earlier
  version does not record, see `unknown`.
  """
  first, second = as_json(first), as_json(second)
  if _form(first) != _form(second):
    return _differences_of_forms(first, second)
  shared = [metric for metric in _metrics(first) if metric in _metrics(second)]
  cards = [_card_of_metrics(card, shared) for card in (first, second)]
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
    f"{unrecorded}: whether these agree is unknown. Score it again to compare "
    "them."
  )


def covers(old: Card, new: Card) -> bool:
  """Returns whether a row with the card `old` has all scores of `new`.

  A row of an earlier version covers nothing, because it records too little.
  """
  missing = {*_metrics(new)} - {*_metrics(old)}
  return _form(old) == _form(new) and not missing and not differences(old, new)


def merged(old: Card, new: Card) -> Optional[Card]:
  """Returns the card of a row with the scores of both, None if they differ."""
  if _form(old) != _form(new) or not (_metrics(old) and _metrics(new)):
    return None
  old, new = as_json(old), as_json(new)
  both = ({*old} & {*new}) - {*_said(new), "metrics"}
  # A fact that metrics of one card use may have another value in the other.
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
  """Returns the card as it is read from a table: tuples are lists."""
  return json.loads(json.dumps(card))


def _card_of_metrics(card, chosen):
  """Returns the card of a row with the chosen metrics only."""
  metrics = _metrics(card)
  used_by_metrics = {key for entry in metrics.values() for key in entry["uses"]}
  used = {key for metric in chosen for key in metrics[metric]["uses"]}
  kept = {key: card[key] for key in card if key not in used_by_metrics - used}
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
  """Returns sentences on differences in what form 1 already records."""
  return [
    f"{key}: {first.get(key)!r} and {second.get(key)!r}"
    for key in sorted((*_OF_ALL_IN_FORM_1, *_OF_SOME_IN_FORM_1))
    if first.get(key) != second.get(key)
    and (key in _OF_ALL_IN_FORM_1 or (key in first and key in second))
  ]


def _value(card, key):
  """Returns a value in words; a hash of images comes with its dataset."""
  if not key.endswith("_images") or not card.get(key):
    return repr(card.get(key))
  of = [str(card[k]) for k in _IN_A_HASH if card.get(k)]
  return " ".join([repr(card[key]), *(["of", ", ".join(of)] if of else [])])
