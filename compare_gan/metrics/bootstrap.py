"""Intervals for any metric: how far a score moves with the samples.

Each resample is a random half of every set, without replacement. Halves have as
much variance around the score of the whole as samples of the whole size have
around the truth. Drawing with replacement works as well for a mean, but it
repeats rows, which distorts KID and every score based on nearest neighbours.
The interval is the basic one, [2 s - upper, 2 s - lower quantile], which also
removes a bias that is proportional to 1 / N, such as FID's.

The expensive part of a metric, kernels or distances of rows, is the same in all
halves: a metric marked by `contract.takes_resamples` gets all halves at once.
Any other metric is computed again for each half, and a message says how long
that will take.

Only rows can be resampled. A metric that calls the model itself, or that gets a
mean and a covariance instead of rows, has no intervals; `without_intervals` in
the row of scores says so.
"""

from collections.abc import Callable
import time
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
import gin
import numpy as np

_LONG = 60  # seconds; longer computations are announced


@gin.configurable("bootstrap", denylist=["metric", "sets", "scores"])
def intervals(
  metric: Callable[..., dict[str, Any]],
  sets: dict[str, np.ndarray],
  resamples: accepted.Count = 200,
  level: Annotated[float, accepted.Range(above=0, below=1)] = 0.95,
  seed: accepted.Seed = 0,
  scores: Optional[dict[str, float]] = None,
) -> dict[str, tuple[float, float]]:
  """Returns {name: (low, high)} for each score of the metric.

  A score that is not finite in some resample has no interval.

  Args:
    metric: function of `sets` that returns {name: float}.
    sets: {parameter: rows}. Sets whose names begin with the same word, such as
      fake_features and fake_labels, are resampled together.
    resamples: number of resamples.
    level: share of such intervals that contain the truth.
    seed: of the halves.
    scores: what the metric returns for all rows, None to compute it.
  """
  halves = draw_halves(sets, resamples, seed)
  if contract.scores_resamples(metric):
    found = metric(**sets, resamples=halves)
  else:
    found = scores_one_by_one(metric, sets, halves)
  tail = (1.0 - level) / 2.0
  score_intervals = {}
  for name, score in (scores or metric(**sets)).items():
    low, high = np.quantile(found[name], [tail, 1.0 - tail])
    if np.isfinite(found[name]).all() and np.isfinite(score):
      score_intervals[name] = (
        float(2.0 * score - high),
        float(2.0 * score - low),
      )
  return score_intervals


def draw_halves(
  sets: dict[str, np.ndarray], resamples: int, seed: int
) -> dict[str, np.ndarray]:
  """Returns {word: bools [resamples, rows]}, random halves of each set.

  Args:
    sets: {"real_features": rows, ...}; the word of this set is "real".
    resamples: number of resamples.
    seed: of the halves.
  """
  counts: dict[str, set[int]] = {}
  for name, rows in sets.items():
    counts.setdefault(name.split("_")[0], set()).add(len(rows))
  for word, lengths in counts.items():
    if len(lengths) > 1 or min(lengths) < 4:
      raise ValueError(
        f"The sets {word}_* have {sorted(lengths)} rows, but they need the "
        "same number, and at least 4."
      )
  rng = np.random.RandomState(seed)
  halves = {
    word: np.zeros([resamples, min(lengths)], bool)
    for word, lengths in counts.items()
  }
  for resample in range(resamples):
    for chosen in halves.values():
      count = chosen.shape[1]
      chosen[resample, rng.permutation(count)[: count // 2]] = True
  return halves


def scores_one_by_one(
  metric: Callable[..., dict[str, float]],
  sets: dict[str, np.ndarray],
  halves: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
  """Returns {name: [B scores]} of a metric, which is computed B times.

  Args:
    metric, sets: as for `intervals`.
    halves: {word: bools [B, rows]}.
  """
  scores = []
  resamples = len(next(iter(halves.values())))
  start = time.monotonic()
  for resample in range(resamples):
    scores.append(
      metric(
        **{
          name: rows[halves[name.split("_")[0]][resample]]
          for name, rows in sets.items()
        }
      )
    )
    seconds = (time.monotonic() - start) * resamples
    if not resample and seconds > _LONG:
      print(
        f"evaluate.bootstrap computes {metric.__name__} again for each of "
        f"{resamples} resamples, which takes about {seconds / 60:.0f} minutes "
        "for this model. bootstrap.resamples sets how many there are.",
        flush=True,
      )
  return {name: np.array([s[name] for s in scores]) for name in scores[0]}
