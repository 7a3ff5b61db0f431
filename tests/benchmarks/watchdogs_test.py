"""The benchmark of watchdogs runs, and its shares add up."""

import json

import pytest

from benchmarks import watchdogs

pytestmark = pytest.mark.long


def test_cost_is_a_share_of_the_time(capsys):
  bindings = [
    "toy_networks.Generator.ch = 4",
    "toy_networks.Discriminator.ch = 4",
  ]
  flags = [f"--gin_bindings={line}" for line in bindings]
  watchdogs.main(["cost", "--times", "3", *flags])
  found = json.loads(capsys.readouterr().out.splitlines()[-1])
  look, step = found["look_ms"], found["step_ms"]
  assert found["share_at_100"] == pytest.approx(look / (100 * step + look))


def test_a_short_training_shows_its_extremes(capsys):
  watchdogs.main(["healthy", "--seeds", "1", "--steps", "30", "--every", "2"])
  found = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert found["1"]["states"] == []
  assert found["1"]["least"]["spread"] > 0
