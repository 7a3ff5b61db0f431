"""A study that is killed, whenever, ends with the table of an unbroken one."""

import dataclasses
import io
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

from compare_gan.study.run import conductor
from compare_gan.study.run import journal
from compare_gan.study.run import progress
from compare_gan.study.run import shards
from compare_gan.study.run import table
import psutil
import pytest

from tests import plain_shell
from tests.study import fake_plan

_ROOT = pathlib.Path(__file__).parents[3]


def start(folder, *options):
  """Returns a conductor as a process of its own."""
  return subprocess.Popen(
    [sys.executable, "-m", "tests.study.fake_plan", str(folder), *options],
    cwd=_ROOT,
    env=plain_shell.checkout(),
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    # Tests in the background of a shell come with Ctrl-C ignored, which a
    # conductor would leave so.
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
  )


def trainers(folder, run=""):
  """Returns the processes that train in a study's folder, or one run's."""
  return [
    each.pid
    for each in psutil.process_iter(["cmdline"])
    if each.info["cmdline"]
    and each.info["cmdline"][-1].startswith(f"{folder}/runs/{run}")
  ]


def result(folder):
  """Returns the table without what a kill may change."""
  return [
    row._replace(seconds=0.0, attempts=0, log_tail=[], folder="", reason="")
    for row in table.read(str(folder)).rows
  ]


def wait_until(is_so, seconds=120.0):  # A busy machine takes its time.
  limit = time.monotonic() + seconds
  while not is_so():
    assert time.monotonic() < limit, "It takes too long."
    time.sleep(0.02)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
  folder = tmp_path_factory.mktemp("whole")
  fake_plan.conduct(folder)
  rows = result(folder)
  assert [row.order for row in rows] == list(range(14))
  assert {row.status for row in rows} == {"ok"}
  assert len({row.scores["fid"]["last"] for row in rows}) > 10
  return rows


def test_last_runs_follow_from_the_scores_of_the_others(unbroken):
  for last, loss in ((unbroken[12], "ns"), (unbroken[13], "w")):
    scores = [
      row.scores["fid"]["last"]
      for row in unbroken[:12]
      if row.cell["loss"] == loss
    ]
    assert last.settings == {"lr": round(min(scores), 6)}


@pytest.mark.long
def test_kills_at_five_moments_change_nothing(unbroken, tmp_path):
  rng = random.Random(os.getpid())  # Other moments in every run of the test.
  kills = 0
  process = start(tmp_path, "pause=0.06")
  while kills < 5:
    wait_until(lambda one=process: trainers(tmp_path) or one.poll() is not None)
    time.sleep(rng.uniform(0.0, 0.4))
    assert process.poll() is None, process.stdout.read()
    at_work = trainers(tmp_path)
    if kills % 2 and at_work:
      os.kill(rng.choice(at_work), signal.SIGKILL)
    else:
      process.kill()
      process.communicate()
      wait_until(lambda: not trainers(tmp_path))  # They follow it.
      process = start(tmp_path, "pause=0.06")
    kills += 1
  output, _ = process.communicate()
  assert process.returncode == 0, output
  assert result(tmp_path) == unbroken
  assert not list(tmp_path.glob("runs/*/TWO_AT_ONCE"))
  rows = table.read(str(tmp_path)).rows
  assert sum(row.attempts for row in rows) > len(rows)


@pytest.mark.long
def test_a_killed_trainer_goes_on_from_its_checkpoint(tmp_path):
  process = start(tmp_path, "pause=0.4")
  wait_until(lambda: list(tmp_path.glob("runs/*/model.ckpt-2.index")))
  run = next(tmp_path.glob("runs/*/model.ckpt-2.index")).parent
  os.kill(trainers(tmp_path, run.name)[0], signal.SIGKILL)
  log = run / "log.txt"
  wait_until(lambda: "Resuming from the checkpoint" in log.read_text())
  states = [event.get("status") for event in journal.events(str(tmp_path))]
  assert "killed" in states
  process.terminate()
  output, _ = process.communicate()
  assert process.returncode == 143, output
  assert "Run the same command to resume" in output


