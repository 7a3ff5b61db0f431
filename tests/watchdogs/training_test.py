"""Trainings with watchdogs: the same numbers, and the way back."""

import json

from compare_gan.estimator import hooks
from compare_gan.schedules import train
from compare_gan.storage import checkpoints
from compare_gan.watchdogs import actions
from compare_gan.watchdogs import curve
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin
import numpy as np
import pytest

from tests.watchdogs import tiny

pytestmark = [
  pytest.mark.long,
  pytest.mark.versions("a look must not move TensorFlow's variables"),
]

_SHORT = [
  "options.training_steps = 30",
  "run_config.save_checkpoints_steps = 10",
  "watchdog.every_steps = 5",
  "G.batch_norm_fn = @batch_norm",
  "D.spectral_norm = True",
  "ModularGAN.g_use_ema = True",
  "ModularGAN.ema_start_step = 5",
]


def _assert_same(first, second):
  step, values = checkpoints.last_good(str(first))
  other_step, others = checkpoints.last_good(str(second))
  assert step == other_step and set(values) == set(others)
  for name, value in values.items():
    np.testing.assert_array_equal(value, others[name], err_msg=name)


@pytest.mark.parametrize("action", ["stop", "go_back", "log"])
def test_looks_change_no_bit(tmp_path, action):
  tiny.train(tmp_path / "off", *_SHORT, "watchdog.action = 'off'")
  tiny.train(
    tmp_path / "on",
    *_SHORT,
    f"watchdog.action = '{action}'",
    "watchdog.share = None",
    "run_config.iterations_per_loop = 5",
  )
  _assert_same(tmp_path / "off", tmp_path / "on")
  looks = curve.read(str(tmp_path / "on"), 99)
  assert len(looks) > 3 and all(row["spread"] > 0 for row in looks[1:])
  if action != "log":  # Then the clock has a say.
    assert [row["step"] for row in looks] == [0, 5, 10, 15, 20, 25, 30]
  assert not (tmp_path / "off" / curve.FILE).exists()


@gin.configurable
class Alarm(signal.Signal):
  """Finds a collapse between two steps, unless the rates are small."""

  name = "alarm"

  def __init__(self, below=0.0008):
    self._below = below

  def numbers(self, look):
    return {"rate": look.scalars.get("learning_rate/g", 0.0)}

  def judge(self, curve, look):
    if look.step < 25 or curve.rows[-1]["rate"] < self._below:
      return None
    return states.Finding(self.name, states.COLLAPSED, 4, "Rates.", "Less.")


_BACK = [
  *_SHORT,
  "watchdog.action = 'go_back'",
  "watchdog.patience = 1",
  f"watchdog.signals = ['{__name__}.Alarm']",
]


def test_a_training_goes_back_and_on_with_smaller_rates(tmp_path, capsys):
  tiny.train(tmp_path, *_BACK)
  assert max(checkpoints.all_steps(str(tmp_path))) == 30
  rows = {
    row["step"]: row for row in hooks.read_scalars(tmp_path / "scalars.csv")
  }
  assert rows[10]["learning_rate/g"] == pytest.approx(0.001)
  assert rows[15]["learning_rate/g"] == pytest.approx(0.0005)
  lines = curve.read(str(tmp_path), 99)
  assert [line["from"] for line in lines if curve.is_return(line)] == [25]
  assert "Going back from step 25 to the healthy" in capsys.readouterr().out
  kept = json.loads((tmp_path / "diagnosis-25.json").read_text())
  assert kept["state"] == "collapsed" and kept["curve"][-1]["step"] == 25
  assert not (tmp_path / "diagnosis.json").exists()  # It is healthy now.


class _Killed(Exception):
  """Stands for the end of the process."""


@pytest.mark.once
def test_a_training_that_is_killed_while_it_returns_ends_with_the_same_bits(
  tmp_path, monkeypatch
):
  tiny.train(tmp_path / "whole", *_BACK)

  def die(*_):
    raise _Killed

  with monkeypatch.context() as patch:
    patch.setattr(
      actions.curve, "write", die
    )  # Checkpoints are gone, no note yet.
    with pytest.raises(_Killed):
      tiny.train(tmp_path / "part", *_BACK)
  with monkeypatch.context() as patch:
    patch.setattr(train, "_restore", die)  # It has noted the return.
    with pytest.raises(_Killed):
      tiny.train(tmp_path / "part", *_BACK)
  tiny.train(tmp_path / "part", *_BACK)
  _assert_same(tmp_path / "whole", tmp_path / "part")


def test_stop_is_a_sentence_with_the_state(tmp_path):
  with pytest.raises(actions.Stopped, match="at step 25: collapsed. Rates."):
    tiny.train(tmp_path, *_BACK, "watchdog.action = 'stop'")
  assert not (tmp_path / "TRAIN_DONE").exists()
