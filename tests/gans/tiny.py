"""The smallest GAN that trains: what tests of GANs share."""

from compare_gan.context import scope
from compare_gan.gans import optimizers
from compare_gan.gans import options
from compare_gan.gans import side as side_lib
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import tensorflow as tf

ARCHITECTURE = "tests.architectures.own_architecture"
DATASET = DatasetShape((4, 4, 1), 3)
Z_DIM = 2


def chosen_options(architecture=ARCHITECTURE, **chosen):
  """Returns Options; `chosen` overrides fields of the smallest ones."""
  values = {
    "batch_size": 2,
    "gan_class": None,
    "architecture": architecture,
    "training_steps": 1,
    "lamba": 1,
    "disc_iters": 1,
    "z_dim": Z_DIM,
    "encoder_architecture": None,
    **chosen,
  }
  return options.Options(**values)


def gan(
  cls="ModularGAN",
  architecture=ARCHITECTURE,
  seed=1,
  dataset=DATASET,
  **chosen,
):
  """Returns a GAN; `chosen` overrides fields of the Options."""
  with scope.building(seed=seed):
    return gin.get_configurable(cls)(
      dataset, chosen_options(architecture, **chosen), seed=seed
    )


def batches(count, dataset=DATASET, size=2):
  """Returns `count` batches of uniform noise with labels 0, 1, 0, ..."""
  rng = np.random.RandomState(0)
  shape = (size, *dataset.image_shape)
  return [
    {
      "images": tf.constant(rng.uniform(size=shape), tf.float32),
      "labels": tf.constant(np.arange(size) % 2, tf.int32),
    }
    for _ in range(count)
  ]


def values(network):
  """Returns {full name: array} of a module's variables."""
  return {scope.full_name(v): v.numpy() for v in network.variables}


def side(*weights):
  """Returns a Side that moves these weights by gradient descent, rate 0.5."""

  class Network(scope.Module):
    def __init__(self):
      super().__init__()
      self.weights = list(weights)

  optimizer_fn = optimizers.GradientDescentOptimizer
  return side_lib.Side("d", [Network()], optimizer_fn, 0.5)
