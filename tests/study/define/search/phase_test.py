"""What all phases have in common."""

from compare_gan.study.define import search
import pytest

from tests.study.define.search import groups


@pytest.mark.parametrize(
  "make",
  [
    lambda: search.RandomSearch(0, groups.RANGES),
    lambda: search.GpBandit(groups.RANGES, rounds=0),
    lambda: search.GpBandit(groups.RANGES, batch=2.5),
    lambda: search.RepeatBest(k=0),
    lambda: search.Grid({"lr": [1]}, seeds=0),
  ],
)
def test_counts_are_ints_of_one_or_more(make):
  with pytest.raises(ValueError, match="it must be an int of 1 or more"):
    make()
