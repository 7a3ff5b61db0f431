"""A folder that TensorFlow 2 loads: a SavedModel.

  module = tf.saved_model.load(path)          # or hub.load(path)
  images = module.generate(z, y)              # or module(z, y)

Its variables have the same names as in a training, even if they are averages,
so `options.init_from = path` can start from them.
"""

from collections.abc import Callable
from typing import Any
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.export import signatures
from compare_gan.gans import ema
from compare_gan.storage import files
import numpy as np
import tensorflow as tf

ANY_BATCH = True


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> None:
  """Writes the folder.

  Args:
    gan: a ModularGAN.
    signature: a Signature. The folder gets "serving_default", with its names,
      and `generate`, whose arguments are in the same order.
    batch: how many images at once, None for any number.
    path: of a folder.
    averaged: whether to use the moving average of the weights, if any.
  """
  network = _copy(gan, averaged)

  def generate(z: tf.Tensor, labels: Optional[tf.Tensor]) -> tf.Tensor:
    y = None if labels is None else tf.one_hot(labels, gan.num_classes)
    with state.frozen():
      return network(z, y, is_training=False)

  specs = [port.spec() for port in signature.inputs(gan, batch)]
  images = signature.function(generate)
  module = tf.Module()
  module.generator = network
  module.generate = tf.function(images, specs, autograph=False)
  module.__call__ = module.generate
  served = tf.function(
    lambda *tensors: {signature.output: images(*tensors)},
    specs,
    autograph=False,
  )
  tf.saved_model.save(module, path, {"serving_default": served})


def _copy(gan, averaged):
  """Returns a copy of G with the weights that make the images."""
  network = gan.generator
  if averaged and gan.averaged_generator:
    network = gan.averaged_generator
  values = {}
  for v in network.variables:
    name = scope.full_name(v)
    if name.endswith(ema.SUFFIX):
      name = name[: -len(ema.SUFFIX)]
    values[name] = v.numpy()
  with scope.building(values=lambda name, shape, dtype: values[name]):
    return abstract_arch.make_generator(
      gan.options.architecture,
      gan.options.z_dim,
      gan.image_shape,
      gan.num_classes,
    )


def read(path: str, signature: signatures.Signature) -> Callable[..., Any]:
  """Returns `generate` of a folder as a function of arrays."""
  del signature
  with files.plain_name(path) as name:
    return Loaded(tf.saved_model.load(name))


class Loaded:
  """A callable that keeps the variables alive; a function alone would not."""

  def __init__(self, module: Any) -> None:
    self._module = module

  def __call__(self, *arrays: np.ndarray) -> np.ndarray:
    return self._module.generate(*map(tf.constant, arrays)).numpy()
