"""Runs that have ended badly run again; nothing else does."""

import shlex

from compare_gan.study.run import journal
from compare_gan.study.run import retry
from compare_gan.study.run import shards
from compare_gan.study.run import table
import pytest

from tests.study import fake_plan


def conduct_with_failures(folder, failing):
  """Runs the fake study; the runs of `failing`, by order, train and fail."""

  def command(study, run, run_folder):
    words = fake_plan.command(study, run, run_folder)
    if run.order not in failing:
      return words
    done = shlex.quote(f"{run_folder}/TRAIN_DONE")
    return "sh", "-c", f"{shlex.join(words)}; rm {done}; exit 1"

  made = fake_plan.study(retries=0)
  fake_plan.conduct(folder, made=made, command=command)
  return table.read(str(folder)).rows


def starts(folder):
  """Returns {run id: how often it was started}."""
  found = {}
  for event in journal.events(str(folder)):
    if event["event"] == "start":
      found[event["run"]] = found.get(event["run"], 0) + 1
  return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
  return conduct_with_failures(tmp_path_factory.mktemp("whole"), ())


def worst_and_best(rows):
  """Returns the orders of the worst and best of the first cell's six runs."""
  ordered = sorted(rows[:6], key=lambda row: row.scores["fid"]["last"])
  return ordered[-1].order, ordered[0].order


def test_failed_runs_go_on_from_their_checkpoints(whole, tmp_path):
  worst, _ = worst_and_best(whole)
  failed = conduct_with_failures(tmp_path, {worst})[worst]
  assert failed.status == "failed"
  conduct_with_failures(tmp_path, ())
  assert table.read(str(tmp_path)).rows[worst].status == "failed"  # as before
  before = starts(tmp_path)
  assert [row.run for row in retry.mark(str(tmp_path))] == [failed.run]
  assert table.read(str(tmp_path)).rows[worst].status == "waiting"
  rows = conduct_with_failures(tmp_path, ())
  assert [row.status for row in rows] == ["ok"] * 14
  assert [row.scores for row in rows] == [row.scores for row in whole]
  assert rows[worst].attempts == 2
  with open(f"{rows[worst].folder}/log.txt") as log:
    assert "Resuming from the checkpoint of step 5." in log.read()
  assert starts(tmp_path) == {**before, failed.run: 2}
  noted = [e for e in journal.events(str(tmp_path)) if e["event"] == "retry"]
  assert [(e["run"], e["was"]) for e in noted] == [(failed.run, "failed")]


def test_runs_that_follow_from_a_failure_stay(whole, tmp_path):
  """The best run failed, so the last phase repeated the second best."""
  _, best = worst_and_best(whole)
  failed = conduct_with_failures(tmp_path, {best})
  assert failed[12].settings != whole[12].settings
  retry.mark(str(tmp_path))
  before = starts(tmp_path)
  for _ in range(2):  # The second time there is nothing left to do.
    rows = conduct_with_failures(tmp_path, ())
    assert rows[best].scores == whole[best].scores
    assert rows[12:] == failed[12:]
    assert starts(tmp_path) == {**before, rows[best].run: 2}


def test_the_plan_keeps_to_failures_only_that_runs_follow_from(whole, tmp_path):
  _, best = worst_and_best(whole)
  failed = conduct_with_failures(tmp_path, {best, 13})
  assert [row.run for row in retry.mark(str(tmp_path))] == [
    failed[best].run,
    failed[13].run,
  ]
  conduct_with_failures(tmp_path, ())
  kept = [e for e in journal.events(str(tmp_path)) if e["event"] == "keep"]
  assert [event["run"] for event in kept] == [failed[best].run]


def journal_of(folder, *statuses):
  """Makes a study of runs a, b, ... that have ended so."""
  (folder / "study.json").write_text('{"format": 1, "score": "fid"}')
  runs = journal.JsonLines(str(folder / "runs.jsonl"))
  lines = journal.JsonLines(str(folder / "journal.jsonl"))
  run = {"cell": {}, "settings": {}, "seed": 1, "phase": "", "round": 0}
  for order, status in enumerate(statuses):
    id_ = "abcdefgh"[order]
    runs.append({"id": id_, "order": order, **run})
    event = {"run": id_, "attempt": 1, "time": ""}
    lines.append({**event, "event": "start"})
    lines.append({**event, "event": "end", "status": status})
  runs.close()
  lines.close()
  return str(folder)


def waiting(folder):
  return [r.run for r in table.read(folder).rows if r.status == "waiting"]


def test_all_but_results_are_retried(tmp_path):
  folder = journal_of(
    tmp_path, "ok", "failed", "timeout", "memory", "collapsed", "refused"
  )
  retry.mark(folder)
  assert waiting(folder) == ["b", "c", "d"]
  assert retry.mark(folder) == []


def test_status_and_run_choose(tmp_path):
  folder = journal_of(tmp_path, "timeout", "failed", "failed")
  retry.mark(folder, ["timeout"])
  assert waiting(folder) == ["a"]
  retry.mark(folder, ids=["c", "c"])
  assert waiting(folder) == ["a", "c"]


def test_what_cannot_be_retried_is_refused_and_nothing_marked(tmp_path):
  folder = journal_of(tmp_path, "failed", "ok")
  with pytest.raises(ValueError, match="--run=x: .* has no such run"):
    retry.mark(folder, ids=["a", "x"])
  with pytest.raises(ValueError, match="--run=b: its status is 'ok'"):
    retry.mark(folder, ids=["a", "b"])
  assert waiting(folder) == []
  with pytest.raises(ValueError, match="'ok' cannot be tried again"):
    retry.parse_statuses("failed,ok")


def test_a_study_at_work_is_refused(tmp_path):
  folder = journal_of(tmp_path, "failed")
  for shard in (None, shards.Shard(0, 2)):
    with journal.conducting(folder, shard):
      with pytest.raises(OSError, match="is being run by"):
        retry.mark(folder)


def test_a_retry_forgets_failures_and_kills_but_not_attempts():
  end = {"event": "end", "run": "x", "attempt": 1, "seconds": 2.0}
  state = journal.states(
    [
      {"event": "start", "run": "x", "attempt": 1},
      {**end, "status": "failed"},
      {"event": "retry", "run": "x", "attempt": 1, "was": "failed"},
    ]
  )["x"]
  assert (state.status, state.failures, state.kills) == ("waiting", 0, 0)
  assert (state.attempts, state.seconds) == (1, 2.0)
