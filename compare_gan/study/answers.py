"""What the statistics of a study say, in sentences."""

import itertools
import math

from compare_gan.study import significance
from compare_gan.study import statistics

_MOST = 6  # differences of an axis that are told in words


def answers(table, found):
  """Returns sentences, the most important first, about a Summary `found`."""
  if not len(statistics.finite([each.value for each in found.settings])):
    return ["No training has a score yet.", *_about_the_rest(table)]
  sentences = [_about_the_best(table.study, found)]
  for axis, values in table.study["axes"].items():
    if len(values) > 1:
      sentences += _about_budgets(table.study, axis, found)
      sentences += _about_differences(table.study, axis, found)
  sentences += _about_failures(found)
  sentences += _about_metrics(found)
  return sentences + _about_the_rest(table)


def _about_the_best(study, found):
  best = found.best[0].top[0]
  parts = [f"{axis} = {value}" for axis, value in best.cell.items()]
  parts += [f"{name} = {value:g}" for name, value in best.settings.items()]
  return (
    f"The best of {_many(len(found.settings), 'setting')} has a median "
    f"{study['score']} of {number(statistics.sign(study) * best.value)} over "
    f"{_many(best.n, 'seed')} ({best.n_ok} of {best.n} ended well): "
    f"{', '.join(parts) or 'the only one'}."
  )


def _about_budgets(study, axis, found):
  curves = {}
  for value in found.curves[axis]:
    group = statistics.with_value(found.settings, axis, value)
    costs = statistics.counted([each.value for each in group], found.worst)
    curves[value] = statistics.expected_best(costs, range(1, len(costs) + 1))
  if len(curves) < 2:
    return []
  first, *others = [
    (_from_to(first, last), value, curves[value][last - 1])
    for first, last, value in statistics.winners(curves)
  ]
  way = "lowest" if statistics.sign(study) > 0 else "highest"

  def won(upto, value, best):
    return f"{axis} = {value} ({number(statistics.sign(study) * best)})"

  parts = [
    f"With {first[0]} tried, the {way} expected best {study['score']} is that "
    f"of {won(*first)}",
    *(f"with {other[0]}, of {won(*other)}" for other in others[:3]),
  ]
  if len(others) > 3:
    parts.append(f"it changes {_many(len(others) - 3, 'more time')}")
  return ["; ".join(parts) + "."]


def _from_to(first, last):
  if first == last:
    return _many(first, "setting")
  return f"up to {last} settings" if first == 1 else f"{first} to {last}"


def _about_differences(study, axis, found):
  tested = found.comparisons[axis]
  if not tested:
    return [f"No two trainings differ in {axis} only: nothing could be tested."]
  clear = [each for each in tested if each.p_holm < significance.LEVEL]
  clear.sort(key=lambda each: each.p_holm)
  if clear:
    more = len(clear) - _MOST
    rest = [f"{axis}: {_many(more, 'more difference')} of this kind."]
    return [
      *(_difference(each) for each in clear[:_MOST]),
      *(rest if more > 0 else []),
    ]
  least = min(tested, key=lambda each: each.p_holm)
  text = (
    f"No difference between the values of {axis} is significant: the smallest "
    f"Wilcoxon p is {p_text(least.p_holm)} after Holm over "
    f"{_many(least.n_tests, 'test')} ({least.first} and {least.second}, "
    f"{_many(least.n, 'pair')})"
  )
  possible = min(1.0, least.n_tests * significance.smallest_p(least.n_nonzero))
  if possible >= significance.LEVEL:
    text += f"; so few pairs cannot have less than {p_text(possible)}"
  return [text + "."]


def _difference(each):
  """Returns "R1 beats none by 3.1 [1.2, 5.0] (Wilcoxon p = .004 ...)."."""
  test = (
    f"Wilcoxon p {p_equals(each.p_holm)} after Holm over "
    f"{_many(each.n_tests, 'test')}, {_many(each.n, 'pair')}"
  )
  if math.isnan(each.mean):
    words = "differ because one of them fails where the other does not"
    return f"{each.axis}: {each.first} and {each.second} {words} ({test})."
  better, worse, way = each.first, each.second, 1.0
  if each.mean < 0:
    better, worse, way = worse, better, -1.0
  interval = ""
  if not math.isnan(each.t[0]):
    low, high = sorted(way * end for end in each.t)
    interval = f" [{number(low)}, {number(high)}]"
  if each.n_infinite:
    test += f", of which {each.n_infinite} with a failure count in p only"
  return (
    f"{each.axis}: {better} beats {worse} by {number(way * each.mean)}"
    f"{interval} ({test})."
  )


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
      "is of the others."
    )
  return sentences + [f"Warning: {words}" for words in warnings(table)]


def warnings(table):
  """Returns sentences on what makes the figures doubtful."""
  found = []
  digests = statistics.protocols(table)
  if len(digests) > 1:
    found.append(
      f"The runs were scored under {len(digests)} different protocols "
      f"({', '.join(digests)}): their scores cannot be compared."
    )
  return found


def number(x):
  """Returns three digits or so of a number."""
  if x is None or math.isnan(x):
    return "-"
  if math.isinf(x):
    return "inf" if x > 0 else "-inf"
  return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def p_text(p):
  """Returns ".004", "1.00" or "less than .001"."""
  return "less than .001" if p < 0.001 else _p_digits(p)


def p_equals(p):
  return "< .001" if p < 0.001 else f"= {_p_digits(p)}"


def _p_digits(p):
  return (f"{p:.3f}" if p < 0.1 else f"{p:.2f}").lstrip("0")


def _many(n, thing):
  return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
