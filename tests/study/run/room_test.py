"""Which runs begin, by what each of them needs."""

import os

from compare_gan.memory import memory_limit
from compare_gan.study.run import process
from compare_gan.study.run import retry
from compare_gan.study.run import room
from compare_gan.study.run import table
import pytest

from tests.study import fake_plan


def memory(free_mb, total_mb, owner="container"):
  return memory_limit.Memory(free_mb * 2**20, total_mb * 2**20, owner)


def estimated(mb):
  return room.Need(mb, "by an estimate")


def made(free_mb, total_mb, jobs=8):
  """Returns a Room for runs that are numbers: the megabytes they need."""
  return room.Room(memory(free_mb, total_mb), jobs, estimated)


@pytest.mark.parametrize(
  "run,at_work,has_place",
  [
    (512, [], True),
    (512, [512, 512], True),  # 1536 of 1536
    (513, [512, 512], False),
    (100, [1400], True),  # Each counts with its own.
    (1400, [100, 100], False),
    (2000, [], True),  # Others may give back what they have: alone it begins.
    (2000, [1], False),
    (1, [1, 1, 1, 1], False),  # jobs
  ],
)
def test_a_run_has_place_by_what_all_need(run, at_work, has_place):
  assert made(1536, 2048, jobs=4).has_place(run, at_work) == has_place


def test_more_than_there_is_altogether_is_never_started():
  assert made(1536, 2048).why_never(2048) == ""
  assert (
    made(1536, 2048)
    .why_never(2560)
    .startswith(
      "It needs 2.5 GiB by an estimate, and the total is 2.0 GiB "
      "(container), so it was not started."
    )
  )


def test_a_limit_that_a_study_sets_is_no_estimate():
  limit = room.Need(9999, "by study.memory_mb", is_estimate=False)
  divided = room.Room(memory(1536, 2048), 8, lambda run: limit)
  assert divided.why_never("run") == ""
  assert divided.has_place("run", [])
  assert not divided.has_place("run", ["other"])


def test_a_line_says_how_many_and_why():
  assert made(1536, 2048).describe([512] * 9) == (
    "Runs at once: 3. They need 1.5 GiB by an estimate; 1.5 GiB of 2.0 GiB are "
    "free (container). The next one needs 0.5 GiB, which does not fit, despite "
    "--jobs=8."
  )
  assert made(1536, 2048, jobs=2).describe([512] * 9) == (
    "Runs at once: 2. They need 1.0 GiB by an estimate; 1.5 GiB of 2.0 GiB are "
    "free (container)."
  )
  assert (
    made(1536, 2048)
    .describe([3000, 1536])
    .startswith("Runs at once: 1. They need 1.5 GiB")
  )
  assert made(1536, 2048).describe([3000]) == ""


class _Executor:
  """Starts no process: a run ends when it is waited for."""

  threads = 1

  def __init__(self, jobs):
    self.jobs = jobs
    self.at_work = []
    self.most = []  # the runs at work, at each start

  def submit(self, task):
    self.at_work.append(task.id)
    self.most.append(list(self.at_work))

  def wait(self, seconds):
    del seconds
    outcome = process.Outcome("collapsed", "It ends.")
    return [(self.at_work.pop(0), outcome)] if self.at_work else []

  def cancel(self):
    self.at_work.clear()

  def close(self):
    pass


def test_a_study_starts_no_more_than_fit(tmp_path, capsys):
  needs = {"ns": 400, "w": 1000}
  needed = {}

  def need(run):
    needed[run.id] = needs[run.cell["loss"]]
    return estimated(needed[run.id])

  executor = _Executor(jobs=5)
  divided = room.Room(memory(1200, 2048), executor.jobs, need)
  fake_plan.conduct(tmp_path, executor=executor, room=divided)
  together = [sum(needed[id_] for id_ in ids) for ids in executor.most]
  assert max(together) <= 1200
  assert max(map(len, executor.most)) == 3  # 3 x 400
  assert len(table.read(str(tmp_path)).rows) == len(executor.most) == 14
  assert capsys.readouterr().out.count("Runs at once: 3.") == 1


def test_a_run_that_is_too_large_keeps_its_row_and_is_not_started(tmp_path):
  executor = _Executor(jobs=2)
  divided = room.Room(
    memory(900, 1000),
    executor.jobs,
    lambda run: estimated(1001 if run.cell["loss"] == "ns" else 100),
  )
  fake_plan.conduct(tmp_path, executor=executor, room=divided)
  rows = table.read(str(tmp_path)).rows
  for row in rows:
    is_large = row.cell["loss"] == "ns"
    assert row.status == ("memory" if is_large else "collapsed")
    assert ("was not started" in row.reason) == is_large
    assert os.path.exists(row.folder) != is_large
  assert len(rows) == 14


def test_where_there_is_more_memory_retried_runs_begin(tmp_path):
  made = fake_plan.study(axes={"loss": {"ns": []}})
  for total, started in ((1, 0), (8, 7)):
    executor = _Executor(jobs=2)
    divided = room.Room(memory(total, total), 2, lambda run: estimated(2))
    fake_plan.conduct(tmp_path, made=made, executor=executor, room=divided)
    assert len(executor.most) == started
    retry.mark(str(tmp_path), ["memory"])
  rows = table.read(str(tmp_path)).rows
  assert [row.status for row in rows] == ["collapsed"] * 7


def test_when_all_are_too_large_the_study_ends(tmp_path):
  executor = _Executor(jobs=2)
  divided = room.Room(memory(1, 1), 2, lambda run: estimated(2))
  fake_plan.conduct(tmp_path, executor=executor, room=divided)
  assert executor.most == []
  rows = table.read(str(tmp_path)).rows
  assert [row.status for row in rows] == ["memory"] * 14
