"""StyleGAN2: draws by row, styles, groups of D, and whole steps."""

from compare_gan.architectures import abstract_arch
from compare_gan.architectures import stylegan2
from compare_gan.context import draws
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.gans import parameter_table
from compare_gan.gans.fakes import Pass
from compare_gan.gans.micro_batches import Rows
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_NAME = "stylegan2_arch"
_SHAPE = (8, 8, 3)
_DATASET = DatasetShape(_SHAPE, 3)
_Z_DIM = 4
_SMALL = """
stylegan2.Generator.w_dim = 4
stylegan2.Generator.mapping_layers = 1
stylegan2.Generator.channel_max = 4
stylegan2.Discriminator.channel_max = 4
stylegan2.Discriminator.mapping_layers = 1
"""


def _generator(classes=0, noise_strength=1.0, **bindings):
  gin.parse_config(_SMALL)
  for name, value in bindings.items():
    gin.bind_parameter(f"stylegan2.Generator.{name}", value)
  with scope.building(seed=1):
    g = abstract_arch.make_generator(_NAME, _Z_DIM, _SHAPE, classes)
  for v in g.trainable_variables:
    if v.shape.rank == 0:  # Strengths of noise start at 0.
      v.assign(noise_strength)
  return g


def _discriminator(classes=0, **bindings):
  gin.parse_config(_SMALL)
  for name, value in bindings.items():
    gin.bind_parameter(f"stylegan2.Discriminator.{name}", value)
  with scope.building(seed=1):
    return abstract_arch.make_discriminator(_NAME, _SHAPE, classes)


def _z(n, seed=0):
  return tf.constant(np.random.RandomState(seed).randn(n, _Z_DIM), tf.float32)


def _images(n, seed=0):
  rng = np.random.RandomState(seed)
  return tf.constant(rng.uniform(size=(n, *_SHAPE)), tf.float32)


# ---- Draws -------------------------------------------------------------------


def test_row_i_decides_its_noise_and_its_mixing():
  g, z = _generator(style_mixing=0.5), _z(6)
  with draws.seeded([1, 2]):
    whole = g(z, None, True)
  with draws.seeded([1, 2], first=4):
    rest = g(z[4:], None, True)
  np.testing.assert_allclose(rest, whole[4:], rtol=1e-5, atol=1e-6)
  with draws.seeded([1, 2]), draws.of_part(1, 3):
    part = g(z[1::3], None, True)
  np.testing.assert_allclose(part, whole[1::3], rtol=1e-5, atol=1e-6)
  with draws.seeded([1, 3]):
    other = g(z, None, True)
  assert not np.allclose(other, whole, atol=1e-3)


def test_noise_of_training_acts_by_its_strength():
  g = _generator(noise_strength=0.0, style_mixing=0.0)
  np.testing.assert_array_equal(g(_z(2), None, True), g(_z(2), None, True))


@pytest.mark.parametrize(
  "noise,same", [("const", True), ("none", True), ("random", False)]
)
def test_noise_of_evaluation(noise, same):
  g = _generator(eval_noise=noise)
  z = tf.tile(_z(1), [2, 1])
  images = g(z, None, False).numpy()
  assert np.allclose(images[0], images[1], atol=1e-5) == same


def test_stored_noise_changes_images():
  z = _z(1)
  const, none = (
    _generator(eval_noise=noise)(z, None, False) for noise in ("const", "none")
  )
  assert not np.allclose(const, none, atol=1e-3)


# ---- Styles ------------------------------------------------------------------


def test_layers_from_a_row_s_own_on_have_the_other_styles():
  w, other = tf.zeros([2, 4, 1]), tf.ones([2, 4, 1])
  found = stylegan2.mixed(w, other, tf.constant([1, 3]))[:, :, 0]
  np.testing.assert_array_equal(found, [[0, 1, 1, 1], [0, 0, 0, 1]])


def test_a_share_of_the_images_mixes_styles_of_any_layer():
  g = _generator(style_mixing=0.75)
  with draws.seeded([0, 0]):
    w = g.styles(tf.tile(_z(1), [400, 1]), None).numpy()
  changed = np.abs(w - w[:, :1]).max(axis=2) > 0  # [400, layers]
  first = np.where(changed.any(axis=1), changed.argmax(axis=1), g.num_styles)
  counts = np.bincount(first, minlength=g.num_styles + 1)
  # 4 styles at 8 pixels: a mixture begins at 1, 2 or 3, or nowhere.
  assert counts[0] == 0
  np.testing.assert_allclose(counts[1:], 100, atol=30)


