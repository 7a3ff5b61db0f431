"""A TPU: one replica per core, a loop on the host around steps by XLA.

  python -m compare_gan.main --run_config=tpu --gin_config=resnet_cifar10.gin
  TPURunConfig.tpu = "local"      on the TPU VM itself (the default)
  TPURunConfig.tpu = "my-tpu"     by name, or "grpc://10.0.0.2:8470"

Every host of a pod reads its own rows of the global batch, and hands each core
its part. Steps are compiled, so shapes must be static, and strings, float64 and
Python functions are impossible: `inspect` names what would not compile before
the first step.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.context import graphs
from compare_gan.context import replica
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import replicated
import gin
import tensorflow as tf


@gin.configurable("TPURunConfig", module="compare_gan.main")
@dataclasses.dataclass(frozen=True)
class TPUOptions:
  """Which TPU to use; `TPUOptions()` is what a gin file sets.

  Attributes:
    tpu: "local" on a TPU VM, the name of a TPU, or its address "grpc://...";
      None is the value of the environment variable TPU_NAME.
    zone, project: of a TPU that is given by name; None is the machine's own.
  """

  tpu: Optional[str] = "local"
  zone: Optional[str] = None
  project: Optional[str] = None


class TpuDevices(replicated.Replicated):
  """Replicas on the cores of a TPU, or of a pod of them.

  Args:
    strategy: a TPUStrategy.
  """

  def compiled(
    self, step: Callable[[Any], dict[str, tf.Tensor]]
  ) -> Callable[[Any], dict[str, tf.Tensor]]:
    return step  # All of them are.

  def precision(self, run_config: Any) -> tuple[str, bool]:
    """Returns what a core multiplies fastest, unless gin says otherwise."""
    if run_config.precision is None and run_config.precision_mode is None:
      return "bfloat16", False
    return super().precision(run_config)

  def native_precision(self) -> tuple[str, str]:
    return "bfloat16", "the TPU multiplies it natively"

  def dataset(
    self, input_fn: Callable[..., tf.data.Dataset], model: Any, step: int
  ) -> Any:
    first = step * model.batches_per_step

    def dataset_of_host(context: tf.distribute.InputContext) -> tf.data.Dataset:
      batches = input_fn(
        first,
        num_shards=context.num_input_pipelines,
        shard=context.input_pipeline_id,
      )
      hosts = context.num_input_pipelines
      return _split(batches, self.num_replicas() // hosts).prefetch(2)

    return self._strategy.distribute_datasets_from_function(dataset_of_host)

  def run(
    self, step: Callable[[Any], dict[str, tf.Tensor]], batches: Any
  ) -> dict[str, tf.Tensor]:
    def on_replica(batches: Any) -> dict[str, tf.Tensor]:
      with replica.running(self):
        scalars = step(batches)
        means = replica.all_means(list(scalars.values()))
        return dict(zip(scalars, means))

    scalars = self._strategy.run(on_replica, (batches,))
    return {name: self._first(value) for name, value in scalars.items()}

  def all_sum(
    self, x: tf.Tensor, group_size: Optional[int] = None
  ) -> tf.Tensor:
    n = self.num_replicas()
    if group_size in (None, n):
      return super().all_sum(x)
    if n % group_size:
      raise ValueError(
        f"cross_replica_moments.group_size = {group_size} does not divide the "
        f"{n} cores. It must be a divisor of {n}."
      )
    groups = [
      list(range(first, first + group_size))
      for first in range(0, n, group_size)
    ]
    return tf.raw_ops.CrossReplicaSum(input=x, group_assignment=groups)

  def all_sums(
    self, xs: Sequence[tf.Tensor], group_size: Optional[int] = None
  ) -> list[tf.Tensor]:
    # XLA joins them.
    return [self.all_sum(x, group_size) for x in xs]

  def inspect(self, graph: tf.Graph) -> None:
    found = problems(graph)
    if found:
      raise ValueError(
        "A TPU cannot compile this step:\n  "
        + "\n  ".join(found[:10])
        + (f"\n  and {len(found) - 10} more" if len(found) > 10 else "")
      )

  def explain(self, error: tf.errors.OpError) -> None:
    lost = tf.errors.UnavailableError, tf.errors.AbortedError
    if isinstance(error, lost):
      raise ConnectionError(
        "The TPU is lost: preempted, or under maintenance. The last "
        "checkpoint is good: run the same command to resume when a TPU is "
        "available again."
      ) from error


def _split(batches, parts):
  """Returns a dataset of the parts of each batch, one after the other."""

  def split(batch):
    return tf.data.Dataset.from_tensor_slices(
      {
        name: tf.reshape(x, [parts, x.shape[0] // parts, *x.shape[1:]])
        for name, x in batch.items()
      }
    )

  return batches.flat_map(split)


# ---- Connecting --------------------------------------------------------------


class Kind(base.AbstractKind):
  """The TPU that `TPURunConfig.*` names; "auto" does not connect to one."""

  def choose(self, batch_size: Optional[int], run_config: Any) -> base.Devices:
    return choose(batch_size, run_config)


def choose(batch_size: Optional[int], run_config: Any) -> TpuDevices:
  """Returns the TpuDevices of `TPURunConfig.*`."""
  options = TPUOptions()
  single_core = bool(run_config and run_config.single_core)
  devices = TpuDevices(_strategy(options, single_core))
  cores = devices.num_replicas()
  if batch_size is not None and batch_size % cores:
    raise ValueError(
      f"options.batch_size = {batch_size} is not divisible by the {cores} "
      "cores of the TPU. Choose a multiple, or run_config.single_core = True."
    )
  return devices


def _strategy(options, single_core):
  resolver = tf.distribute.cluster_resolver.TPUClusterResolver
  try:
    found = resolver(
      tpu=options.tpu, zone=options.zone, project=options.project
    )
    if options.tpu != "local":
      tf.config.experimental_connect_to_cluster(found)
    topology = tf.tpu.experimental.initialize_tpu_system(found)
  except (ValueError, RuntimeError, tf.errors.OpError) as error:
    reason = str(error).splitlines()[0][:200]
    raise ValueError(
      f"--run_config=tpu with TPURunConfig.tpu = {options.tpu!r} found no TPU "
      f"({reason}). 'local' is for a TPU VM with tensorflow-tpu in place of "
      "tensorflow; elsewhere give the TPU's name or address. "
      "--run_config=auto works without a TPU."
    ) from error
  assignment = None
  if single_core:
    assignment = tf.tpu.experimental.DeviceAssignment.build(topology)
  return tf.distribute.TPUStrategy(found, assignment)


# ---- What XLA does not compile for a TPU -------------------------------------

_DTYPES = (tf.string, tf.float64, tf.complex128, tf.variant)
_OPS = {
  "EagerPyFunc": "it runs Python",
  "PyFunc": "it runs Python",
  "PyFuncStateless": "it runs Python",
  "Where": "the shape of its result depends on values",
  "Unique": "the shape of its result depends on values",
  "UniqueV2": "the shape of its result depends on values",
  "PrintV2": "it prints",
  "WriteSummary": "it writes summaries",
  "DecodePng": "it decodes files",
  "DecodeJpeg": "it decodes files",
}
# Ops that feed the step on the host: they are not compiled.
_OF_THE_HOST = ("Iterator", "MultiDeviceIterator", "OptionalGet", "OptionalHas")
# XLA knows their values when it compiles, because they follow from shapes.
_CONSTANT = ("BroadcastGradientArgs",)


def problems(graph: tf.Graph) -> list[str]:
  """Returns sentences about operations that a TPU cannot run, one for each.

  Args:
    graph: of a traced step; the functions that it calls are checked as well.
  """
  found: dict[str, None] = {}  # in the order of the graph
  for operation in _operations(graph):
    if _runs_on_the_host(operation) or operation.type in _CONSTANT:
      continue
    reason = _OPS.get(operation.type) or _reason(operation)
    if reason:
      found[f"{operation.name} ({operation.type}): {reason}"] = None
  return list(found)


def _runs_on_the_host(operation):
  if operation.type == "Placeholder":  # The iterator, as the step gets it.
    return operation.name.startswith("iterator")
  return operation.type.startswith(_OF_THE_HOST)


def _reason(operation):
  for tensor in operation.outputs:
    if tensor.dtype.base_dtype in _DTYPES:
      return f"it is {tensor.dtype.name}"
    if tensor.shape.rank is None or None in tensor.shape.as_list():
      return f"its shape {tensor.shape} is not static"
  return None


def _operations(graph):
  """Yields the operations of a graph, and of the functions that it calls."""
  waiting, seen = [graph], set()
  while waiting:
    graph = waiting.pop()
    for operation in graph.get_operations():
      yield operation
      for name in graphs.called(operation).values():
        if name not in seen:
          seen.add(name)
          body = graphs.body(graph, name)
          if body is not None:
            waiting.append(body)
