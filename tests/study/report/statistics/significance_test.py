"""Holm's correction."""

from compare_gan.study.report.statistics import significance
import numpy as np
import pytest

from tests.study.report.statistics import recorded

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@recorded.cases("holm")
def test_holm(case):
  recorded.require_close(
    significance.holm(case["p"]), case["values"]["adjusted"]
  )


def test_holm_by_hand():
  np.testing.assert_allclose(
    significance.holm([0.01, 0.04, 0.03, 0.5]), [0.04, 0.09, 0.09, 0.5]
  )
  np.testing.assert_allclose(significance.holm([0.6, 0.6]), [1.0, 1.0])
  assert len(significance.holm([])) == 0
