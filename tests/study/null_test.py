"""What a report claims of studies whose settings differ in nothing."""

from compare_gan.study import answers
from compare_gan.study import statistics
import pytest

from tests.study import null

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _claims(table):
  sentences = answers.answers(table, statistics.summary(table))
  return any("beats" in sentence for sentence in sentences)


def test_reports_of_nothing_seldom_claim_something():
  # 12 settings x 5 seeds; the true difference varies from setting to setting
  # by twice the noise of a seed, and is 0 on average.
  studies = null.studies(150, n=12, seeds=5, tau=2.0)
  claims = sum(_claims(null.table(*costs)) for costs in studies)
  assert claims <= 14  # Binomial(150, .05) is larger in 1 % of cases.
