"""Do fakes lie nearer to the training set than unseen data does?

The global three-sample test of https://arxiv.org/abs/2004.05675: distances of
fakes to their nearest training row are ranked against those of held-out rows.
"""

from compare_gan.metrics import contract
from compare_gan.metrics import neighbours
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(
  denylist=["train_features", "heldout_features", "fake_features"]
)
@contract.declare(
  contract.Score("memorization", contract.NEITHER, 0.0, 1.0, "probability"),
  contract.Score(
    "memorization_z_u", contract.NEITHER, unit="standard deviations"
  ),
)
def memorization(train_features, heldout_features, fake_features):
  """Returns the probability that a fake is nearer than held-out, and Z_U.

  The probability is 1/2 for fresh samples of the data and 1 for copies; ties
  count half. Z_U is the paper's standardised statistic: below -3 copies are
  sure, above 3 the fakes are farther from the training set than the data is.
  """
  from scipy import stats  # A second that trainings need not wait.

  check(
    2,
    train_features=train_features,
    heldout_features=heldout_features,
    fake_features=fake_features,
  )
  heldout = neighbours.nearest_squared_distances(
    heldout_features, train_features
  )
  fake = neighbours.nearest_squared_distances(fake_features, train_features)
  m, n = len(heldout), len(fake)
  ranks = stats.rankdata(np.concatenate([heldout, fake]))
  # Mann and Whitney's U: pairs in which the held-out row is the farther one.
  nearer = ranks[:m].sum() - m * (m + 1) / 2.0
  deviation = np.sqrt(m * n * (m + n + 1) / 12.0)
  return {
    "memorization": float(nearer / (m * n)),
    "memorization_z_u": float((m * n / 2.0 - nearer) / deviation),
  }
