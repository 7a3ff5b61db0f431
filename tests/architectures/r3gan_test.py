"""R3GAN: sizes of its cards, how it starts, precision, and whole steps.

Its numbers are held to the paper's code by tests/golden_test.py.
"""

import pathlib

from compare_gan.architectures import abstract_arch
from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.gans import parameter_table
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_CONFIGS = pathlib.Path(__file__).parents[2] / "configs"
_NAME = "r3gan_arch"
_SHAPE = (8, 8, 3)
_DATASET = DatasetShape(_SHAPE, 3)
_Z_DIM = 4
_SMALL = "\n".join(
  f"""
  r3gan.{network}.widths = [8, 4]
  r3gan.{network}.cardinalities = [2, 2]
  r3gan.{network}.blocks = [1, 2]
  """
  for network in ("Generator", "Discriminator")
)


def _generator(classes=0, **bindings):
  return _made("Generator", classes, bindings)


def _discriminator(classes=0, **bindings):
  return _made("Discriminator", classes, bindings)


def _made(network, classes, bindings):
  gin.parse_config(_SMALL)
  for name, value in bindings.items():
    gin.bind_parameter(f"r3gan.{network}.{name}", value)
  with scope.building(seed=1):
    if network == "Generator":
      return abstract_arch.make_generator(_NAME, _Z_DIM, _SHAPE, classes)
    return abstract_arch.make_discriminator(_NAME, _SHAPE, classes)


def _z(n):
  return tf.constant(np.random.RandomState(0).randn(n, _Z_DIM), tf.float32)


def _images(n):
  rng = np.random.RandomState(0)
  return tf.constant(rng.uniform(size=(n, *_SHAPE)), tf.float32)


# ---- Sizes -------------------------------------------------------------------


@pytest.mark.parametrize(
  "card,pixels,classes,of_g,of_d",
  [
    ("cifar10", 32, 10, 20_781_952, 21_280_512),
    ("cifar10", 32, 0, 20_732_160, 20_683_776),
    ("ffhq64", 64, 0, 22_429_824, 22_381_440),
    ("ffhq256", 256, 0, 23_057_952, 23_009_568),
    ("imagenet32", 32, 1000, 82_914_304, 86_548_992),
    ("imagenet64", 64, 1000, 103_570_432, 107_205_120),
  ],
)
def test_published_numbers_of_parameters(card, pixels, classes, of_g, of_d):
  text = (_CONFIGS / f"r3gan_{card}.gin").read_text()
  gin.parse_config(
    [line for line in text.splitlines() if line.startswith("r3gan.")]
  )
  shape = (pixels, pixels, 3)
  with scope.building(allocate=False):
    g = abstract_arch.make_generator(_NAME, 64, shape, classes)
    d = abstract_arch.make_discriminator(_NAME, shape, classes)
  assert parameter_table.count(g.variables) == of_g
  assert parameter_table.count(d.variables) == of_d


@pytest.mark.parametrize(
  "network,parameter,value,message",
  [
    ("Generator", "widths", [8, 8, 4], "3 widths for images of 8x8 pixels"),
    ("Generator", "cardinalities", [2], "cardinalities = .2. for 2 widths"),
    ("Discriminator", "blocks", [1, 0], "blocks = .1, 0. .*at least 1"),
    ("Discriminator", "cardinalities", [2, 3], "cardinality of 3.*divides"),
  ],
)
def test_sizes_are_checked(network, parameter, value, message):
  with pytest.raises(ValueError, match=message):
    _made(network, 0, {parameter: value})


@pytest.mark.parametrize(
  "binding", ["G.batch_norm_fn = @batch_norm", "G.spectral_norm = True"]
)
def test_what_it_does_without_is_refused(binding):
  gin.parse_config(binding)
  with pytest.raises(ValueError, match="r3gan.Generator does not support G"):
    _generator()


# ---- How it starts -----------------------------------------------------------


def test_the_scale_of_the_first_weights():
  """Deviations are gain / sqrt(fan_in); the network has 4 blocks here."""
  wide = {"widths": [64, 64], "cardinalities": [4, 4], "blocks": [2, 2]}
  values = tiny.values(_generator(**wide))
  gain = (2.0 / 1.04) ** 0.5 * 4**-0.25
  for name, deviation in {
    "stage0/block0/conv1/kernel": gain / 64**0.5,
    "stage1/block1/conv2/kernel": gain / (9 * 128 / 4) ** 0.5,
    "stage0/fc/kernel": 1.0 / _Z_DIM**0.5,
    "stage0/basis": 1.0,
    "to_rgb/kernel": 1.0 / 8.0,
  }.items():
    found = values[f"generator/{name}"].std()
    assert found == pytest.approx(deviation, rel=0.1), name
  assert not values["generator/stage1/block0/conv3/kernel"].any()
  values = tiny.values(_discriminator(classes=16, embed_dim=64, **wide))
  for name, deviation in {
    "stage1/basis": 0.25,
    "embed_y/kernel": 1.0 / 16**0.5 / 64**0.5,
  }.items():
    found = values[f"discriminator/{name}"].std()
    assert found == pytest.approx(deviation, rel=0.1), name


