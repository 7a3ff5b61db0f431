"""What every architecture promises: one suite for all kinds of networks.

Finds the files of compare_gan/architectures by itself, and those that the
environment names:

  ARCHITECTURES=my_package.mygan python -m pytest tests/architectures
"""

import inspect
import os

from compare_gan.architectures import abstract_arch
from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.layers import batch_norm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_Z_DIM = 120  # Divisible by the chunks of every hierarchical z up to 128 px.
_CLASSES = 3
_BATCH = 2

_OWN = "tests.architectures.own_architecture"
_NAMES = [
  *abstract_arch.names(),
  _OWN,
  *filter(None, os.environ.get("ARCHITECTURES", "").split(",")),
]
# The smallest images that an architecture takes, and the narrowest networks
# that its attention and bottlenecks allow.
_SIZES = {"resnet30_arch": 128, "resnet_stl_arch": 48}
_WIDTHS = {
  "bigbigan_arch": 4,
  "resnet30_arch": 1,
  "resnet_biggan_arch": 4,
  "resnet_cifar_arch": 8,
}
# Those whose normalisers are not G.batch_norm_fn's.
_FIXED_NORMS = ("bigbigan_small_arch", "infogan_arch", "stylegan2_arch")
# Those whose pixels have no bounds in training.
_UNBOUNDED = ("r3gan_arch", "stylegan2_arch")


def _bind_width(name):
  short = name[: -len("_arch")] if name.endswith("_arch") else name
  widths = {"ch": _WIDTHS.get(name, 2), "units": 4, "mlp_units": 4}
  widths |= {"channel_max": 4, "w_dim": 4, "mapping_layers": 2}
  if name == "r3gan_arch":
    widths |= {"widths": [8, 8, 4, 4], "cardinalities": [2, 2, 2, 2]}
    widths |= {"blocks": [1, 2, 1, 1]}
  for kind in ("Generator", "Discriminator", "Encoder", "JointDiscriminator"):
    for parameter, width in widths.items():
      if _has(name, kind) and _has_parameter(name, kind, parameter):
        gin.bind_parameter(f"{short}.{kind}.{parameter}", width)


def _takes_norms(name):
  generator = abstract_arch.load_architecture(name, "Generator")
  return "batch_norm_fn" not in generator.no_place_for


def _has(name, kind):
  try:
    abstract_arch.load_architecture(name, kind)
  except ValueError:
    return False
  return True


def _has_parameter(name, kind, parameter):
  network = abstract_arch.load_architecture(name, kind)
  return parameter in inspect.signature(network.__init__).parameters


def having(kind):
  names = [name for name in _NAMES if _has(name, kind)]
  return pytest.mark.parametrize("name", names)


def _shape(name):
  size = _SIZES.get(name, 32)
  return (size, size, 3)


def _images(name):
  rng = np.random.RandomState(0)
  return tf.constant(rng.uniform(size=(_BATCH, *_shape(name))), tf.float32)


def _z():
  rng = np.random.RandomState(1)
  return tf.constant(rng.randn(_BATCH, _Z_DIM), tf.float32)


def _y(classes):
  return tf.one_hot([0, 1], classes) if classes else None


def _generator(name, classes=_CLASSES, seed=1):
  _bind_width(name)
  if classes and name not in _FIXED_NORMS and _takes_norms(name):
    gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  with scope.building(seed=seed):
    return abstract_arch.make_generator(name, _Z_DIM, _shape(name), classes)


def _discriminator(name, classes=_CLASSES, seed=1):
  _bind_width(name)
  if not classes:
    _switch_off_projection(name)
  with scope.building(seed=seed):
    return abstract_arch.make_discriminator(name, _shape(name), classes)


def _encoder(name, seed=1):
  _bind_width(name)
  with scope.building(seed=seed):
    return abstract_arch.make_encoder(name, _shape(name), _Z_DIM)


def _joint_discriminator(name, seed=1):
  _bind_width(name)
  with scope.building(seed=seed):
    return abstract_arch.make_joint_discriminator(
      name, _shape(name), _Z_DIM, _CLASSES
    )


def _switch_off_projection(name):
  if name in ("resnet_biggan_arch", "resnet_biggan_deep_arch"):
    gin.bind_parameter(
      f"{name[: -len('_arch')]}.Discriminator.project_y", False
    )


@having("Generator")
def test_generator_makes_pixels(name):
  g = _generator(name)
  for is_training in (True, False):
    images = g(_z(), _y(_CLASSES), is_training).numpy()
    assert images.shape == (_BATCH, *_shape(name))
    assert images.dtype == np.float32
    if not (is_training and name in _UNBOUNDED):
      assert images.min() >= 0.0 and images.max() <= 1.0


@having("Generator")
def test_generator_without_labels(name):
  images = _generator(name, classes=0)(_z(), None, True)
  assert images.shape == (_BATCH, *_shape(name))


@having("Generator")
def test_generator_depends_on_z(name):
  g = _generator(name)
  images = g(_z(), _y(_CLASSES), False).numpy()
  assert not np.array_equal(images[0], images[1])


@having("Discriminator")
def test_discriminator_scores(name):
  d = _discriminator(name)
  for is_training in (True, False):
    out = d(_images(name), _y(_CLASSES), is_training)
    assert out.logits.shape == out.prob.shape == (_BATCH, 1)
    assert out.features.shape[0] == _BATCH
    np.testing.assert_allclose(
      out.prob, 1 / (1 + np.exp(-out.logits.numpy())), rtol=1e-6
    )


@having("Discriminator")
def test_discriminator_without_labels(name):
  out = _discriminator(name, classes=0)(_images(name), None, True)
  assert out.logits.shape == (_BATCH, 1)


