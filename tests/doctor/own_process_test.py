"""Whatever a child does, the answer says how it ended."""

import os
import sys

from compare_gan.doctor import own_process
import pytest


@pytest.fixture
def child(monkeypatch, tmp_path):
  """Returns a function that makes some Python text the child."""

  def put_in_place(text):
    path = tmp_path / "own_child.py"
    path.write_text(text)
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{path}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

  return put_in_place


def test_messages_are_read_and_other_lines_are_left_out(child):
  child("print('{\"a\": 1}'); print('noise'); print('{\"b\"')")
  assert own_process.ask([], 60) == own_process.Answer([{"a": 1}])


def test_an_abort_is_a_failure_with_the_last_line(child):
  child(
    "import os, sys\n"
    "print('{\"a\": 1}', flush=True)\n"
    "print('F0000 00:00:00 a log line', file=sys.stderr)\n"
    "print('Check failed: x', file=sys.stderr, flush=True)\n"
    "os.abort()"
  )
  answer = own_process.ask([], 60)
  assert answer.said == [{"a": 1}]
  assert answer.failure == "it was killed by SIGABRT: Check failed: x"


def test_an_exception_is_a_failure(child):
  child("raise ValueError('what was wrong')")
  failure = own_process.ask([], 60).failure
  assert failure == "it ended with exit code 1: ValueError: what was wrong"


def test_a_child_that_hangs_is_killed_and_what_it_said_is_kept(child):
  child("import time\nprint('{\"a\": 1}', flush=True)\ntime.sleep(60)")
  answer = own_process.ask([], 1)
  assert answer.said == [{"a": 1}]
  assert answer.failure == "it did not end within 1 s"


def test_a_child_does_not_wait_for_other_hosts(child, monkeypatch):
  for name in ("TF_CONFIG", "SLURM_NTASKS", "RANK_SIZE"):
    monkeypatch.setenv(name, "2")
  monkeypatch.setenv("PYTHONPATH", "mine")
  child(
    "import json, os\n"
    "print(json.dumps({name: os.environ[name] for name in os.environ}))"
  )
  [seen] = own_process.ask([], 60, {"MORE": "1"}).said
  assert not {"TF_CONFIG", "SLURM_NTASKS", "RANK_SIZE"} & set(seen)
  assert seen["MORE"] == "1"
  root, mine = seen["PYTHONPATH"].split(os.pathsep)
  assert mine == "mine"
  assert os.path.isfile(os.path.join(root, "compare_gan", "main.py"))
