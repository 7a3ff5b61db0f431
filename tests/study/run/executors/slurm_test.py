"""Jobs through submitit, whose local mode needs no Slurm."""

import builtins
import pathlib
import time

from compare_gan.study.run import executors
from compare_gan.study.run import table
import pytest

from tests.study import fake_plan
from tests.study.run import conductor_test
from tests.study.run import process_test

pytestmark = pytest.mark.versions("Python 3.9 has an older submitit")


def make(folder, **given):
  pytest.importorskip("submitit")
  return executors.make(
    "slurm", ["cluster=local", "threads=1"], folder=str(folder), **given
  )


def all_of(executor, count):
  ended = {}
  limit = time.monotonic() + 200
  while len(ended) < count:
    assert time.monotonic() < limit
    ended.update(executor.wait(1.0))
  return ended


def test_jobs_end_as_their_runs_do(tmp_path):
  executor = make(tmp_path)
  for name, does in (("a", "well"), ("b", "fail")):
    task = process_test.task(tmp_path / name, does)
    executor.submit(task._replace(id=name))
  ended = all_of(executor, 2)
  executor.close()
  assert ended["a"].status == "ok"
  assert (ended["b"].status, ended["b"].reason) == (
    "failed",
    "ValueError: no such dataset",
  )
  assert (tmp_path / "slurm").is_dir()


@pytest.mark.long
def test_cancel_ends_jobs(tmp_path):
  executor = make(tmp_path)
  executor.submit(process_test.task(tmp_path / "a", pause=1, steps=99))
  conductor_test.wait_until(lambda: (tmp_path / "a" / "alone").exists())
  executor.cancel()
  assert all_of(executor, 1)["id"].status == "interrupted"
  executor.close()
  conductor_test.wait_until(
    lambda: "fake_trainer" not in str(running(tmp_path / "a"))
  )


def running(folder):
  found = []
  for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
      words = path.read_bytes().decode()
    except OSError:
      continue
    if str(folder) in words:
      found.append(words)
  return found


@pytest.mark.once
@pytest.mark.long
def test_a_study_on_it_is_that_of_this_machine(tmp_path):
  made = fake_plan.study(axes={"loss": {"ns": []}})
  fake_plan.conduct(tmp_path / "here", made=made)
  executor = make(tmp_path / "there", jobs=3)
  fake_plan.conduct(tmp_path / "there", made=made, executor=executor)
  there = conductor_test.result(tmp_path / "there")
  assert there == conductor_test.result(tmp_path / "here")
  assert {row.status for row in there} == {"ok"}
  assert len(table.read(str(tmp_path / "there")).rows) == 7


def test_without_submitit_a_sentence_says_what_to_install(monkeypatch):
  _hide("submitit", monkeypatch)
  with pytest.raises(ValueError, match=r"pip install compare_gan\[study\]"):
    executors.make("slurm")


def test_without_slurm_a_sentence_says_what_would_do(tmp_path, monkeypatch):
  pytest.importorskip("submitit")
  monkeypatch.setenv("PATH", str(tmp_path))
  with pytest.raises(ValueError, match="cluster=local"):
    executors.make("slurm", ["cluster=slurm"], folder=str(tmp_path))


def test_a_submitit_that_does_not_start_is_a_sentence(tmp_path, monkeypatch):
  submitit = pytest.importorskip("submitit")

  def executor(*_, **__):
    raise KeyError("submitit")

  monkeypatch.setattr(submitit, "AutoExecutor", executor)
  with pytest.raises(ValueError, match="submitit<1.5.4"):
    executors.make("slurm", folder=str(tmp_path))


def _hide(package, monkeypatch):
  def without(name, *args, **kwargs):
    if name == package:
      raise ImportError(f"No module named {package!r}")
    return real(name, *args, **kwargs)

  real = builtins.__import__
  monkeypatch.setattr(builtins, "__import__", without)
