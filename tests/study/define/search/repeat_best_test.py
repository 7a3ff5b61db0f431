"""The best setting once more."""

import math

from compare_gan.study.define import search

from tests.study.define.search import groups


def test_repeat_best_repeats_the_best():
  phase = search.RepeatBest(k=7)
  trials = [({"lr": 1}, 5.0), ({"lr": 2}, 3.0), ({"lr": 3}, math.inf)]
  assert groups.settings(phase, trials=trials) == [{"lr": 2}]
  assert phase.seeds == 7
  assert groups.settings(phase, trials=[({"lr": 1}, math.inf)]) is None
