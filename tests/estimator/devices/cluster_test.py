"""Which hosts train together, as TF_CONFIG and Slurm say it."""

import json
import socket
import threading
import time

from compare_gan.estimator.devices import cluster
import pytest

pytestmark = pytest.mark.versions("tf.function and tf.distribute run the loop")

WORKERS = {"worker": ["a:1", "b:2", "b:3"]}


def _tf_config(jobs, kind="worker", index=0):
  config = {"cluster": jobs, "task": {"type": kind, "index": index}}
  return {"TF_CONFIG": json.dumps(config)}


# ---- TF_CONFIG ---------------------------------------------------------------


def test_workers_of_tf_config():
  found = cluster.find(_tf_config(WORKERS, index=2))
  assert found == cluster.Cluster(("a:1", "b:2", "b:3"), 2, 1, 2)
  first = cluster.find(_tf_config(WORKERS, index=0))
  assert (first.index, first.local_index, first.local_tasks) == (0, 0, 1)


def test_the_chief_comes_first():
  jobs = {"worker": ["b:2"], "chief": ["a:1"]}
  addresses = ("a:1", "b:2")
  assert cluster.find(_tf_config(jobs)) == cluster.Cluster(addresses, 1)
  chief = cluster.find(_tf_config(jobs, "chief"))
  assert chief == cluster.Cluster(addresses, 0)


@pytest.mark.parametrize(
  "environment",
  [
    {},
    {"TF_CONFIG": ""},
    {"TF_CONFIG": "{}"},
    _tf_config({"worker": ["a:1"]}),
    {"SLURM_NTASKS": "1", "SLURM_STEP_NODELIST": "a"},
    {"SLURM_NTASKS": "4", "SLURM_NODELIST": "a"},  # The batch script itself.
    {"TF_CONFIG": "{}", "SLURM_NTASKS": "2", "SLURM_STEP_NODELIST": "a"},
  ],
)
def test_alone(environment):
  assert cluster.find(environment) is None


