"""What a study says in words."""

import math

from compare_gan.study.report import answers
from compare_gan.study.report import words
from compare_gan.study.report.statistics import summary as summary_lib
import numpy as np
import pytest

from tests.study import null
from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table


def _answers(found):
  return answers.answers(found, summary_lib.summarize(found))


def _the(sentences, words):
  [found] = [sentence for sentence in sentences if words in sentence]
  return found


def test_answers_tell_the_best_of_how_many():
  rows = [
    row(score, {"norm": "sn", "penalty": "gp"}, {"lr": lr}, seed)
    for lr, seed, score in [(1, 0, 12.0), (1, 1, 14.0), (2, 0, 20.0)]
  ]
  assert _answers(table(rows))[0] == (
    "The best of 2 settings has a median fid of 13 over 2 seeds (2 of 2 "
    "succeeded): norm = sn, penalty = gp, lr = 1. It was chosen by these "
    "seeds: fresh ones (repeat_best) look worse on average."
  )


def test_answers_tell_of_fresh_seeds_alone_how_good_the_best_is():
  rows = [row(1.0, settings={"lr": 1}), row(9.0, settings={"lr": 2})]
  rows += [
    row(score, settings={"lr": 1}, seed=9 + i, phase="repeat_best")
    for i, score in enumerate([2.0, 3.0, 4.0, None])
  ]
  assert _answers(table(rows, axes={}))[0].endswith(
    "lr = 1. Its 4 fresh seeds have a mean of 3 [0.516, 5.48], without the 1 "
    "that failed."
  )


def test_answers_describe_who_wins_at_which_budget():
  group = {"none": [1.0, 9.0, 9.0], "sn": [4.0, 4.0, 4.0]}
  rows = [
    row(score, {"norm": norm}, {"lr": i})
    for norm, scores in group.items()
    for i, score in enumerate(scores)
  ]
  found = table(rows, axes={"norm": ["none", "sn"]})
  # E[min of k] of none: 19 / 3, 11 / 3, 1.
  assert _the(_answers(found), "tried") == (
    "With 1 setting tried, the lowest expected best fid of these settings is "
    "that of norm = sn (4); with 2 to 3, of norm = none (1) (a description, "
    "not a finding: nothing is tested)."
  )


def test_answers_test_the_budget_of_a_random_search():
  rows = [
    row(10.0 * side + i, {"norm": norm}, {"lr": i}, phase="random_search")
    for side, norm in enumerate(["none", "sn"])
    for i in range(12)
  ]
  found = table(rows, axes={"norm": ["none", "sn"]})
  assert _the(_answers(found), "tried").endswith(
    "(exploratory: with 2 settings tried, the values of norm differ with p "
    "< .001, labels permuted)."
  )


def _gains(gains, seeds=5, **study):
  """Returns a table in which sn is better by these gains in the settings."""
  base = 10.0 + np.arange(len(gains))[:, None] + np.linspace(-2, 2, seeds)
  return null.table(base + np.reshape(gains, [-1, 1]), base, **study)


def test_answers_tell_a_clear_difference_with_its_test():
  found = _gains([-1.0, *np.linspace(2.5, 3.5, 11)])
  assert _the(_answers(found), "beats") == (
    "norm: sn beats none by 2.95 [2.55, 3.2] (12 settings x 5 seeds, exact "
    "Wilcoxon over settings, p < .001 after Holm over 1 test; better in 11 of "
    "12 settings; P = .87)."
  )


def test_answers_turn_with_what_is_better():
  found = _gains(np.linspace(2.5, 3.5, 12), minimize=False)
  sentences = _answers(found)
  assert "norm: none beats sn by 3 [2.77, 3.23] (12 settings" in _the(
    sentences, "beats"
  )
  assert "the highest expected best fid of these settings" in _the(
    sentences, "tried"
  )


def test_answers_never_call_values_equal():
  found = _gains([-0.4, 2.2, 1.0, -0.2, 1.5, 0.9], seeds=2)
  assert _the(_answers(found), "no difference") == (
    "norm: no difference shown between sn and none; [-0.4, 2.2], by which sn "
    "is better, does not rule out 2.2 (6 settings x 2 seeds, exact Wilcoxon "
    "over settings, p = .16 after Holm over 1 test). To find a difference of "
    "2.83, the standard deviation over seeds, with a power of 80 % takes about "
    "10 settings with as many seeds each."
  )