@having("Encoder")
def test_encoder_gives_a_distribution(name):
  e = _encoder(name)
  out = e(_images(name), is_training=True)
  assert out.sample.shape == out.mean.shape == (_BATCH, _Z_DIM)
  if out.stddev is None:
    np.testing.assert_array_equal(out.sample, out.mean)
  else:
    assert out.stddev.shape == (_BATCH, _Z_DIM)
    assert out.stddev.numpy().min() > 0
    # Samples of a normal with these moments.
    deviations = (out.sample - out.mean) / out.stddev
    np.testing.assert_allclose(np.std(deviations), 1.0, atol=0.3)
  assert all(v.name.startswith("encoder/") for v in e.variables)


@having("Encoder")
def test_features_of_an_encoder_are_float32_and_of_each_image(name):
  out = _encoder(name)(_images(name), is_training=False)
  assert out.features.dtype == tf.float32
  assert out.features.shape[0] == _BATCH and len(out.features.shape) == 2
  other = _encoder(name)(_images(name)[::-1], is_training=False)
  np.testing.assert_allclose(other.features[::-1], out.features, atol=1e-6)


@having("JointDiscriminator")
def test_joint_discriminator_scores(name):
  d = _joint_discriminator(name)
  out = d(_images(name), _z(), _y(_CLASSES), is_training=False)
  for score in out:
    assert score.shape == (_BATCH, 1)
  other = d(_images(name), 2 * _z(), _y(_CLASSES), is_training=False)
  np.testing.assert_array_equal(out.s_x, other.s_x)  # of the image alone
  assert not np.allclose(out.s_z, other.s_z, rtol=0.01, atol=0)
  assert not np.allclose(out.s_xz, other.s_xz, rtol=0.01, atol=0)


# ---- What networks of both kinds promise -----------------------------------


def _generator_loss(g, name):
  with draws.seeded([0, 0]):
    images = g(_z(), _y(_CLASSES), True)
  return tf.reduce_sum(tf.square(images))


def _discriminator_loss(d, name):
  return tf.reduce_sum(tf.square(d(_images(name), _y(_CLASSES), True).logits))


def _encoder_loss(e, name):
  with draws.seeded([0, 0]):
    out = e(_images(name), True)
  return tf.reduce_sum(tf.square(out.sample))


def _joint_discriminator_loss(d, name):
  with draws.seeded([0, 0]):
    scores = d(_images(name), _z(), _y(_CLASSES), True)
  return tf.reduce_sum(tf.square(tf.concat(scores, axis=1)))


_KINDS = {
  "Generator": (_generator, _generator_loss),
  "Discriminator": (_discriminator, _discriminator_loss),
  "Encoder": (_encoder, _encoder_loss),
  "JointDiscriminator": (_joint_discriminator, _joint_discriminator_loss),
}
_both = pytest.mark.parametrize(
  "name,kind",
  [(name, kind) for name in _NAMES for kind in _KINDS if _has(name, kind)],
)


@_both
def test_every_weight_has_a_gradient(name, kind):
  """Nothing is made that the network does not use."""
  make, loss = _KINDS[kind]
  network = make(name)
  for v in network.trainable_variables:
    if v.shape.rank == 0:
      v.assign(1.0)  # An attention that starts closed passes no gradient on.
  with tf.GradientTape() as tape:
    value = loss(network, name)
  gradients = tape.gradient(value, network.trainable_variables)
  unused = [
    v.name for v, g in zip(network.trainable_variables, gradients) if g is None
  ]
  assert not unused
  assert all(np.isfinite(g.numpy()).all() for g in gradients)


@_both
def test_variables_exist_when_the_constructor_returns(name, kind):
  make, loss = _KINDS[kind]
  network = make(name)
  before = [v.name for v in network.variables]
  assert len(set(before)) == len(before)
  prefix = kind.replace("Joint", "").lower() + "/"
  assert all(variable.startswith(prefix) for variable in before)
  loss(network, name)
  assert [v.name for v in network.variables] == before


@pytest.mark.once
@pytest.mark.long
@_both
def test_graph_equals_eager(name, kind):
  make, loss = _KINDS[kind]
  network = make(name)
  values = [v.numpy() for v in network.variables]
  eager = loss(network, name)
  for v, value in zip(network.variables, values):
    v.assign(value)  # Power iterations and moments have moved.
  graph = tf.function(lambda: loss(network, name))()
  np.testing.assert_allclose(eager, graph, rtol=1e-5)


@pytest.mark.once
@_both
def test_seed_fixes_the_weights(name, kind):
  make, _ = _KINDS[kind]
  first, same, other = make(name), make(name), make(name, seed=2)
  differs = False
  for a, b, c in zip(first.variables, same.variables, other.variables):
    np.testing.assert_array_equal(a, b)
    differs = differs or not np.array_equal(a, c)
  assert differs


@_both
def test_specs_equal_variables(name, kind):
  """Counting without allocating counts the same."""
  make, _ = _KINDS[kind]
  with scope.building(allocate=False):
    specs = make(name).variables
  made = make(name).variables
  assert [(s.name, s.shape, s.dtype, s.trainable) for s in specs] == [
    (scope.full_name(v), tuple(v.shape), v.dtype, v.trainable) for v in made
  ]


@pytest.mark.once
@_both
def test_restored_network_is_the_same(name, kind, tmp_path):
  make, loss = _KINDS[kind]
  network, copy = make(name), make(name, seed=2)
  path = tf.train.Checkpoint(network=network).write(str(tmp_path / "saved"))
  tf.train.Checkpoint(network=copy).read(path).assert_consumed()
  np.testing.assert_array_equal(loss(network, name), loss(copy, name))