def test_each_mapping_in_training_moves_the_average_of_w():
  g = _generator(w_avg_decay=0.9, style_mixing=1.0)
  z = _z(4)
  w = g.mapping(z, None, True).numpy().mean(axis=0)
  g(z, None, True)
  np.testing.assert_allclose(g.mapping.w_avg, 0.1 * w, rtol=1e-5)
  g(z, None, False)
  with state.frozen():
    g(z, None, True)
  np.testing.assert_allclose(g.mapping.w_avg, 0.1 * w, rtol=1e-5)


def test_replicas_share_the_average_of_w():
  class Two(replica.Replicas):
    """The other replica has w = 0."""

    def num_replicas(self):
      return 2

  g, z = _generator(w_avg_decay=0.0), _z(4)
  with replica.running(Two()):
    g(z, None, True)
  w = g.mapping(z, None, True).numpy().mean(axis=0)
  np.testing.assert_allclose(g.mapping.w_avg, w / 2, rtol=1e-5)


def test_truncation_moves_styles_to_their_average():
  g = _generator()
  g.mapping.w_avg.assign(tf.ones([4]))
  w = g.styles(_z(2), None, False)
  half = g.styles(_z(2), None, False, truncation=0.5)
  np.testing.assert_allclose(half, 0.5 * w + 0.5, rtol=1e-5)
  images = g(_z(2), None, False, truncation=0.0)
  np.testing.assert_allclose(images[0], images[1], atol=1e-6)
  first = g.truncated(w, 0.5, cutoff=3)
  np.testing.assert_array_equal(first[:, :3], half[:, :3])
  np.testing.assert_array_equal(first[:, 3:], w[:, 3:])


def test_truncation_can_be_bound():
  bound = _generator(truncation_psi=0.5, truncation_cutoff=2)
  w = bound.mapping(_z(2), None, False)
  found = bound.styles(_z(2), None, False)
  np.testing.assert_allclose(found[:, 1], 0.5 * w, rtol=1e-5)
  np.testing.assert_array_equal(found[:, 2], w)


def test_pixels_are_clipped_in_evaluation_alone():
  g = _generator()
  g.stages[-1][1].bias.assign([3.0, -3.0, 0.0])
  with draws.seeded([0, 0]):
    training = g(_z(2), None, True).numpy()
  assert training.max() > 1.0 and training.min() < 0.0
  images = g(_z(2), None, False).numpy()
  assert images.max() <= 1.0 and images.min() >= 0.0


def test_the_image_so_far_is_doubled_by_the_filter():
  """Without any other light, a gray of b4 loses a quarter at each border."""
  g = _generator(noise_strength=0.0)
  for _, to_rgb in g.stages:
    to_rgb.conv.kernel.kernel.assign(tf.zeros_like(to_rgb.conv.kernel.kernel))
  g.stages[0][1].bias.assign([0.4, 0.4, 0.4])
  image = g.raw_images(g.styles(_z(1), None, False), False).numpy()[0]
  np.testing.assert_allclose(image[1:-1, 1:-1], 0.4, rtol=1e-6)
  np.testing.assert_allclose(image[0, 0], 0.4 * 9 / 16, rtol=1e-6)


# ---- D -----------------------------------------------------------------------


def test_scores_depend_on_the_images_of_the_group():
  d, x = _discriminator(mbstd_group=2), _images(4)
  first = d(x, None, True).logits.numpy()
  changed = tf.concat([x[:3], 1.0 - x[3:]], axis=0)
  other = d(changed, None, True).logits.numpy()
  # Groups are (0, 2) and (1, 3).
  moved = np.abs(first - other)[:, 0] > 1e-6
  np.testing.assert_array_equal(moved, [False, True, False, True])


def test_a_batch_without_equal_groups_is_refused_in_training():
  d = _discriminator(mbstd_group=4)
  with pytest.raises(ValueError, match="6 images.*mbstd_group = 4.*multiple"):
    d(_images(6), None, True)
  assert d(_images(6), None, False).logits.shape == (6, 1)
  assert d(_images(3), None, True).logits.shape == (3, 1)


