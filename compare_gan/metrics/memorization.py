"""Do fakes lie nearer to the training set than unseen data does?

The global three-sample test of https://arxiv.org/abs/2004.05675: distances of
fakes to their nearest training row are ranked against those of held-out rows.
"""

from typing import Optional
from typing import Union

from compare_gan.metrics import contract
from compare_gan.metrics import neighbours
from compare_gan.metrics import resampled_neighbours
from compare_gan.metrics.rows import check
import gin
import numpy as np


@gin.configurable(
  denylist=["train_features", "heldout_features", "fake_features", "resamples"]
)
@contract.takes_resamples
@contract.declare(
  contract.Score("memorization", contract.NEITHER, 0.0, 1.0, "probability"),
  contract.Score(
    "memorization_z_u", contract.NEITHER, unit="standard deviations"
  ),
)
def memorization(
  train_features: np.ndarray,
  heldout_features: np.ndarray,
  fake_features: np.ndarray,
  resamples: Optional[dict[str, np.ndarray]] = None,
) -> dict[str, Union[float, np.ndarray]]:
  """Returns the probability that a fake is nearer than held-out, and Z_U.

  The probability is 1/2 for fresh samples of the data and 1 for copies; ties
  count half. Z_U is the paper's standardised statistic: below -3 there are
  certainly copies, above 3 the fakes are farther from the training set than the
  data.
  """
  check(
    2,
    train_features=train_features,
    heldout_features=heldout_features,
    fake_features=fake_features,
  )
  if resamples is not None:
    return _scores_of_resamples(
      train_features, heldout_features, fake_features, **resamples
    )
  heldout = neighbours.nearest_squared_distances(
    heldout_features, train_features
  )
  fake = neighbours.nearest_squared_distances(fake_features, train_features)
  if not heldout.any():
    raise ValueError(
      "Each row of heldout_features equals a row of train_features, so "
      "nothing is held out, and copies cannot be told from fresh images. Hold "
      "images out with folder.eval_fraction, arrays.eval_fraction or a split "
      "of their own."
    )
  return _scores(heldout, fake)


def _scores(heldout, fake):
  """Returns the scores of squared distances to the nearest training row."""
  from scipy import stats  # imported here: it would delay trainings by 1 s

  m, n = len(heldout), len(fake)
  ranks = stats.rankdata(np.concatenate([heldout, fake]))
  # Mann and Whitney's U: the pairs in which the held-out row is farther.
  nearer = ranks[:m].sum() - m * (m + 1) / 2.0
  deviation = np.sqrt(m * n * (m + n + 1) / 12.0)
  return {
    "memorization": float(nearer / (m * n)),
    "memorization_z_u": float((m * n / 2.0 - nearer) / deviation),
  }


def _scores_of_resamples(
  train_features, heldout_features, fake_features, train, heldout, fake
):
  """Returns the scores [B] of resamples, bools [B, rows] of each set."""
  heldout_squares, fake_squares = (
    resampled_neighbours.nearest_squared_distances(rows, train_features, train)
    for rows in (heldout_features, fake_features)
  )
  scores = [
    _scores(heldout_squares[b][heldout[b]], fake_squares[b][fake[b]])
    for b in range(len(train))
  ]
  return {name: np.array([s[name] for s in scores]) for name in scores[0]}
