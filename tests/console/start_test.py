"""How a program starts quietly, and what its own commands then get."""

import signal
import subprocess
import sys

import pytest

from tests import plain_shell

_CODE = """
import os
from compare_gan import console
console.begin()
name = "TF_CPP_MIN_LOG_LEVEL"
print(os.environ[name], console.users_environment().get(name))
"""


@pytest.mark.parametrize(
  "given,said", [({}, "2 None"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0 0")]
)
def test_commands_get_the_users_variables_only(given, said):
  done = subprocess.run(
    [sys.executable, "-c", _CODE],
    env=plain_shell.checkout(**given),
    stdout=subprocess.PIPE,
    text=True,
    check=True,
  )
  assert done.stdout.strip() == said


_INTERRUPTED = """
import signal
from compare_gan import console
console.begin()
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.raise_signal(signal.SIGINT)  # as Ctrl-C does
"""


def _interrupted(*flags):
  done = subprocess.run(
    [sys.executable, "-c", _INTERRUPTED, *flags],
    env=plain_shell.checkout(),
    stderr=subprocess.PIPE,
    text=True,
  )
  # A shell's loop ends only if the signal itself has ended the process.
  assert done.returncode == -signal.SIGINT
  return done.stderr


def test_an_interruption_is_a_line():
  assert _interrupted() == "compare_gan: interrupted\n"


def test_traceback_shows_where():
  assert _interrupted("--traceback").startswith("Traceback")