def test_real_and_fake_images_get_passes_of_their_own():
  gin.parse_config(_SMALL)
  gan = tiny.gan("ModularGAN", _NAME, dataset=_DATASET)
  assert gan.split_scores
  real, fake = gan.score(_images(2), None, _images(2, seed=1), None)
  alone = gan.discriminator(_images(2), None, True)
  np.testing.assert_array_equal(real.logits, alone.logits)
  assert fake.logits.shape == (2, 1)


def test_a_gan_with_one_pass_is_refused():
  gin.parse_config(_SMALL)
  gin.bind_parameter("SSGAN.rotated_batch_size", 4)
  with pytest.raises(ValueError, match="SSGAN.*stylegan2.Discriminator depend"):
    tiny.gan("SSGAN", _NAME, dataset=_DATASET)


@pytest.mark.parametrize(
  "network,parameter,value,message",
  [
    ("Generator", "eval_noise", "fixed", "'fixed', but needs 'const' or"),
    ("Generator", "style_mixing", 2.0, "style_mixing = 2.0.*from 0 to 1"),
    ("Generator", "w_avg_decay", 1.0, "w_avg_decay = 1.0.*below 1"),
    ("Generator", "mapping_layers", 0, "mapping_layers = 0.*at least 1"),
    ("Generator", "channel_base", 4, "channel_base = 4.*at least 8"),
    ("Discriminator", "architecture", "skip", "'skip'.*'resnet' or 'orig'"),
    ("Discriminator", "mbstd_channels", 3, "divisor of the 4 channels"),
  ],
)
def test_settings_are_checked(network, parameter, value, message):
  make = {"Generator": _generator, "Discriminator": _discriminator}[network]
  with pytest.raises(ValueError, match=message):
    make(**{parameter: value})


# ---- Sizes -------------------------------------------------------------------


@pytest.mark.parametrize(
  "pixels,classes,base,mapping_layers,architecture,of_g,of_d",
  [
    (32, 0, 32768, 2, "orig", 19_947_539, 20_720_641),
    (32, 10, 32768, 2, "orig", 20_215_315, 23_089_664),
    (64, 0, 16384, 2, "resnet", 22_243_608, 23_407_361),
    (128, 0, 16384, 2, "resnet", 22_949_277, 23_882_369),
    (256, 0, 16384, 8, "resnet", 24_767_458, 24_001_089),
    (1024, 0, 32768, 8, "resnet", 30_370_060, 29_012_513),
  ],
)
def test_published_numbers_of_parameters(
  pixels, classes, base, mapping_layers, architecture, of_g, of_d
):
  gin.parse_config(f"""
    stylegan2.Generator.channel_base = {base}
    stylegan2.Generator.mapping_layers = {mapping_layers}
    stylegan2.Discriminator.channel_base = {base}
    stylegan2.Discriminator.architecture = "{architecture}"
  """)
  shape = (pixels, pixels, 3)
  with scope.building(allocate=False):
    g = abstract_arch.make_generator(_NAME, 512, shape, classes)
    d = abstract_arch.make_discriminator(_NAME, shape, classes)
  assert parameter_table.count(g.variables) == of_g
  assert parameter_table.count(d.variables) == of_d
  assert g.num_styles == 2 * int(np.log2(pixels)) - 2


# ---- Steps -------------------------------------------------------------------

_TRAINING = f"""
{_SMALL}
ModularGAN.conditional = True
ModularGAN.experimental_force_graph_unroll = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 0
ModularGAN.ema_decay = 0.5
ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
ModularGAN.g_lr = 0.1
stylegan2.Discriminator.mbstd_group = 2
loss.fn = @non_saturating
z.distribution_fn = @tf.random.normal
"""
_REGULARISED = """
penalty.terms = [@r1/term()]
r1/term.fn = @r1
r1/term.interval = 2
g_penalty.terms = [@path_length/term()]
path_length/term.fn = @path_length
path_length/term.weight = 2.0
path_length/term.interval = 2
"""


def _gan(terms=True, **chosen):
  gin.clear_config()
  gin.parse_config(_TRAINING + (_REGULARISED if terms else ""))
  given = {"z_dim": _Z_DIM, "batch_size": 4, **chosen}
  gan = tiny.gan("ModularGAN", _NAME, dataset=_DATASET, **given)
  for v in gan.generator.trainable_variables:
    if v.shape.rank == 0:
      v.assign(0.1)
  return gan