def test_blocks_start_as_the_identity():
  block = _generator().stages[1].layers[1]
  x = tf.random.normal([2, 8, 8, 4])
  np.testing.assert_array_equal(block(x, None, None, True), x)


def test_z_and_the_basis_make_4x4_pixels():
  basis = _generator().stages[0].layers[0]
  z = _z(2)
  expected = tf.einsum(
    "hwc,nz,zc->nhwc", basis.basis, z, basis.fc.kernel.kernel
  )
  np.testing.assert_allclose(basis(z, True), expected, atol=1e-5)


def test_pixels_are_clipped_in_evaluation_alone():
  g, z = _generator(), 10.0 * _z(8)
  training = g(z, None, True).numpy()
  assert training.min() < 0.0 and training.max() > 1.0
  np.testing.assert_array_equal(g(z, None, False), training.clip(0.0, 1.0))


def test_labels_project_the_units_of_d():
  """Soft ones score between those that they mix."""
  d, x = _discriminator(classes=3), _images(1)
  one, other, both = (
    float(d(x, tf.constant([y]), True).logits[0, 0])
    for y in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.25, 0.75, 0.0])
  )
  assert one != other
  assert both == pytest.approx(0.25 * one + 0.75 * other, rel=1e-4)


def test_small_stages_stay_in_float32():
  gin.parse_config(_SMALL)
  with precision.using("float16"):
    for networks, dtypes in (
      (_generator(), (4, 2)),
      (_discriminator(), (2, 4)),
    ):
      found = [s.entering(tf.zeros([1])).dtype.size for s in networks.stages]
      assert found == list(dtypes)
    every = _generator(float32_pixels=8)
    assert every.stages[1].entering(tf.zeros([1])).dtype == tf.float32
    images = _generator(float32_pixels=4)(_z(2), None, True)
  assert images.dtype == tf.float32
  assert np.isfinite(images.numpy()).all()


# ---- Steps -------------------------------------------------------------------

_TRAINING = f"""
{_SMALL}
ModularGAN.conditional = True
ModularGAN.fit_label_distribution = True
ModularGAN.experimental_force_graph_unroll = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 0
ModularGAN.ema_decay = 0.5
ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
ModularGAN.g_lr = 0.1
loss.fn = @relativistic_paired
penalty.fn = @no_penalty
penalty.terms = [@r1_r2/term()]
r1_r2/term.fn = @r1_r2
r1_r2/term.weight = 0.5
z.distribution_fn = @tf.random.normal
"""
_ADAM = """
ModularGAN.g_optimizer_fn = @tf.train.AdamOptimizer
ModularGAN.g_lr = 0.01
tf.train.AdamOptimizer.beta1 = 0.0
tf.train.AdamOptimizer.beta2 = @cosine_schedule()
tf.train.AdamOptimizer.bias_correction = "power"
cosine_schedule.base = 0.9
cosine_schedule.final = 0.99
cosine_schedule.total = 4
"""


def _gan(bindings="", **chosen):
  gin.clear_config()
  gin.parse_config(_TRAINING + bindings)
  given = {"z_dim": _Z_DIM, "batch_size": 4, **chosen}
  gan = tiny.gan("ModularGAN", _NAME, dataset=_DATASET, **given)
  rng = np.random.RandomState(0)
  for v in gan.generator.variables + gan.discriminator.variables:
    if v.name.endswith("conv3/kernel:0"):  # Blocks that do something.
      v.assign(0.3 * rng.standard_normal(v.shape))
  return gan


def _train(gan, steps=1):
  batches = tiny.batches(gan.batches_per_step, _DATASET, size=4)
  for _ in range(steps):
    scalars = gan.train_step(batches)
  return {k: float(v) for k, v in scalars.items()}


def _assert_same(one, other):
  assert one.keys() == other.keys()
  for name, value in one.items():
    np.testing.assert_allclose(
      other[name], value, rtol=2e-4, atol=1e-6, err_msg=name
    )


@pytest.mark.long
def test_a_run_that_goes_on_is_one_that_was_not_broken(tmp_path):
  """The count of Adam's steps goes on, too."""
  unbroken, broken = _gan(_ADAM), _gan(_ADAM)
  _train(unbroken, 3)
  _train(broken, 1)
  path = tf.train.Checkpoint(gan=broken).write(str(tmp_path / "saved"))
  again = _gan(_ADAM)
  tf.train.Checkpoint(gan=again).read(path).assert_consumed()
  _train(again, 2)
  values = tiny.values(unbroken)
  for name, value in tiny.values(again).items():
    np.testing.assert_array_equal(value, values[name], err_msg=name)
  start = tiny.values(_gan(_ADAM))
  stays = [n for n in values if np.array_equal(values[n], start[n])]
  assert all(name.endswith("Adam") for name in stays), stays  # beta1 is 0


@pytest.mark.long
def test_parts_of_a_batch_make_the_step_of_the_whole():
  whole, parts = _gan(), _gan(micro_batches=2)
  _assert_same(_train(whole), _train(parts))
  _assert_same(tiny.values(whole), tiny.values(parts))


@pytest.mark.long
def test_recomputed_blocks_make_the_same_step():
  plain, again = _gan(), _gan(recompute=True)
  _assert_same(_train(plain), _train(again))
  _assert_same(tiny.values(plain), tiny.values(again))
