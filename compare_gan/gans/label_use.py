"""Whether a conditional network looks at its labels: asked before the training.

`ModularGAN.conditional = True` hands labels to the networks. Whether they use
them depends on the architecture and its options: a generator with plain batch
norm lets them pass by, and the training would be unconditional without a word.

The rule is the network's graph: does a path lead from y to what it returns?
For that the network is made once more, of variables without values, and traced.
Nothing is computed, so the size of the network does not matter.
"""

import inspect
import warnings

from compare_gan.layers import scope
from compare_gan.layers import state
import tensorflow as tf

_ROWS = 2

# They tell how large a tensor is, not what is in it.
_ONLY_SIZES = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"}


def depends_on_labels(make, call, num_classes):
  """Returns whether what a network returns depends on its labels.

  True also where that cannot be told: what cannot be traced raises an error of
  its own at the first step.

  Args:
    make: `make()` -> the network.
    call: `call(network, y)` -> what counts of its output, for two rows y.
    num_classes: width of y.
  """
  with tf.Graph().as_default(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # They have been said.
    y = tf.raw_ops.Placeholder(dtype=tf.float32, shape=[_ROWS, num_classes])
    try:
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
      left.extend(_behind(tensor))
  return False


def _behind(tensor):
  """Returns the tensors whose values this one is computed from."""
  op = tensor.op
  if op.type in _ONLY_SIZES:
    return []
  if op.type == "IdentityN":  # Each output is one input.
    return [op.inputs[tensor.value_index]]
  return list(op.inputs)


def refusal(generator, discriminator):
  """Returns the message for a generator that ignores its labels."""
  feeding = _options(generator, "embed_y", "hierarchical_z")
  means = f" ({' and '.join(feeding)} act through it only)" if feeding else ""
  projecting = _options(discriminator, "project_y")
  of_d = f" D sees them by {projecting[0]} = True." if projecting else ""
  return (
    f"ModularGAN.conditional = True, but {generator.title} ignores its labels: "
    "no image depends on them. Set G.batch_norm_fn = @conditional_batch_norm"
    f"{means}, choose an options.architecture that takes it, such as "
    f"'resnet_cifar_arch', or set ModularGAN.conditional = False.{of_d}"
  )


def warning(discriminator):
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
  """Returns the gin names of those options that this network has."""
  accepted = inspect.signature(type(network).__init__).parameters
  return [f"{network.title}.{name}" for name in names if name in accepted]
