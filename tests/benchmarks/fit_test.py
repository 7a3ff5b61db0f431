"""The benchmark of `fit`: what it reads, and what it computes."""

import pytest

from benchmarks import fit


def test_a_card_with_memory_and_bindings():
  card = "a.gin @ 2GB; options.batch_size = 4; G.x = 1"
  assert fit.parse(card) == (
    "a.gin",
    "2GB",
    ["options.batch_size = 4", "G.x = 1"],
  )
  assert fit.parse("a.gin") == ("a.gin", None, [])


def test_the_fastest_step_and_the_mean_of_the_cpu():
  rows = [(1, 30.0, 20.0), (2, 32.0, 21.0), (3, 33.0, 22.0), (5, 38.0, 25.0)]
  # The first step built the graph.
  seconds, cpu = fit._costs_of_a_step(rows)
  assert seconds == 1.0
  assert cpu == pytest.approx(4 / 3)


def test_an_unfinished_row_is_left_out(tmp_path):
  path = tmp_path / "scalars.csv"
  path.write_text("step,seconds,loss\n1,2.5,0\n2,3.5,0\n3,")
  assert fit._last_row(str(path)) == (2, 3.5)
  path.write_text("step,seconds,loss\n")
  assert fit._last_row(str(path)) is None
