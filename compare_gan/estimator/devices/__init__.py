"""Where a step runs: one device, or several replicas that act as one.

`replica.py` is what the rest of the library sees of them.
"""

import contextlib
import os
import sys
import threading

from compare_gan import precision as precision_lib
from compare_gan import replica
from compare_gan.estimator.devices import cluster as cluster_lib
import tensorflow as tf

KINDS = ("auto", "cpu", "gpu", "tpu", "npu")


class Devices(replica.Replicas):
  """What the estimator asks of the devices; as it is, for one host."""

  is_chief = True  # Writes checkpoints, summaries, progress.

  def scope(self):
    """Surrounds the making of variables."""
    raise NotImplementedError

  def run(self, step, batches):
    """Returns the scalars of `step(batches)`, their means over replicas."""
    raise NotImplementedError

  def precision(self, run_config):
    """Returns the arguments of `precision.using` for the training."""
    return precision_lib.resolve(
      run_config.precision, run_config.precision_mode
    )

  def settle(self, run_config):
    """Returns the RunConfig as it is on these devices, not on an NPU."""
    options = run_config.npu
    if options is None:
      return run_config
    return run_config._replace(npu=None, **options.elsewhere)

  def broadcast(self, variables):
    """Gives all processes the chief's values, if each made its own."""

  def dataset(self, input_fn, model, step):
    """Returns what `take` takes batches from, from `step` of `model` on."""
    first = step * model.batches_per_step
    dataset = input_fn(first, **self.shard())
    return self.feed(dataset, model, step).prefetch(2)

  def feed(self, dataset, model, step):
    """Returns the dataset as the device wants it, from `step` of `model` on."""
    del model, step
    return dataset

  def take(self, iterator, count):
    """Returns what `run` gets for one step, `count` batches."""
    return [next(iterator) for _ in range(count)]

  def inspect(self, graph):
    """Raises, or warns, if the device will not run a step's graph."""

  def loop(self, one_step, iterator, outputs):
    """Returns `loop(steps)`, which makes steps and returns the last scalars.

    Args:
      one_step: a tf.function, `one_step(iterator)` -> {name: scalar}.
      iterator: of what `feed` returned.
      outputs: the structure of what `one_step` returns.
    """

    @tf.function
    def loop(steps):
      scalars = {name: tf.zeros([], s.dtype) for name, s in outputs.items()}
      for _ in tf.range(steps):
        scalars = one_step(iterator)
      return scalars

    return lambda steps: loop(tf.constant(steps, tf.int64))

  def num_local_replicas(self):
    """Returns how many replicas this host has."""
    return 1

  def shard(self):
    """Returns which rows of the global batch this host reads.

    Empty for all of them, else `num_shards` and `shard`, which go to the input
    function.
    """
    return {}

  def sum_over_hosts(self, numbers):
    """Returns the sums of integers below 2^53; hosts wait for each other."""
    return list(numbers)

  def of_chief(self, number):
    """Returns the chief's number on every host."""
    return self.sum_over_hosts([number if self.is_chief else 0])[0]

  def waiting(self):
    """Surrounds what other hosts take part in, for it may never end."""
    return contextlib.nullcontext()

  def explain(self, error):
    """Raises what a tf.errors.OpError of a step means, if that is known."""


class OneDevice(Devices):
  """Runs on the CPU or on a single GPU."""

  def __init__(self, device):
    self._device = device

  def scope(self):
    return tf.device(self._device)

  def run(self, step, batches):
    with tf.device(self._device), replica.running(self):
      return step(batches)


