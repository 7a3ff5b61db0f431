"""Phases whose settings the study file lists: fixed_sets, grid and listed."""

from collections.abc import Sequence
import itertools
from typing import Any
from typing import Optional

from compare_gan.study.define.search import phase
from compare_gan.study.define.search import ranges
import gin


@gin.configurable("fixed_sets", module="compare_gan.study.search")
class FixedSets(phase.Phase):
  """The product of lr, lamba and (beta1, beta2, disc_iters).

  The defaults are the settings of the literature that
  https://arxiv.org/abs/1807.04720 starts from: 3 * 2 * 4 = 24.

  Args:
    lr: learning rates.
    lamba: weights of the penalty.
    adam: triples (beta1, beta2, disc_iters).
    where: {binding: {"lr": [...], ...}}.
    name, seeds: see phase.Phase.
  """

  def __init__(
    self,
    lr: Sequence[float] = (2e-4, 1e-4, 1e-3),
    lamba: Sequence[float] = (1, 10),
    adam: Sequence[tuple[float, float, int]] = (
      (0.5, 0.9, 5),
      (0.5, 0.999, 1),
      (0.5, 0.999, 5),
      (0.9, 0.999, 5),
    ),
    where: Optional[dict[str, dict[str, Sequence[Any]]]] = None,
    name: str = "fixed_sets",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    self._values = {"lr": lr, "lamba": lamba, "adam": adam}
    self._where = where
    for values in (self._values, *(where or {}).values()):
      self._check(values)

  def _check(self, values):
    unknown = set(values) - set(self._values)
    if unknown:
      raise ValueError(
        f"fixed_sets.where has {sorted(unknown)}; it can have lr, lamba and "
        "adam. @grid() accepts any settings."
      )
    for triple in values.get("adam", ()):
      if not isinstance(triple, (tuple, list)) or len(triple) != 3:
        raise ValueError(
          f"fixed_sets.adam holds {triple!r}; it must hold triples (beta1, "
          "beta2, disc_iters)."
        )

  def names(self) -> list[str]:
    return ["lr", "lamba", "beta1", "beta2", "disc_iters"]

  def settings(
    self, history: phase.History, round: int, seed: int
  ) -> list[dict[str, float]]:
    values = phase.values_for(history.group, self._values, self._where)
    product = itertools.product(values["lr"], values["lamba"], values["adam"])
    return phase.without_inert(
      history.group,
      (
        {
          "lr": lr,
          "lamba": lamba,
          "beta1": beta1,
          "beta2": beta2,
          "disc_iters": disc_iters,
        }
        for lr, lamba, (beta1, beta2, disc_iters) in product
      ),
    )


@gin.configurable("grid", module="compare_gan.study.search")
class Grid(phase.Phase):
  """The product of any settings.

  Args:
    values: {name: [values]}; the last name changes fastest.
    where: {binding: {name: [values]}}.
    name, seeds: see phase.Phase.
  """

  def __init__(
    self,
    values: dict[str, Sequence[float]] = gin.REQUIRED,
    where: Optional[dict[str, dict[str, Sequence[float]]]] = None,
    name: str = "grid",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    self._values, self._where = values, where

  def names(self) -> list[str]:
    return ranges.all_names(self._values, self._where)

  def settings(
    self, history: phase.History, round: int, seed: int
  ) -> list[dict[str, float]]:
    values = phase.values_for(history.group, self._values, self._where)
    product = itertools.product(*values.values())
    return phase.without_inert(
      history.group, (dict(zip(values, point)) for point in product)
    )


@gin.configurable("listed", module="compare_gan.study.search")
class Listed(phase.Phase):
  """Settings one by one, for example the best rows of a paper.

  Args:
    settings: [{name: number}].
    where: {binding: [{name: number}]}, lists that replace `settings`. If a
      group has several of the bindings, the last one counts.
    name, seeds: see phase.Phase.
  """

  def __init__(
    self,
    settings: Sequence[dict[str, float]] = gin.REQUIRED,
    where: Optional[dict[str, Sequence[dict[str, float]]]] = None,
    name: str = "listed",
    seeds: Optional[int] = None,
  ) -> None:
    super().__init__(name, seeds)
    self._settings, self._where = settings, where or {}

  def names(self) -> list[str]:
    lists = [self._settings, *self._where.values()]
    return sorted({name for list_ in lists for row in list_ for name in row})

  def settings(
    self, history: phase.History, round: int, seed: int
  ) -> list[dict[str, float]]:
    found = self._settings
    for line, settings in self._where.items():
      if history.group.holds(line):
        found = settings
    return phase.without_inert(history.group, found)
