"""The benchmark of memory, on a network that is small."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import memory
from tests import plain_shell


def test_unknown_cases_are_named(capsys):
  with pytest.raises(SystemExit):
    memory._arguments(["--cases=plain,tiny"])
  assert "--cases has tiny" in capsys.readouterr().err


@pytest.mark.slow
def test_last_line_holds_each_case():
  done = subprocess.run(
    [
      *(sys.executable, "-m", "benchmarks.memory"),
      *("--cases=plain,chunked", "--ch=8", "--batch=2", "--steps=1"),
    ],
    capture_output=True,
    text=True,
    cwd=os.getcwd(),
    env=plain_shell.checkout(),
  )
  assert done.returncode == 0, done.stderr[-2000:]
  plain, chunked = json.loads(done.stdout.splitlines()[-1])
  assert plain["case"] == "plain" and plain["of_plain"] == 1.0
  assert chunked["batch"] == 2 and chunked["pixels"] == 128
  assert 0 < chunked["built_gib"] < chunked["peak_gib"]
  assert chunked["of_plain"] == pytest.approx(
    chunked["peak_gib"] / plain["peak_gib"], abs=0.01
  )
