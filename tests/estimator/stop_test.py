"""Ctrl-C and `kill`: once with a checkpoint, twice at once."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from compare_gan.estimator import hooks
from compare_gan.estimator import stop
from compare_gan.storage import checkpoints
import numpy as np
import pytest

from tests import plain_shell
from tests.estimator import estimator_test

pytestmark = pytest.mark.versions("tf.function and tf.distribute run the loop")


def _wait_for(condition):
  deadline = time.monotonic() + 10.0
  while not condition() and time.monotonic() < deadline:
    time.sleep(0.01)
  assert condition()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_said(number, capsys):
  def handler(*_):
    pass

  # In the background of a script the tests themselves ignore Ctrl-C.
  before = signal.signal(number, handler)
  try:
    with stop.Requests() as requests:
      assert not requests.stop
      os.kill(os.getpid(), number)
      _wait_for(lambda: requests.stop)
    assert signal.getsignal(number) is handler
  finally:
    signal.signal(number, before)
  assert f"{number.name}: stopping after these" in capsys.readouterr().err


def test_who_ignores_ctrl_c_goes_on_ignoring_it():
  before = signal.signal(signal.SIGINT, signal.SIG_IGN)
  try:
    with stop.Requests():
      assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
  finally:
    signal.signal(signal.SIGINT, before)


class Signal(hooks.Hook):
  """Asks the training to stop at a step."""

  def __init__(self, at, monkeypatch):
    self._at = at
    self._requests = []
    enter = stop.Requests.__enter__

    def entered(requests):
      self._requests.append(requests)
      return enter(requests)

    monkeypatch.setattr(stop.Requests, "__enter__", entered)
    self.ended = False

  def after_loop(self, step, steps, seconds, scalars):
    if step == self._at:
      os.kill(os.getpid(), signal.SIGTERM)
      _wait_for(lambda: self._requests[-1].stop)

  def end(self, step):
    self.ended = True


@pytest.mark.parametrize("at", [3, 4])  # Without and with a checkpoint due.
def test_a_training_stops_with_a_checkpoint_and_goes_on(
  at, tmp_path, monkeypatch
):
  hook = Signal(at, monkeypatch)
  model = estimator_test.Counter()
  with pytest.raises(
    stop.StopRequested, match=f"at step {at} of 9, .* same command to resume"
  ):
    estimator_test._train(model, tmp_path, 9, save=4, loop=1, recorder=hook)
  assert hook.ended
  step, values = checkpoints.last_good(str(tmp_path))
  assert step == at
  again = estimator_test.Counter()
  for v in again.variables:
    v.assign(values[v.name.split(":")[0]])
  estimator_test._train(again, tmp_path, 9, save=4, loop=1)
  np.testing.assert_array_equal(again.total, sum(range(18)))


def test_a_signal_in_the_last_steps_does_not_undo_the_end(
  tmp_path, monkeypatch
):
  hook = Signal(5, monkeypatch)
  estimator_test._train(
    estimator_test.Counter(), tmp_path, 5, loop=1, recorder=hook
  )
  assert max(checkpoints.all_steps(str(tmp_path))) == 5


# A loop of the graph is one long instruction; so is this one.
_BUSY = """
import hashlib
from compare_gan.estimator import stop
with stop.Requests():
  print("READY", flush=True)
  hashlib.pbkdf2_hmac("sha256", b"", b"salt", 10**9)
"""


def test_the_second_signal_ends_the_process_at_once():
  process = subprocess.Popen(
    [sys.executable, "-c", _BUSY],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    cwd=pathlib.Path(__file__).parent.parent.parent,
    env=plain_shell.checkout(),
  )
  assert process.stdout.readline() == "READY\n"
  process.send_signal(signal.SIGTERM)
  assert "stopping" in process.stderr.readline()
  assert process.poll() is None
  process.send_signal(signal.SIGTERM)
  process.communicate(timeout=20)
  assert process.returncode == 128 + signal.SIGTERM
