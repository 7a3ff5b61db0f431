"""Lines that are there whole or not at all, and what they amount to."""

import json
import os
import subprocess
import sys

from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import shards
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
  with pytest.warns(UserWarning, match="line 2 is not JSON"):
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
  for shard, run in (
    (shards.Shard(1, 2), "b"),
    (None, "a"),
    (shards.Shard(0, 2), "c"),
  ):
    one = journal.Journal(str(tmp_path), shard)
    one.start(run, 1)
    one.end(run, 1, process.Outcome("ok"))
    one.close()
  found = journal.events(str(tmp_path))
  assert [event["run"] for event in found] == ["b", "b", "a", "a", "c", "c"]


def write_events(folder, name, *events):
  lines = journal.JsonLines(str(folder / name))
  lines.append(*events)
  lines.close()


def test_a_clock_that_is_behind_does_not_change_the_story(tmp_path):
  """Machine a was lost; b, an hour behind, went on with its run."""
  write_events(tmp_path, "journal-0.jsonl", {**START, "time": "2024-01-01T02"})
  write_events(
    tmp_path,
    "journal.jsonl",
    {**START, "attempt": 2, "time": "2024-01-01T01:10"},
    {**end("ok", score=1.0), "attempt": 2, "time": "2024-01-01T01:20"},
  )
  found = journal.events(str(tmp_path))
  assert [event["attempt"] for event in found] == [1, 2, 2]
  assert journal.states(found)["x"].status == "ok"


def test_a_clock_that_is_put_back_does_not_change_the_story(tmp_path):
  write_events(
    tmp_path,
    "journal.jsonl",
    {**START, "time": "2024-01-01T02"},
    {**end("ok"), "time": "2024-01-01T01"},
  )
  state = journal.states(journal.events(str(tmp_path)))["x"]
  assert state.status == "ok"


def test_a_retry_comes_after_the_end_that_it_answers(tmp_path):
  write_events(
    tmp_path,
    "journal-0.jsonl",
    {**START, "time": "3"},
    {**end("failed"), "time": "4"},
  )
  retry = {"event": "retry", "run": "x", "attempt": 1, "was": "failed"}
  write_events(tmp_path, "journal.jsonl", {**retry, "time": "1"})
  states = journal.states(journal.events(str(tmp_path)))
  assert states["x"].status == "waiting"


def test_what_a_journal_has_seen_comes_before_what_it_adds(tmp_path):
  """Runs of two machines, one of which begins when the other's has ended."""
  a = journal.Journal(str(tmp_path), shards.Shard(0, 2))
  b = journal.Journal(str(tmp_path), shards.Shard(1, 2))
  a.start("x", 1)
  a.end("x", 1, process.Outcome("ok"))
  b.number_after(journal.events(str(tmp_path)))
  b.start("y", 1)
  for path in tmp_path.glob("journal-1.jsonl"):  # Its clock is a day behind.
    [event] = journal.read_lines(str(path))
    path.write_text(json.dumps({**event, "time": "1999"}) + "\n")
  found = journal.events(str(tmp_path))
  assert [event["run"] for event in found] == ["x", "x", "y"]
  assert [event["sequence"] for event in found] == [1, 2, 3]
  a.close()
  b.close()


def test_a_new_journal_goes_on_from_one_without_numbers(tmp_path):
  write_events(tmp_path, "journal.jsonl", {**START, "time": "9"})
  one = journal.Journal(str(tmp_path))
  assert one.end("x", 1, process.Outcome("ok"))["sequence"] == 2
  one.close()
  found = journal.events(str(tmp_path))
  assert [event["event"] for event in found] == ["start", "end"]


_HOLD = """
import sys
from compare_gan.study.run import journal
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
  with journal.conducting(str(tmp_path), shards.Shard(0, 2)):
    with journal.conducting(str(tmp_path), shards.Shard(1, 2)):
      with pytest.raises(OSError, match="is being run by"):
        with journal.conducting(str(tmp_path), shards.Shard(0, 2)):
          pass
    with pytest.raises(OSError, match="is being run by"):
      with journal.conducting(str(tmp_path)):
        pass
