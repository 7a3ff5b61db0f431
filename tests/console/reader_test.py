"""Commands whose output goes to a program that has read enough: `| head`."""

import io
import subprocess
import sys

from compare_gan import console
import pytest

from tests import plain_shell


def _without_reader(*words):
  """Runs Python with nobody who reads; returns its exit code and its errors."""
  process = subprocess.Popen(
    [sys.executable, *words],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    cwd=plain_shell.empty_home(),
    env=plain_shell.checkout(),
  )
  process.stdout.close()
  errors = process.stderr.read()
  process.stderr.close()
  return process.wait(), errors


# As the shell says of a process that SIGPIPE ended, without a word.
_QUIET = (141, "")


@pytest.mark.parametrize(
  "words",
  [
    ["--help"],  # Python holds it back until the process ends,
    pytest.param(["list"], marks=pytest.mark.long),  # but not so much,
    # and not a text of more than that.
    pytest.param(["explain", "demo.gin"], marks=pytest.mark.long),
  ],
)
def test_a_reader_that_is_gone_is_no_error(words):
  assert _without_reader("-m", "compare_gan", *words) == _QUIET


@pytest.mark.long
def test_nor_is_it_one_of_a_training():
  words = ["-m", "compare_gan.main", "--gin_config=demo.gin", "--dry_run"]
  assert _without_reader(*words) == _QUIET


def test_another_pipe_that_breaks_is_an_error(tmp_path, monkeypatch):
  with open(tmp_path / "printed", "w") as file:
    for stream in (file, io.StringIO()):  # a notebook's has no number
      monkeypatch.setattr(sys, "stdout", stream)
      assert not console.reader_is_gone(BrokenPipeError())
