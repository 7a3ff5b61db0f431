"""Ranges: what they map to, and how they are written."""

from compare_gan.study.define import search
from compare_gan.study.define.search import ranges
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize(
  "given,u,value",
  [
    (("log", 1e-5, 1e-1), 0.5, 1e-3),
    (("linear", 2.0, 4.0), 0.25, 2.5),
    (("discrete", [1, 3, 5]), 0.99, 5),
    (("discrete", [1, 3, 5]), 0.34, 3),
  ],
)
def test_ranges(given, u, value):
  range_ = ranges.parse("x", given)
  assert range_.value_at(u) == pytest.approx(value)
  assert range_.value_at(
    range_.position_of(range_.value_at(u))
  ) == range_.value_at(u)


def test_the_end_of_a_linear_range_is_not_in_it():
  assert ranges.parse("beta1", ("linear", 0.0, 1.0)).value_at(1.0 - 1e-12) < 1.0


def test_values_outside_have_no_place():
  assert ranges.parse("x", ("log", 1e-3, 1.0)).position_of(2.0) is None
  assert ranges.parse("x", ("discrete", [1, 2])).position_of(3) is None


@pytest.mark.parametrize(
  "given",
  [("log", 0.0, 1.0), ("linear", 1.0, 1.0), ("cubic", 0.0, 1.0), ("log",), 3],
)
def test_ranges_that_are_none(given):
  with pytest.raises(ValueError, match="range of lr.*It must be"):
    search.RandomSearch(n=3, ranges={"lr": given})
