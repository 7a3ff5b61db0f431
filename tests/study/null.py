"""Studies in which two values of an axis differ in nothing, or by a constant.

cost = setting + effect of the value in this setting + noise of the seed, as in
a mixed model: the true difference of two values varies between settings with
the standard deviation tau, and the noise of a seed has the deviation 1.
"""

import numpy as np

from tests.study.examples import row
from tests.study.examples import table as table_of


def studies(count, n, seeds, tau, delta=0.0, kind="normal", seed=0):
  """Yields pairs of costs [n, seeds], the second `delta` larger on average."""
  random = np.random.RandomState(seed)
  for _ in range(count):
    setting = random.normal(20.0, 5.0, [n, 1])
    varies = random.normal(0.0, tau / 2**0.5, [2, n, 1])
    noise = random.normal(size=[2, n, seeds])
    if kind == "skewed":  # lognormal, of another size in each setting
      size = random.uniform(0.3, 2.0, [n, 1])
      noise = size * (np.exp(noise) - np.exp(0.5)) / 2.16
    first, second = setting + varies + noise
    yield first, second + delta


def table(first, second, **study):
  """Returns the table of one study of the axis `norm`: none and sn."""
  rows = [
    row(
      cost if np.isfinite(cost) else None, {"norm": norm}, {"lr": setting}, seed
    )
    for norm, costs in (("none", first), ("sn", second))
    for setting, of_setting in enumerate(costs)
    for seed, cost in enumerate(of_setting)
  ]
  return table_of(rows, axes={"norm": ["none", "sn"]}, **study)
