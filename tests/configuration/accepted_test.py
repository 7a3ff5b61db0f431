"""What parameters accept: ranges and choices, in the words of messages."""

from compare_gan.configuration import accepted
import pytest


@pytest.mark.parametrize(
  "rule,inside,outside,words",
  [
    (accepted.Range(least=1), (1, 2.5), (0, -1, float("nan")), "1 or more"),
    (accepted.Range(least=0, most=1), (0, 0.5, 1), (-0.1, 2), "from 0 to 1"),
    (accepted.Range(above=0), (1e-9,), (0, -1), "above 0"),
    (accepted.Range(least=0, below=1), (0, 0.9), (1,), "0 or more and below 1"),
    (accepted.OneOf("a", "b", "c"), ("a",), ("d", None), "'a', 'b' or 'c'"),
  ],
)
def test_what_is_refused(rule, inside, outside, words):
  assert rule.in_words() == words
  assert all(rule.refusal(value) is None for value in inside)
  assert all(words in rule.refusal(value) for value in outside)


@pytest.mark.parametrize("value", [True, "0.1", len])
def test_a_range_is_about_numbers_only(value):
  assert accepted.Range(above=5).refusal(value) is None
