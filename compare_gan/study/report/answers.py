"""What the statistics of a study say, in sentences."""

import itertools
import math
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.study.report.statistics import budget
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import sample_size
from compare_gan.study.report.statistics import settings as settings_lib
from compare_gan.study.report.statistics import significance
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.report.statistics import t_tests

_MOST = 6  # differences of an axis that are told in words


def answers(table: Any, found: summary_lib.Summary) -> list[str]:
  """Returns sentences, the most important first, about a Summary `found`."""
  if not len(costs_lib.finite([each.value for each in found.settings])):
    return ["No training has a score yet.", *_about_the_rest(table)]
  sentences = [_about_the_best(table.study, found)]
  for axis, values in table.study["axes"].items():
    if len(values) > 1:
      sentences += _about_budgets(table.study, axis, found)
      sentences += _about_differences(table.study, axis, found)
  sentences += _about_failures(found)
  sentences += _about_metrics(found)
  return sentences + _about_looks(table, found) + _about_the_rest(table)


def _about_the_best(study, found):
  best = found.best[0].top[0]
  parts = [f"{axis} = {value}" for axis, value in best.cell.items()]
  parts += [f"{name} = {value:g}" for name, value in best.settings.items()]
  return (
    f"The best of {_many(len(found.settings), 'setting')} has a median "
    f"{study['score']} of {number(costs_lib.sign(study) * best.value)} over "
    f"{_many(best.n, 'seed')} ({best.n_ok} of {best.n} ended well): "
    f"{', '.join(parts) or 'the only one'}."
    f"{_about_the_choice(study, best, len(found.settings))}"
  )


def _about_the_choice(study, best, n):
  """Returns what seeds say that had no part in choosing the best setting."""
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

  def won(upto: str, value: Any, best: float) -> str:
    return f"{axis} = {value} ({number(costs_lib.sign(study) * best)})"

  parts = [
    f"With {first[0]} tried, the {way} expected best {study['score']} of these "
    f"settings is that of {won(*first)}",
    *(f"with {other[0]}, of {won(*other)}" for other in others[:3]),
  ]
  if len(others) > 3:
    parts.append(f"it changes {_many(len(others) - 3, 'more time')}")
  return [f"{'; '.join(parts)} ({_budget_test(axis, found, costs)})."]


def _budget_test(axis, found, costs):
  """Returns the test of the budgets of an axis, or why there is none."""
  k = min(curve.last for curve in found.curves[axis].values())
  if not k:
    return "a description, not a finding: nothing is tested"
  p = budget.budget_test(list(costs.values()), k)
  return (
    f"exploratory: with {_many(k, 'setting')} tried, the values of {axis} "
    f"differ with p {p_equals(p)}, labels permuted"
  )


def _from_to(first, last):
  if first == last:
    return _many(first, "setting")
  return f"up to {last} settings" if first == 1 else f"{first} to {last}"


def _about_differences(study, axis, found):
  compared = found.comparisons[axis]
  if not compared:
    return [f"No two settings differ in {axis} only: nothing could be tested."]
  tested = [each for each in compared if each.tested]
  shown = sorted(
    (each for each in tested if each.shown), key=lambda each: each.p_holm
  )
  sentences = [_difference(study, each) for each in shown]
  if tested and not shown:
    sentences.append(_no_difference(study, axis, tested))
  sentences += _impossible(axis, [each for each in tested if not each.shown])
  total = sum(map(len, found.comparisons.values()))
  few = [each for each in compared if not each.tested]
  few.sort(key=lambda each: each.found.p)
  return _at_most(axis, sentences, "sentence") + _at_most(
    axis, [_too_few(study, each, total) for each in few], "comparison"
  )


def _at_most(axis, sentences, thing):
  more = len(sentences) - _MOST
  rest = [f"{axis}: {_many(more, f'more {thing}')} of this kind."]
  return sentences[:_MOST] + (rest if more > 0 else [])


def _difference(study, each):
  """Returns "penalty: gp beats none by 3.1 [1.2, 5.0] (...)."."""
  said = _sided(each)
  over_settings = each.found.unit == "settings"
  better_in = f"better in {said.settings}; " if over_settings else ""
  return (
    f"{each.axis}{_where(each)}: {said.better} beats {said.worse} by "
    f"{said.size}{said.interval} ({_test(each)}; {better_in}P = "
    f"{said.probability}).{_failed(study, each)}"
  )


def _test(each):
  """Returns the units, the test and p of a Comparison in words."""
  return (
    f"{_units(each)}, {each.found.test}, p {p_equals(each.p_holm)} after Holm "
    f"over {_many(each.n_tests, 'test')}"
  )


def _no_difference(study, axis, tested):
  """Returns what the least p of an axis says, which is never "equal"."""
  least = min(tested, key=lambda each: (each.p_holm, each.found.p))
  said, found = _sided(least), least.found
  text = (
    f"{axis}{_where(least)}: no difference shown between {said.better} and "
    f"{said.worse}"
  )
  if said.interval:
    text += (
      f";{said.interval}, by which {said.better} is better, does not rule out "
      f"{number(max(map(abs, found.interval)))}"
    )
  alone = found.p < significance.LEVEL
  others = len(tested) - 1
  return (
    f"{text} ({_test(least)}{f', p {p_equals(found.p)} alone' if alone else ''}"
    f"{f'; {others} more of {axis} have no less' if others else ''})."
    f"{_needed(least)}{_failed(study, least)}"
  )


def _needed(each):
  """Returns how many settings find the noise of seeds, if these are too few."""
  found = each.found
  if math.isnan(found.tau) or not found.sigma:
    return ""
  n = sample_size.settings_needed(
    found.sigma, found.tau, found.sigma, found.seeds[0], each.n_tests
  )
  if n <= found.n:
    return ""
  return (
    f" To find a difference of {number(found.sigma)}, the standard deviation "
    f"over seeds, in 4 of 5 studies takes about {n} settings with so many "
    "seeds."
  )


