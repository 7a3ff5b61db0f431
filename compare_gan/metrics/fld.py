"""Feature likelihood divergence, FLD (https://arxiv.org/abs/2302.04440).

How much less likely held-out rows are under isotropic Gaussians on the fakes,
with widths fitted to the training rows, than under Gaussians on half of the
training rows, fitted to the other half: 100 (NLL - NLL) / D, 0 is perfect,
lower is better. This is the definition of the package fld, which uses DINOv2
ViT-B/14; the earlier FLS of `fls` is another number, for which higher is
better.

FLD hardly punishes copies (12.6 if half of the fakes are copies), so the gap is
returned too: 100 (NLL of training rows - NLL of held-out rows) / D. It is a
little below 0 for fresh samples and far below for copies (-401 in that case).
Unlike AuthPct, C_T and FLS overfit, it does not mistake fakes that vary less
than the data for copies.

Time is 50 epochs of M * N, and of M * N * D for distances that do not fit into
800 MB.
"""

import itertools
from typing import NamedTuple

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics import isotropic_mixture
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np

_UNIT = "nats per feature x 100"
_EPOCHS = 50
_ROWS = 10000  # rows of one step: a multiple of a block's
_RATE = 0.5
_CLIP = 40.0  # the largest logarithm of a variance
_SHIFT = 0.9  # distance of a row to the last Gaussian, as a share of its length


class Likelihoods(NamedTuple):
  """What `likelihoods` returns; each NLL is a mean over rows, divided by D."""

  fld: float
  gap: float
  train_nll: float
  heldout_nll: float
  baseline_nll: float
  log_variances: np.ndarray  # [N], of the fakes' Gaussians
  epochs: int


@gin.configurable(
  denylist=["train_features", "heldout_features", "fake_features"]
)
@contract.declare(
  contract.Score("fld", contract.LOWER, unit=_UNIT),
  contract.Score("fld_gap", contract.HIGHER, unit=_UNIT),
)
def fld(
  train_features: np.ndarray,
  heldout_features: np.ndarray,
  fake_features: np.ndarray,
  fakes: accepted.Count = 10000,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns the FLD, and the gap between training and held-out rows.

  Args:
    train_features: [M, D].
    heldout_features: [K, D].
    fake_features: [N, D].
    fakes: how many are used at most, the first ones.
    seed: of the order of training rows.
  """
  if fakes < 1:
    raise ValueError(f"fld.fakes is {fakes}, but it must be 1 or more.")
  check(
    train_features=train_features,
    heldout_features=heldout_features,
  )
  check(1, train_features=train_features, fake_features=fake_features)
  order = np.random.RandomState(seed).permutation(len(train_features))
  found = likelihoods(
    train_features[order], heldout_features, fake_features[:fakes]
  )
  return {"fld": found.fld, "fld_gap": found.gap}


def likelihoods(
  train: np.ndarray, heldout: np.ndarray, fake: np.ndarray
) -> Likelihoods:
  """Returns the scores of rows [?, D], the training ones in random order."""
  scale = isotropic_mixture.Scale.of(heldout)
  _check_scale(scale, train_features=train, fake_features=fake)

  def nll(
    rows: np.ndarray, centres: np.ndarray, log_variances: np.ndarray
  ) -> float:
    squares = isotropic_mixture.Squares(rows, centres, scale)
    mean = isotropic_mixture.negative_log_likelihood(squares, log_variances)
    return mean / squares.width + 0.5 * np.log(2.0 * np.pi)

  log_variances, epochs = _fit(train, fake, scale)
  train_nll = nll(train, fake, log_variances)
  heldout_nll = nll(heldout, fake, log_variances)
  half = min(len(fake), len(train) // 2)
  baseline = train[:half]
  baseline_variances, _ = _fit(train[half:], baseline, scale)
  baseline_nll = nll(heldout, baseline, baseline_variances)
  return Likelihoods(
    fld=float(100.0 * (heldout_nll - baseline_nll)),
    gap=float(100.0 * (train_nll - heldout_nll)),
    train_nll=float(train_nll),
    heldout_nll=float(heldout_nll),
    baseline_nll=float(baseline_nll),
    log_variances=log_variances,
    epochs=epochs,
  )


def _check_scale(scale, **sets):
  """Raises ValueError if rows vary where the held-out ones do not."""
  for name, rows in sets.items():
    for _, block in blocks(rows):
      varies = (block != scale.mean).any(axis=0) & (scale.deviation == 0.0)
      if varies.any():
        raise ValueError(
          f"Feature {varies.argmax()} is the same in all heldout_features, "
          f"but not in {name}, so its scale is unknown. Give more held-out "
          "rows."
        )


def _fit(train, centres, scale):
  """Returns the logarithms of the variances, and the number of epochs."""
  squares = isotropic_mixture.Squares(train, centres, scale)
  log_variances, outlying = _start(squares, train, scale)
  # One more Gaussian, of weight 1, covers rows that no centre explains: its l
  # is the last.
  log_variances = np.append(log_variances, 0.0)
  log_weights = np.append(np.full(squares.centres, -np.log(squares.centres)), 0)
  adam = isotropic_mixture.Adam(len(log_variances))
  losses = []
  for epoch in range(_EPOCHS):
    total = 0.0
    for parts, count in _batches(squares, outlying):
      loss, gradient = isotropic_mixture.loss_and_gradient(
        parts, log_variances, log_weights, squares.width
      )
      total += loss * count
      log_variances = log_variances + adam.step(gradient / squares.width, _RATE)
      log_variances[:-1] = np.clip(log_variances[:-1], -_CLIP, _CLIP)
    losses.append(total / squares.count / squares.width)
    steps = np.abs(losses[-1] - np.array(losses[-5:-1]))
    if epoch > 5 and steps.max() < 5e-4:
      break
  return log_variances[:-1], epoch + 1


def _start(squares, train, scale):
  """Returns first logarithms [centres], and the last Gaussian's squares [rows].

  The last Gaussian is the one that `_fit` adds.
  """
  mean = sum(scale(block).sum(axis=0) for _, block in blocks(train))
  mean /= len(train)
  nearest = np.full(squares.centres, np.inf)
  outlying = np.empty(len(train))
  for part, block in squares:
    nearest = np.minimum(nearest, block.min(axis=0))
    outlying[part] = np.sum((scale(train[part]) - mean) ** 2, axis=1)
  return np.log((nearest + 1e-3) / squares.width), _SHIFT**2 * outlying


def _batches(squares, outlying):
  """Yields (blocks of squares with those of the last Gaussian, rows)."""
  blocks_of_all = iter(squares)
  for start in range(0, squares.count, _ROWS):
    count = min(_ROWS, squares.count - start)
    chosen = itertools.islice(
      blocks_of_all, -(-count // isotropic_mixture.ROWS)
    )
    parts = (np.column_stack([x, outlying[part]]) for part, x in chosen)
    yield parts, count
