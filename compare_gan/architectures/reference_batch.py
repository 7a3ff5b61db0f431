"""The reference batch of virtual batch normalisation, see its layer.

D's reference is the first rows of the first batch of images that it sees in
training, G's the first rows of its z; each keeps the labels that came with
them. They are variables, so checkpoints and exported networks contain them. In
the first update they do not exist yet, and each pass uses its own first rows.
Replicas share the rows of the first one, which they exchange in each pass in
training. If it has as many images as the reference, the training is that of one
device.
"""

import inspect
from typing import Any
from typing import Optional
from typing import TypeVar

from compare_gan.context import replica
from compare_gan.context import state
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.virtual_batch_norm import VirtualBatchNorm
import tensorflow as tf

Network = TypeVar("Network", bound=Module)


def with_reference(network: Network) -> Network:
  """Returns the network, with a reference batch if its normalisers need one."""
  norms = [m for m in network.submodules if isinstance(m, VirtualBatchNorm)]
  if not norms:
    return network
  sizes = {norm.reference_size for norm in norms}
  if len(sizes) > 1:
    raise ValueError(
      f"virtual_batch_norm.reference_size has the values {sorted(sizes)} in "
      "one network, whose layers share one reference batch. Set a single "
      "value."
    )
  for norm in norms:
    norm.has_reference = True
  cls = type(network)
  network.reference = _Reference(network, sizes.pop())
  # Python looks up __call__ in the class of an object, not in the object.
  bases, members = (_WithReference, cls), {"__module__": cls.__module__}
  object.__setattr__(network, "__class__", type(cls.__name__, bases, members))
  return network


class _Reference(Module):
  """The first `size` rows of each input of the first batch."""

  def __init__(self, network: Any, size: int) -> None:
    super().__init__()
    shapes = {"x": network.image_shape, "z": [getattr(network, "z_dim", 0)]}
    classes = getattr(network, "num_classes", 0)
    if classes:
      shapes["y"] = [classes]
    self.size = size
    self.title = network.title
    self.rows = {}
    with scope("reference"):
      for name in inspect.signature(network.__call__).parameters:
        if name in shapes:
          self.rows[name] = variable(
            name, [size, *shapes[name]], _FIRST_VALUES[name], trainable=False
          )
      self.is_filled = variable(
        "is_filled", [], initializers.zeros, trainable=False, dtype=tf.int32
      )

  def stored(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns the rows to put in front of each input in evaluation."""
    return {name: tf.convert_to_tensor(self.rows[name]) for name in inputs}

  def of_training(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns the rows to put in front of each input of a pass in training.

    The first batch's rows are stored; later batches change nothing.
    """
    chosen = {}
    for name, x in inputs.items():
      first = self._first_rows(x)
      chosen[name] = self._chosen(name, first)
      self._store(name, first)
    state.update(self.is_filled, lambda: tf.ones([], tf.int32))
    return chosen

  def _store(self, name, first):
    state.update(self.rows[name], lambda: self._chosen(name, first))

  def _chosen(self, name, first):
    return tf.where(self.is_filled > 0, self.rows[name], first)

  def _first_rows(self, x):
    """Returns the first rows of the first replica, the same on all of them."""
    if x.shape[0] is not None and x.shape[0] < self.size:
      raise ValueError(
        f"{self.title} got a batch of {x.shape[0]} rows, but "
        "virtual_batch_norm takes its reference batch of reference_size = "
        f"{self.size} rows from it. Set virtual_batch_norm.reference_size to "
        "at most options.batch_size / options.micro_batches, divided by the "
        "number of replicas."
      )
    first = tf.stop_gradient(tf.cast(x[: self.size], tf.float32))
    if replica.num_replicas() == 1:
      return first
    is_first_replica = tf.equal(replica.replica_id(), 0)
    return replica.all_sum(
      tf.where(is_first_replica, first, tf.zeros_like(first))
    )


def _uniform(rng, shape):
  return rng.uniform(size=shape)


# The reference of an untrained network.
_FIRST_VALUES = {
  "x": _uniform,
  "z": initializers.normal(1.0),
  "y": initializers.zeros,
}


class _WithReference:
  """The class of a network with a reference batch, before its own class."""

  reference: _Reference

  def __call__(self, *args: Any, **kwargs: Any) -> Any:
    call = super().__call__  # type: ignore[misc]  # The network's.
    given = inspect.signature(call).bind(*args, **kwargs).arguments
    is_training = given.pop("is_training")
    inputs = {name: x for name, x in given.items() if x is not None}
    reference = self.reference
    choose = reference.of_training if is_training else reference.stored
    rows = choose(inputs)
    both = {
      name: tf.concat([tf.cast(rows[name], x.dtype), x], axis=0)
      for name, x in inputs.items()
    }
    output = call(**{**given, **both}, is_training=is_training)
    return tf.nest.map_structure(self._without_reference, output)

  def _without_reference(
    self, output: Optional[tf.Tensor]
  ) -> Optional[tf.Tensor]:
    return None if output is None else output[self.reference.size :]
