"""Training on Ascend NPUs, through the adapter `npu_device` of Huawei.

One process drives one card; several cards need several processes, which know
of each other from RANK_* and RANK_TABLE_FILE in their environment. What is
unusual:

* Opening the card replaces TensorFlow's context: it must come before any
  variable, and seeds are set afterwards.
* The loop of steps runs on the card. It runs as many steps as the last
  `set_npu_loop_size` asked for, whatever the graph counts to, and takes one
  element of the dataset for each.
* The card cannot draw random numbers: a step's noise comes with its batches,
  see planned_draws.py. It has no float64 and no strings.
* Processes do not share variables: the first one sends all its values to the
  others before the first step.

See docs/npu.md.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.context import draws
from compare_gan.context import precision as precision_lib
from compare_gan.context import replica
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices.npu import adapter as adapter_lib
from compare_gan.estimator.devices.npu import options as npu_options
from compare_gan.estimator.devices.npu import planned_draws
from compare_gan.estimator.devices.npu import preflight
import numpy as np
import tensorflow as tf

_SUMMED = (tf.int8, tf.int32, tf.int64, tf.float16, tf.float32)
_SENT = (*_SUMMED, tf.uint64)

# Parts of a count below 2^53: no sum over 2048 processes reaches 2^31.
_BITS = 20
_PARTS = 3


class NpuDevices(base.Devices):
  """The card of this process, and those of others that train with it.

  The constructor opens the card: call it before making datasets and models.

  Args:
    options: an NPUOptions.
    precision_mode: for the compiler; None leaves it to the adapter.
    seed: of draws that no model has seeded; None for a fresh one.
  """

  def __init__(
    self,
    options: Optional[npu_options.NPUOptions] = None,
    precision_mode: Optional[str] = None,
    seed: Optional[int] = None,
  ) -> None:
    options = options or npu_options.NPUOptions()
    self._options = options
    self._adapter = adapter_lib.import_adapter()
    adapter_lib.require_no_variables()
    adapter_lib.warn_of_threads()
    wanted = dict(options.device)
    if precision_mode is not None:
      wanted["precision_mode"] = precision_mode
    self._configure(wanted)
    adapter_lib.set_environment(options.environment)
    handle = self._open(options.device_id)
    self._card = handle.name().rpartition(":")[2]
    self._number = handle.workers_num
    self._index = handle.worker_id
    self.is_chief = self._index == 0
    if seed is not None:
      tf.random.set_seed(seed + self._index)
    self._sums = tf.function(self.all_sum, autograph=False)

  def _configure(self, wanted):
    for path, value in wanted.items():
      adapter_lib.set_option(self._adapter.global_options(), path, value)

  def _open(self, device_id):
    arguments = () if device_id is None else (device_id,)
    try:
      return self._adapter.open(*arguments).as_default()
    except Exception as error:  # Driver and adapter raise various types.
      said = adapter_lib.in_one_line(error)
      raise adapter_lib.NoCard(
        f"npu_device opened no card ({said})",
        f"The NPU cannot be opened: {said}. A single card needs at most "
        "ASCEND_DEVICE_ID or NPURunConfig.session_device_id; several cards "
        "need RANK_SIZE, RANK_ID, RANK_TABLE_FILE and ASCEND_DEVICE_ID in "
        "each process.",
      ) from error

  def describe(self) -> str:
    """Returns what was opened, as a clause."""
    said = f"npu_device opened card {self._card}"
    if self._number > 1:
      said += f", one of {self._number} that train together"
    return said

  # ---- Replicas --------------------------------------------------------------

  def num_replicas(self) -> int:
    return self._number

  def replica_id(self) -> int:
    return self._index

  def all_sum(
    self, x: tf.Tensor, group_size: Optional[int] = None
  ) -> tf.Tensor:
    if group_size not in (None, self._number):
      raise ValueError(
        f"cross_replica_moments.group_size = {group_size}: NPUs average over "
        f"all {self._number} replicas. Set it to None."
      )
    if self._number == 1:
      return x
    x = tf.convert_to_tensor(x)
    if x.dtype == tf.bfloat16:  # The older cards cannot sum it.
      return tf.cast(self.all_sum(tf.cast(x, tf.float32)), tf.bfloat16)
    _require_dtype(x, _SUMMED, "summed")
    return self._adapter.distribute.all_reduce(x, reduction="sum")

  # ---- Devices ---------------------------------------------------------------

  def settle(self, run_config: Any) -> Any:
    return run_config

  def scope(self) -> contextlib.AbstractContextManager:
    return contextlib.nullcontext()  # Everything is made on the card.

  def precision(self, run_config: Any) -> tuple[str, bool]:
    name, _ = precision_lib.resolve(
      run_config.precision, run_config.precision_mode, by_compiler=True
    )
    # With a mode the compiler picks the types: a loss scale is opt-in.
    scaled = name == "float16" or self._options.loss_scale
    if scaled and not self._shows_overflows():
      asked = "run_config.precision = 'float16'"
      if self._options.loss_scale:
        asked = "NPURunConfig.loss_scale = True"
      raise ValueError(
        f"{asked} needs a card in INF/NAN mode: this one turns overflows into "
        "large finite numbers, which a loss scale cannot detect. Set "
        "run_config.precision_mode = 'allow_mix_precision' instead, without a "
        "loss scale."
      )
    return name, scaled

  def _shows_overflows(self):
    asks = getattr(self._adapter, "is_inf_nan_enabled", None)
    return bool(asks and asks())

  def shard(self) -> dict[str, int]:
    if self._number == 1:
      return {}
    return {"num_shards": self._number, "shard": self._index}

  def sum_over_hosts(self, numbers: Sequence[int]) -> list[int]:
    numbers = [int(number) for number in numbers]
    if self._number == 1:
      return numbers
    if any(not 0 <= number < 2**53 for number in numbers):
      raise ValueError(f"Only counts below 2^53 are summed, got {numbers}.")
    parts = [[n >> _BITS * i & 2**_BITS - 1 for n in numbers] for i in _parts()]
    sums = self._sums(tf.constant(parts, tf.int32)).numpy()
    return [
      sum(int(x) << _BITS * i for i, x in zip(_parts(), column))
      for column in sums.T
    ]

  def broadcast(self, variables: Sequence[tf.Variable]) -> None:
    if self._number == 1:
      return
    for variable in variables:
      _require_dtype(variable, _SENT, "sent to other cards")
    self._adapter.distribute.broadcast(list(variables), root_rank=0)

  def feed(
    self, dataset: tf.data.Dataset, model: Any, step: int
  ) -> tf.data.Dataset:
    """Returns a dataset with one element for each step: batches and draws."""
    _require_static(dataset.element_spec)
    count = model.batches_per_step
    plan = planned_draws.plan_step(
      model, [dataset.element_spec] * count, self._number, self._index
    )

    def element(step, stacked):
      parts = [tf.unstack(x, count) for x in tf.nest.flatten(stacked)]
      batches = [
        tf.nest.pack_sequence_as(stacked, part) for part in zip(*parts)
      ]
      return {"batches": tuple(batches), "draws": plan.draw(step)}

    steps = tf.data.Dataset.range(step, np.iinfo(np.int64).max)
    batches = dataset.batch(count, drop_remainder=True)
    return tf.data.Dataset.zip((steps, batches)).map(
      element, num_parallel_calls=tf.data.AUTOTUNE
    )

  def take(self, iterator: Iterator[Any], count: int) -> Any:
    del count
    return next(iterator)

  def run(
    self, step: Callable[[Any], dict[str, tf.Tensor]], batches: dict[str, Any]
  ) -> dict[str, tf.Tensor]:
    with replica.running(self), draws.fed(batches["draws"]):
      scalars = step(list(batches["batches"]))
    # All in one exchange: one number takes as long as many.
    names = list(scalars)
    values = tf.stack([tf.cast(scalars[name], tf.float32) for name in names])
    with replica.running(self):
      values = replica.all_mean(values)
    return dict(zip(names, tf.unstack(values)))

  def inspect(self, graph: tf.Graph) -> None:
    preflight.check(graph)

  def loop(
    self,
    one_step: Callable[[Any], dict[str, tf.Tensor]],
    iterator: Iterator[Any],
    outputs: dict[str, Any],
  ) -> Callable[[int], dict[str, Any]]:
    """Returns `loop(steps)`.

    No op may come after the loop of the graph, so the scalars leave it through
    a variable.
    """
    names = sorted(outputs)
    with tf.name_scope(""):
      last = tf.Variable(tf.zeros([len(names)]), False, name="last_scalars")
    self.broadcast([last])

    @tf.function
    def sunk(iterator, steps):
      for _ in tf.range(steps):
        scalars = one_step(iterator)
        last.assign(tf.stack([scalars[name] for name in names]))

    def loop(steps: int) -> dict[str, Any]:
      self._set_loop_size(steps)
      sunk(iterator, tf.constant(steps, tf.int64))
      return dict(zip(names, last.numpy()))

    return loop

  def _set_loop_size(self, steps):
    self._adapter.set_npu_loop_size(steps)


def _require_dtype(x, dtypes, what):
  if x.dtype not in dtypes:
    name = getattr(x, "name", "A tensor")  # Eager tensors have no name.
    raise ValueError(
      f"{name} is {x.dtype.name}, which cannot be {what} by NPUs. "
      f"It must be one of {', '.join(dtype.name for dtype in dtypes)}."
    )


def _require_static(spec):
  for part in tf.nest.flatten(spec):
    if part.dtype in (tf.float64, tf.string, tf.variant):
      raise ValueError(
        f"The dataset's batches hold {part.dtype.name}, which NPUs do not "
        "support. Use float32 and int32."
      )
    if not part.shape.is_fully_defined():
      raise ValueError(
        f"The dataset's batches hold {part.shape}, but all shapes must be "
        "known on an NPU. Use drop_remainder=True and tf.ensure_shape."
      )


def _parts():
  return range(_PARTS)
