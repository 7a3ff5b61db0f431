"""A command that ends when its parent does."""

import os
import subprocess
import sys
import time

from compare_gan.study.run import follow
import pytest

from tests import plain_shell
from tests.study.run import process_test

# A parent that starts a follower, says its number and waits to be killed.
_PARENT = f"""
import os, subprocess, sys, time
words = [sys.executable, "-I", "-S", {follow.__file__!r}, str(os.getpid())]
code = "import time; print('READY', flush=True); time.sleep(60)"
child = subprocess.Popen(
  [*words, sys.executable, "-S", "-c", code], start_new_session=True
)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(
  not sys.platform.startswith("linux"), reason="Linux alone tells a process."
)
def test_it_is_killed_when_its_parent_is():
  parent = subprocess.Popen(
    [sys.executable, "-S", "-c", _PARENT],
    stdout=subprocess.PIPE,
    text=True,
    env=plain_shell.checkout(),
  )
  said = sorted(parent.stdout.readline().strip() for _ in range(2))
  assert said[1] == "READY"
  assert process_test.is_running(int(said[0]))
  parent.kill()
  parent.wait()  # Its output is the child's too, and does not end yet.
  limit = time.monotonic() + 20
  while process_test.is_running(int(said[0])):
    assert time.monotonic() < limit
    time.sleep(0.02)
  parent.stdout.close()


def test_it_does_not_begin_without_its_parent():
  words = [sys.executable, follow.__file__, "1" if os.getpid() != 1 else "2"]
  ended = subprocess.run(
    [*words, sys.executable, "-c", "print('begun')"],
    env=plain_shell.checkout(),
    capture_output=True,
    text=True,
  )
  assert ended.returncode == 1
  assert ended.stdout == ""
  assert "The parent has already ended." in ended.stderr


def test_it_becomes_the_command():
  words = [sys.executable, follow.__file__, str(os.getpid())]
  code = "import os; print(os.getpid()); raise SystemExit(3)"
  child = subprocess.Popen(
    [*words, sys.executable, "-c", code],
    stdout=subprocess.PIPE,
    text=True,
    env=plain_shell.checkout(),
  )
  output, _ = child.communicate()
  assert (output.strip(), child.returncode) == (str(child.pid), 3)
