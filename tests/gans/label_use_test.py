"""A conditional GAN whose networks let the labels pass by is refused."""

import warnings

from compare_gan.gans import label_use
from compare_gan.storage.model_dir import DatasetShape
import gin
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("gradients that are None differ")

_DATASET = DatasetShape((32, 32, 3), 3)


def _use(function):
  """Returns whether function(y), a network without weights, uses y."""
  return label_use.depends_on_labels(
    lambda: function, lambda network, y: network(y), 3
  )


@pytest.mark.parametrize(
  "function,uses",
  [
    (lambda y: tf.reduce_sum(y, axis=1), True),
    (lambda y: [tf.zeros([2]), 2.0 * y], True),
    (lambda y: tf.one_hot(tf.argmax(y, axis=1), 3), True),  # has no gradient
    (lambda y: tf.zeros([2, 3]), False),
    (lambda y: tf.zeros([tf.shape(y)[0], 3]) + tf.zeros_like(y), False),
    (lambda y: tf.identity_n([tf.zeros([2]), y])[0], False),
    (lambda y: tf.identity_n([tf.zeros([2]), y])[1], True),
    (lambda y: tf.cond(tf.constant(True), lambda: y, lambda: 2.0 * y), True),
  ],
)
def test_a_path_from_the_labels_to_the_output(function, uses):
  assert _use(function) == uses


def test_what_cannot_be_traced_is_not_judged():
  def fails(y):
    raise RuntimeError

  assert _use(fails)


def test_nothing_is_allocated():
  """A kernel of 10^15 numbers would not fit into any memory."""
  from compare_gan.layers.linear import Linear

  def make():
    return Linear(3, 10**15 // 3)

  assert label_use.depends_on_labels(
    make, lambda layer, y: layer(y, is_training=True), 3
  )


def _gan(bindings, cls="ModularGAN", architecture="resnet_cifar_arch"):
  gin.parse_config(
    f"""
    resnet_cifar.Generator.ch = 4
    resnet_cifar.Discriminator.ch = 4
    ModularGAN.conditional = True
    SSGAN.rotated_batch_size = 4
    S3GAN.rotated_batch_fraction = 1
    {bindings}
    """
  )
  return tiny.gan(cls, architecture, dataset=_DATASET, z_dim=8, batch_size=4)


_IN_G = "G.batch_norm_fn = @conditional_batch_norm\n"
_IN_D = "resnet_cifar.Discriminator.project_y = True\n"


@pytest.mark.parametrize("cls", ["ModularGAN", "SSGAN", "S3GAN"])
@pytest.mark.parametrize(
  "bindings",
  [
    "G.batch_norm_fn = @batch_norm",
    "G.batch_norm_fn = @batch_norm\n" + _IN_D,
    "G.batch_norm_fn = @self_modulated_batch_norm",
    # An embedding that no layer asks for.
    """
    G.batch_norm_fn = @batch_norm
    resnet_cifar.Generator.embed_y = True
    resnet_cifar.Generator.hierarchical_z = True
    """,
  ],
)
def test_a_generator_that_ignores_labels_is_refused(cls, bindings):
  with pytest.raises(
    ValueError,
    match="ModularGAN.conditional = True, but resnet_cifar.Generator ignores.*"
    "G.batch_norm_fn = @conditional_batch_norm.*resnet_cifar.Generator.embed_y",
  ):
    _gan(bindings, cls)


def test_a_generator_that_takes_no_normaliser_needs_another_architecture():
  with pytest.raises(ValueError, match="infogan.Generator.*resnet_cifar_arch"):
    _gan("", architecture="infogan_arch")


@pytest.mark.parametrize("cls", ["ModularGAN", "SSGAN", "S3GAN"])
def test_a_discriminator_that_ignores_labels_is_warned_of(cls):
  with pytest.warns(
    UserWarning,
    match="resnet_cifar.Discriminator ignores the labels.*"
    "resnet_cifar.Discriminator.project_y = True",
  ):
    _gan(_IN_G, cls)


def test_a_discriminator_of_a_private_class_is_judged():
  """dcgan's is one: a scope of a graph may not begin with a "_"."""
  bindings = "G.batch_norm_fn = @conditional_batch_norm"
  with pytest.warns(
    UserWarning, match="dcgan.Discriminator ignores the labels"
  ):
    _gan(bindings, architecture="dcgan_arch")


@pytest.mark.parametrize(
  "bindings,cls",
  [
    (_IN_G + _IN_D, "ModularGAN"),
    (_IN_G + _IN_D + "resnet_cifar.Generator.embed_y = True", "SSGAN"),
    (_IN_G + "D.batch_norm_fn = @conditional_batch_norm", "ModularGAN"),
    (_IN_G + "S3GAN.project_y = True", "S3GAN"),
    (_IN_G + _IN_D + "ModularGAN.g_use_ema = True", "S3GAN"),
  ],
)
def test_labels_that_are_used_are_no_matter(bindings, cls):
  with warnings.catch_warnings():
    warnings.filterwarnings("error", message=".*ignores.*")
    gan = _gan(bindings, cls)
  assert gan.num_classes == 3


def test_without_labels_nothing_is_asked():
  gan = _gan("ModularGAN.conditional = False")
  assert not gan.num_classes


def test_an_architecture_of_ones_own_is_judged_by_what_it_does():
  gin.bind_parameter("ModularGAN.conditional", True)
  with pytest.warns(
    UserWarning, match="own_architecture.Discriminator ignores"
  ):
    tiny.gan()  # Its G concatenates z and y.


def test_the_pairs_of_bigbigan():
  gin.bind_parameter("ModularGAN.conditional", True)
  with pytest.warns(UserWarning, match="own_architecture.JointDiscriminator"):
    tiny.gan("BigBiGAN")
