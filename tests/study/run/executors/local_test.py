"""How a machine is divided among runs."""

import os
import sys
import threading
import time

from compare_gan.memory import memory_limit
from compare_gan.study.run import executors
from compare_gan.study.run import forked
from compare_gan.study.run import process
from compare_gan.study.run.executors import local
import pytest


@pytest.mark.parametrize(
  "cores,gpus,available_mb,memory_mb,jobs",
  [
    (1, 0, 8000, 1500, 1),
    (2, 0, 8000, 1500, 2),
    (16, 0, 64000, 1500, 8),
    (16, 0, 64000, 16000, 4),
    (16, 2, 64000, 1500, 2),
    (2, 0, 500, 1500, 1),
  ],
)
def test_default_jobs(cores, gpus, available_mb, memory_mb, jobs):
  assert local.default_jobs(cores, gpus, available_mb, memory_mb) == jobs


def test_by_default_the_memory_of_the_container_counts(monkeypatch):
  container = memory_limit.Memory(3000 * 2**20, 4000 * 2**20, "container")
  monkeypatch.setattr(memory_limit, "find", lambda: container)
  monkeypatch.setattr(local, "cores", lambda: 4)
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
  executor = local.Executor()
  assert (executor.jobs, executor.memory) == (2, container)  # 1500 MB each
  assert local.Executor(memory_mb=1000).jobs == 3
  executor = local.Executor(total_mb="1600")
  assert executor.jobs == 1
  assert executor.memory.free == executor.memory.total == 1600 * 2**20


def test_cores_are_divided():
  executor = local.Executor(jobs=1)
  assert executor.threads == local.cores() >= 1
  assert local.Executor(jobs=1000).threads == 1
  assert local.Executor(jobs=1, threads="3").threads == 3


def test_a_line_says_how_cores_and_gpus_are_divided(monkeypatch):
  monkeypatch.setattr(local, "cores", lambda: 4)
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
  assert local.Executor(jobs=4).describe() == (
    "This machine has 4 cores: up to 4 runs at once (--jobs), 1 thread for "
    "each (--executor_option threads=N)."
  )
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
  assert local.Executor(jobs=1, threads="3").describe() == (
    "This machine has 4 cores and 1 GPU: 1 run at once (--jobs), 3 threads "
    "for each (--executor_option threads=N)."
  )


def test_runs_are_forked_unless_there_are_gpus(monkeypatch):
  monkeypatch.setattr(forked, "is_possible", lambda: True)
  started = []
  monkeypatch.setattr(forked.Server, "__init__", lambda _: started.append(1))
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
  local.Executor(jobs=1)
  assert len(started) == 1
  local.Executor(jobs=1, fork="no")
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
  local.Executor(jobs=1)
  assert len(started) == 1
  local.Executor(jobs=1, fork="yes")
  assert len(started) == 2


def test_gpus_are_those_that_are_visible():
  assert local.gpus({"CUDA_VISIBLE_DEVICES": "2, 5"}) == ["2", "5"]
  assert local.gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
  assert local.gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == []


def task(folder, name, code):
  os.makedirs(folder / name)
  command = (sys.executable, "-S", "-c", code)
  return process.Task(name, str(folder / name), command, str(folder))


def all_of(executor, count):
  ended = {}
  while len(ended) < count:
    ended.update(executor.wait(10.0))
  return ended


def test_each_run_at_work_has_a_gpu_of_its_own(tmp_path, monkeypatch):
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
  executor = local.Executor()
  say = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); "
  executor.submit(task(tmp_path, "a", say + "import time; time.sleep(60)"))
  for name in "bc":  # The second one where the first one was.
    executor.submit(task(tmp_path, name, say))
    assert all_of(executor, 1)[name].log_tail == ("7",)
  executor.cancel()
  assert all_of(executor, 1)["a"].log_tail == ("4",)
  executor.close()


def test_wait_does_not_wait_longer_than_that(tmp_path):
  executor = local.Executor(1)
  executor.submit(task(tmp_path, "a", "import time; time.sleep(60)"))
  began = time.monotonic()
  assert executor.wait(0.1) == []
  assert time.monotonic() - began < 30
  executor.cancel()
  assert all_of(executor, 1)["a"].status == "interrupted"
  executor.close()
  assert "a" not in {thread.name for thread in threading.enumerate()}


def test_what_cannot_be_written_is_a_failure(tmp_path):
  executor = local.Executor(1)
  executor.submit(
    task(tmp_path, "a", "")._replace(folder=str(tmp_path / "none"))
  )
  outcome = all_of(executor, 1)["a"]
  executor.close()
  assert outcome.status == "failed"
  assert "No such file" in outcome.reason


def test_executors_are_the_files_there_are():
  assert executors.names() == ["local", "ray", "slurm"]


@pytest.mark.parametrize(
  "name,options,sentence",
  [
    ("pbs", (), "--executor=pbs is unknown. It can be local, ray, slurm"),
    ("local", ("threads",), "it must be name=value"),
    ("local", ("threads=none",), "it must be a number of 1 or more"),
    ("local", ("fork=maybe",), "fork=maybe: it must be yes or no"),
    ("local", ("address=auto",), "address"),
  ],
)
def test_what_is_wrong_is_a_sentence(name, options, sentence):
  with pytest.raises(ValueError, match=sentence):
    executors.make(name, options)
