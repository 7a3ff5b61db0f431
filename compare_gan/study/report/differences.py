"""Describes the comparisons of an axis in sentences."""

import math
from typing import Any
from typing import NamedTuple

from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import sample_size
from compare_gan.study.report.statistics import significance
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.report.words import number
from compare_gan.study.report.words import p_digits
from compare_gan.study.report.words import p_equals
from compare_gan.study.report.words import p_text
from compare_gan.study.report.words import plural

_MOST = 6  # sentences of one kind about an axis


def describe_differences(
  study: dict[str, Any], axis: str, found: summary_lib.Summary
) -> list[str]:
  """Returns sentences about the values of an axis, the clearest first."""
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
  rest = [f"{axis}: {plural(more, f'more {thing}')} of this kind."]
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
    f"over {plural(each.n_tests, 'test')}"
  )


def _no_difference(study, axis, tested):
  """Returns a sentence on an axis's least p; it never claims equality."""
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
    f"{text} ({_test(least)}"
    f"{f', p {p_equals(found.p)} alone' if alone else ''}"
    f"{f'; {others} more of {axis} have no lower p' if others else ''})."
    f"{_needed(least)}{_failed(study, least)}"
  )


def _needed(each):
  """Returns how many settings detect a difference of sigma, if these do not."""
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
    f"over seeds, with a power of 80 % takes about {n} settings with as many "
    "seeds each."
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
    f"{plural(group[0].n_tests, 'test')} need p below "
    f"{p_digits(significance.LEVEL / group[0].n_tests)}: not testable "
    f"({', '.join(f'{each.first} and {each.second}' for each in group)}); "
    f"{_needed_units(unit, units, group[0].n_tests)}."
    for (unit, units), group in groups.items()
  ]


def _needed_units(unit, units, tests):
  """Returns "10 settings, 4 more, would do"."""
  if unit == "settings":
    least, thing = sample_size.least_settings(tests), "settings"
  else:
    least, thing = sample_size.least_seeds(tests), "seeds of each value"
  return f"{least} {thing}, {least - units} more, are needed"


def _too_few(study, each, total):
  """Returns a sentence on a pair with too few units for a claim.

  Args:
    study: the table's study.
    each: the Comparison.
    total: the number of the report's comparisons, tested or not.
  """
  said, found = _sided(each), each.found
  if found.unit == "settings":
    text = (
      f"{each.axis}: {said.better} was better than {said.worse} in "
      f"{said.settings}, mean {said.size}{said.interval} assuming normal "
      f"differences ({_units(each)})"
    )
    needed = _needed_units("settings", found.n, total)
  else:
    text = (
      f"{each.axis} at this setting: {said.better} was better than "
      f"{said.worse} by {said.size}{said.interval} ({_units(each)}, P = "
      f"{said.probability})"
    )
    needed = _needed_units("seeds", min(found.sizes), total)
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
    f"{found.better[turned]} of {plural(found.n, 'setting')}",
    p_digits(1 - found.probability if turned else found.probability),
  )


def _where(each):
  return " at this setting" if each.found.unit == "seeds" else ""


def _units(each):
  """Returns "12 settings x 5 seeds", or "5 v 5 seeds" for a single setting."""
  found = each.found
  if found.unit == "seeds":
    return f"{found.sizes[0]} v {found.sizes[1]} seeds"
  least, most = found.seeds
  seeds = str(least) if least == most else f"{least} to {most}"
  dropped = found.n - found.n_nonzero
  return (
    f"{plural(found.n, 'setting')} x {seeds} {'seed' if most == 1 else 'seeds'}"
    f"{f', {dropped} of them without a difference' if dropped else ''}"
  )


def _failed(study, each):
  """Returns a sentence on the failures in a comparison, if there are any."""
  if not any(each.failed):
    return ""
  sign = costs_lib.sign(study)
  text = (
    f" {each.first} fails in {each.failed[0]} of "
    f"{plural(each.runs[0], 'run')}, {each.second} in {each.failed[1]} of "
    f"{each.runs[1]}; failures count as the worst value seen, "
    f"{number(sign * each.worst)}"
  )
  if each.n_dropped:
    text += (
      f"; {plural(each.n_dropped, 'setting')} where all of them failed are "
      "left out"
    )
  if not math.isnan(each.survivors):
    text += (
      f"; among survivors alone the mean {study['score']} of {each.second} is "
      f"{number(abs(each.survivors))} "
      f"{'higher' if sign * each.survivors > 0 else 'lower'}"
    )
  return text + "."
