"""What the estimator needs of devices, and what a kind of device implements.

The rest of the library sees devices only through `replica.py`.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Protocol

from compare_gan.context import precision as precision_lib
from compare_gan.context import replica
import tensorflow as tf


class Devices(replica.Replicas):
  """What the estimator needs of devices; this base class is for one host."""

  is_chief = True  # Writes checkpoints, summaries, progress.

  def scope(self) -> contextlib.AbstractContextManager:
    """Returns a context in which to make variables."""
    raise NotImplementedError

  def run(
    self, step: Callable[[Any], dict[str, tf.Tensor]], batches: Any
  ) -> dict[str, tf.Tensor]:
    """Returns the scalars of `step(batches)`, averaged over replicas."""
    raise NotImplementedError

  def compiled(
    self, step: Callable[[Any], dict[str, tf.Tensor]]
  ) -> Callable[[Any], dict[str, tf.Tensor]]:
    """Returns a step that XLA compiles, for `run_config.xla`."""
    del step
    raise ValueError(
      "run_config.xla = True is for one CPU, one GPU or a TPU, not for "
      f"{type(self).__name__} with {self.num_replicas()} replicas. Set it to "
      "False, or show a single GPU by CUDA_VISIBLE_DEVICES."
    )

  def precision(self, run_config: Any) -> tuple[str, bool]:
    """Returns the arguments of `precision.using` for the training."""
    name = run_config.precision
    if name == precision_lib.AUTO and run_config.precision_mode is None:
      name, reason = self.native_precision()
      if self.is_chief:
        print(f"Computing in {name}: {reason}.", flush=True)
    return precision_lib.resolve(name, run_config.precision_mode)

  def native_precision(self) -> tuple[str, str]:
    """Returns what "auto" is here, and a clause that says why."""
    return "float32", "nothing else is known of these devices"

  def settle(self, run_config: Any) -> Any:
    """Returns the RunConfig for these devices.

    A kind that adds to it overrides this. Others take back what was added by a
    kind that turned out not to be here.
    """
    added = run_config.additions
    if added is None:
      return run_config
    return dataclasses.replace(run_config, additions=None, **added.elsewhere)

  def broadcast(self, variables: Sequence[tf.Variable]) -> None:
    """Gives all processes the chief's values, if each made its own."""

  def dataset(
    self, input_fn: Callable[..., tf.data.Dataset], model: Any, step: int
  ) -> Any:
    """Returns the dataset that `take` reads, from `step` of `model` on."""
    first = step * model.batches_per_step
    dataset = input_fn(first, **self.shard())
    return self.feed(dataset, model, step).prefetch(2)

  def feed(
    self, dataset: tf.data.Dataset, model: Any, step: int
  ) -> tf.data.Dataset:
    """Returns the dataset as the device wants it, from `step` of `model` on."""
    del model, step
    return dataset

  def take(self, iterator: Iterator[Any], count: int) -> Any:
    """Returns the `count` batches of one step, as `run` takes them."""
    return [next(iterator) for _ in range(count)]

  def inspect(self, graph: tf.Graph) -> None:
    """Raises, or warns, if the device cannot run a step's graph."""

  def loop(
    self,
    one_step: Callable[[Any], dict[str, tf.Tensor]],
    iterator: Iterator[Any],
    outputs: dict[str, Any],
  ) -> Callable[[int], dict[str, Any]]:
    """Returns `loop(steps)`, which runs steps and returns the last scalars.

    Args:
      one_step: a tf.function, `one_step(iterator)` -> {name: scalar}.
      iterator: over what `feed` returned.
      outputs: the structure of what `one_step` returns.
    """

    @tf.function
    def loop(steps):
      scalars = {name: tf.zeros([], s.dtype) for name, s in outputs.items()}
      for _ in tf.range(steps):
        scalars = one_step(iterator)
      return scalars

    return lambda steps: loop(tf.constant(steps, tf.int64))

  def num_local_replicas(self) -> int:
    """Returns how many replicas this host has."""
    return 1

  def shard(self) -> dict[str, int]:
    """Returns which rows of the global batch this host reads.

    Empty for all of them, else `num_shards` and `shard`, which go to the input
    function.
    """
    return {}

  def sum_over_hosts(self, numbers: Sequence[int]) -> list[int]:
    """Returns the sums of integers below 2^53; hosts wait for each other."""
    return list(numbers)

  def number_of_chief(self, number: int) -> int:
    """Returns the chief's number on every host."""
    return self.sum_over_hosts([number if self.is_chief else 0])[0]

  def together(self, function: Callable[[], Any]) -> Any:
    """Returns `function()`; if it fails on one host, all hosts stop.

    The others stop with the error message of the one that failed. All hosts
    must call it at the same place.
    """
    return function()

  def waiting(self) -> contextlib.AbstractContextManager:
    """Returns a context for a call that may wait forever for other hosts."""
    return contextlib.nullcontext()

  def explain(self, error: tf.errors.OpError) -> None:
    """Raises a clearer error for an OpError of a step if its cause is known."""


class Found(NamedTuple):
  """The answer of a kind of device when "auto" asks whether it is here."""

  devices: Optional[Devices]  # None if it is not
  reason: str  # a clause: why not, or how that is known
  name: str = ""  # of the devices, such as "the GPU"


class Additions(Protocol):
  """What a kind of device adds to a RunConfig, apart from changed values."""

  elsewhere: dict[str, Any]  # the changed fields, with their values elsewhere

  def dry_run(self, model: Any, specs: Any) -> str:
    """Returns what `--dry_run` says of a step on such devices.

    Args:
      model: as the Estimator takes it.
      specs: a nest of tf.TensorSpec for each batch of a step.
    """


class AbstractKind:
  """A value of `--run_config`: the class `Kind` of the file of that name."""

  # "auto" takes the first kind that is here, in the order of these numbers. A
  # kind without a number is used only if it is named.
  auto_order: Optional[int] = None

  def choose(self, batch_size: Optional[int], run_config: Any) -> Devices:
    """Returns the devices to train on; a ValueError says why there are none.

    Args:
      batch_size: the global batch, which must divide by the number of replicas;
        None if that is not known yet.
      run_config: a RunConfig; None for its defaults.
    """
    raise NotImplementedError

  def look(self, batch_size: Optional[int], run_config: Any) -> Found:
    """Returns what "auto" can take, with arguments as for `choose`."""
    raise NotImplementedError

  def may_be_here(self) -> bool:
    """Returns whether `look` could find devices, without opening any."""
    return True

  def uses_host_memory(self) -> bool:
    """Returns whether a training takes the host's memory, as on a CPU."""
    return False

  def configured(self, run_config: Any) -> Any:
    """Returns the RunConfig with what gin sets for such devices alone."""
    return run_config
