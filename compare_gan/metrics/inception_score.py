"""Inception score (https://arxiv.org/abs/1606.03498).

exp(mean KL(p(y|x) || p(y))), here exp(H(mean p) - mean H(p)) with H(p) = -sum p
log p and 0 log 0 = 0, which stays finite for saturated logits. Papers report
the mean over ten splits in order and the population standard deviation; smaller
splits score lower, so the value over all images is returned too.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np
from scipy import special


@gin.configurable(denylist=["fake_logits"])
@contract.declare(
  contract.Score("inception_score", contract.HIGHER, low=1.0, unit="classes"),
  contract.Score(
    "inception_score_*_splits", contract.HIGHER, low=1.0, unit="classes"
  ),
  contract.Score(
    "inception_score_*_splits_std", contract.NEITHER, low=0.0, unit="classes"
  ),
)
def inception_score(
  fake_logits: np.ndarray,
  splits: accepted.Count = 10,
  from_probabilities: bool = False,
) -> dict[str, float]:
  """Returns the score over all rows, and mean and std over splits.

  Args:
    fake_logits: rows [N, num_classes].
    splits: number of equal parts of the rows, whose scores are averaged.
    from_probabilities: `fake_logits` are the probabilities p(y|x) instead.
  """
  check(splits, fake_logits=fake_logits)
  if from_probabilities:
    _check_probabilities(fake_logits)
  ends = [len(fake_logits) * i // splits for i in range(1, splits)]
  scores = [
    _score(split, from_probabilities) for split in np.split(fake_logits, ends)
  ]
  name = f"inception_score_{splits}_splits"
  return {
    "inception_score": _score(fake_logits, from_probabilities),
    name: float(np.mean(scores)),
    f"{name}_std": float(np.std(scores)),
  }


def _score(logits, from_probabilities):
  total = entropy = 0.0
  for _, block in blocks(logits):
    p = block if from_probabilities else special.softmax(block, axis=1)
    total = total + p.sum(axis=0)
    entropy += special.entr(p).sum()
  marginal = total / len(logits)
  return float(np.exp(special.entr(marginal).sum() - entropy / len(logits)))


def _check_probabilities(rows):
  for part, p in blocks(rows):
    bad = (p < 0).any(axis=1) | (abs(p.sum(axis=1) - 1.0) > 1e-4)
    if bad.any():
      row = part.start + bad.argmax()
      raise ValueError(
        f"Row {row} is not a probability distribution: it sums to "
        f"{rows[row].sum()}, from {rows[row].min()} on. If they are logits, "
        "set inception_score.from_probabilities = False."
      )
