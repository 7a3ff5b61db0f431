"""Medians by two axes."""

from compare_gan.study.report.statistics import interaction as interaction_lib
import numpy as np
import pytest

from tests.study import examples

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_interaction_is_a_median_for_each_pair_of_values():
  values = {"norm": ["none", "sn"], "penalty": ["none", "gp"]}
  group = [
    examples.setting(1, norm="none", penalty="none"),
    examples.setting(2, norm="none", penalty="none"),
    examples.setting(6, norm="none", penalty="none"),
    examples.setting(5, norm="sn", penalty="gp"),
  ]
  medians, counts = interaction_lib.medians_of_pairs(
    group, "norm", "penalty", values
  )
  np.testing.assert_array_equal(medians, [[2, np.nan], [np.nan, 5]])
  np.testing.assert_array_equal(counts, [[3, 0], [0, 1]])
