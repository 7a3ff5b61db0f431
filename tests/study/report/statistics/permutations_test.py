"""Flipped signs and swapped labels."""

import math

from compare_gan.study.report.statistics import permutations
import numpy as np
import pytest
from scipy import stats

from tests.study.report.statistics import recorded

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@recorded.cases("matched_settings")
def test_sign_flip_of_the_mean(case):
  values = case["values"]
  recorded.require_close(
    permutations.sign_flip(values["differences_of_means"]),
    values["signflip_of_mean_exact_p"],
  )


def test_many_signs_are_flipped_at_random():
  x = np.random.RandomState(0).normal(0.4, 1.0, 20)
  t = x.mean() / x.std(ddof=1) * math.sqrt(20)
  assert permutations.sign_flip(x) == pytest.approx(
    2 * stats.t.sf(t, 19), abs=0.01
  )
  assert permutations.sign_flip(np.full(20, 1.0)) == 1 / 10001


def test_swapped_labels_hold_their_level():
  random = np.random.RandomState(0)

  def distance(groups):
    return np.abs(groups[0].min(-1) - groups[1].min(-1))

  ps = [
    permutations.permutation_p(list(random.rand(2, 10)), distance, 99)
    for _ in range(200)
  ]
  assert np.mean(np.less(ps, 0.05)) < 0.1
  apart = [np.arange(5.0), np.arange(5.0) + 9]
  assert permutations.permutation_p(apart, distance, 999) < 0.02
