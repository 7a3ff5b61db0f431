"""Feature likelihood score, FLS (https://arxiv.org/abs/2302.04440).

How likely held-out rows are under isotropic Gaussians on the fakes, with widths
fitted to training rows, compared with Gaussians on other training rows:
100 exp(-2 (NLL of fakes - NLL of other rows) / D), higher is better, 100 is as
good as data. This is the first definition, of the package fls and of dgm-eval
(DINOv2 ViT-L/14); the later FLD of `fld` is another number, for which lower is
better.

FLS overfit is the percentage of Gaussians under which the training rows are
more likely than the held-out rows, minus 50. It depends on D and N for fresh
samples too, and it is high for fakes that vary less than the data without being
copies.

Time is 200 n^2 + n^2 D, memory is at most 800 MB, reached at n = 10,000.
"""

from typing import Any
from typing import NamedTuple

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import isotropic_mixture
from compare_gan.metrics.rows import check
import gin
import numpy as np

_STEPS = 100
_CLIP = (-100.0, 20.0)  # the logarithms of variances


class Likelihoods(NamedTuple):
  """What `likelihoods` returns."""

  fls: float
  overfit: float
  heldout_nll: float  # under the fakes' Gaussians, minus D/2 log 2 pi
  log_variances: np.ndarray  # [N], of the fakes' Gaussians
  losses: np.ndarray  # [steps], before each step


@gin.configurable(
  denylist=["train_features", "heldout_features", "fake_features"]
)
@contract.declare(
  contract.Score("fls", contract.HIGHER, 0.0, unit="100 = as good as data"),
  contract.Score(
    "fls_overfit", contract.LOWER, -50.0, 50.0, "percent of images, less 50"
  ),
)
def fls(
  train_features: np.ndarray,
  heldout_features: np.ndarray,
  fake_features: np.ndarray,
  rows: accepted.Count = 10000,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns the FLS and FLS overfit.

  Each of the four sets has n random rows: n is the least of `rows`, half of the
  training rows, the held-out rows and the fakes.

  Args:
    train_features: [M, D]; the widths are fitted to n of them, and n others are
      the baseline.
    heldout_features: [K, D].
    fake_features: [N, D].
    rows: the most rows of each set.
    seed: of the choice.
  """
  if rows < 2:
    raise ValueError(f"fls.rows is {rows}, but it must be 2 or more.")
  check(4, train_features=train_features)
  check(
    train_features=train_features,
    heldout_features=heldout_features,
    fake_features=fake_features,
  )
  n = min(
    rows, len(train_features) // 2, len(heldout_features), len(fake_features)
  )
  rng = np.random.RandomState(seed)
  train, heldout, fake = (
    rng.permutation(len(x))
    for x in (train_features, heldout_features, fake_features)
  )
  found = likelihoods(
    train_features[train[:n]],
    train_features[train[n : 2 * n]],
    heldout_features[heldout[:n]],
    fake_features[fake[:n]],
  )
  return {"fls": found.fls, "fls_overfit": found.overfit}


def likelihoods(
  train: np.ndarray, baseline: np.ndarray, heldout: np.ndarray, fake: np.ndarray
) -> Likelihoods:
  """Returns the scores of four disjoint sets of rows [?, D]."""
  width = train.shape[1]
  scale = isotropic_mixture.Scale.of(train, baseline, heldout, fake)

  def fit(centres: np.ndarray) -> tuple[np.ndarray, Any, float]:
    log_variances, losses = _fit(
      isotropic_mixture.Squares(train, centres, scale)
    )
    squares = isotropic_mixture.Squares(heldout, centres, scale)
    nll = isotropic_mixture.negative_log_likelihood(squares, log_variances)
    return log_variances, losses, nll

  log_variances, losses, fake_nll = fit(fake)
  _, _, baseline_nll = fit(baseline)
  count = min(len(train), len(heldout))
  in_train, in_heldout = (
    _log_sums(
      isotropic_mixture.Squares(rows[:count], fake, scale), log_variances
    )
    for rows in (train, heldout)
  )
  return Likelihoods(
    fls=float(100.0 * np.exp(-2.0 * (fake_nll - baseline_nll) / width)),
    overfit=float(100.0 * np.mean(in_train > in_heldout) - 50.0),
    heldout_nll=fake_nll,
    log_variances=log_variances,
    losses=losses,
  )


def _fit(squares):
  """Returns the logarithms of the variances, and the loss before each step."""
  centres = squares.centres
  log_variances = np.zeros(centres)
  log_weights = np.full(centres, -np.log(centres))
  adam = isotropic_mixture.Adam(centres)
  losses = []
  for step in range(_STEPS):
    loss, gradient = isotropic_mixture.loss_and_gradient(
      (block for _, block in squares), log_variances, log_weights, squares.width
    )
    losses.append(loss)
    rate = 0.5 if step < _STEPS // 2 else 0.05
    log_variances = np.clip(log_variances + adam.step(gradient, rate), *_CLIP)
  return log_variances, np.array(losses)


def _log_sums(squares, log_variances):
  """Returns log sum over rows of each Gaussian's density, [centres]."""
  total = np.full(len(log_variances), -np.inf)
  for _, block in squares:
    logs = isotropic_mixture.log_densities(block, log_variances, squares.width)
    total = np.logaddexp(total, np.logaddexp.reduce(logs, axis=0))
  return total
