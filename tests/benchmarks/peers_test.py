"""Peers are compared only if their networks are the same."""

import pytest

from benchmarks.peers import __main__ as peers

_SMALL = {"generator": 3, "discriminator": 2}


def test_ratios_are_of_the_better_form_of_the_peer():
  names = ["compare_gan", "PyTorch", "torch.compile"]
  # (seconds, CPU seconds); torch.compile's second round was disturbed.
  rounds = [
    ((1.0, 2.0), (3.0, 6.0), (2.0, 4.0)),
    ((1.2, 2.0), (3.3, 6.0), (9.0, 4.0)),
    ((1.4, 2.0), (3.6, 6.0), (9.1, 4.0)),
  ]
  found = peers.summary(names, rounds)
  assert found["ratio_of_fastest"] == 2.0
  assert found["ratio_of_medians"] == pytest.approx(3.3 / 1.2, abs=1e-3)


def test_equal_networks_are_compared():
  peers.require_equal(
    {"compare_gan": {"parameters": _SMALL}, "PyTorch": {"parameters": _SMALL}}
  )


def test_other_networks_are_refused():
  other = {**_SMALL, "discriminator": 5}
  with pytest.raises(ValueError, match="PyTorch has .*5"):
    peers.require_equal(
      {"compare_gan": {"parameters": _SMALL}, "PyTorch": {"parameters": other}}
    )
