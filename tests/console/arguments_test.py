"""Words of a command line, as a shell leaves them."""

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
