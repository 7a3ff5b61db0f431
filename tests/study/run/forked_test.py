"""Trainings forked from a process that has imported TensorFlow."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from compare_gan.study.run import fork_server
from compare_gan.study.run import forked
from compare_gan.study.run import process
import pytest

from tests import plain_shell
from tests.study.run import process_test

pytestmark = [
  pytest.mark.long,  # The server imports TensorFlow.
  pytest.mark.versions("whether a TensorFlow can be forked"),
  pytest.mark.skipif(not forked.is_possible(), reason="Linux only"),
]

# Says what it is, waits for a file, and ends as its first argument says.
_MODULE = """
import json, os, random, sys, time
print(json.dumps({
  "name": __name__, "arguments": sys.argv[1:], "folder": os.getcwd(),
  "path": sys.path[0], "threads": os.environ.get("OMP_NUM_THREADS"),
  "imported": "compare_gan.runner_lib" in sys.modules,
  "parent": os.getppid(), "pid": os.getpid(), "group": os.getpgrp(),
  "number": random.random(), "input": sys.stdin.read(),
}), flush=True)
while sys.argv[1] == "wait":
  time.sleep(0.02)
if sys.argv[1] == "fail":
  raise ValueError("no such dataset")
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def server():
  made = forked.Server()
  yield made
  made.close()


def _task(folder, name, *arguments, threads=1):
  (folder / name).mkdir()
  module = folder / "own_module.py"
  if not module.exists():  # A run that reads it now must not find it empty.
    module.write_text(_MODULE)
  return process.Task(
    name,
    str(folder / name),
    (sys.executable, "-m", "own_module", *arguments),
    str(folder),
    environment=process.environment(threads),
  )


def _said(folder, name):
  """Returns what a run has printed of itself, as soon as it has."""
  limit = time.monotonic() + 120
  while time.monotonic() < limit:
    lines = (folder / name / "log.txt").read_text().splitlines()
    for line in lines:
      if line.startswith("{") and line.endswith("}"):
        return json.loads(line)
    time.sleep(0.02)
  raise AssertionError(lines)


def _wait_for_the_end_of(*pids):
  limit = time.monotonic() + 20
  while any(process_test.is_running(pid) for pid in pids):
    assert time.monotonic() < limit
    time.sleep(0.02)


class _Run(threading.Thread):
  """Runs a task; has its outcome after `join`."""

  def __init__(self, task, server):
    super().__init__()
    self._task, self._server = task, server
    self.stop = threading.Event()
    open(os.path.join(task.folder, "log.txt"), "w").close()
    self.start()

  def run(self):
    self.outcome = process.run_task(self._task, self.stop, self._server.start)

  def ended(self):
    self.join()
    return self.outcome


def test_a_run_is_what_a_process_of_its_own_would_be(tmp_path, server):
  outcomes = [
    process.run_task(_task(tmp_path, name, "0", "-x=1"), None, server.start)
    for name in "ab"
  ]
  own = process.run_task(_task(tmp_path, "own", "0", "-x=1"))
  assert {outcome.status for outcome in outcomes} == {own.status}
  a, b = _said(tmp_path, "a"), _said(tmp_path, "b")
  assert a["name"] == "__main__" and a["arguments"] == ["0", "-x=1"]
  assert a["folder"] == a["path"] == str(tmp_path)
  assert a["threads"] == "1" and a["input"] == "" and a["group"] == a["pid"]
  assert a["imported"] and a["parent"] == b["parent"] != os.getpid()
  assert a["number"] != b["number"]


def test_errors_and_exit_codes_are_those_of_a_process(tmp_path, server):
  task = _task(tmp_path, "a", "fail")
  outcome = process.run_task(task, None, server.start)
  assert outcome.status == "failed"
  assert outcome.log_tail[-1] == "ValueError: no such dataset"
  with open(tmp_path / "log", "wb") as log, open(os.devnull) as lock:
    for code in ("0", "3"):
      task = _task(tmp_path, code, code)
      training = server.start(task, log, lock.fileno())
      assert training.wait(60) == training.returncode == int(code)


def test_the_end_of_one_run_does_not_touch_another(tmp_path, server):
  first, second, third = (
    _Run(_task(tmp_path, name, "wait"), server) for name in "abc"
  )
  os.kill(_said(tmp_path, "a")["pid"], signal.SIGSEGV)
  assert first.ended().status == "failed"
  assert first.outcome.reason.startswith("It was killed by SIGSEGV.")
  said = _said(tmp_path, "b")
  assert process_test.is_running(said["pid"])
  second.stop.set()
  assert second.ended().status == "interrupted"
  assert not process_test.is_running(said["pid"])
  assert process_test.is_running(_said(tmp_path, "c")["pid"])
  third.stop.set()
  third.join()


def test_what_cannot_be_forked_is_a_process_of_its_own(tmp_path, server):
  process.run_task(_task(tmp_path, "a", "0"), None, server.start)
  process.run_task(_task(tmp_path, "b", "0", threads=2), None, server.start)
  task = _task(tmp_path, "c")
  code = "print('{\"imported\": false}')"
  task = task._replace(command=(sys.executable, "-S", "-c", code))
  process.run_task(task, None, server.start)
  imported = [_said(tmp_path, name)["imported"] for name in "abc"]
  assert imported == [True, False, False]


def test_a_fork_that_fails_touches_no_other_run(tmp_path, monkeypatch):
  monkeypatch.setattr(fork_server, "_fork", lambda: None)
  ours, theirs = socket.socketpair()
  serving = threading.Thread(target=fork_server._serve, args=(theirs,))
  serving.start()
  server = forked.Server()
  words = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
  server._process = subprocess.Popen(words, env=plain_shell.checkout())
  server._environment, server._requests = process.environment(1), ours
  for name in "ab":
    process.run_task(_task(tmp_path, name, "0"), None, server.start)
    assert not _said(tmp_path, name)["imported"]
  assert server._process.poll() is None and serving.is_alive()
  server.close()
  serving.join()


def test_without_its_server_a_run_ends_and_the_next_one_needs_none(tmp_path):
  server = forked.Server()
  run = _Run(_task(tmp_path, "a", "wait"), server)
  said = _said(tmp_path, "a")
  os.kill(said["parent"], signal.SIGKILL)
  assert "killed" in run.ended().status
  _wait_for_the_end_of(said["pid"])
  process.run_task(_task(tmp_path, "b", "0"), None, server.start)
  assert not _said(tmp_path, "b")["imported"]
  server.close()


_CONDUCTOR = """
import sys
from compare_gan.study.run import forked, process
command = (sys.executable, "-m", "own_module", "wait")
process.run_task(
  process.Task("a", "a", command, ".", environment=process.environment(1)),
  None, forked.Server().start,
)
"""


def test_the_server_and_its_runs_end_with_the_conductor(tmp_path):
  _task(tmp_path, "a")
  (tmp_path / "a" / "log.txt").touch()
  conductor = subprocess.Popen(
    [sys.executable, "-c", _CONDUCTOR],
    cwd=tmp_path,
    env=plain_shell.checkout(),
  )
  said = _said(tmp_path, "a")
  conductor.kill()
  conductor.wait()
  _wait_for_the_end_of(said["pid"], said["parent"])
