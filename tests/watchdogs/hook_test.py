"""The hook: when it looks, what it tells, and that it changes nothing."""

import io
import itertools

from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
from compare_gan.storage import checkpoints
from compare_gan.storage import healthy_checkpoint
from compare_gan.watchdogs import actions
from compare_gan.watchdogs import curve
from compare_gan.watchdogs import diagnosis
from compare_gan.watchdogs import hook
from compare_gan.watchdogs import settings
from compare_gan.watchdogs import states
import pytest
import tensorflow as tf

from tests.gans import tiny as tiny_gan

pytestmark = pytest.mark.versions("a probe is a graph of its own")


class _Scripted(hook.Watchdog):
  """Finds a collapse from a step on, without looking."""

  from_step = 30

  def begin(self, model, step, max_steps):
    super().begin(tiny_gan.gan(), step, max_steps)
    self.looked = []

  def _look_if_possible(self, step, scalars):
    self.looked.append(step)
    return hook.probe.first_look(self._model, step)

  def _row_of(self, look):
    return {"step": look.step, "spread": 1.0}


class _Sees(hook.signal.Signal):
  name = "scripted"

  def numbers(self, look):
    return {"spread": 1.0}

  def judge(self, curve, look):
    if curve.rows[-1]["step"] < _Scripted.from_step:
      return None
    return states.Finding("scripted", states.COLLAPSED, 4, "It is.", "Rest.")


def _watchdog(folder, **chosen):
  training = hook_kinds.Training(
    str(folder), 2, 2, dict, dict, None, hooks.Notes()
  )
  made = _Scripted(
    training,
    settings.Settings(
      **{"every_steps": 10, "patience": 2, "share": None, **chosen}
    ),
  )
  made._signals = [_Sees()]
  made.begin(None, 0, 100)
  return made, training.notes


def _go(watchdog, *steps, seconds=1.0):
  for step in steps:
    watchdog.after_loop(step, 1, seconds, {"loss/g": 1.0})


def test_it_looks_at_multiples_once_they_are_reached(tmp_path):
  watchdog, _ = _watchdog(tmp_path)
  _go(watchdog, 1, 9, 12, 14, 20, 29)
  assert watchdog.looked == [12, 20]


def test_loops_end_at_looks_only_if_something_follows(tmp_path):
  assert _watchdog(tmp_path)[0].every_steps is None
  assert _watchdog(tmp_path, action="stop")[0].every_steps == 10


def test_looks_take_no_more_than_their_share_of_the_time(tmp_path):
  watchdog, _ = _watchdog(tmp_path, share=0.01)
  _go(watchdog, 10, seconds=2.0)  # It built the graph: so long for a look.
  _go(watchdog, 20, seconds=197.0)
  assert watchdog.looked == []
  _go(watchdog, 31, seconds=2.0)
  assert watchdog.looked == [31]


def test_a_look_waits_until_it_fits_into_the_share(tmp_path, monkeypatch):
  ticks = itertools.count()
  monkeypatch.setattr(hooks, "clock", lambda: float(next(ticks)))  # 1 s a look
  watchdog, _ = _watchdog(tmp_path, share=0.1)
  watchdog._probe = "built"
  _go(watchdog, 10, seconds=1.0)
  _go(watchdog, 20, seconds=18.9)  # A second look would be 2 s of 19.9.
  assert watchdog.looked == [10]
  _go(watchdog, 30, seconds=0.2)
  assert watchdog.looked == [10, 30]


def test_a_loss_that_is_not_finite_is_looked_at_at_once(tmp_path):
  watchdog, _ = _watchdog(tmp_path, share=0.01)
  watchdog.after_loop(3, 1, 1.0, {"loss/g": float("nan")})
  assert watchdog.looked == [3]


def test_a_state_is_told_in_words_files_and_texts(tmp_path, capsys):
  watchdog, notes = _watchdog(tmp_path)
  _go(watchdog, 10)
  assert notes.words == {"watchdog": "healthy"}
  assert diagnosis.read(str(tmp_path)) is None
  _go(watchdog, 20, 30, 40)
  assert notes.words == {"watchdog": "collapsed"}
  assert notes.scalars == {"watchdog/spread": 1.0}
  assert notes.texts == {"watchdog/state": "**collapsed** It is."}
  found = diagnosis.read(str(tmp_path))
  assert (found["step"], found["state"]) == (30, "collapsed")
  assert found["states"][1] == {"step": 30, "state": "collapsed"}
  assert [row["step"] for row in found["curve"]] == [0, 10, 20, 30]
  assert "docs/watchdogs.md#collapsed" in found["see"]
  assert "step 30: collapsed. It is. Rest." in capsys.readouterr().out


