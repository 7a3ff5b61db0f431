"""Checks before the training whether conditional networks use their labels.

`ModularGAN.conditional = True` hands labels to the networks. Whether they use
them depends on the architecture and its options: a generator with plain batch
norm ignores them, and the training would silently be unconditional.

The check looks at the network's graph: does a path lead from y to its output?
The network is built once more, with variables without values, and traced.
Nothing is computed, so the size of the network does not matter.
"""

import inspect
from typing import Any
from typing import Callable
import warnings

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.context import state
import tensorflow as tf

_ROWS = 2  # given to a network to trace it

# Ops that depend on the size of a tensor, not on its values.
_ONLY_SIZES = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"}


def check(gan: Any) -> None:
  """Raises if labels change nothing, warns if D does not see them.

  It is not an error if D ignores them: the original trains this way, and half
  of its architectures have no other. G's images then depend on its labels, but
  nothing makes them look like their class.

  Args:
    gan: its networks are made, see networks.py.
  """
  if not reach_images(gan):
    raise ValueError(refusal(gan.generator, gan.discriminator))
  if not gan.d_sees_labels():
    # Points to the line that made the GAN, outside gin and the constructors.
    warnings.warn(warning(gan.discriminator), stacklevel=6)


def reach_images(gan: Any) -> bool:
  """Returns whether G's images depend on its labels."""
  z = [_ROWS, gan.options.z_dim]
  return depends_on_labels(
    gan.make_generator,
    lambda g, y: g(tf.zeros(z), y, is_training=True),
    gan.num_classes,
  )


def reach_scores(gan: Any) -> bool:
  """Returns whether D's scores depend on the labels of the images."""
  x, z = [_ROWS, *gan.image_shape], [_ROWS, gan.options.z_dim]

  def scores(
    d: abstract_arch.AbstractDiscriminator, y: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    if isinstance(d, abstract_arch.AbstractJointDiscriminator):
      return d(tf.zeros(x), tf.zeros(z), y, is_training=True)
    return d(tf.zeros(x), y, is_training=True)[:2]

  return depends_on_labels(gan.make_discriminator, scores, gan.num_classes)


def depends_on_labels(
  make: Callable[[], scope.Module],
  call: Callable[[scope.Module, tf.Tensor], Any],
  num_classes: int,
) -> bool:
  """Returns whether what a network returns depends on its labels.

  True also if this is unknown: a network that cannot be traced raises its own
  error at the first step.

  Args:
    make: `make()` -> the network.
    call: `call(network, y)` -> the part of its output that counts, for two rows
      y.
    num_classes: width of y.
  """
  with tf.Graph().as_default(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # They were already issued.
    y = tf.raw_ops.Placeholder(dtype=tf.float32, shape=[_ROWS, num_classes])
    try:
      # At a graph's root no scope may begin with "_", as private classes do.
      with tf.name_scope("network"):
        with scope.building(valueless=True), state.frozen():
          outputs = tf.nest.flatten(call(make(), y))
    except Exception:  # noqa: BLE001
      return True
    return _leads_to([x for x in outputs if tf.is_tensor(x)], y.name)


def _leads_to(outputs, name):
  """Returns whether a path leads from the tensor of that name to an output."""
  left = list(outputs)
  seen = set()
  while left:
    tensor = left.pop()
    if tensor.name == name:
      return True
    if tensor.name not in seen:
      seen.add(tensor.name)
      left.extend(_sources_of(tensor))
  return False


def _sources_of(tensor):
  """Returns the tensors from whose values this one is computed."""
  op = tensor.op
  if op.type in _ONLY_SIZES:
    return []
  if op.type == "IdentityN":  # Each output equals one input.
    return [op.inputs[tensor.value_index]]
  return list(op.inputs)


def refusal(
  generator: abstract_arch.AbstractGenerator,
  discriminator: abstract_arch.AbstractDiscriminator,
) -> str:
  """Returns the message for a generator that ignores its labels."""
  feeding = _options(generator, "embed_y", "hierarchical_z")
  means = f" ({' and '.join(feeding)} act through it only)" if feeding else ""
  projecting = _options(discriminator, "project_y")
  note_on_d = f" D sees them by {projecting[0]} = True." if projecting else ""
  return (
    f"ModularGAN.conditional = True, but {generator.title} ignores its labels: "
    "no image depends on them. Set G.batch_norm_fn = @conditional_batch_norm"
    f"{means}, choose an options.architecture that takes it, such as "
    f"'resnet_cifar_arch', or set ModularGAN.conditional = False.{note_on_d}"
  )


def warning(discriminator: abstract_arch.AbstractDiscriminator) -> str:
  """Returns the message for a discriminator that ignores its labels."""
  projecting = _options(discriminator, "project_y")
  if projecting:
    remedy = f"{projecting[0]} = True makes it see them"
  elif "batch_norm_fn" not in discriminator.no_place_for:
    remedy = "D.batch_norm_fn = @conditional_batch_norm makes it see them"
  else:
    remedy = (
      "An options.architecture with project_y makes it see them, such as "
      "'resnet_cifar_arch'"
    )
  return (
    f"ModularGAN.conditional = True, but {discriminator.title} ignores the "
    "labels: nothing makes the images of a class look like that class. "
    f"{remedy}."
  )


def _options(network, *names):
  """Returns the gin names of the options that this network has."""
  accepted = inspect.signature(type(network).__init__).parameters
  return [f"{network.title}.{name}" for name in names if name in accepted]
