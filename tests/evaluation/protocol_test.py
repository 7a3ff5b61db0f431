"""Cards of scores: which are alike, and what makes others unlike."""

import json

from compare_gan.evaluation import protocol
from compare_gan.storage.score_row import ScoreRow
import pytest

_CARD = {"dataset": "cifar10", "num_fake": 10000, "code": "1"}


def test_digest_does_not_hang_on_the_order():
  assert protocol.digest(dict(reversed(_CARD.items()))) == protocol.digest(
    _CARD
  )


def test_digest_changes_with_the_protocol_only():
  assert protocol.digest({**_CARD, "num_fake": 50000}) != protocol.digest(_CARD)
  assert protocol.digest({**_CARD, "code": "2"}) == protocol.digest(_CARD)


def test_differences_name_both_values():
  other = {**_CARD, "num_fake": 5000, "code": "2", "truncation": 0.5}
  assert protocol.differences(_CARD, other) == [
    "num_fake: 10000 and 5000",
    "truncation: None and 0.5",
  ]


def test_alike_cards_have_no_differences():
  assert protocol.differences(_CARD, {**_CARD, "tensorflow": "2.6.5"}) == []


# ---- Cards that know their metrics -------------------------------------------


def _card(*metrics, **changes):
  """Returns a card; metrics are names, or (name, parameters, uses)."""
  entries = {}
  for metric in metrics:
    name, parameters, uses = (
      (metric, {}, []) if isinstance(metric, str) else metric
    )
    entries[name] = {"parameters": parameters, "uses": uses}
  return {"form": 2, "dataset": "a", "seed": 42, "metrics": entries, **changes}


_KID = ("kid_subsets", {"size": 1000}, [])
_SMALL_KID = ("kid_subsets", {"size": 100}, [])
_AUTHPCT = ("authpct", {}, ["num_train"])


def test_parameters_of_metrics_count():
  assert protocol.digest(_card(_KID)) != protocol.digest(_card(_SMALL_KID))
  assert protocol.differences(_card(_KID), _card(_SMALL_KID)) == [
    "kid_subsets.size: 1000 and 100"
  ]


def test_images_are_known_by_content_instead_of_a_name():
  first = _card("fid", real_images="ab")
  other = _card("fid", real_images="ab", dataset="b", preparation={"crop": 64})
  assert protocol.digest(first) == protocol.digest(other)
  assert protocol.differences(first, other) == []


def test_other_images_are_named():
  first = _card(
    "fid", real_images="ab", preparation={"resize": "pad", "crop": None}
  )
  other = _card("fid", real_images="cd", dataset="b")
  assert protocol.differences(first, other) == [
    "real_images: 'ab' of a, {'resize': 'pad', 'crop': None} and 'cd' of b"
  ]


def test_metrics_beside_make_no_difference():
  first = _card("fid")
  other = _card("fid", _KID, _AUTHPCT, num_train=9)
  assert protocol.differences(first, other) == []
  rows = [
    ScoreRow(protocol=card, metrics={"fid": ["fid_pixels"]})
    for card in (first, other, _card("fid", seed=1))
  ]
  digests = [protocol.digest_of_score(row, "fid_pixels") for row in rows]
  assert digests[0] == digests[1] != digests[2]


def test_what_a_metric_uses_makes_a_difference_to_it():
  cards = [_card("fid", _AUTHPCT, num_train=n) for n in (9, 60)]
  assert protocol.differences(*cards) == ["num_train: 9 and 60"]
  assert protocol.differences(cards[0], _card("fid")) == []


def test_digest_of_a_score_of_an_earlier_version_is_that_of_its_row():
  row = ScoreRow(protocol=_CARD, protocol_digest="aa", metrics={"fid": ["a"]})
  assert protocol.digest_of_score(row, "a") == "aa"


@pytest.mark.parametrize(
  "old,is_covered",
  [
    (_card("fid", _KID), True),
    (_card("fid", _KID, "vendi"), True),
    (_card("fid"), False),
    (_card("fid", _SMALL_KID), False),
    (_card("fid", _KID, seed=1), False),
    ({"seed": 42}, False),
  ],
)
def test_a_row_covers_the_metrics_that_it_has(old, is_covered):
  assert protocol.covers(old, _card("fid", _KID)) == is_covered


def test_cards_of_one_protocol_are_merged():
  both = protocol.merged(_card("fid"), _card(_AUTHPCT, num_train=9))
  assert both == _card("fid", _AUTHPCT, num_train=9)


@pytest.mark.parametrize(
  "first,second",
  [
    (_card(_KID), _card(_SMALL_KID)),
    (_card("fid"), _card("fid", seed=1)),
    (_card("fid"), {"seed": 42}),
    ({}, {}),
    # No metric is in both, but one key cannot have two values.
    (
      _card(_AUTHPCT, num_train=9),
      _card(("fld", {}, ["num_train"]), num_train=60),
    ),
  ],
)
def test_unlike_cards_are_not_merged(first, second):
  assert protocol.merged(first, second) is None


def test_a_card_equals_itself_read_from_a_table():
  card = _card("fid", settings={"clip": (0, 255)})
  read = json.loads(json.dumps(card))
  assert protocol.differences(card, read) == []
  assert protocol.digest(card) == protocol.digest(read)


def test_what_an_earlier_version_did_not_record_is_said():
  old = {"dataset": "a", "seed": 42, "num_real": 9, "num_fake": 5}
  new = _card(
    ("fid", {}, ["num_real", "real_images"]),
    _KID,
    num_real=9,
    real_images="ab",
    num_fake=5,
  )
  assert protocol.differences(old, new) == []
  assert "first was scored by an earlier version, which did not record " in (
    protocol.unknown(old, new)
  )
  assert "real_images, kid_subsets.size: " in protocol.unknown(old, new)
  assert "The second was" in protocol.unknown(new, old)
  assert protocol.unknown(new, new) == protocol.unknown(old, old) == ""


@pytest.mark.parametrize(
  "key,value", [("seed", 1), ("num_real", 8), ("dataset", "b")]
)
def test_what_an_earlier_version_did_record_is_compared(key, value):
  old = {"dataset": "a", "seed": 42, "num_real": 9}
  new = _card(("fid", {}, ["num_real"]), num_real=9)
  [sentence] = protocol.differences({**old, key: value}, new)
  assert sentence.startswith(f"{key}: {value!r} and ")
