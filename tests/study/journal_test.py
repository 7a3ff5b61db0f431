"""Lines that are there whole or not at all, and what they amount to."""

import os
import subprocess
import sys

from compare_gan.study import journal
from compare_gan.study import process
import pytest

from tests import plain_shell


def test_a_torn_last_line_is_passed_over_and_cut_off(tmp_path):
  path = tmp_path / "a.jsonl"
  path.write_text('{"a": 1}\n{"a": 2')
  assert journal.read_lines(str(path)) == [{"a": 1}]
  lines = journal.JsonLines(str(path))
  lines.append({"a": 3}, {"a": 4})
  assert path.read_text() == '{"a": 1}\n{"a": 3}\n{"a": 4}\n'


def test_a_spoilt_line_is_said(tmp_path):
  path = tmp_path / "a.jsonl"
  path.write_text('{"a": 1}\n\0\0\n{"a": 2}\n')
  with pytest.warns(UserWarning, match="line 2 is no JSON"):
    assert journal.read_lines(str(path)) == [{"a": 1}, {"a": 2}]


def test_a_full_disk_leaves_whole_lines(tmp_path, monkeypatch):
  path = tmp_path / "a.jsonl"
  lines = journal.JsonLines(str(path))
  lines.append({"a": 1})
  write = os.write
  monkeypatch.setattr(os, "write", lambda fd, text: write(fd, text[:3]))
  with pytest.raises(OSError, match="a.jsonl cannot be written: No space"):
    lines.append({"a": 2})
  monkeypatch.undo()
  lines.append({"a": 3})
  assert journal.read_lines(str(path)) == [{"a": 1}, {"a": 3}]


def end(status, **more):
  return {"event": "end", "run": "x", "status": status, "attempt": 1, **more}


START = {"event": "start", "run": "x", "attempt": 1}


@pytest.mark.parametrize(
  "events,status",
  [
    ([START], "running"),
    ([START, end("ok")], "ok"),
    ([START, end("failed", again=True)], "waiting"),
    ([START, end("killed")], "waiting"),
    ([START, end("interrupted")], "waiting"),
    ([START, end("failed", again=True), START], "running"),
    ([START, end("timeout")], "timeout"),
    ([end("refused")], "refused"),
  ],
)
def test_where_a_run_stands(events, status):
  assert journal.states(events)["x"].status == status


def test_seconds_and_failures_add_up():
  events = [
    START,
    end("failed", again=True, seconds=2.0),
    {**START, "attempt": 2},
    end("ok", seconds=3.0, score=0.5),
  ]
  state = journal.states(events)["x"]
  assert (state.attempts, state.seconds, state.failures) == (2, 5.0, 1)
  assert state.score == 0.5


def test_events_of_shards_are_one_story(tmp_path):
  for shard, run in (((1, 2), "b"), (None, "a"), ((0, 2), "c")):
    one = journal.Journal(str(tmp_path), shard)
    one.start(run, 1)
    one.end(run, 1, process.Outcome("ok"))
    one.close()
  found = journal.events(str(tmp_path))
  assert [event["run"] for event in found] == ["b", "b", "a", "a", "c", "c"]


_HOLD = """
import sys
from compare_gan.study import journal
with journal.conducting(sys.argv[1]):
  print("HELD", flush=True)
  sys.stdin.readline()
"""


def test_a_dead_conductors_lock_is_free(tmp_path):
  holder = subprocess.Popen(
    [sys.executable, "-c", _HOLD, str(tmp_path)],
    env=plain_shell.checkout(),
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
  )
  assert holder.stdout.readline() == "HELD\n"
  assert journal.is_alive(str(tmp_path))
  with pytest.raises(OSError, match=f"process {holder.pid} on "):
    with journal.conducting(str(tmp_path)):
      pass
  holder.kill()
  holder.communicate()
  assert not journal.is_alive(str(tmp_path))
  with journal.conducting(str(tmp_path)):
    pass


def test_shards_share_a_folder_but_not_a_shard(tmp_path):
  with journal.conducting(str(tmp_path), (0, 2)):
    with journal.conducting(str(tmp_path), (1, 2)):
      with pytest.raises(OSError, match="is being run by"):
        with journal.conducting(str(tmp_path), (0, 2)):
          pass
    with pytest.raises(OSError, match="is being run by"):
      with journal.conducting(str(tmp_path)):
        pass