def test_a_run_that_ends_is_counted_at_once(tmp_path):
  stream = io.StringIO()
  made = fake_plan.study()
  fake_plan.conduct(
    tmp_path, made=made, progress=progress.Progress(made, stream)
  )
  counts = re.findall(r"\[(\d+) of (\d+)", stream.getvalue())
  total = counts[-1][1]
  assert [int(count) for count, _ in counts] == [*range(1, int(total) + 1)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_in_good_order(number, unbroken, tmp_path):
  process = start(tmp_path, "pause=0.6")  # The signal comes before the end.
  wait_until(lambda: list(tmp_path.glob("runs/*/model.ckpt-1.index")))
  process.send_signal(number)
  output, _ = process.communicate()
  assert process.returncode == 128 + number, output
  assert not trainers(tmp_path)
  last = journal.states(journal.events(str(tmp_path)))
  assert "running" not in {state.status for state in last.values()}
  ends = [e for e in journal.events(str(tmp_path)) if e["event"] == "end"]
  assert "interrupted" in {event["status"] for event in ends}
  fake_plan.conduct(tmp_path)
  assert result(tmp_path) == unbroken


def test_one_in_six_fails_and_keeps_its_row(tmp_path):
  plan = fake_plan.Plan(does={1: "fail", 7: "diverge"})
  fake_plan.conduct(tmp_path, plan=plan)
  rows = table.read(str(tmp_path)).rows
  assert [row.order for row in rows if row.status != "ok"] == [1, 7]
  failed, collapsed = rows[1], rows[7]
  assert failed.status == "failed"
  assert failed.reason == "ValueError: no such dataset"
  assert failed.log_tail[-1] == "ValueError: no such dataset"
  assert "step 5: working" in failed.log_tail
  assert failed.attempts == 2  # study.retries is 1
  assert collapsed.status == "collapsed"
  assert "has diverged" in collapsed.reason
  assert collapsed.attempts == 1  # It would collapse again.
  study = table.read(str(tmp_path)).study
  assert table.value(failed, study) is None
  assert table.value(rows[0], study) == rows[0].scores["fid"]["last"]


def test_timeout_and_memory_have_rows(tmp_path):
  plan = fake_plan.Plan(does={0: "memory"})
  made = fake_plan.study(memory_mb=100)
  fake_plan.conduct(tmp_path / "a", plan=plan, made=made)
  row = table.read(str(tmp_path / "a")).rows[0]
  assert row.status == "memory"
  assert "study.memory_mb = 100" in row.reason
  made = fake_plan.study(timeout_s=1.0, axes={"loss": {"ns": []}})
  plan = fake_plan.Plan(does={0: "memory"})
  fake_plan.conduct(tmp_path / "b", plan=plan, made=made)
  row = table.read(str(tmp_path / "b")).rows[0]
  assert row.status == "timeout"
  assert "study.timeout_s = 1" in row.reason


@pytest.mark.long
def test_two_conductors_are_refused(tmp_path):
  process = start(tmp_path, "pause=0.2")
  wait_until(lambda: trainers(tmp_path))
  for shard in (None, "0/2"):
    with pytest.raises(OSError, match=f"process {process.pid} on "):
      fake_plan.conduct(tmp_path, shard)
  assert "running" in {row.status for row in table.read(str(tmp_path)).rows}
  process.kill()
  process.communicate()
  states = {row.status for row in table.read(str(tmp_path)).rows}
  assert "waiting" in states and "running" not in states


def test_two_shards_make_one_table(unbroken, tmp_path):
  other = start(tmp_path, "shard=1/2")
  fake_plan.conduct(tmp_path, "0/2")
  output, _ = other.communicate()
  assert other.returncode == 0, output
  assert result(tmp_path) == unbroken
  for i in (0, 1):
    events = journal.read_lines(str(tmp_path / f"journal-{i}.jsonl"))
    assert {shards.number_of(event["run"], 2) for event in events} == {i}


def test_shards_of_unlike_n_are_refused(tmp_path):
  other = start(tmp_path, "shard=1/2", "pause=0.2")
  wait_until(lambda: trainers(tmp_path))
  with pytest.raises(OSError, match="--shard=i/2"):
    fake_plan.conduct(tmp_path, "0/3")
  other.kill()
  other.communicate()


def test_impossible_cells_are_refused_before_the_first_run(tmp_path):
  plan = fake_plan.Plan(impossible={"loss=w": "It has no place for it."})
  with pytest.raises(ValueError, match="loss=w: It has no place for it"):
    fake_plan.conduct(tmp_path, plan=plan)
  assert not (tmp_path / "runs").exists()


def test_impossible_cells_can_be_skipped(tmp_path):
  plan = fake_plan.Plan(impossible={"loss=w": "It has no place for it."})
  made = fake_plan.study(on_impossible="skip")
  fake_plan.conduct(tmp_path, plan=plan, made=made)
  rows = table.read(str(tmp_path)).rows
  assert [row.status for row in rows if row.cell["loss"] == "ns"] == ["ok"] * 7
  refused = [row for row in rows if row.cell["loss"] == "w"]
  assert [row.status for row in refused] == ["refused"] * 7
  assert {row.reason for row in refused} == {"It has no place for it."}
  assert {row.attempts for row in refused} == {0}


def test_a_torn_end_is_run_again(unbroken, tmp_path):
  fake_plan.conduct(tmp_path)
  path = tmp_path / "journal.jsonl"
  text = path.read_text()
  last = json.loads(text.splitlines()[-1])["run"]  # of two that ran at once
  path.write_text(text[:-40])
  rows = table.read(str(tmp_path)).rows
  assert [row.run for row in rows if row.status == "waiting"] == [last]
  fake_plan.conduct(tmp_path)
  assert result(tmp_path) == unbroken
  assert [json.loads(line) for line in path.read_text().splitlines()]


def test_what_has_ended_is_not_run_again(unbroken, tmp_path):
  fake_plan.conduct(tmp_path)
  before = (tmp_path / "journal.jsonl").read_text()
  fake_plan.conduct(tmp_path)
  assert (tmp_path / "journal.jsonl").read_text() == before


def test_another_study_in_the_folder_is_refused(tmp_path):
  fake_plan.conduct(tmp_path, made=fake_plan.study(axes={"loss": {"ns": []}}))
  (tmp_path / "study.gin").write_text("study.score = 'other'\n")
  with pytest.raises(ValueError, match="study.score is 'other' in its study.g"):
    fake_plan.conduct(tmp_path)


def test_a_base_that_has_changed_is_refused(tmp_path):
  made = fake_plan.study(axes={"loss": {"ns": []}})
  fake_plan.conduct(tmp_path, made=made)
  changed = fake_plan.Plan(does={2: "no_row"})
  with pytest.raises(ValueError, match=r"\d of the 7 runs .* study.base"):
    fake_plan.conduct(tmp_path, made=made, plan=changed)
  fake_plan.conduct(tmp_path, made=made)  # What was refused left nothing.


def started(folder):
  """Returns the ids of what was started, once for each time."""
  happened = journal.events(str(folder))
  return [e["run"] for e in happened if e["event"] == "start"]


def test_added_seeds_run_alone(tmp_path):
  plan = fake_plan.Plan(best=False)
  fake_plan.conduct(
    tmp_path, plan=plan, made=fake_plan.study(seeds=1), text="study.seeds = 1"
  )
  before = table.read(str(tmp_path)).rows
  assert len(before) == 4
  more = fake_plan.study(seeds=2)
  for _ in range(2):
    fake_plan.conduct(tmp_path, plan=plan, made=more, text="study.seeds = 2")
    study, rows = table.read(str(tmp_path))
    assert (study["seeds"], study["runs"]) == (2, 8)
    assert study["seeds_at_first"] == 1
    assert [row.order for row in rows] == list(range(8))
    assert [row.seed for row in rows] == [1, 2] * 4
    kept = [row._replace(order=0) for row in rows if row.seed == 1]
    assert kept == [row._replace(order=0) for row in before]
    assert sorted(started(tmp_path)) == sorted(row.run for row in rows)
  fewer = fake_plan.study(seeds=1)
  with pytest.raises(ValueError, match="study.seeds = 1, and .* has 2"):
    fake_plan.conduct(tmp_path, plan=plan, made=fewer, text="study.seeds = 2")


def test_seeds_that_would_change_a_search_are_refused(tmp_path):
  made = fake_plan.study(seeds=1, axes={"loss": {"ns": []}})
  fake_plan.conduct(tmp_path, made=made, text="study.seeds = 1")
  names = ("study.gin", "study.json", "runs.jsonl", "journal.jsonl")
  before = [(tmp_path / name).read_text() for name in names]
  with pytest.raises(ValueError, match="begun with 1: 1 of its runs, of best"):
    fake_plan.conduct(
      tmp_path, made=dataclasses.replace(made, seeds=2), text="study.seeds = 2"
    )
  assert [(tmp_path / name).read_text() for name in names] == before


def test_a_raised_limit_runs_nothing_again(tmp_path):
  made = fake_plan.study(axes={"loss": {"ns": []}}, timeout_s=60.0)
  fake_plan.conduct(tmp_path, made=made, text="study.timeout_s = 60.0")
  before = started(tmp_path)
  text = "study.timeout_s = 90.0"
  fake_plan.conduct(
    tmp_path, made=dataclasses.replace(made, timeout_s=90.0), text=text
  )
  assert started(tmp_path) == before
  assert (tmp_path / "study.gin").read_text() == text


def test_a_shard_does_not_change_the_study_of_others_at_work(tmp_path):
  made = fake_plan.study(axes={"loss": {"ns": []}})
  fake_plan.conduct(tmp_path, made=made)
  with journal.conducting(str(tmp_path), shards.Shard(0, 2)):
    with pytest.raises(OSError, match="has changed since process"):
      fake_plan.conduct(tmp_path, "1/2", made=made, text="# changed")
  fake_plan.conduct(tmp_path, "1/2", made=made, text="# changed")


def test_a_run_that_is_killed_again_and_again_fails(tmp_path):
  plan = fake_plan.Plan()
  made = fake_plan.study(axes={"loss": {"ns": []}})

  def command(study, run, folder):
    if run.order == 1:
      return sys.executable, "-S", "-c", "import os; os.kill(os.getpid(), 9)"
    return fake_plan.command(study, run, folder)

  conductor.Conductor(
    made,
    plan,
    str(tmp_path),
    fake_plan.local.Executor(2, threads="1"),
    command=command,
  ).run()
  row = table.read(str(tmp_path)).rows[1]
  assert row.status == "failed"
  assert row.attempts == 10
  assert "from outside by SIGKILL. This happened 10 times." in row.reason