def test_stop_ends_the_training_after_the_other_hooks(tmp_path):
  watchdog, _ = _watchdog(tmp_path, action="stop")
  stop = hook.Stop(watchdog)
  _go(watchdog, 10)
  stop.after_loop(10, 1, 1.0, {})
  _go(watchdog, 30)
  with pytest.raises(FloatingPointError, match="at step 30: collapsed. It is"):
    stop.after_loop(30, 1, 1.0, {})


def _write(folder, *steps):
  for step in steps:
    checkpoints.write(str(folder), step, {"x": tf.constant(1.0 * step)})


def test_going_back_takes_the_last_checkpoint_that_was_healthy(tmp_path):
  watchdog, _ = _watchdog(tmp_path, action="go_back", rate_factor=0.25)
  _write(tmp_path, 0, 10)
  _go(watchdog, 10)
  _write(tmp_path, 20)
  _go(watchdog, 20)  # As of 10, the look before, all was well.
  assert healthy_checkpoint.read(str(tmp_path)) == 10
  with pytest.raises(actions.GoBack) as asked:
    _go(watchdog, 30)
  assert asked.value.step == 10
  assert sorted(checkpoints.all_steps(str(tmp_path))) == [0, 10]
  lines = curve.read(str(tmp_path), 100)
  assert [line["step"] for line in lines] == [0, 10, 10]
  assert lines[-1]["from"] == 30 and curve.rate_factor(lines) == 0.25


def test_going_back_has_an_end(tmp_path):
  watchdog, _ = _watchdog(tmp_path, action="go_back", most_returns=1)
  _write(tmp_path, 0)
  with pytest.raises(actions.GoBack):
    _go(watchdog, 30)
  watchdog.begin(None, 0, 100)  # as the training that goes on
  _go(watchdog, 30)
  assert "went back 1 times" in str(watchdog.error)


def test_going_on_drops_what_comes_later(tmp_path):
  watchdog, _ = _watchdog(tmp_path)
  _go(watchdog, 10, 20, 30)
  watchdog.begin(None, 20, 100)
  assert diagnosis.read(str(tmp_path)) is None
  assert [line["step"] for line in curve.read(str(tmp_path), 99)] == [0, 10, 20]


@pytest.mark.parametrize(
  "chosen,message",
  [
    ({"action": "bark"}, "watchdog.action = 'bark'.*'go_back'"),
    ({"every_steps": 0}, "watchdog.every_steps = 0"),
    ({"rate_factor": 2.0}, "watchdog.rate_factor = 2.0"),
    ({"signals": 3}, "watchdog.signals = 3.*must be a list"),
    ({"signals": ["no.Where"]}, "'no.Where', which cannot be found"),
  ],
)
def test_wrong_settings_are_refused(chosen, message):
  with pytest.raises(ValueError, match=message):
    settings.Settings(**chosen)


def test_words_stand_beside_the_losses():
  stream, notes = io.StringIO(), hooks.Notes()
  progress = hooks.Progress(2, stream, notes)
  progress.begin(None, 0, 9)
  progress.after_loop(1, 1, 1.0, {})
  notes.words["watchdog"] = "D winning"
  progress.after_loop(2, 1, 1.0, {"loss/g": 0.5})
  assert "loss/g 0.5000  D winning  2 images/s" in stream.getvalue()


# ---- The probe ---------------------------------------------------------------


def test_a_gan_that_cannot_be_shown_is_looked_at_without_images(tmp_path):
  training = hook_kinds.Training(
    str(tmp_path), 2, 2, dict, dict, "no dataset", hooks.Notes()
  )
  watchdog = hook.Watchdog(training, settings.Settings(share=None))
  watchdog.begin(tiny_gan.gan(), 0, 100)
  with pytest.warns(UserWarning, match="see weights and losses only"):
    watchdog.after_loop(100, 1, 1.0, {"loss/g": 1.0})
  assert training.notes.words == {"watchdog": "healthy"}
  assert training.notes.scalars["watchdog/weights_d"] > 0
  assert "watchdog/spread" not in training.notes.scalars
