"""Data-copying test, C_T (https://arxiv.org/abs/2004.05675).

In each cell of the feature space, distances of fakes to the nearest training
row are ranked against those of held-out rows, as in `memorization`. The
standardised statistic is below 0 where fakes are nearer than held-out rows and
above 0 where they are farther; C_T is its mean over cells. Below -3 the fakes
are certainly nearer. Both copies and fakes that vary less than the data cause
this: look at the pairs.

Cells with few fakes are left out, so a dropped mode is not punished: the share
of held-out rows whose cells count is returned too. Time is (K + N) * M * D for
M training rows.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import cells as cells_lib
from compare_gan.metrics import contract
from compare_gan.metrics import nearest
from compare_gan.metrics.rows import check
import gin
import numpy as np

_UNIT = "standard deviations"


@gin.configurable(
  denylist=["train_features", "heldout_features", "fake_features"]
)
@contract.declare(
  contract.Score("c_t", contract.NEITHER, unit=_UNIT),
  contract.Score("c_t_z_u", contract.NEITHER, unit=_UNIT),
  contract.Score(
    "c_t_share_used", contract.NEITHER, 0.0, 1.0, "share of held-out rows"
  ),
)
def data_copying(
  train_features: np.ndarray,
  heldout_features: np.ndarray,
  fake_features: np.ndarray,
  cells: accepted.Count = 3,
  features: accepted.Count = 64,
  starts: accepted.Count = 10,
  least_fakes: accepted.Count = 20,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns C_T, Z_U without cells, and the share of held-out rows in C_T.

  Both have the published code's correction of 1/2, unlike memorization_z_u.

  Args:
    train_features: [M, D].
    heldout_features: [K, D].
    fake_features: [N, D].
    cells: number of cells that K-means divides the training rows into.
    features: number of their principal components that it uses if D is larger.
    starts: random starts of K-means, of which the best counts.
    least_fakes: a cell counts if it has more fakes than this.
    seed: of the cells.
  """
  if min(cells, features, starts) < 1:
    raise ValueError(
      f"data_copying.cells is {cells}, .features {features} and .starts "
      f"{starts}, but each must be 1 or more."
    )
  sets = {
    "train_features": train_features,
    "heldout_features": heldout_features,
    "fake_features": fake_features,
  }
  check(1, **sets)
  check(max(cells, 2), train_features=train_features)
  found = cells_lib.fit(train_features, cells, features, starts, seed)
  score, share = c_t(
    train_features,
    heldout_features,
    fake_features,
    found.cells_of_rows(train_features),
    found.cells_of_rows(heldout_features),
    found.cells_of_rows(fake_features),
    tau=least_fakes / len(fake_features),
  )
  _, heldout = nearest.nearest_rows(heldout_features, train_features)
  _, fake = nearest.nearest_rows(fake_features, train_features)
  return {"c_t": score, "c_t_z_u": z_u(heldout, fake), "c_t_share_used": share}


def c_t(
  train: np.ndarray,
  heldout: np.ndarray,
  fake: np.ndarray,
  train_cells: np.ndarray,
  heldout_cells: np.ndarray,
  fake_cells: np.ndarray,
  tau: float,
) -> tuple[float, float]:
  """Returns C_T, and the share of held-out rows whose cells count.

  Args:
    train: [M, D].
    heldout: [K, D].
    fake: [N, D].
    train_cells: ints [M], the cell of each row.
    heldout_cells: ints [K].
    fake_cells: ints [N].
    tau: a cell counts if its share of the fakes is larger than this.
  """
  total = weight = 0
  for cell in np.unique(np.concatenate([train_cells, heldout_cells])):
    in_train, in_heldout = train_cells == cell, heldout_cells == cell
    in_fake = fake_cells == cell
    if not in_train.any() or not in_heldout.any():
      raise ValueError(
        f"Cell {cell} has {in_train.sum()} training rows and "
        f"{in_heldout.sum()} held-out ones, but each cell needs both. Give "
        "more held-out rows, or fewer data_copying.cells."
      )
    if in_fake.sum() <= tau * len(fake_cells):
      continue
    own = train[in_train]
    _, heldout_squares = nearest.nearest_rows(heldout[in_heldout], own)
    _, fake_squares = nearest.nearest_rows(fake[in_fake], own)
    count = in_heldout.sum()
    total += count * z_u(heldout_squares, fake_squares)
    weight += count
  if not weight:
    raise ValueError(
      f"No cell has more than {tau * len(fake_cells):g} of the "
      f"{len(fake_cells)} fakes, so none counts. Give more fakes, or lower "
      "data_copying.least_fakes."
    )
  return float(total / weight), float(weight / len(heldout_cells))


def z_u(heldout: np.ndarray, fake: np.ndarray) -> float:
  """Returns the standardised number of pairs in which the fake is farther.

  Args:
    heldout: distances [K] of held-out rows; ties count half.
    fake: distances [N] of fakes.
  """
  from scipy import stats  # imported here: it would delay trainings by 1 s

  m, n = len(fake), len(heldout)
  ranks = stats.rankdata(np.concatenate([fake, heldout]))
  farther = ranks[:m].sum() - m * (m + 1) / 2.0
  deviation = np.sqrt(m * n * (m + n + 1) / 12.0)
  return float((farther - m * n / 2.0 + 0.5) / deviation)
