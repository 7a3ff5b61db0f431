"""The generator of a GAN as a graph without variables.

Everything that depends on the weights alone, such as the power iterations of
spectral norm and the scales of batch norm, is computed here, once. What remains
are the operations that z or y passes through, and the arrays that they need.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.context import state
from compare_gan.layers import grouped_conv
import numpy as np
import tensorflow as tf


class Frozen(NamedTuple):
  """Operations in an order in which they can be computed."""

  operations: list[tf.Operation]  # each depends on z or y
  constants: dict[str, np.ndarray]  # {tensor name: its constant value}
  aliases: dict[str, str]  # {tensor name: another one of the same value}
  inputs: dict[str, tf.Tensor]  # by the names of their specs
  output: tf.Tensor


# Operations that return their inputs.
_PASSES = {"EnsureShape", "Identity", "IdentityN", "PreventGradient"}
_PASSES |= {"Snapshot", "StopGradient"}
_CHOICES = {"Select", "SelectV2"}


def freeze(gan: Any, averaged: bool = True) -> Frozen:
  """Returns the Frozen of `gan.generate` for one image, in evaluation mode.

  Its inputs are "z" [1, z_dim] and "y" [1, num_classes], its output an image
  [1, H, W, colors] in [0, 1].

  Args:
    gan: an AbstractGAN. If it is conditional, y is the weights of the classes.
    averaged: whether to use the moving average of the weights, if any.
  """

  def generate(z: tf.Tensor, y: Optional[tf.Tensor] = None) -> tf.Tensor:
    return gan.generate(z, y, averaged)

  shapes = {"z": [1, gan.options.z_dim]}
  if gan.num_classes:
    shapes["y"] = [1, gan.num_classes]
  return freeze_function(
    generate, [tf.TensorSpec(s, tf.float32, name) for name, s in shapes.items()]
  )


def freeze_function(
  generate: Callable[..., tf.Tensor],
  specs: Sequence[tf.TensorSpec],
  keeps_casts: bool = False,
  refused: Iterable[str] = (),
) -> Frozen:
  """Returns the Frozen of a function from latents to images.

  Args:
    generate: takes as many tensors as there are specs.
    specs: named TensorSpecs.
    keeps_casts: whether to keep casts between kinds of floats. If all numbers
      have one kind, such casts are only aliases.
    refused: types of operations that may not depend on the inputs.
  """
  function, inputs, output = _without_variables(generate, specs)
  varying = _reached_from([tensor.op for tensor in inputs.values()])
  if output.op not in varying:
    raise ValueError("The generator's image depends on neither z nor y.")
  found = sorted({operation.type for operation in varying} & {*refused})
  if found:
    raise ValueError(
      f"The generator has {', '.join(found)}, which a plain graph cannot "
      "hold: control flow must not depend on z or y."
    )
  aliases = _aliases(function, varying, keeps_casts)
  operations, constants = _needed(output, inputs, varying, aliases)
  return Frozen(
    operations, _values(function, constants), aliases, inputs, output
  )


def _without_variables(generate, specs):
  # Not in tf.*, but in the same place from TensorFlow 2.0 to the newest.
  from tensorflow.python.framework import convert_to_constants

  def generated(*tensors: tf.Tensor) -> tf.Tensor:
    with state.frozen(), grouped_conv.splitting():
      return generate(*tensors)

  traced = tf.function(generated, autograph=False).get_concrete_function(*specs)
  function = convert_to_constants.convert_variables_to_constants_v2(traced)
  # Without variables, what waits for something else does so to save memory
  # alone. A constant that waits for an input could not be computed here.
  for operation in function.graph.get_operations():
    operation._remove_all_control_inputs()
  inputs = {tensor.op.name: tensor for tensor in function.inputs}
  [output] = function.outputs
  return function, {spec.name: inputs[spec.name] for spec in specs}, output


def _reached_from(operations):
  """Returns these operations and those that depend on them."""
  reached, waiting = set(), list(operations)
  while waiting:
    operation = waiting.pop()
    if operation not in reached:
      reached.add(operation)
      for tensor in operation.outputs:
        waiting += tensor.consumers()
  return reached


def _aliases(function, varying, keeps_casts):
  """Returns {name: name} of tensors that have another tensor's value.

  A choice by a constant is also an alias: once accumulated moments are filled,
  they no longer depend on those of the image.
  """
  aliases, choices = {}, []
  for operation in varying:
    if operation.type in _PASSES or (
      not keeps_casts and _is_cast_of_floats(operation)
    ):
      for output, given in zip(operation.outputs, operation.inputs):
        aliases[output.name] = given.name
    elif operation.type in _CHOICES and operation.inputs[0].op not in varying:
      choices.append(operation)
  conditions = {choice.inputs[0].name: choice.inputs[0] for choice in choices}
  values = _values(function, conditions)
  for choice in choices:
    condition, yes, no = choice.inputs
    value, shape = values[condition.name], choice.outputs[0].shape
    chosen = yes if value.all() else no
    if (value.all() or not value.any()) and chosen.shape == shape:
      aliases[choice.outputs[0].name] = chosen.name
  return aliases


def _is_cast_of_floats(operation):
  return operation.type == "Cast" and all(
    tensor.dtype.is_floating
    for tensor in (operation.inputs[0], operation.outputs[0])
  )


def _needed(output, inputs, varying, aliases):
  """Returns the operations that lead to the output, in the order in which they
  were made, and {name: tensor} of the constants."""
  needed, constants, waiting = set(), {}, [output]
  made_before = {tensor.op for tensor in inputs.values()}
  while waiting:
    tensor = resolve(waiting.pop(), aliases)
    if tensor.op not in varying:
      constants[tensor.name] = tensor
    elif tensor.op not in made_before and tensor.op not in needed:
      needed.add(tensor.op)
      waiting += tensor.op.inputs
  return [op for op in output.graph.get_operations() if op in needed], constants


def resolve(tensor: tf.Tensor, aliases: dict[str, str]) -> tf.Tensor:
  """Returns the tensor of which this one is an alias, or itself."""
  while tensor.name in aliases:
    tensor = tensor.graph.get_tensor_by_name(aliases[tensor.name])
  return tensor


def _values(function, tensors):
  """Returns {name: array} of tensors that depend on no input."""
  if not tensors:
    return {}
  values = function.prune([], list(tensors.values()))()
  return {name: v.numpy() for name, v in zip(tensors, values)}
