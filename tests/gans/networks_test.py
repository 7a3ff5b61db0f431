"""What the networks make of a batch, in training and in evaluation."""

from compare_gan.context import scope
from compare_gan.gans import networks
from compare_gan.layers.linear import Linear
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _train(gan):
  scalars = gan.train_step(tiny.batches(gan.batches_per_step))
  return {name: float(value) for name, value in scalars.items()}


def test_each_side_has_its_networks():
  """The moving averages of G's batch norm are nobody's weights."""
  gin.bind_parameter("G.batch_norm_fn", gin.get_configurable("batch_norm"))
  gan = tiny.gan("BigBiGAN")
  names = {
    side: {scope.full_name(w) for w in gan.weights_of(side)} for side in "dg"
  }
  assert names["d"] == {
    f"discriminator/{s}/{w}"
    for s in ("x", "z", "xz")
    for w in ("kernel", "bias")
  }
  assert {name.split("/")[0] for name in names["g"]} == {"generator", "encoder"}
  assert not [name for name in names["g"] if "moving" in name]
  assert not names["d"] & names["g"]


class _TwoHeaded(networks.Networks):
  batches_per_step = 1
  train_step = None

  def make_heads(self):
    return (Linear(2, 1, name="head"),)


def test_networks_need_no_training():
  with scope.building(seed=1):
    gan = _TwoHeaded(tiny.DATASET, tiny.chosen_options())
  [head] = gan.heads
  assert gan.weights_of("d")[-2:] == list(head.trainable_variables)
  assert gan.generate(tf.ones([2, tiny.Z_DIM])).shape == (2, 4, 4, 1)
  assert gan.discriminate(tf.ones([2, 4, 4, 1])).logits.shape == (2, 1)


def test_joint_fakes_are_those_of_one_pass():
  """Without normaliser a joint pass and single ones make the same images."""
  gin.bind_parameter("ModularGAN.experimental_force_graph_unroll", True)
  single = _train(tiny.gan(disc_iters=2))
  gin.bind_parameter("ModularGAN.experimental_joint_gen_for_disc", True)
  joint = _train(tiny.gan(disc_iters=2))
  np.testing.assert_allclose(
    list(single.values()), list(joint.values()), rtol=1e-5
  )


def test_split_passes_score_the_same_without_normalizer():
  joint = _train(tiny.gan())
  gin.bind_parameter("ModularGAN.deprecated_split_disc_calls", True)
  split = _train(tiny.gan())
  np.testing.assert_allclose(
    list(joint.values()), list(split.values()), rtol=1e-5
  )


def test_images_come_from_the_average_unless_told_otherwise():
  gin.bind_parameter("ModularGAN.g_use_ema", True)
  gan = tiny.gan()
  for v in gan.averaged_generator.trainable_variables:
    v.assign(tf.zeros_like(v))
  gan.generator.out.bias.assign(tf.ones_like(gan.generator.out.bias))
  z = tf.ones([1, tiny.Z_DIM])
  assert np.all(gan.generate(z).numpy() == 0.5)  # sigmoid(0)
  assert np.all(gan.generate(z, averaged=False).numpy() > 0.7)  # sigmoid(1)


@pytest.mark.parametrize("moving", [False, True])
def test_batch_moments_make_images_before_any_are_accumulated(moving):
  """As in training, and nothing moves."""
  gin.bind_parameter("G.batch_norm_fn", gin.get_configurable("batch_norm"))
  gin.bind_parameter("standardize_batch.use_moving_averages", moving)
  gan = tiny.gan()
  z = tf.constant([[1.0, 0.0], [0.0, 1.0]])
  before = tiny.values(gan)
  images = gan.generate(z, batch_moments=True)
  for name, value in tiny.values(gan).items():
    np.testing.assert_array_equal(value, before[name])
  assert not np.allclose(images, gan.generate(z), atol=1e-6)
  np.testing.assert_array_equal(images, gan.generator(z, None, True))


def test_conditional_gan_needs_labels():
  gin.bind_parameter("ModularGAN.conditional", True)
  with pytest.raises(ValueError, match="the dataset has no labels"):
    tiny.gan(dataset=DatasetShape((4, 4, 1), 0))
  with pytest.raises(ValueError, match="labels from 0 to 2, got None"):
    tiny.gan().generate(tf.ones([1, tiny.Z_DIM]))


def test_encoder_without_a_place_is_refused():
  with pytest.raises(ValueError, match="ModularGAN has no encoder"):
    tiny.gan(encoder_architecture="dcgan_arch")


def test_d_may_be_of_another_architecture():
  gan = tiny.gan(
    architecture="resnet_biggan_arch",
    discriminator_architecture="sndcgan_arch",
    dataset=DatasetShape((32, 32, 3), 2),
    z_dim=4,
  )
  assert gan.generator.title == "resnet_biggan.Generator"
  assert gan.discriminator.title == "sndcgan.Discriminator"
