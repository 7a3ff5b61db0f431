"""How often a study of a given size finds a difference of a given size."""

from compare_gan.study.report.statistics import rank_tests
from compare_gan.study.report.statistics import significance
import numpy as np


def power(
  delta: float,
  settings: int,
  seeds: int,
  tests: int = 1,
  tau: float = 0.5,
  simulations: int = 1000,
) -> float:
  """Returns the share of simulated studies in which a difference is shown.

  All sizes are in standard deviations of a cost between seeds. The share is a
  lower bound: each test has the level that Holm's correction gives the smallest
  p of the family (LEVEL / tests), and the others are tested more mildly.

  Args:
    delta: the mean difference of two values.
    settings: the number of matched settings.
    seeds: the number of seeds of each setting and value.
    tests: the number of tests in the report.
    tau: standard deviation of the true difference between settings.
    simulations: the number of simulated studies.
  """
  random = np.random.RandomState(0)
  # A setting's difference is that of two means over seeds.
  deviation = (tau**2 + 2 / seeds) ** 0.5
  differences = random.normal(delta, deviation, [simulations, settings])
  level = significance.LEVEL / max(tests, 1)
  shown = [rank_tests.wilcoxon(each)[0] < level for each in differences]
  return float(np.mean(shown))