@pytest.mark.parametrize(
  "environment, message",
  [
    ({"TF_CONFIG": "{cluster"}, "not JSON"),
    ({"TF_CONFIG": "[1]"}, 'must be {"cluster": ..., "task": ...}'),
    ({"TF_CONFIG": '{"cluster": ["a:1"]}'}, '"cluster" is'),
    (
      {"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}}'},
      '"task" is None',
    ),
    (_tf_config({"worker": "a:1"}), "\"worker\" is 'a:1'"),
    (
      _tf_config({"worker": ["a:1", "b"]}),
      "address 'b', but it must be host:port",
    ),
    (_tf_config({"worker": ["a:1", "b:99999"]}), "address 'b:99999'"),
    (_tf_config({"worker": ["a:1", "a:1"]}), "twice"),
    (_tf_config({**WORKERS, "ps": ["c:1"]}), "type ps"),
    (
      _tf_config(WORKERS, index=3),
      "is 3, but the cluster has 3: it must be 0 to 2",
    ),
    (_tf_config(WORKERS, index=-1), "is -1"),
    (_tf_config(WORKERS, "chief"), "'chief', but the cluster has none"),
    (_tf_config(WORKERS, "evaluator"), "--schedule=continuous_eval"),
  ],
)
def test_what_is_wrong_with_tf_config_is_said(environment, message):
  with pytest.raises(ValueError) as error:
    cluster.find(environment)
  assert message in str(error.value)


# ---- Slurm -------------------------------------------------------------------


@pytest.mark.parametrize(
  "text, names",
  [
    ("a", ["a"]),
    ("a,b-1", ["a", "b-1"]),
    ("n[1-3]", ["n1", "n2", "n3"]),
    ("n[08-10,12],m7", ["n08", "n09", "n10", "n12", "m7"]),
    ("r[1-2]n[3,5].x", ["r1n3.x", "r1n5.x", "r2n3.x", "r2n5.x"]),
  ],
)
def test_node_names(text, names):
  assert cluster.node_names(text) == names


@pytest.mark.parametrize("text", ["n[1-2", "n[a-b]"])
def test_node_names_that_are_not_understood(text):
  with pytest.raises(ValueError, match="list of nodes"):
    cluster.node_names(text)


SLURM = {
  "SLURM_JOB_ID": "30007",
  "SLURM_PROCID": "3",
  "SLURM_STEP_NUM_TASKS": "5",
  "SLURM_STEP_NODELIST": "n[1-3]",
  "SLURM_STEP_TASKS_PER_NODE": "2(x2),1",
}


def test_tasks_of_slurm():
  addresses = ("n1:20007", "n1:20008", "n2:20007", "n2:20008", "n3:20007")
  assert cluster.find(SLURM) == cluster.Cluster(addresses, 3, 1, 2)
  found = cluster.find({**SLURM, "SLURM_GPUS_PER_TASK": "2"}, port=7)
  assert found.addresses[:3] == ("n1:7", "n1:8", "n2:7")
  assert found.gpus_per_task == 2


def test_tasks_per_node_without_the_variable():
  slurm = {**SLURM, "SLURM_STEP_TASKS_PER_NODE": ""}
  assert cluster.find(slurm).addresses[1:4] == (
    "n1:20008",
    "n2:20007",
    "n2:20008",
  )


@pytest.mark.parametrize(
  "changes, message",
  [
    ({"SLURM_PROCID": "5"}, "task 5 of 5"),
    ({"SLURM_PROCID": "x"}, "SLURM_PROCID=x is not a number"),
    ({"SLURM_STEP_NUM_TASKS": "4"}, "but 5 tasks on n1, n2, n3"),
    ({"SLURM_STEP_TASKS_PER_NODE": "2x2"}, "2x2 is not understood"),
    ({"SLURM_DISTRIBUTION": "cyclic"}, "--distribution=block"),
  ],
)
def test_what_is_wrong_with_slurm_is_said(changes, message):
  with pytest.raises(ValueError) as error:
    cluster.find({**SLURM, **changes})
  assert message in str(error.value)


# ---- Meeting -----------------------------------------------------------------


def _ports(number):
  sockets = [socket.socket() for _ in range(number)]
  for s in sockets:
    s.bind(("127.0.0.1", 0))
  ports = [s.getsockname()[1] for s in sockets]
  for s in sockets:
    s.close()
  return ports


def test_tasks_meet_and_leave_their_ports_free():
  ports = _ports(3)
  addresses = tuple(f"127.0.0.1:{port}" for port in ports)
  met = []

  def task(index):
    time.sleep(0.2 * ((index + 1) % 3))  # The last one comes first.
    cluster.meet(cluster.Cluster(addresses, index), 10.0)
    cluster._listener(ports[index], time.monotonic() + 5.0).close()
    met.append(index)

  threads = [threading.Thread(target=task, args=(i,)) for i in range(3)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert sorted(met) == [0, 1, 2]


def test_nobody_goes_on_while_the_chief_still_listens(monkeypatch):
  """TensorFlow would take the chief's listener for the chief's TensorFlow."""
  ports = _ports(2)
  addresses = tuple(f"127.0.0.1:{port}" for port in ports)
  release = cluster._release

  def look(caller):
    with pytest.raises(OSError):
      socket.create_connection(("127.0.0.1", ports[0]), timeout=1.0)
    release(caller)

  monkeypatch.setattr(cluster, "_release", look)
  other = threading.Thread(
    target=cluster.meet, args=(cluster.Cluster(addresses, 1), 10.0)
  )
  other.start()
  cluster.meet(cluster.Cluster(addresses, 0), 10.0)
  other.join()


@pytest.mark.parametrize("index", [0, 1])
def test_who_does_not_come_is_named(index):
  addresses = tuple(f"127.0.0.1:{port}" for port in _ports(2))
  with pytest.raises(ConnectionError) as error:
    cluster.meet(cluster.Cluster(addresses, index), 0.1)
  assert f"{addresses[1 - index]} did not answer within 0.1 s" in str(
    error.value
  )
  assert "run_config.cluster_timeout_s" in str(error.value)


def test_a_port_that_is_taken_is_named():
  with socket.socket() as taken:
    taken.bind(("", 0))
    taken.listen(1)
    port = taken.getsockname()[1]
    here = cluster.Cluster((f"127.0.0.1:{port}", "127.0.0.1:1"), 0)
    with pytest.raises(OSError, match=f"Port {port} .* is taken"):
      cluster.meet(here, 0.1)


class _Sums:
  """Sums numbers over threads that stand for hosts."""

  def __init__(self, hosts):
    self._parts = []
    self._barrier = threading.Barrier(hosts)

  def __call__(self, numbers):
    self._parts.append(numbers)
    self._barrier.wait(timeout=60)
    sums = [sum(column) for column in zip(*self._parts)]
    if self._barrier.wait(timeout=60) == 0:
      self._parts.clear()
    self._barrier.wait(timeout=60)
    return sums


def _stop_together(errors):
  """Returns what each host raises, None for one that goes on."""
  sums = _Sums(len(errors))
  addresses = tuple(f"host{i}:1" for i in range(len(errors)))
  raised = [None] * len(errors)

  def run(index):
    try:
      cluster.raise_what_others_raise(
        errors[index], cluster.Cluster(addresses, index), sums
      )
    except ConnectionError as error:
      raised[index] = str(error)

  hosts = [threading.Thread(target=run, args=(i,)) for i in range(len(errors))]
  for host in hosts:
    host.start()
  for host in hosts:
    host.join()
  return raised


def test_all_hosts_go_on_if_none_fails():
  assert _stop_together([None, None, None]) == [None, None, None]


def test_hosts_stop_with_the_sentence_of_the_first_that_fails():
  """A host that fails itself raises its own error, elsewhere."""
  errors = [None, ValueError("Gr\u00f6\u00dfe = 3."), OSError("Full.")]
  assert _stop_together(errors) == [
    "host1:1, which trains with this host, stopped: Gr\u00f6\u00dfe = 3.",
    None,
    None,
  ]


def test_a_sentence_comes_in_our_words_and_at_most_a_page():
  [said, _] = _stop_together(
    [None, RuntimeError("Bad.\n  In call to configurable 'a' (<function>)")]
  )
  assert said.endswith(
    "stopped: RuntimeError: Bad. (in a, whose parameters gin sets)"
  )
  [said, _] = _stop_together([None, ValueError("\u00e4" * 4000)])
  assert said.endswith("\u00e4" * 500) and len(said) < 600
