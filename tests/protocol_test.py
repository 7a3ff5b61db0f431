"""Cards of scores: which are alike, and what makes others unlike."""

from compare_gan import protocol

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