class Replicated(Devices):
  """Equal replicas that a tf.distribute.Strategy drives.

  Every replica holds the same weights and takes its rows of the global batch;
  gradients, moments and scores are averaged over them (`replica.all_mean`).
  """

  def __init__(self, strategy, num_hosts=1):
    self._strategy = strategy
    self._num_local = strategy.num_replicas_in_sync // num_hosts

  def num_replicas(self):
    return self._strategy.num_replicas_in_sync

  def num_local_replicas(self):
    return self._num_local

  def replica_id(self):
    context = tf.distribute.get_replica_context()
    return tf.convert_to_tensor(context.replica_id_in_sync_group)

  def all_sum(self, x, group_size=None):
    if group_size not in (None, self.num_replicas()):
      raise ValueError(
        f"cross_replica_moments.group_size = {group_size}: CPUs and GPUs "
        f"average over all {self.num_replicas()} replicas. Set it to None."
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
    return {name: self._first(value) for name, value in scalars.items()}

  def _first(self, value):
    return self._strategy.experimental_local_results(value)[0]

  def _local_id(self):
    """Returns this replica's number on this host."""
    return self.replica_id() % self._num_local

  def _rows(self, batch):
    """Returns this replica's part of what this host reads of a batch."""

    def part(x):
      n = x.shape[0] // self._num_local
      first = self._local_id() * n
      return x[first : first + n]

    return {name: part(x) for name, x in batch.items()}


class Mirrored(Replicated):
  """Replicas on several devices of this machine."""

  def __init__(self, devices):
    super().__init__(tf.distribute.MirroredStrategy(devices))


class MultiWorker(Replicated):
  """Replicas on several hosts, on all of their GPUs or on one CPU each.

  It must be made before TensorFlow runs its first op: the hosts find each other
  as TensorFlow starts. Variables are made with the chief's values, on whatever
  host; later each host changes its own copy by the same sums, so all copies
  keep the same bits. A loop of the graph may surround `run`.

  Args:
    cluster: a cluster.Cluster.
    num_gpus: of this host's, the same on each; 0 for the CPU.
    timeout_s: how long hosts wait for each other. A loop that takes longer
      means that a host is lost.
  """

  def __init__(self, cluster, num_gpus=0, timeout_s=600.0):
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
    options = tf.distribute.experimental.CommunicationOptions(
      # Where `waiting` does not look. It is later, for TensorFlow 2.6 may crash
      # as it gives up.
      timeout_seconds=self._timeout_s + 60.0,
      implementation=tf.distribute.experimental.CommunicationImplementation[
        library
      ],
    )
    try:
      with self.waiting():
        return tf.distribute.MultiWorkerMirroredStrategy(resolver, options)
    except tf.errors.OpError as error:
      self.explain(error)
      raise
    except RuntimeError as error:
      raise RuntimeError(
        "TensorFlow has run an op before the hosts of the training were "
        "connected. Choose the devices first, then make datasets and models."
      ) from error

  def shard(self):
    return {
      "num_shards": len(self._cluster.addresses),
      "shard": self._cluster.index,
    }

  def sum_over_hosts(self, numbers):
    try:
      with self.waiting():
        sums = self._sums(tf.constant(numbers, tf.float64))
    except tf.errors.OpError as error:
      self.explain(error)
      raise
    return [int(x) for x in sums.numpy()]

  def _host_sums(self, numbers):
    def on_replica(numbers):
      once = tf.cast(tf.equal(self._local_id(), 0), numbers.dtype)
      return self.all_sum(numbers * once)

    return self._first(self._strategy.run(on_replica, (numbers,)))

  def waiting(self):
    return _at_most(self._timeout_s, self._lost())

  def explain(self, error):
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
      f"not answer within run_config.cluster_timeout_s = {self._timeout_s:g}."
      " The last checkpoint is good: the same command on all hosts goes on."
    )


@contextlib.contextmanager
def _at_most(seconds, sentence):
  """Ends the process if what is inside takes longer.

  A host that dies may leave the others in a call of TensorFlow without an end,
  which nothing can interrupt. Nothing is being written meanwhile.
  """

  def end():
    print(f"compare_gan: {sentence}", file=sys.stderr, flush=True)
    os._exit(1)

  timer = threading.Timer(seconds, end)
  timer.daemon = True
  timer.start()
  try:
    yield
  finally:
    timer.cancel()


