"""AuthPct: the percentage of authentic fakes (https://arxiv.org/abs/2102.08921).

A fake is authentic if its nearest training row is nearer to another training
row than to the fake.

Fresh samples of the data do not score 50: the value depends on the numbers of
rows and features (60 for 500 rows of 8 features, 82 for 64 features). The score
of held-out rows, which are not copies, is returned too, for comparison. Fakes
that vary less than the data score low without being copies, and noise scores
100. Give the whole training set. Time is (M + N) * M * D for M training rows,
memory is constant.
"""

from compare_gan.metrics import contract
from compare_gan.metrics import nearest
from compare_gan.metrics import neighbours
from compare_gan.metrics.rows import check
import gin
import numpy as np

_PERCENT = "percent of images"


@gin.configurable(
  denylist=["train_features", "heldout_features", "fake_features"]
)
@contract.declare(
  contract.Score("authpct", contract.HIGHER, 0.0, 100.0, _PERCENT),
  contract.Score("authpct_heldout", contract.NEITHER, 0.0, 100.0, _PERCENT),
)
def authpct(
  train_features: np.ndarray,
  heldout_features: np.ndarray,
  fake_features: np.ndarray,
) -> dict[str, float]:
  """Returns the AuthPct of fakes and of held-out rows, in [0, 100].

  dgm-eval has the same scale; fls and fld subtract 50. If several training rows
  are equally near, the first one counts.

  Args:
    train_features: [M, D].
    heldout_features: [K, D].
    fake_features: [N, D].
  """
  check(2, train_features=train_features)
  check(
    1,
    train_features=train_features,
    heldout_features=heldout_features,
    fake_features=fake_features,
  )
  radii = neighbours.kth_squared_distances(train_features, 1)

  def percent(rows: np.ndarray) -> float:
    index, squares = nearest.nearest_rows(rows, train_features)
    is_authentic = radii[index] < (1.0 - neighbours.TIE) * squares
    return float(100.0 * is_authentic.mean())

  return {
    "authpct": percent(fake_features),
    "authpct_heldout": percent(heldout_features),
  }
