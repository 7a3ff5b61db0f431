"""Intervals for any metric: how far a score moves with the samples.

Each resample is a random half of every set, without replacement. Halves have as
much variance around the score of the whole as samples of the whole size have
around the truth. Drawing with replacement would do as well for a mean, but
repeats rows, which distorts KID and everything made of nearest neighbours. The
interval is the basic one, [2 s - upper, 2 s - lower quantile], which also takes
away a bias that is proportional to 1 / N, as FID's is.

Only rows can be drawn anew. A metric that asks the model itself, or that is
given a mean and a covariance for rows, has no intervals; `without_intervals` of
evaluation.py's row says so.
"""

import gin
import numpy as np


@gin.configurable("bootstrap", denylist=["metric", "sets"])
def intervals(metric, sets, resamples=200, level=0.95, seed=0):
  """Returns {name: (low, high)} for each score of the metric.

  Args:
    metric: function of `sets` that returns {name: float}.
    sets: {parameter: rows}. Those that begin with the same word, such as
      fake_features and fake_labels, are resampled together.
    resamples: how many.
    level: share of such intervals that hold the truth.
    seed: of the halves.
  """
  counts = {}
  for name, rows in sets.items():
    counts.setdefault(name.split("_")[0], set()).add(len(rows))
  for word, lengths in counts.items():
    if len(lengths) > 1 or min(lengths) < 4:
      raise ValueError(
        f"The sets {word}_* have {sorted(lengths)} rows, but they need the "
        "same number, and at least 4."
      )
  rng = np.random.RandomState(seed)
  scores = []
  for _ in range(resamples):
    half = {word: _half(min(n), rng) for word, n in counts.items()}
    resample = {k: rows[half[k.split("_")[0]]] for k, rows in sets.items()}
    scores.append(metric(**resample))
  tail = (1.0 - level) / 2.0
  found = {}
  for name, score in metric(**sets).items():
    values = [s[name] for s in scores]
    low, high = np.quantile(values, [tail, 1.0 - tail])
    found[name] = (float(2.0 * score - high), float(2.0 * score - low))
  return found


def _half(count, rng):
  return np.sort(rng.permutation(count)[: count // 2])
