"""Describes the statistics of a study in sentences."""

import itertools
import math
from typing import Any

from compare_gan.study.report import differences
from compare_gan.study.report.statistics import budget
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import settings as settings_lib
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.report.statistics import t_tests
from compare_gan.study.report.words import number
from compare_gan.study.report.words import p_equals
from compare_gan.study.report.words import plural


def answers(table: Any, found: summary_lib.Summary) -> list[str]:
  """Returns sentences, the most important first, about a Summary `found`."""
  if not len(costs_lib.finite([each.value for each in found.settings])):
    return ["No training has a score yet.", *_about_the_rest(table)]
  sentences = [_about_the_best(table.study, found)]
  for axis, values in table.study["axes"].items():
    if len(values) > 1:
      sentences += _about_budgets(table.study, axis, found)
      sentences += differences.describe_differences(table.study, axis, found)
  sentences += _about_failures(found)
  sentences += _about_metrics(found)
  return sentences + _about_looks(table, found) + _about_the_rest(table)


def _about_the_best(study, found):
  best = found.best[0].top[0]
  parts = [f"{axis} = {value}" for axis, value in best.cell.items()]
  parts += [f"{name} = {value:g}" for name, value in best.settings.items()]
  return (
    f"The best of {plural(len(found.settings), 'setting')} has a median "
    f"{study['score']} of {number(costs_lib.sign(study) * best.value)} over "
    f"{plural(best.n, 'seed')} ({best.n_ok} of {best.n} succeeded): "
    f"{', '.join(parts) or 'the only one'}."
    f"{_about_the_choice(study, best, len(found.settings))}"
  )


def _about_the_choice(study, best, n):
  """Returns the result of seeds that were not used to choose the setting."""
  fresh = costs_lib.finite(best.fresh)
  if len(fresh) >= 2:
    sign = costs_lib.sign(study)
    low, high = sorted(sign * x for x in t_tests.t_interval(fresh))
    failed = len(best.fresh) - len(fresh)
    return (
      f" Its {len(best.fresh)} fresh seeds have a mean of "
      f"{number(sign * fresh.mean())} [{number(low)}, {number(high)}]"
      f"{f', without the {failed} that failed' if failed else ''}."
    )
  if n > 1:
    return (
      " It was chosen by these seeds: fresh ones (repeat_best) look worse on "
      "average."
    )
  return ""


def _about_budgets(study, axis, found):
  costs = {}
  for value in found.curves[axis]:
    group = settings_lib.settings_with_value(found.settings, axis, value)
    costs[value] = costs_lib.failures_as_worst(
      [each.value for each in group], found.worst
    )
  if len(costs) < 2:
    return []
  curves = {
    value: budget.expected_best(each, range(1, len(each) + 1))
    for value, each in costs.items()
  }
  first, *others = [
    (_from_to(first, last), value, curves[value][last - 1])
    for first, last, value in budget.winners(curves)
  ]
  way = "lowest" if costs_lib.sign(study) > 0 else "highest"

  def won(tried: str, value: Any, best: float) -> str:
    return f"{axis} = {value} ({number(costs_lib.sign(study) * best)})"

  parts = [
    f"With {first[0]} tried, the {way} expected best {study['score']} of these "
    f"settings is that of {won(*first)}",
    *(f"with {other[0]}, of {won(*other)}" for other in others[:3]),
  ]
  if len(others) > 3:
    parts.append(f"it changes {plural(len(others) - 3, 'more time')}")
  return [f"{'; '.join(parts)} ({_budget_test(axis, found, costs)})."]


def _budget_test(axis, found, costs):
  """Returns the test of the budgets of an axis, or why there is none."""
  k = min(curve.last for curve in found.curves[axis].values())
  if not k:
    return "a description, not a finding: nothing is tested"
  p = budget.budget_test(list(costs.values()), k)
  return (
    f"exploratory: with {plural(k, 'setting')} tried, the values of {axis} "
    f"differ with p {p_equals(p)}, labels permuted"
  )


def _from_to(first, last):
  if first == last:
    return plural(first, "setting")
  return f"up to {last} settings" if first == 1 else f"{first} to {last}"


def _about_failures(found):
  """Returns a sentence on the axis with the largest gap in failure rates."""
  sentences = []
  for axis, by_value in found.stability.items():
    ordered = sorted(by_value.items(), key=lambda item: item[1].failed_share)
    if ordered:
      (good, least), (bad, most) = ordered[0], ordered[-1]
      gap = most.failed_share - least.failed_share
      text = (
        f"{axis} = {bad} fails most often, {_share(most)}; {good} least, "
        f"{_share(least)}."
      )
      sentences.append((gap, text))
  gap, text = max(sentences, default=(0.0, ""), key=lambda each: each[0])
  return [text] if gap > 0 else []


def _share(each):
  percent = 100 * each.failed_share
  return f"{each.n_failed} of {each.n} trainings ({percent:.0f} %)"


def _about_looks(table, found):
  """Returns a sentence on what earlier reports on fewer runs said."""
  if not found.looks:
    return []
  now = summary_lib.look_at(table, found)
  counts = [str(each.ended) for each in found.looks]
  before = found.looks[-1].shown
  changes = [
    f"{axis}, {first} and {second}: {words}"
    for ones, others, words in (
      (now.shown, before, "shown now, not then"),
      (before, now.shown, "shown then, not now"),
    )
    for axis, first, second in ones
    if [axis, first, second] not in others
  ]
  return [
    f"Warning: {now.ended} runs have ended, and the report was made before, "
    f"after {', '.join(counts)}{'' if not changes else ': '}"
    f"{'; '.join(changes)}. Adding runs until a difference shows finds a false "
    "one in up to 20 of 100 studies: these p hold only if the number of runs "
    "was fixed beforehand."
  ]


def _about_metrics(found):
  correlation, counts = found.correlation
  pairs = [
    (correlation[i, j], counts[i, j], found.metrics[i], found.metrics[j])
    for i, j in itertools.combinations(range(len(found.metrics)), 2)
    if math.isfinite(correlation[i, j])
  ]
  if not pairs:
    return []
  rho, n, a, b = min(pairs, key=lambda pair: abs(pair[0]))
  return [
    f"The two metrics whose ranks of runs agree least are {a} and {b} "
    f"(Spearman {rho:.2f} over {n} runs)."
  ]


def _about_the_rest(table):
  sentences = []
  waiting = sum(row.status in ("running", "waiting") for row in table.rows)
  if waiting:
    sentences.append(
      f"{waiting} of {plural(len(table.rows), 'run')} have not ended: these "
      "results are of the others, and a difference shown now may disappear."
    )
  return sentences + [f"Warning: {words}" for words in warnings(table)]


def warnings(table: Any) -> list[str]:
  """Returns sentences on what makes the figures doubtful."""
  found = []
  digests = summary_lib.protocols(table)
  if len(digests) > 1:
    found.append(
      f"The runs were scored under {len(digests)} different protocols "
      f"({', '.join(digests)}): their scores cannot be compared."
    )
  return found
