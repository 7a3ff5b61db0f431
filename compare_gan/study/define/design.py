"""What the report of a study will be able to find, before anything trains."""

import collections
from collections.abc import Iterable
from typing import Any

from compare_gan.study.define import definition
from compare_gan.study.report.statistics import comparisons
from compare_gan.study.report.statistics import power
from compare_gan.study.run import table as table_lib

_SIZES = (1.0, 1.5, 2.0)  # of differences, in deviations between seeds


def describe(study: definition.Study, runs: Iterable[Any]) -> list[str]:
  """Returns a line for each kind of comparison: how many, and their power.

  Args:
    study: the study.
    runs: the plan.Runs that do not follow from scores.
  """
  found = comparisons.all_comparisons(_as_if_ended(study, runs))
  tests = sum(each.tested for axis in found.values() for each in axis)
  lines = []
  for axis, compared in found.items():
    alike = collections.Counter(
      (each.found.n, each.found.seeds, each.tested) for each in compared
    )
    for (settings, seeds, tested), count in alike.items():
      lines.append(
        f"  {axis}: {_title(study, axis, count)}, "
        f"{_count(settings, 'setting')} x {_count(seeds[0], 'seed')}: "
        f"{_power(settings, seeds[0], tests) if tested else 'no test'}"
      )
  if tests:
    sizes = ", ".join(f"{size:g}" for size in _SIZES)
    lines.append(
      f"  power: the share of such studies that show a difference of {sizes} "
      f"standard deviations between seeds, after Holm over {tests} tests, if "
      "the true difference varies by 0.5 between settings"
    )
  return lines


def _as_if_ended(study, runs):
  """Returns the table that these runs will make, with made-up scores."""
  rows = [
    table_lib.Row(
      run=run.id,
      cell=run.cell,
      settings=run.settings,
      seed=run.seed,
      phase=run.phase,
      round=run.round,
      order=run.order,
      status="ok",
      reason="",
      log_tail=[],
      seconds=0.0,
      attempts=1,
      scores={study.score: dict.fromkeys(("last", "best", "min"), place)},
      checkpoints=[],
      protocol="",
      folder="",
    )
    for place, run in enumerate(runs)
  ]
  described = {
    "axes": {axis: list(values) for axis, values in study.axes.items()},
    "baselines": study.baselines,
    "score": study.score,
    "minimize": True,
    "checkpoint": "last",
  }
  return table_lib.Table(described, rows)


def _title(study, axis, count):
  title = _count(count, "comparison")
  if axis in study.baselines:
    title += f" with {study.baselines[axis]}"
  return title


def _count(number, thing):
  return f"{number} {thing}{'s' * (number != 1)}"


def _power(settings, seeds, tests):
  if settings == 1:  # The seeds are the unit, and there is no tau.
    return "the claim is about this setting"
  found = [power.power(size, settings, seeds, tests) for size in _SIZES]
  return f"power {', '.join(f'{100 * each:.0f}' for each in found)} %"
