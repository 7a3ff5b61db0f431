"""What an exit code, a log and a table of scores say about a training's end."""

import signal

from compare_gan.estimator import hooks
from compare_gan.study.run import verdict
import pytest


def test_the_nan_guard_means_a_collapse(tmp_path):
  with pytest.raises(FloatingPointError) as error:
    hooks.NanGuard().after_loop(7, 1, 1.0, {"loss/d": float("nan")})
  lines = ["step 6: fine", f"compare_gan: {error.value}"]
  status, _ = verdict.classify(str(tmp_path), "fid", 1, lines)
  assert status == "collapsed"


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