def choose(kind="auto", batch_size=None, run_config=None):
  """Returns what to train on; call it before any op of TensorFlow.

  Several hosts are used where TF_CONFIG or Slurm names them, see cluster.py.

  Args:
    kind: "cpu", "gpu" (all that there are), "tpu", "npu" (this process's card),
      or "auto": the card if npu_device can open it, else all GPUs, else the
      CPU; it prints what it took. See tpu.py and npu.py.
    batch_size: the global batch must divide by the number of replicas.
    run_config: a RunConfig, for the waiting time and the port of a cluster.
  """
  if kind not in KINDS:
    raise ValueError(
      f"--run_config={kind} is unknown. It can be {', '.join(KINDS)}."
    )
  if kind == "npu":
    from compare_gan.estimator.devices.npu import devices as npu

    return npu.choose(batch_size, run_config)
  if kind == "tpu":
    from compare_gan.estimator.devices import tpu

    return tpu.choose(batch_size, run_config)
  cluster = cluster_lib.find(port=run_config and run_config.cluster_port)
  if kind == "auto":
    return _choose_and_say(cluster, batch_size, run_config)
  return _cpu_or_gpus(kind, cluster, batch_size, run_config)


def _choose_and_say(cluster, batch_size, run_config):
  """Returns an NPU's card, else GPUs, else the CPU, and prints why."""
  from compare_gan.estimator.devices.npu import devices as npu

  hosts = len(cluster.addresses) if cluster else 1
  on, why_not = npu.choose_if_any(batch_size, run_config, hosts)
  if on:
    print(f"Training on the NPU: {on.describe()}.", flush=True)
    return on
  on = _cpu_or_gpus("auto", cluster, batch_size, run_config)
  gpus = len(tf.config.get_visible_devices("GPU"))
  what = {0: "the CPU", 1: "the GPU"}.get(gpus, f"{gpus} GPUs")
  seen = f"TensorFlow sees {gpus or 'no'} GPU{'s' * (gpus > 1)}"
  if hosts > 1:
    what += f" of each of the {hosts} hosts that TF_CONFIG or Slurm names"
  print(f"Training on {what}: {seen}, and {why_not}.", flush=True)
  return on


def _cpu_or_gpus(kind, cluster, batch_size, run_config):
  if cluster:
    _share_gpus(cluster)
  gpus = [] if kind == "cpu" else tf.config.get_visible_devices("GPU")
  if kind == "gpu" and not gpus:
    raise ValueError(
      "--run_config=gpu, but TensorFlow sees no GPU. --run_config=cpu would "
      "do; for GPUs install compare_gan[gpu]."
    )
  if cluster:
    return _several_hosts(cluster, len(gpus), batch_size, run_config)
  if not gpus:
    return OneDevice("CPU:0")
  gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
  if len(gpus) == 1:
    return OneDevice(gpus[0])
  if batch_size is not None and batch_size % len(gpus):
    raise ValueError(
      f"options.batch_size = {batch_size} does not divide by the {len(gpus)} "
      "GPUs. Choose a multiple, or fewer GPUs by CUDA_VISIBLE_DEVICES."
    )
  return Mirrored(gpus)


def _several_hosts(cluster, num_gpus, batch_size, run_config):
  hosts = len(cluster.addresses)
  replicas = hosts * max(1, num_gpus)
  if batch_size is not None and batch_size % replicas:
    raise ValueError(
      f"options.batch_size = {batch_size} does not divide by the {replicas} "
      f"replicas on {hosts} hosts that TF_CONFIG or Slurm names. Choose a "
      "multiple."
    )
  timeout_s = run_config.cluster_timeout_s if run_config else 600.0
  return MultiWorker(cluster, num_gpus, timeout_s)


def _share_gpus(cluster):
  """Gives each of several tasks on one host its part of the GPUs.

  A task that sees no more than its part was already given its own.
  """
  gpus = tf.config.get_visible_devices("GPU")
  each = cluster.gpus_per_task or len(gpus) // cluster.local_tasks
  if cluster.local_tasks > 1 and 0 < each < len(gpus):
    first = cluster.local_index * each
    tf.config.set_visible_devices(gpus[first : first + each], "GPU")