def _impossible(axis, tested):
  """Returns sentences on tests that could not have been significant."""
  groups = {}
  for each in tested:
    if not each.possible:
      by_setting = each.found.unit == "settings"
      units = each.found.n_nonzero if by_setting else min(each.found.sizes)
      groups.setdefault((each.found.unit, units), []).append(each)
  return [
    f"{axis}: {units} {unit} reach {p_text(group[0].found.smallest_p)}, "
    f"{_many(group[0].n_tests, 'test')} need less than "
    f"{_p_digits(significance.LEVEL / group[0].n_tests)}: not testable "
    f"({', '.join(f'{each.first} and {each.second}' for each in group)}); "
    f"{_would_do(unit, units, group[0].n_tests)}."
    for (unit, units), group in groups.items()
  ]


def _would_do(unit, units, tests):
  """Returns "10 settings, 4 more, would do"."""
  if unit == "settings":
    least, thing = sample_size.least_settings(tests), "settings"
  else:
    least, thing = sample_size.least_seeds(tests), "seeds of each value"
  return f"{least} {thing}, {least - units} more, would do"


def _too_few(study, each, total):
  """Returns what is seen of a pair that no claim can be made of.

  Args:
    study: of the table.
    each: the Comparison.
    total: all comparisons of the report, which would be tested if they could.
  """
  said, found = _sided(each), each.found
  if found.unit == "settings":
    text = (
      f"{each.axis}: {said.better} was better than {said.worse} in "
      f"{said.settings}, mean {said.size}{said.interval} assuming normal "
      f"differences ({_units(each)})"
    )
    needed = _would_do("settings", found.n, total)
  else:
    text = (
      f"{each.axis} at this setting: {said.better} was better than "
      f"{said.worse} by {said.size}{said.interval} ({_units(each)}, P = "
      f"{said.probability})"
    )
    needed = _would_do("seeds", min(found.sizes), total)
  return f"{text}; too few for a test: {needed}.{_failed(study, each)}"


class _Sided(NamedTuple):
  """A Comparison as text, from the side of the value that looks better."""

  better: str
  worse: str
  size: str
  interval: str  # " [low, high]", or nothing
  settings: str  # "11 of 12 settings"
  probability: str


def _sided(each):
  found = each.found
  sides = (each.first, each.second)
  turned = (found.estimate, found.mean) < (0, 0)
  low, high = sorted(-x if turned else x for x in found.interval)
  return _Sided(
    *(sides[::-1] if turned else sides),
    number(abs(found.estimate)),
    "" if math.isnan(low) else f" [{number(low)}, {number(high)}]",
    f"{found.better[turned]} of {_many(found.n, 'setting')}",
    _p_digits(1 - found.probability if turned else found.probability),
  )


def _where(each):
  return " at this setting" if each.found.unit == "seeds" else ""


def _units(each):
  """Returns "12 settings x 5 seeds", or "5 v 5 seeds" of a single setting."""
  found = each.found
  if found.unit == "seeds":
    return f"{found.sizes[0]} v {found.sizes[1]} seeds"
  least, most = found.seeds
  seeds = str(least) if least == most else f"{least} to {most}"
  dropped = found.n - found.n_nonzero
  return (
    f"{_many(found.n, 'setting')} x {seeds} {'seed' if most == 1 else 'seeds'}"
    f"{f', {dropped} of them without a difference' if dropped else ''}"
  )


def _failed(study, each):
  """Returns a sentence on the failures in a comparison, if there are any."""
  if not any(each.failed):
    return ""
  sign = costs_lib.sign(study)
  text = (
    f" {each.first} fails in {each.failed[0]} of {_many(each.runs[0], 'run')}, "
    f"{each.second} in {each.failed[1]} of {each.runs[1]}; failures cost the "
    f"worst value seen, {number(sign * each.worst)}"
  )
  if each.n_dropped:
    text += (
      f"; {_many(each.n_dropped, 'setting')} where all of them failed left out"
    )
  if not math.isnan(each.survivors):
    text += (
      f"; among survivors alone the mean {study['score']} of {each.second} is "
      f"{number(abs(each.survivors))} "
      f"{'higher' if sign * each.survivors > 0 else 'lower'}"
    )
  return text + "."


def _about_failures(found):
  """Returns a sentence on the axis whose values differ most in failing."""
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
  """Returns a sentence on what earlier reports, of fewer runs, had said."""
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
    f"Warning: {now.ended} runs have ended, and the report was read before, "
    f"after {', '.join(counts)}{'' if not changes else ': '}"
    f"{'; '.join(changes)}. Who adds runs until a difference shows finds one "
    "in up to 20 of 100 studies without any: these p hold only if the number "
    "of runs was fixed beforehand."
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
      f"{waiting} of {_many(len(table.rows), 'run')} have not ended: all this "
      "is of the others, and a difference that is shown now may go."
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


def number(x: Optional[float]) -> str:
  """Returns three digits or so of a number."""
  if x is None or math.isnan(x):
    return "-"
  if math.isinf(x):
    return "inf" if x > 0 else "-inf"
  return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def p_text(p: float) -> str:
  """Returns ".004", "1.00" or "less than .001"."""
  return "less than .001" if p < 0.001 else _p_digits(p)


def p_equals(p: float) -> str:
  return "< .001" if p < 0.001 else f"= {_p_digits(p)}"


def _p_digits(p):
  return (f"{p:.3f}" if p < 0.1 else f"{p:.2f}").lstrip("0")


def _many(n, thing):
  return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
