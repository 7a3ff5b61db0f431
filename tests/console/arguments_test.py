"""Words of a command line, as a shell leaves them."""

import argparse

from compare_gan import console
import pytest


@pytest.mark.parametrize(
  "word, expanded",
  [
    ("--model_dir=~/runs/a", "--model_dir=/home/me/runs/a"),
    ("--images=~", "--images=/home/me"),
    ("--out=a~b", "--out=a~b"),
    ("--out=./~/a", "--out=./~/a"),
    (
      "--gin_bindings=z.stddev = 1  # ~/a",
      "--gin_bindings=z.stddev = 1  # ~/a",
    ),
    ("~/a", "~/a"),  # Only quotes keep it from the shell.
  ],
)
def test_home_directories_of_flags(word, expanded, monkeypatch):
  monkeypatch.setenv("HOME", "/home/me")
  assert console.expand_homes(["sample", word]) == ["sample", expanded]


def test_a_whole_number_in_its_range():
  assert console.whole(1)("1") == 1
  assert console.whole(0, 7)("7") == 7
  assert console.seed("-9223372036854775808") == -(2**63)


@pytest.mark.parametrize(
  "kind, text, accepted",
  [
    (console.whole(1), "0", "of 1 or more"),
    (console.whole(1), "1.0", "of 1 or more"),
    (console.whole(0, 7), "8", "from 0 to 7"),
    (console.seed, "9223372036854775808", "from -9223372036854775808 to"),
  ],
)
def test_another_number_is_refused_with_those_that_are_accepted(
  kind, text, accepted
):
  with pytest.raises(argparse.ArgumentTypeError) as refused:
    kind(text)
  assert f"{text!r}. It must be a whole number {accepted}" in str(refused.value)
