"""Runs on a Ray cluster of two nodes, which the test starts on this machine."""

import builtins
import os
import signal

from compare_gan.study.run import executors
import pytest

from tests.study import fake_plan
from tests.study.run import conductor_test
from tests.study.run import process_test

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cluster():
  pytest.importorskip("ray", reason="Ray is not installed.")
  from ray import cluster_utils

  with pytest.MonkeyPatch.context() as patch:
    for name, value in _PATIENT.items():
      patch.setenv(name, value)
    # As in the background of a shell; Ray cancels by this signal.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
      nodes = cluster_utils.Cluster(
        initialize_head=True, head_node_args=_node(include_dashboard=False)
      )
      nodes.add_node(**_node())
    finally:
      signal.signal(signal.SIGINT, before)
    nodes.wait_for_nodes(timeout=200)
    yield nodes
    import ray

    ray.shutdown()  # Where a test that failed has not.
    nodes.shutdown()


# A machine that is busy with other tests answers late, and may be short of
# memory: Ray would take a node for dead, or kill a worker.
_PATIENT = {
  "RAY_USAGE_STATS_ENABLED": "0",
  "RAY_health_check_failure_threshold": "100",
  "RAY_memory_monitor_refresh_ms": "0",
  "RAY_raylet_start_wait_time_s": "200",
  "RAY_worker_register_timeout_seconds": "200",
}


def _node(**more):
  return {"num_cpus": 1, "object_store_memory": 80 * 2**20, **more}


def make(cluster):
  return executors.make("ray", [f"address={cluster.address}", "threads=1"])


def test_a_study_on_two_nodes_is_that_of_this_machine(cluster, tmp_path):
  made = fake_plan.study(axes={"loss": {"ns": []}})
  plan = fake_plan.Plan(does={1: "fail"})
  executor = make(cluster)
  assert (executor.jobs, executor.threads) == (2, 1)  # a core of each node
  fake_plan.conduct(tmp_path / "there", made=made, plan=plan, executor=executor)
  fake_plan.conduct(tmp_path / "here", made=made, plan=plan)
  there = conductor_test.result(tmp_path / "there")
  assert there == conductor_test.result(tmp_path / "here")
  assert [row.status for row in there] == ["ok", "failed", *["ok"] * 5]


def test_a_lost_worker_is_no_failure(cluster, tmp_path):
  executor = make(cluster)
  submit(executor, tmp_path / "a", pause=0.1)
  with open(tmp_path / "a" / "LOCK") as file:
    os.kill(int(file.read().split()[1]), 9)  # The worker of Ray.
  assert end_of(executor).status == "killed"
  executor.close()


def test_cancel_gives_a_task_its_time_for_a_checkpoint(cluster, tmp_path):
  executor = make(cluster)
  submit(executor, tmp_path / "a", pause=3)
  executor.cancel()
  assert end_of(executor).status == "interrupted"
  log = (tmp_path / "a" / "log.txt").read_text()
  assert "Stopped at step 1 " in log
  executor.close()


def submit(executor, folder, pause):
  """Returns when a run without end is at work; pytest limits the time."""
  executor.submit(process_test.task(folder, pause=pause, steps=10**6))
  while not (folder / "alone").exists():
    assert not executor.wait(0.1)


def end_of(executor):
  """Returns the Outcome of the only task, when it has ended."""
  ended = []
  while not ended:
    ended = executor.wait(1.0)
  return dict(ended)["id"]


def test_a_cluster_that_is_not_there_is_a_sentence(monkeypatch):
  ray = pytest.importorskip("ray", reason="Ray is not installed.")

  def init(**_):
    raise ConnectionError("Could not find any running Ray instance.")

  monkeypatch.setattr(ray, "init", init)
  with pytest.raises(ValueError, match="ray start --head"):
    executors.make("ray", ["address=auto"])


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
  def without(name, *args, **kwargs):
    if name == "ray":
      raise ImportError("No module named 'ray'")
    return real(name, *args, **kwargs)

  real = builtins.__import__
  monkeypatch.setattr(builtins, "__import__", without)
  with pytest.raises(ValueError, match=r"pip install compare_gan\[study\]"):
    executors.make("ray")
