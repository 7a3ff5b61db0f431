"""Several hosts that train together, and what happens if one of them is lost.

Which they are is read from TF_CONFIG or Slurm's variables, see cluster.py.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import os
import sys
import threading
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.estimator.devices import cluster as cluster_lib
from compare_gan.estimator.devices import replicated
import tensorflow as tf


class MultiWorker(replicated.Replicated):
  """Replicas on several hosts, on all of their GPUs or on one CPU each.

  Make it before TensorFlow runs its first op: the hosts connect when TensorFlow
  starts. Variables start with the chief's values on every host. Later each host
  changes its own copy by the same sums, so all copies keep the same bits. `run`
  may be called in a loop of the graph.

  Args:
    cluster: a cluster.Cluster.
    num_gpus: GPUs of this host, the same number on each; 0 for the CPU.
    timeout_s: seconds that hosts wait for each other. If a loop takes longer, a
      host is considered lost.
  """

  def __init__(
    self,
    cluster: cluster_lib.Cluster,
    num_gpus: int = 0,
    timeout_s: float = 600.0,
  ) -> None:
    self._cluster = cluster
    self._timeout_s = timeout_s
    self.is_chief = cluster.index == 0
    cluster_lib.meet(cluster, timeout_s)
    super().__init__(self._make_strategy(num_gpus), len(cluster.addresses))
    self._sums = tf.function(self._host_sums, autograph=False)

  def _make_strategy(self, num_gpus):
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
      tf.train.ClusterSpec({"worker": list(self._cluster.addresses)}),
      task_type="worker",
      task_id=self._cluster.index,
      num_accelerators={"GPU": num_gpus},
      rpc_layer="grpc",
    )
    library = "AUTO" if num_gpus else "RING"  # AUTO is NCCL if there is one.
    # Without a timeout of TensorFlow's, which keeps a thread for each sum until
    # it is over: after some dozen steps a process can have no more. `waiting`
    # is around all that may wait for another host.
    options = tf.distribute.experimental.CommunicationOptions(
      implementation=tf.distribute.experimental.CommunicationImplementation[
        library
      ],
    )
    try:
      with self.waiting(), replicated.pools_end_first():
        return tf.distribute.MultiWorkerMirroredStrategy(resolver, options)
    except tf.errors.OpError as error:
      self.explain(error)
      raise
    except RuntimeError as error:
      raise RuntimeError(
        "TensorFlow has run an op before the hosts of the training were "
        "connected. Choose the devices first, then make datasets and models."
      ) from error

  @contextlib.contextmanager
  def scope(self) -> Iterator[None]:
    # Variables ask for the chief's values as they are made.
    with self.waiting(), super().scope():
      yield

  def shard(self) -> dict[str, int]:
    return {
      "num_shards": len(self._cluster.addresses),
      "shard": self._cluster.index,
    }

  def together(self, function: Callable[[], Any]) -> Any:
    result, error = None, None
    try:
      result = function()
    except Exception as caught:  # noqa: BLE001, raised below
      error = caught
    cluster_lib.raise_what_others_raise(
      error, self._cluster, lambda numbers: self._sum(numbers, error)
    )
    if error is not None:
      raise error
    return result

  def sum_over_hosts(self, numbers: Sequence[int]) -> list[int]:
    return self._sum(numbers)

  def _sum(self, numbers, error=None):
    """Returns the sums; if a host does not answer, raises `error` if given."""
    try:
      with _at_most(self._timeout_s, str(error or self._lost())):
        sums = self._sums(tf.constant(numbers, tf.float64))
    except tf.errors.OpError as lost:
      if error is not None:
        raise error from lost
      self.explain(lost)
      raise
    return [int(x) for x in sums.numpy()]

  def _host_sums(self, numbers):
    def on_replica(numbers: tf.Tensor) -> tf.Tensor:
      once = tf.cast(tf.equal(self._local_id(), 0), numbers.dtype)
      return self.all_sum(numbers * once)

    return self._first(self._strategy.run(on_replica, (numbers,)))

  def waiting(self) -> contextlib.AbstractContextManager:
    return _at_most(self._timeout_s, self._lost())

  def explain(self, error: tf.errors.OpError) -> None:
    lost = (
      tf.errors.AbortedError,
      tf.errors.CancelledError,
      tf.errors.DeadlineExceededError,
      tf.errors.UnavailableError,
    )
    if isinstance(error, lost) or "ollective" in error.message:
      raise ConnectionError(self._lost()) from error

  def _lost(self):
    others = [
      address
      for i, address in enumerate(self._cluster.addresses)
      if i != self._cluster.index
    ]
    return (
      f"Lost {' or '.join(others)}, which trained with this host, or it did "
      f"not answer within run_config.cluster_timeout_s = {self._timeout_s:g}. "
      "The last checkpoint is good: run the same command on all hosts to "
      "resume."
    )


@contextlib.contextmanager
def _at_most(seconds, sentence):
  """Ends the process if the body takes longer.

  If a host dies, the others may hang in a call of TensorFlow, which nothing can
  interrupt. No file is being written then.
  """

  def end() -> None:
    print(f"compare_gan: {sentence}", file=sys.stderr, flush=True)
    os._exit(1)

  timer = threading.Timer(seconds, end)
  timer.daemon = True
  timer.start()
  try:
    yield
  finally:
    timer.cancel()


# ---- Choosing ----------------------------------------------------------------


def find(run_config: Any) -> Optional[cluster_lib.Cluster]:
  """Returns the Cluster that TF_CONFIG or Slurm names, None for one host."""
  return cluster_lib.find(port=run_config and run_config.cluster_port)


def choose(
  cluster: cluster_lib.Cluster,
  num_gpus: int,
  batch_size: Optional[int],
  run_config: Any,
) -> MultiWorker:
  """Returns the MultiWorker of a Cluster; see `base.AbstractKind.choose`."""
  hosts = len(cluster.addresses)
  replicas = hosts * max(1, num_gpus)
  if batch_size is not None and batch_size % replicas:
    raise ValueError(
      f"options.batch_size = {batch_size} is not divisible by the {replicas} "
      f"replicas on {hosts} hosts that TF_CONFIG or Slurm names. Choose a "
      "multiple."
    )
  timeout_s = run_config.cluster_timeout_s if run_config else 600.0
  return MultiWorker(cluster, num_gpus, timeout_s)


def share_gpus(cluster: cluster_lib.Cluster) -> None:
  """Gives each of several tasks on one host its part of the GPUs.

  A task that sees no more GPUs than its part already has its own.
  """
  gpus = tf.config.get_visible_devices("GPU")
  each = cluster.gpus_per_task or len(gpus) // cluster.local_tasks
  if cluster.local_tasks > 1 and 0 < each < len(gpus):
    first = cluster.local_index * each
    tf.config.set_visible_devices(gpus[first : first + each], "GPU")


def in_words(name: str, cluster: Optional[cluster_lib.Cluster]) -> str:
  """Returns the devices in words: "2 GPUs of each of the 3 hosts ..."."""
  if cluster is None:
    return name
  return (
    f"{name} of each of the {len(cluster.addresses)} hosts that TF_CONFIG or "
    "Slurm names"
  )
