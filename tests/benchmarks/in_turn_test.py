"""Programs are measured in turn, and what they answer is read."""

import sys

import pytest

from benchmarks import in_turn
from tests import plain_shell

_PROGRAM = """
import sys
from benchmarks import in_turn
print("a line of a library", file=sys.stderr)
in_turn.answer_rounds(lambda steps: None, 3, {"version": "7"})
"""


def test_the_next_one_begins_each_round():
  calls = []

  def program(name):
    def answer():
      calls.append(name)
      return name.upper()

    return answer

  found = in_turn.rounds([program(name) for name in "abc"], 4)
  assert found == [("A", "B", "C")] * 4
  assert "".join(calls) == "abc" + "bca" + "cab" + "abc"


def test_a_program_tells_of_itself_and_answers_each_round():
  program = in_turn.Program(
    [sys.executable, "-c", _PROGRAM], plain_shell.ROOT, plain_shell.checkout()
  )
  told = program.answer("first_step_s")
  seconds, cpu = program.seconds_per_step()
  program.end()
  assert told["version"] == "7"
  assert told["first_step_s"] >= 0 and seconds >= 0 and cpu >= 0


def test_a_program_that_fails_says_why():
  program = in_turn.Program(
    [sys.executable, "-c", "raise SystemExit('no such card')"],
    plain_shell.ROOT,
    plain_shell.checkout(),
  )
  with pytest.raises(RuntimeError, match="no such card"):
    program.answer("first_step_s")
  program.end()
