"""A phase that trains the best setting again, with more seeds."""

import math
from typing import Optional

from compare_gan.study.define.search import phase
import gin


@gin.configurable("repeat_best", module="compare_gan.study.search")
class RepeatBest(phase.Phase):
  """The best setting of a group, with k seeds.

  Runs of this setting that exist already count towards the k.

  Args:
    k: the number of seeds.
    name: see phase.Phase.
  """

  adaptive = True

  def __init__(self, k: int = 50, name: str = "repeat_best") -> None:
    phase.require_count("repeat_best.k", k)
    super().__init__(name, k)

  def names(self) -> list[str]:
    return []

  def size(self, group: phase.Group) -> int:
    return 1

  def settings(
    self, history: phase.History, round: int, seed: int
  ) -> Optional[list[dict[str, float]]]:
    finite = [trial for trial in history.trials if math.isfinite(trial[1])]
    if round or not finite:
      return None
    return [min(finite, key=lambda trial: trial[1])[0]]
