"""Runs on a Ray cluster of two nodes, which the test starts on this machine."""

import builtins
import os
import time

from compare_gan.study import executors
import pytest

from tests.study import conductor_test
from tests.study import fake_plan
from tests.study import process_test


@pytest.fixture(scope="module")
def cluster():
  pytest.importorskip("ray", reason="Ray is not installed.")
  from ray import cluster_utils

  os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
  nodes = cluster_utils.Cluster(
    initialize_head=True, head_node_args=_node(include_dashboard=False)
  )
  nodes.add_node(**_node())
  nodes.wait_for_nodes()
  yield nodes
  import ray

  ray.shutdown()  # Where a test that failed has not.
  nodes.shutdown()


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


def test_cancel_ends_tasks_and_a_lost_worker_is_no_failure(cluster, tmp_path):
  executor = make(cluster)
  executor.submit(
    process_test.task(tmp_path / "a", pause=1, steps=99)._replace(id="a")
  )
  executor.submit(
    process_test.task(tmp_path / "b", pause=1, steps=99)._replace(id="b")
  )
  for name in "ab":
    conductor_test.wait_until((tmp_path / name / "alone").exists, 60)
  with open(tmp_path / "a" / "LOCK") as file:
    os.kill(int(file.read().split()[1]), 9)  # The worker of Ray.
  ended = _all_of(executor, 1)
  assert ended["a"].status == "killed"
  executor.cancel()
  ended = _all_of(executor, 1)
  assert ended["b"].status == "interrupted"
  executor.close()


def _all_of(executor, count):
  ended = {}
  limit = time.monotonic() + 200
  while len(ended) < count:
    assert time.monotonic() < limit
    ended.update(executor.wait(1.0))
  return ended


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
