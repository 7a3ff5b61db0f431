"""Several devices of this machine, as replicas that act as one."""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import multiprocessing.dummy
import multiprocessing.util
import threading
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.context import replica
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import native_precision
import tensorflow as tf

# How much of several tensors is exchanged at once. While one pack of gradients
# is on its way, the next is made.
BYTES_PER_PACK = 32 * 2**20

_JOIN_S = 5.0  # A thread may hang in an exchange with a host that is lost.


class Replicated(base.Devices):
  """Equal replicas that a tf.distribute.Strategy drives.

  Every replica holds the same weights and takes its rows of the global batch;
  gradients, moments and scores are averaged over them (`replica.all_mean`).
  """

  def __init__(
    self, strategy: tf.distribute.Strategy, num_hosts: int = 1
  ) -> None:
    self._strategy = strategy
    self._num_local = strategy.num_replicas_in_sync // num_hosts

  def num_replicas(self) -> int:
    return self._strategy.num_replicas_in_sync

  def num_local_replicas(self) -> int:
    return self._num_local

  def replica_id(self) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    return tf.convert_to_tensor(context.replica_id_in_sync_group)

  def all_sum(
    self, x: tf.Tensor, group_size: Optional[int] = None
  ) -> tf.Tensor:
    return self._all_reduce(x, group_size)

  def all_sums(
    self, xs: Sequence[tf.Tensor], group_size: Optional[int] = None
  ) -> list[tf.Tensor]:
    return self._all_reduce(list(xs), group_size)

  def _all_reduce(self, x, group_size):
    """Returns the sum of a tensor, or those of a list, exchanged in packs."""
    if group_size not in (None, self.num_replicas()):
      raise ValueError(
        f"cross_replica_moments.group_size = {group_size}: CPUs and GPUs "
        f"average over all {self.num_replicas()} replicas. Set it to None."
      )
    context = tf.distribute.get_replica_context()
    options = tf.distribute.experimental.CommunicationOptions(
      bytes_per_pack=BYTES_PER_PACK
    )
    return context.all_reduce(tf.distribute.ReduceOp.SUM, x, options)

  def native_precision(self) -> tuple[str, str]:
    return native_precision.choose(self._strategy.extended.worker_devices)

  def scope(self) -> Any:
    return self._strategy.scope()

  def run(
    self, step: Callable[[Any], dict[str, tf.Tensor]], batches: Any
  ) -> dict[str, tf.Tensor]:
    def on_replica(batches: Any) -> dict[str, tf.Tensor]:
      with replica.running(self):
        scalars = step([self._rows(batch) for batch in batches])
        means = replica.all_means(list(scalars.values()))
        return dict(zip(scalars, means))

    scalars = self._strategy.run(on_replica, (batches,))
    return {name: self._first(value) for name, value in scalars.items()}

  def _first(self, value):
    return self._strategy.experimental_local_results(value)[0]

  def _local_id(self):
    """Returns this replica's number on this host."""
    return self.replica_id() % self._num_local

  def _rows(self, batch):
    """Returns this replica's part of what this host reads of a batch."""

    def part(x: tf.Tensor) -> tf.Tensor:
      n = x.shape[0] // self._num_local
      first = self._local_id() * n
      return x[first : first + n]

    return {name: part(x) for name, x in batch.items()}


class Mirrored(Replicated):
  """Replicas on several devices of this machine."""

  def __init__(self, devices: Sequence[str]) -> None:
    with pools_end_first():
      strategy = tf.distribute.MirroredStrategy(devices)
    super().__init__(strategy)


@contextlib.contextmanager
def pools_end_first() -> Iterator[None]:
  """Makes Python wait, at its end, for the pools that are made in the body.

  TensorFlow 2.6 makes pools of threads with a strategy, and their threads drop
  a graph as they end. If the interpreter is gone by then, that aborts the
  process, and a training that did its work seems to have failed.
  """
  before = threading.enumerate()
  yield
  threads = [
    thread
    for thread in threading.enumerate()
    if isinstance(thread, multiprocessing.dummy.DummyProcess)
    and thread not in before
  ]
  # A pool tells its threads to end, at priority 15, and does not wait for them.
  multiprocessing.util.Finalize(None, _join, args=(threads,), exitpriority=0)


def _join(threads):
  for thread in threads:
    thread.join(_JOIN_S)
