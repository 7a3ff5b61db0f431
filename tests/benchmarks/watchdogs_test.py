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


def test_a_short_training_shows_how_near_it_came_to_the_rules(tmp_path, capsys):
  watchdogs.main(
    ["healthy", "--seeds", "1", "--steps", "30", "--every", "2"]
    + ["--keep", str(tmp_path)]
  )
  found = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert found["1"]["states"] == []
  assert found["all"]["seeds_with_alarm"] == 0
  assert found["all"]["below"] == found["1"]["below"]
  assert found["1"]["below"]["spread"] > 0
  kept = (tmp_path / "ring8-1.jsonl").read_text().splitlines()
  assert [json.loads(row)["step"] for row in kept] == [*range(0, 31, 2)]


def test_a_number_counts_that_held_for_five_looks_after_the_first_ten():
  tells = [1.0] * 10 + [0.9, 0.2, 0.8, 0.8, 0.8, 0.8, 0.3]
  weights = [1.0] * 10 + [2.0] * 7
  rows = [{"birth": 1, "weights_g": 0.5}] + [
    {"tells": tell, "weights_g": weight} for tell, weight in zip(tells, weights)
  ]
  assert watchdogs.extremes(rows) == {
    "below": {"tells": 0.8},  # 0.2, 0.8, 0.8, 0.8, 0.8
    "above": {"tells": 0.3},  # 0.8, 0.8, 0.8, 0.8, 0.3
    "growth": 2.0,  # from 0.5 it took more than ten looks
  }
