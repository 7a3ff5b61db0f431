"""What a study says in words."""

import math

from compare_gan.study import answers
from compare_gan.study import statistics
import numpy as np
import pytest

from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table


def _answers(found):
  return answers.answers(found, statistics.summary(found))


def _the(sentences, words):
  [found] = [sentence for sentence in sentences if words in sentence]
  return found


def test_answers_tell_the_best_of_how_many():
  rows = [
    row(score, {"norm": "sn", "penalty": "gp"}, {"lr": lr}, seed)
    for lr, seed, score in [(1, 0, 12.0), (1, 1, 14.0), (2, 0, 20.0)]
  ]
  assert _answers(table(rows))[0] == (
    "The best of 2 settings has a median fid of 13 over 2 seeds (2 of 2 ended "
    "well): norm = sn, penalty = gp, lr = 1."
  )


def test_answers_tell_who_wins_at_which_budget():
  group = {"none": [1.0, 9.0, 9.0], "sn": [4.0, 4.0, 4.0]}
  rows = [
    row(score, {"norm": norm}, {"lr": i})
    for norm, scores in group.items()
    for i, score in enumerate(scores)
  ]
  found = table(rows, axes={"norm": ["none", "sn"]})
  # E[min of k] of none: 19 / 3, 11 / 3, 1.
  assert _the(_answers(found), "tried") == (
    "With 1 setting tried, the lowest expected best fid is that of norm = sn "
    "(4); with 2 to 3, of norm = none (1)."
  )


def test_answers_tell_a_clear_difference_with_its_test():
  gains = np.linspace(2.5, 3.5, 12)
  found = norms(10.0 + gains, [10.0] * 12)
  assert _the(_answers(found), "beats") == (
    "norm: sn beats none by 3 [2.79, 3.21] (Wilcoxon p < .001 after Holm over "
    "1 test, 12 pairs)."
  )


def test_answers_turn_with_what_is_better():
  gains = np.linspace(2.5, 3.5, 12)
  found = norms(10.0 + gains, [10.0] * 12, minimize=False)
  sentences = _answers(found)
  assert "norm: none beats sn by 3 [2.79, 3.21]" in _the(sentences, "beats")
  assert "the highest expected best fid is that of norm = none (13" in _the(
    sentences, "tried"
  )


def test_answers_say_when_nothing_is_significant():
  found = norms([5.0, 5.0, 4.0, 5.5], [4.0, 4.0, 3.5, 4.75])
  assert _the(_answers(found), "significant") == (
    "No difference between the values of norm is significant: the smallest "
    "Wilcoxon p is .12 after Holm over 1 test (none and sn, 4 pairs); so few "
    "pairs cannot have less than .12."
  )


def test_answers_say_when_nothing_could_be_tested():
  rows = [row(1.0, {"norm": "sn"}, seed=0), row(2.0, {"norm": "none"}, seed=1)]
  found = table(rows, axes={"norm": ["none", "sn"]})
  assert "nothing could be tested" in _the(_answers(found), "norm only")


def test_answers_tell_who_fails():
  found = norms([None, None, 1.0, 1.0], [1.0, 2.0, None, 3.0])
  assert _the(_answers(found), "fails") == (
    "norm = none fails most often, 2 of 4 trainings (50 %); sn least, 1 of 4 "
    "trainings (25 %)."
  )


def test_answers_tell_where_only_one_of_them_fails():
  found = norms([None] * 8, [1.0 + i for i in range(8)])
  assert _the(_answers(found), "differ because") == (
    "norm: none and sn differ because one of them fails where the other does "
    "not (Wilcoxon p = .008 after Holm over 1 test, 8 pairs)."
  )


def test_answers_tell_which_metrics_disagree():
  rows = [
    row(float(i), seed=i, more={"kid": i**2, "is": (-1.0) ** i})
    for i in range(6)
  ]
  sentence = _the(_answers(table(rows, axes={})), "agree least")
  assert "is and kid" in sentence or "fid and is" in sentence
  assert "over 6 runs" in sentence


def test_answers_warn_of_unlike_protocols_and_of_what_runs():
  rows = [
    row(1.0, seed=0),
    row(1.0, seed=1, protocol="bb"),
    row(None, seed=2, status="waiting"),
  ]
  sentences = _answers(table(rows, axes={}))
  assert "2 different protocols (aa, bb)" in _the(sentences, "Warning")
  assert _the(sentences, "not ended").startswith("1 of 3 runs")


def test_answers_without_a_score():
  assert _answers(table([row(None)]))[0] == "No training has a score yet."
  assert _answers(table([]))[0] == "No training has a score yet."


@pytest.mark.parametrize(
  "x,shown",
  [
    (12.345, "12.3"),
    (1234.5, "1234"),
    (0.00123456, "0.00123"),
    (math.nan, "-"),
  ],
)
def test_numbers_have_three_digits(x, shown):
  assert answers.number(x) == shown


@pytest.mark.parametrize(
  "p,shown", [(0.0004, "less than .001"), (0.004, ".004"), (1.0, "1.00")]
)
def test_p_values(p, shown):
  assert answers.p_text(p) == shown