def _train(gan, steps=1):
  step = tf.function(gan.train_step, autograph=False)
  for _ in range(steps):
    scalars = step(tiny.batches(gan.batches_per_step, _DATASET, size=4))
  return {k: float(v) for k, v in scalars.items()}


def _assert_same(one, other, leaving_out=()):
  assert one.keys() == other.keys()
  for name, value in one.items():
    if not name.endswith(leaving_out):
      np.testing.assert_allclose(
        other[name], value, rtol=2e-4, atol=1e-6, err_msg=name
      )


@pytest.mark.long
def test_a_run_that_goes_on_is_one_that_was_not_broken(tmp_path):
  """The path length's average, updates of lazy terms and w_avg go on too."""
  unbroken, broken = _gan(), _gan()
  _train(unbroken, 3)
  _train(broken, 1)
  path = tf.train.Checkpoint(gan=broken).write(str(tmp_path / "saved"))
  again = _gan()
  tf.train.Checkpoint(gan=again).read(path).assert_consumed()
  _train(again, 2)
  values = tiny.values(unbroken)
  for name, value in tiny.values(again).items():
    np.testing.assert_array_equal(value, values[name], err_msg=name)
  start = tiny.values(_gan())
  moved = {n for n, v in values.items() if not np.array_equal(v, start[n])}
  stays = {n for n in values if n not in moved}
  assert all(name.endswith("noise_const") for name in stays), stays


@pytest.mark.long
def test_parts_of_a_batch_make_the_step_of_the_whole():
  """Each part moves the average of w, as moments of batch norms move."""
  whole, parts = _gan(terms=False), _gan(terms=False, micro_batches=2)
  _assert_same(_train(whole), _train(parts))
  _assert_same(tiny.values(whole), tiny.values(parts), ("w_avg",))


@pytest.mark.long
def test_recomputed_blocks_make_the_same_step():
  plain, again = _gan(), _gan(recompute=True)
  _assert_same(_train(plain), _train(again))
  _assert_same(tiny.values(plain), tiny.values(again))


def test_fakes_of_a_replica_are_its_rows_of_the_global_batch():
  class Second(replica.Replicas):
    def num_replicas(self):
      return 2

    def replica_id(self):
      return 1

  gan = _gan(terms=False)
  [batch, *_] = tiny.batches(1, _DATASET, size=4)
  whole = gan.sample(batch, 0)
  half = type(whole)(*(x[2:] if tf.is_tensor(x) else x for x in whole))
  [made] = gan.make_fakes([Pass(whole, 0, True)], Rows())
  with replica.running(Second()):
    [mine] = gan.make_fakes([Pass(half, 0, True)], Rows())
  np.testing.assert_allclose(mine.images, made.images[2:], rtol=1e-4, atol=1e-5)
  [other] = gan.make_fakes([Pass(whole, 1, True)], Rows())
  assert not np.allclose(other.images, made.images, atol=1e-3)


def test_joint_fakes_have_draws_of_their_own():
  gan = _gan(terms=False, disc_iters=2)
  batches = tiny.batches(1, _DATASET, size=4)
  passes = [Pass(gan.sample(batches[0], i), i, True) for i in range(2)]
  single = [gan.make_fakes([one], Rows())[0] for one in passes]
  gan.joint_fakes = True
  for one, other in zip(single, gan.make_fakes(passes, Rows())):
    np.testing.assert_array_equal(one.images, other.images)


def test_paths_have_the_styles_of_each_layer():
  """J of a G that is linear in one layer's style, by finite differences."""
  g = _generator(noise_strength=0.0)
  w = g.styles(_z(1), None, False)  # no draws
  with tf.GradientTape() as tape:
    tape.watch(w)
    total = tf.reduce_sum(g.raw_images(w, False))
  slope = tape.gradient(total, w).numpy()
  assert slope.shape == (1, 4, 4)
  step = 1e-2
  for layer in range(4):
    moved = w.numpy()
    moved[0, layer, 1] += step
    up = tf.reduce_sum(g.raw_images(tf.constant(moved), False))
    moved[0, layer, 1] -= 2 * step
    down = tf.reduce_sum(g.raw_images(tf.constant(moved), False))
    difference = float(up - down) / (2 * step)
    assert difference == pytest.approx(slope[0, layer, 1], rel=0.02, abs=0.05)
