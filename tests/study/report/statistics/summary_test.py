"""The summary of a table."""

from compare_gan.study.report.statistics import summary as summary_lib
import pytest

from tests.study import examples
from tests.study.examples import row
from tests.study.examples import table

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_summary_has_all_axes_and_pairs_of_axes():
  rows = [
    row(score, {"norm": norm, "penalty": penalty})
    for score, norm, penalty in [
      (1.0, "none", "none"),
      (2.0, "none", "gp"),
      (4.0, "sn", "none"),
      (None, "sn", "gp"),
    ]
  ]
  found = summary_lib.summarize(table(rows))
  assert set(found.boxes) == set(found.curves) == set(examples.STUDY["axes"])
  assert list(found.interactions) == [("norm", "penalty")]
  assert found.worst == 4.0
  assert found.comparisons["norm"][0].found.n == 2