def test_answers_say_what_two_to_five_settings_allow():
  found = _gains([3.0, -1.0, 2.0, 1.0], seeds=3)
  assert _the(_answers(found), "too few") == (
    "norm: sn was better than none in 3 of 4 settings, mean 1.25 [-1.47, 3.97] "
    "assuming normal differences (4 settings x 3 seeds); too few for a test: "
    "6 settings, 2 more, are needed."
  )


def test_answers_say_how_many_settings_a_test_needs():
  rows = [
    row(lr + value * 0.1 * lr, {"norm": str(value)}, {"lr": lr})
    for value in range(4)
    for lr in range(1, 7)
  ]
  found = table(rows, axes={"norm": list("0123")})
  sentences = _answers(found)
  assert _the(sentences, "not testable") == (
    "norm: 6 settings reach .031, 6 tests need p below .008: not testable "
    "(0 and 1, 0 and 2, 0 and 3, 1 and 2, 1 and 3, 2 and 3); 8 settings, 2 "
    "more, are needed."
  )
  assert "p = .19 after Holm over 6 tests, p = .031 alone; 5 more of norm" in (
    _the(sentences, "no difference")
  )


def test_answers_are_about_this_setting_where_there_is_one():
  found = norms([5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0])
  assert _the(_answers(found), "beats") == (
    "norm at this setting: sn beats none by 4 [1, 7] (4 v 4 seeds, exact "
    "Mann-Whitney over seeds, p = .029 after Holm over 1 test; P = 1.00)."
  )


def test_answers_say_how_many_seeds_a_setting_needs():
  found = norms([5.0, 6.0, 9.0], [1.0, 2.0, 3.0])
  assert _the(_answers(found), "too few").endswith(
    "(3 v 3 seeds, P = 1.00); too few for a test: 4 seeds of each value, 1 "
    "more, are needed."
  )


def test_answers_say_when_nothing_could_be_tested():
  rows = [
    row(1.0, {"norm": "sn"}, {"lr": 1}),
    row(2.0, {"norm": "none"}, {"lr": 2}),
  ]
  found = table(rows, axes={"norm": ["none", "sn"]})
  assert "nothing could be tested" in _the(_answers(found), "norm only")


def test_answers_tell_who_fails():
  found = norms([None, None, 1.0, 1.0], [1.0, 2.0, None, 3.0])
  assert _the(_answers(found), "fails most") == (
    "norm = none fails most often, 2 of 4 trainings (50 %); sn least, 1 of 4 "
    "trainings (25 %)."
  )
  assert _the(_answers(found), "failures count as").endswith(
    "none fails in 2 of 4 runs, sn in 1 of 4; failures count as the worst "
    "value seen, 3; among survivors alone the mean fid of sn is 1 higher."
  )


def test_answers_tell_where_only_one_of_them_fails():
  found = norms([None] * 8, [1.0 + i for i in range(8)])
  sentence = _the(_answers(found), "beats")
  assert sentence.startswith(
    "norm at this setting: sn beats none by 3.5 [1, 6]"
  )
  assert sentence.endswith(
    "none fails in 8 of 8 runs, sn in 0 of 8; failures count as the worst "
    "value seen, 8."
  )


def test_answers_flag_what_changed_since_fewer_runs_had_ended():
  found = _gains(np.linspace(2.5, 3.5, 12))
  summary = summary_lib.summarize(found)
  looks = (summary_lib.Look(24, []), summary_lib.Look(60, []))
  sentence = _the(
    answers.answers(found, summary._replace(looks=looks)), "made before"
  )
  assert sentence.startswith(
    "Warning: 120 runs have ended, and the report was made before, after 24, "
    "60: norm, none and sn: shown now, not then. Adding runs until"
  )
  assert not [each for each in _answers(found) if "made before" in each]


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
  assert words.number(x) == shown


@pytest.mark.parametrize(
  "p,shown", [(0.0004, "less than .001"), (0.004, ".004"), (1.0, "1.00")]
)
def test_p_values(p, shown):
  assert words.p_text(p) == shown
