"""Small generators of all architectures, for what is exported."""

from typing import Any
from typing import NamedTuple
import zlib

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.layers import batch_norm
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.architectures import architectures_test

Z_DIM = 120
CLASSES = 3
# 245 of them: their norms would take their time, and without any, larger
# weights make its images black and white.
_MANY_KERNELS = ("resnet30_arch",)


def _class(name):
  try:
    return abstract_arch.load_architecture(name, "Generator")
  except ValueError:
    return None


names = pytest.mark.parametrize(
  "name", [name for name in abstract_arch.names() if _class(name)]
)


class _Options(NamedTuple):
  z_dim: int = Z_DIM


class Gan(NamedTuple):
  """As much of an AbstractGAN as an export needs."""

  generator: Any
  num_classes: int = CLASSES
  options: _Options = _Options()

  def generate(self, z, y=None, averaged=True):
    del averaged
    return self.generator(z, y, is_training=False)


def _takes(option, name):
  return option not in _class(name).no_place_for


def make(name, num_classes=CLASSES):
  """Returns the Gan of an architecture, its weights and moments random."""
  gin.bind_parameter("standardize_batch.decay", 0.0)
  if name not in _MANY_KERNELS and _takes("spectral_norm", name):
    gin.bind_parameter("G.spectral_norm", True)
  # The infogan has plain batch norm, always.
  if num_classes and name != "infogan_arch" and _takes("batch_norm_fn", name):
    gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  architectures_test._bind_width(name)
  with scope.building(seed=1):
    generator = abstract_arch.make_generator(
      name, Z_DIM, architectures_test._shape(name), num_classes
    )
  gan = Gan(generator, num_classes)
  _randomize(gan, 0.06 if name in _MANY_KERNELS else 0.2)
  return gan


def _randomize(gan, change):
  """Gives every variable another value, so that none can be forgotten."""
  for v in gan.generator.variables:
    rng = np.random.RandomState(zlib.crc32(scope.full_name(v).encode()) % 2**31)
    v.assign_add(tf.constant(change * rng.standard_normal(v.shape), v.dtype))
  # Moments of real activations, without which images are all black or gray.
  rng = np.random.RandomState(0)
  z = tf.constant(rng.uniform(-1, 1, [8, Z_DIM]), tf.float32)
  y = tf.one_hot(np.arange(8) % CLASSES, CLASSES) if gan.num_classes else None
  gan.generator(z, y, is_training=True)


def inputs(gan, seed=0):
  """Returns z, and y for a conditional one, arrays of one row."""
  rng = np.random.RandomState(seed)
  given = {"z": rng.uniform(-1, 1, [1, gan.options.z_dim]).astype(np.float32)}
  if gan.num_classes:
    y = rng.uniform(size=[1, gan.num_classes])
    given["y"] = (y / y.sum()).astype(np.float32)
  return given


def image(gan, given):
  """Returns TensorFlow's image [H, W, colors] of `inputs`."""
  given = {name: tf.constant(value) for name, value in given.items()}
  return gan.generate(**given).numpy()[0]
