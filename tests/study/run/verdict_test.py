"""What an exit code, a log and a table of scores say about a training's end."""

import json
import signal

from compare_gan.estimator import hooks
from compare_gan.study.run import verdict
from compare_gan.watchdogs import actions
from compare_gan.watchdogs import diagnosis
from compare_gan.watchdogs import states
import pytest


def test_the_nan_guard_means_a_collapse(tmp_path):
  with pytest.raises(FloatingPointError) as error:
    hooks.NanGuard().after_loop(7, 1, 1.0, {"loss/d": float("nan")})
  lines = ["step 6: fine", f"compare_gan: {error.value}"]
  status, _ = verdict.classify(str(tmp_path), "fid", 1, lines)
  assert status == "collapsed"


def test_a_watchdog_that_ends_a_training_means_a_collapse(tmp_path):
  finding = states.Finding("sleep", states.ASLEEP, 2, "D sleeps.", "Wake it.")
  error = actions.stopped(str(tmp_path), 300, finding)
  lines = ["step 300: fine", f"compare_gan: {error}"]
  status, reason = verdict.classify(str(tmp_path), "fid", 1, lines)
  assert status == "collapsed"
  assert "step 300: asleep. D sleeps." in reason


def test_a_run_that_ended_well_keeps_the_word_of_its_watchdog(tmp_path):
  (tmp_path / "TRAIN_DONE").touch()
  row = {"step": 5, "status": "ok", "scores": {"fid": 9.0}}
  (tmp_path / "scores.jsonl").write_text(json.dumps(row) + "\n")
  classify = lambda: verdict.classify(str(tmp_path), "fid", 0, [])  # noqa: E731
  assert classify() == ("ok", "")
  finding = states.Finding("sleep", states.ASLEEP, 2, "D sleeps.", "Wake it.")
  diagnosis.write(str(tmp_path), 4, finding, [(4, "asleep")], [])
  assert classify() == (
    "ok",
    "A watchdog named it asleep from step 4 on: D sleeps.",
  )
  diagnosis.write(str(tmp_path), 5, None, [(5, "healthy")], [])
  assert classify() == ("ok", "")


@pytest.mark.parametrize(
  "code,was_short,status",
  [
    (-signal.SIGKILL, False, "killed"),
    (-signal.SIGKILL, True, "memory"),
    (137, True, "memory"),
    (-signal.SIGTERM, True, "killed"),
    (143, False, "killed"),
    (-signal.SIGSEGV, False, "failed"),
    (3, False, "failed"),
  ],
)
def test_exit_codes(code, was_short, status, tmp_path):
  found, reason = verdict.classify(str(tmp_path), "fid", code, [], was_short)
  assert found == status
  assert reason


def test_a_sentence_tells_more_than_a_line_after_it():
  lines = ["ValueError: x", "compare_gan: No such file.", "bye"]
  assert verdict.telling_line(lines) == "compare_gan: No such file."
  assert verdict.telling_line(["a.b.OSError: full", "bye"]) == (
    "a.b.OSError: full"
  )
  assert verdict.telling_line(["hello", "bye", " "]) == "bye"
