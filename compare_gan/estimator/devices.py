"""Where a step runs: one device, or several replicas that act as one.

`replica.py` is what the rest of the library sees of them.
"""

from compare_gan import replica
import tensorflow as tf

KINDS = ("auto", "cpu", "gpu")


class OneDevice(replica.Replicas):
  """Runs on the CPU or on a single GPU."""

  def __init__(self, device):
    self._device = device

  def scope(self):
    """Surrounds the making of variables."""
    return tf.device(self._device)

  def run(self, step, batches):
    """Returns the scalars of `step(batches)`."""
    with tf.device(self._device), replica.running(self):
      return step(batches)


class Mirrored(replica.Replicas):
  """Equal replicas on several devices of this machine.

  Every replica holds the same weights and takes its rows of the global batch;
  gradients, moments and scores are averaged over them (`replica.all_mean`).
  """

  def __init__(self, devices):
    self._strategy = tf.distribute.MirroredStrategy(devices)

  def num_replicas(self):
    return self._strategy.num_replicas_in_sync

  def replica_id(self):
    context = tf.distribute.get_replica_context()
    return tf.convert_to_tensor(context.replica_id_in_sync_group)

  def all_sum(self, x, group_size=None):
    if group_size not in (None, self.num_replicas()):
      raise ValueError(
        f"cross_replica_moments.group_size = {group_size}: replicas of one "
        f"machine average over all {self.num_replicas()}. Set it to None."
      )
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, x)

  def scope(self):
    return self._strategy.scope()

  def run(self, step, batches):
    def on_replica(batches):
      with replica.running(self):
        scalars = step([self._rows(batch) for batch in batches])
        return {name: replica.all_mean(v) for name, v in scalars.items()}

    scalars = self._strategy.run(on_replica, (batches,))
    return {
      name: self._strategy.experimental_local_results(value)[0]
      for name, value in scalars.items()
    }

  def _rows(self, batch):
    """Returns this replica's part of a global batch."""

    def part(x):
      n = x.shape[0] // self.num_replicas()
      first = self.replica_id() * n
      return x[first : first + n]

    return {name: part(x) for name, x in batch.items()}


def choose(kind="auto", batch_size=None):
  """Returns OneDevice or Mirrored.

  Args:
    kind: "cpu", "gpu" (all that there are), or "auto": GPUs if there are any.
    batch_size: the global batch must divide by the number of replicas.
  """
  if kind not in KINDS:
    raise ValueError(
      f"--run_config={kind} is unknown. It can be {', '.join(KINDS)}."
    )
  gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
  if kind == "gpu" and not gpus:
    raise ValueError(
      "--run_config=gpu, but TensorFlow sees no GPU. --run_config=cpu would "
      "do; for GPUs install compare_gan[gpu]."
    )
  if kind == "cpu" or not gpus:
    return OneDevice("CPU:0")
  if len(gpus) == 1:
    return OneDevice(gpus[0])
  if batch_size is not None and batch_size % len(gpus):
    raise ValueError(
      f"options.batch_size = {batch_size} does not divide by the {len(gpus)} "
      "GPUs. Choose a multiple, or fewer GPUs by CUDA_VISIBLE_DEVICES."
    )
  return Mirrored(gpus)
