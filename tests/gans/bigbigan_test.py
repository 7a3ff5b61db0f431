"""Pairs of images and latents: the loss, who moves when, two replicas."""

import json
import os
import subprocess
import sys

from compare_gan import runner_lib
from compare_gan.architectures import abstract_arch
from compare_gan.context import draws
from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.estimator import run_config
from compare_gan.gans import bigbigan
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.dense_residual import DenseResidual
from compare_gan.layers.linear import Linear
from compare_gan.layers.reversible import Reversible
from compare_gan.storage import checkpoints
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
from tests.architectures import own_architecture
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_NORMED = "tests.gans.bigbigan_test"
_SGD = """
  ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
  ModularGAN.g_lr = 0.1
"""


# An architecture with all that has state or draws: batch norm, spectral norm,
# reversible units, dropout, and an encoder that samples.
class _Unit(scope.Module):
  def __init__(self, name, norm, kernel_fn):
    super().__init__()
    with scope.scope(name):
      self.conv = Conv2D(1, 1, use_bias=False, kernel_fn=kernel_fn)
      self.norm = norm(1, "norm")

  def __call__(self, x, is_training):
    x = self.norm(self.conv(x, is_training), None, None, is_training)
    return tf.nn.relu(x)


class Generator(own_architecture.Generator):
  pass


@gin.configurable(module=_NORMED)
class Encoder(abstract_arch.AbstractEncoder):
  def __init__(
    self, image_shape, z_dim, recompute=True, dropout=0.0, noise=False
  ):
    super().__init__(image_shape, z_dim)
    self._noise = noise
    units = [_Unit(f"u{i}", self.make_norm(), self.kernel_fn) for i in (1, 2)]
    self.stack = Reversible(units, recompute)
    self.mlp = DenseResidual(32, z_dim, rate=dropout)

  def __call__(self, x, is_training):
    x = self.stack(tf.concat([x, x - 0.5], axis=-1), is_training)
    mean = self.mlp(tf.reshape(x, [-1, 32]), is_training)
    if not self._noise:
      return abstract_arch.EncoderOutput(mean, mean, None)
    noise = draws.normal(tf.shape(mean))
    return abstract_arch.EncoderOutput(mean + noise, mean, tf.ones_like(mean))


@gin.configurable(module=_NORMED)
class JointDiscriminator(own_architecture.JointDiscriminator):
  def __init__(self, image_shape, z_dim, num_classes=0, dropout=0.0):
    super().__init__(image_shape, z_dim, num_classes)
    self.h = DenseResidual(z_dim + num_classes, 3, self.kernel_fn, dropout, "h")
    self.s_h = Linear(3, 1, kernel_fn=self.kernel_fn, name="s_h")

  def __call__(self, x, z, y, is_training):
    output = super().__call__(x, z, y, is_training)
    zy = z if y is None else tf.concat([z, y], axis=1)
    s_h = self.s_h(self.h(zy, is_training), is_training)
    return output._replace(s_z=output.s_z + s_h)


def _gan(*bindings, architecture=tiny.ARCHITECTURE, **chosen):
  gin.parse_config(list(bindings))
  return tiny.gan("BigBiGAN", architecture, **chosen)


def test_loss_against_numpy():
  rng = np.random.RandomState(0)
  real, fake = 2.0 * rng.randn(2, 3, 5, 1)
  d_loss, g_loss = bigbigan.joint_hinge(
    *[[tf.constant(s, tf.float32) for s in side] for side in (real, fake)]
  )
  expected = np.mean(np.sum(np.maximum(0, 1 - real), axis=0))
  expected += np.mean(np.sum(np.maximum(0, 1 + fake), axis=0))
  np.testing.assert_allclose(d_loss, expected, rtol=1e-6)
  np.testing.assert_allclose(
    g_loss, np.mean(real.sum(axis=0)) - np.mean(fake.sum(axis=0)), rtol=1e-5
  )


def test_loss_by_hand():
  d_loss, g_loss = bigbigan.joint_hinge(
    [tf.constant([[2.0], [0.5]]), tf.constant([[-1.0], [1.0]])],
    [tf.constant([[-2.0], [0.0]]), tf.constant([[1.0], [-1.0]])],
  )
  # Real: 0, 0.5 and 2, 0; fake: 0, 1 and 2, 0. Sums of scores 2.5 and -2.
  assert float(d_loss) == 2.75
  assert float(g_loss) == 2.25


@pytest.mark.parametrize("terms", [["s_x"], ["s_xz", "s_z"]])
def test_only_the_chosen_terms_count(terms):
  gan = _gan(f"BigBiGAN.terms = {terms}", _SGD)
  [batch] = tiny.batches(1)
  batch = {**batch, "z": tf.ones([2, tiny.Z_DIM])}
  images = gan.generator(batch["z"], None, True)
  codes = gan.encoder(batch["images"], True).sample
  real = gan.discriminator(batch["images"], codes, None, True)
  fake = gan.discriminator(images, batch["z"], None, True)
  d_loss, _ = bigbigan.joint_hinge(
    *[[getattr(side, t) for t in terms] for side in (real, fake)]
  )
  scalars = gan.train_step([batch])
  np.testing.assert_allclose(scalars["loss/d_0"], d_loss, rtol=1e-5)
  logged = {name for name in scalars if name.startswith("scores/")}
  assert logged == {f"scores/{t}_{s}" for t in terms for s in ("real", "fake")}


def test_one_step_moves_everything_and_counts():
  gan = _gan(disc_iters=2, d_batches="same")
  before = {
    name: tiny.values(network)
    for name, network in (
      ("G", gan.generator),
      ("E", gan.encoder),
      ("D", gan.discriminator),
    )
  }
  assert gan.batches_per_step == 1
  scalars = gan.train_step(tiny.batches(1))
  assert {"loss/d_0", "loss/d_1", "loss/g"} <= set(scalars)
  for name, network in (
    ("G", gan.generator),
    ("E", gan.encoder),
    ("D", gan.discriminator),
  ):
    for key, value in tiny.values(network).items():
      # What adds the same to the scores of real and fake pairs may rest.
      if not key.endswith("bias"):
        assert not np.array_equal(value, before[name][key]), key
  assert int(gan.global_step) == 1 and int(gan.global_step_disc) == 2


def test_encoder_lowers_the_scores_of_real_pairs():
  """By its own gradient, computed here: d mean(s_z + s_xz) / d E."""
  gan = _gan(_SGD, "ModularGAN.d_lr = 0.0")
  [batch] = tiny.batches(1)
  weights = gan.encoder.trainable_variables
  with tf.GradientTape() as tape:
    codes = gan.encoder(batch["images"], True).sample
    scores = gan.discriminator(batch["images"], codes, None, True)
    loss = tf.reduce_mean(scores.s_z + scores.s_xz)
  expected = [
    w - 0.1 * g for w, g in zip(weights, tape.gradient(loss, weights))
  ]
  gan.train_step([batch])
  for w, value in zip(weights, expected):
    np.testing.assert_allclose(w, value, rtol=1e-5, atol=1e-7)


def test_one_optimizer_for_generator_and_encoder():
  gan = _gan("ModularGAN.g_lr = 0.0", "ModularGAN.d_lr = 0.1")
  before = tiny.values(gan.encoder), tiny.values(gan.generator)
  gan.train_step(tiny.batches(1))
  for old, network in zip(before, (gan.encoder, gan.generator)):
    for name, value in tiny.values(network).items():
      np.testing.assert_array_equal(value, old[name])


def test_fakes_have_the_labels_of_the_real_images():
  """`fit_label_distribution`, as in the card."""
  gan = _gan(
    "ModularGAN.conditional = True", "ModularGAN.fit_label_distribution = True"
  )
  batch = gan.sample(tiny.batches(1)[0], 0)
  np.testing.assert_array_equal(batch.fake_y, batch.y)


@pytest.mark.parametrize(
  "d_batches,moves", [("same", 1), ("fresh", 2)], ids=["same", "fresh"]
)
def test_state_of_the_encoder_moves_once_for_a_batch(d_batches, moves):
  gan = _gan(
    "E.batch_norm_fn = @batch_norm",
    "standardize_batch.decay = 0.5",
    "ModularGAN.g_lr = 0.0",
    architecture=_NORMED,
    disc_iters=2,
    gen_iters=2,
    d_batches=d_batches,
  )
  [batch] = tiny.batches(1)
  average = gan.encoder.stack.units[0].norm.standardize.moving_variance
  gan.train_step([batch] * gan.batches_per_step)
  x = batch["images"].numpy() - 0.5
  variance = np.var(gan.encoder.stack.units[0].conv(x, True))
  expected = 0.5**moves + (1 - 0.5**moves) * variance
  np.testing.assert_allclose(average, [expected], rtol=1e-4)


@pytest.mark.slow
def test_noise_of_a_step_follows_from_seed_and_step():
  bindings = (
    f"{_NORMED}.Encoder.dropout = 0.5",
    f"{_NORMED}.Encoder.noise = True",
    f"{_NORMED}.JointDiscriminator.dropout = 0.5",
  )
  runs = []
  for _ in range(2):
    gan = _gan(*bindings, architecture=_NORMED)
    step = tf.function(gan.train_step, autograph=False)
    runs.append([dict(step(tiny.batches(1))) for _ in range(2)])
  for one, other in zip(*runs):
    assert {k: float(v) for k, v in one.items()} == {
      k: float(v) for k, v in other.items()
    }
  assert float(runs[0][0]["loss/d_0"]) != float(runs[0][1]["loss/d_0"])


def test_passes_over_the_same_images_have_noise_of_their_own():
  gan = _gan(
    f"{_NORMED}.Encoder.noise = True",
    architecture=_NORMED,
    disc_iters=2,
    d_batches="same",
  )
  made = gan.fakes_in_turn(*gan.sample_all(tiny.batches(1)))
  first, second, of_g = made
  assert not np.allclose(first.made.codes, second.made.codes)
  np.testing.assert_array_equal(second.made.codes, of_g.made.codes)


def test_encode_is_in_evaluation_mode():
  gan = _gan(
    "E.batch_norm_fn = @batch_norm",
    f"{_NORMED}.Encoder.dropout = 0.5",
    architecture=_NORMED,
  )
  images = tiny.batches(1)[0]["images"]
  before = tiny.values(gan.encoder)
  whole = gan.encode(images)
  assert whole.mean.shape == (2, tiny.Z_DIM) and whole.stddev is None
  np.testing.assert_allclose(gan.encode(images[:1]).mean, whole.mean[:1], 1e-5)
  for name, value in tiny.values(gan.encoder).items():
    np.testing.assert_array_equal(value, before[name])


def test_average_of_the_encoder():
  gan = _gan(
    "ModularGAN.g_use_ema = True",
    "ModularGAN.ema_start_step = 0",
    "ModularGAN.ema_decay = 0.75",
    _SGD,
  )
  before = gan.encoder.hidden.bias.numpy()
  gan.train_step(tiny.batches(1))
  after = gan.encoder.hidden.bias.numpy()
  average = gan.averaged_encoder.hidden.bias
  np.testing.assert_allclose(average, 0.75 * before + 0.25 * after, rtol=1e-5)
  assert average.name.startswith("encoder/hidden/bias/Exponential")
  images = tiny.batches(1)[0]["images"]
  own, averaged = gan.encode(images, averaged=False), gan.encode(images)
  np.testing.assert_array_equal(own.mean, gan.encoder(images, False).mean)
  assert not np.array_equal(own.mean, averaged.mean)


def test_discriminate_scores_an_image_with_its_code():
  gan = _gan()
  images = tiny.batches(1)[0]["images"]
  found = gan.discriminate(images)
  scores = gan.discriminator(
    images, gan.encoder(images, False).mean, None, False
  )
  np.testing.assert_allclose(found.logits, tf.add_n(list(scores)), rtol=1e-6)
  assert found.features.shape == (2, 3)


def test_all_variables_are_listed():
  gan = _gan("ModularGAN.g_use_ema = True", "ModularGAN.ema_start_step = 0")
  names = {scope.full_name(v) for v in gan.variables}
  assert "encoder/hidden/kernel" in names
  assert "encoder/hidden/kernel/g_opt" in names or any(
    name.startswith("encoder/hidden/kernel/") for name in names
  )
  assert len(names) == len(gan.variables)


def test_encoder_of_another_architecture():
  gan = _gan(encoder_architecture=_NORMED)
  assert isinstance(gan.encoder, Encoder)
  assert isinstance(gan.generator, own_architecture.Generator)


@pytest.mark.parametrize(
  "binding,message",
  [
    ("BigBiGAN.terms = ['s_y']", "terms = .'s_y'.*'s_xz'"),
    ("BigBiGAN.terms = []", "some of"),
    ("loss.fn = @wasserstein", "loss.fn = @wasserstein.*@hinge"),
    ("penalty.fn = @r1_penalty", "r1_penalty.*BigBiGAN"),
  ],
)
def test_what_cannot_be_is_refused(binding, message):
  with pytest.raises(ValueError, match=message):
    _gan(binding)


def test_accumulated_moments_of_the_encoder_are_refused():
  with pytest.raises(ValueError, match="use_moving_averages = True"):
    _gan(
      "E.batch_norm_fn = @batch_norm",
      "standardize_batch.use_moving_averages = False",
      architecture=_NORMED,
    )


def test_hinge_may_be_named():
  assert _gan("loss.fn = @hinge").encoder


@pytest.mark.parametrize("penalty", ["l2_penalty", "lecam_penalty"])
def test_penalties_that_need_no_pair(penalty):
  gan = _gan(f"penalty.fn = @{penalty}")
  assert np.isfinite(gan.train_step(tiny.batches(1))["loss/penalty"])


def test_slope_of_pairs_moves_d():
  """A step with the penalty, weighed by 0 and by 1, leaves D elsewhere."""
  after = []
  for lamba in (0, 1):
    gan = _gan("penalty.fn = @joint_r1_penalty", lamba=lamba)
    scalars = gan.train_step(tiny.batches(1))
    assert float(scalars["loss/penalty"]) > 0
    after.append(tiny.values(gan.discriminator))
  assert any(np.any(after[0][name] != after[1][name]) for name in after[0])


_CYCLE = (
  "g_penalty.terms = [@cycle/term()]",
  "cycle/term.fn = @cycle_consistency",
)


def test_cycle_consistency_moves_g_and_e():
  after = []
  for weight in (0.0, 10.0):
    gan = _gan(
      _SGD, *_CYCLE, f"cycle/term.weight = {weight}", architecture=_NORMED
    )
    assert float(gan.train_step(tiny.batches(1))["penalty/cycle"]) > 0
    networks = gan.discriminator, gan.generator, gan.encoder
    after.append([tiny.values(network) for network in networks])
  moved = [
    any(np.any(one[name] != other[name]) for name in one)
    for one, other in zip(*after)
  ]
  assert moved == [False, True, True]


def test_cycle_consistency_needs_an_encoder():
  gin.parse_config(_CYCLE)
  with pytest.raises(ValueError, match="'cycle' .* needs code, which Mod"):
    tiny.gan("ModularGAN", tiny.ARCHITECTURE)


# ---- In parts, unrolled, on replicas -----------------------------------------


_WHOLE = (
  _SGD,
  "ModularGAN.conditional = True",
  "D.spectral_norm = True",
  "E.spectral_norm = True",
)


def _step(parts, *bindings, **chosen):
  gan = _gan(
    *_WHOLE,
    *bindings,
    architecture=_NORMED,
    batch_size=8,
    disc_iters=2,
    micro_batches=parts,
    **chosen,
  )
  step = tf.function(gan.train_step, autograph=False)
  scalars = step(tiny.batches(gan.batches_per_step, size=8))
  return {k: float(v) for k, v in scalars.items()}, tiny.values(gan)


@pytest.mark.long
@pytest.mark.parametrize(
  "terms", [(), pytest.param(_CYCLE, id="cycle_consistency")]
)
@pytest.mark.parametrize(
  "d_batches", ["same", pytest.param("fresh", marks=pytest.mark.slow)]
)
def test_parts_make_the_step_of_the_whole(d_batches, terms):
  one, two = (_step(parts, *terms, d_batches=d_batches) for parts in (1, 2))
  for a, b in zip(one, two):
    assert set(a) == set(b)
    for name, value in a.items():
      if not name.endswith("u_var"):  # Moved by each part.
        np.testing.assert_allclose(
          b[name], value, rtol=1e-4, atol=1e-5, err_msg=name
        )


def test_parts_drop_units_of_their_own():
  gan = _gan(
    f"{_NORMED}.Encoder.noise = True",
    architecture=_NORMED,
    batch_size=8,
    micro_batches=2,
  )
  [batch] = tiny.batches(1, size=8)
  same = {**batch, "images": tf.zeros_like(batch["images"])}
  d_batches, g_batch = gan.sample_all([same])
  codes = next(gan.fakes_in_turn(d_batches, g_batch)).made.codes.numpy()
  assert len(np.unique(codes[:, 0])) == 8


@pytest.mark.parametrize("d_batches", ["same", "fresh"])
def test_unrolled(d_batches):
  gan = _gan(
    "ModularGAN.experimental_force_graph_unroll = True",
    "ModularGAN.experimental_joint_gen_for_disc = True",
    disc_iters=2,
    d_batches=d_batches,
  )
  scalars = gan.train_step(tiny.batches(gan.batches_per_step))
  assert np.isfinite(scalars["loss/g"])


@pytest.mark.long
def test_recomputed_step_is_the_plain_one():
  plain = _step(1, f"{_NORMED}.Encoder.recompute = False")
  again = _step(1, f"{_NORMED}.Encoder.recompute = True")
  for a, b in zip(plain, again):
    for name, value in a.items():
      np.testing.assert_allclose(
        b[name], value, rtol=1e-4, atol=1e-6, err_msg=name
      )


_RUN = f"""
import tests.gans.bigbigan_test
options.batch_size = 4
options.gan_class = @BigBiGAN
options.architecture = "{_NORMED}"
options.training_steps = 2
options.disc_iters = 2
options.d_batches = "same"
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 1
E.batch_norm_fn = @batch_norm
{_NORMED}.Encoder.dropout = 0.3
run_config.tf_random_seed = 1
run_config.save_checkpoints_steps = 1
"""


def _train(folder, *bindings):
  gin.clear_config()
  gin.parse_config([_RUN, *bindings])
  runner_lib.run_with_schedule(
    "train", NoiseDataset, run_config.run_config(), str(folder), "cpu"
  )
  return checkpoints.last_good(str(folder))[1]


@pytest.mark.slow
def test_stopped_training_goes_on_and_pictures_show_reconstructions(tmp_path):
  whole = _train(tmp_path / "whole")
  _train(tmp_path / "part", "options.training_steps = 1")
  part = _train(tmp_path / "part")
  assert set(whole) == set(part)
  assert any(
    name.startswith("encoder/") and "ExponentialMovingAverage" in name
    for name in whole
  )
  for name, value in whole.items():
    np.testing.assert_array_equal(part[name], value, err_msg=name)
  [events] = (tmp_path / "whole").glob("events.out.tfevents.*")
  assert b"reconstructions/image/0" in events.read_bytes()


@pytest.mark.slow
def test_float16_is_near_float32():
  bindings = (
    f"{_NORMED}.Encoder.dropout = 0.3",
    "E.batch_norm_fn = @batch_norm",
    "loss_scale.initial = 16.0",
  )
  with precision.using("float16"):
    half, values = _step(1, *bindings)
  whole, _ = _step(1, *bindings[:2])
  assert half["loss_scale/g_skipped"] == half["loss_scale/d_skipped"] == 0.0
  for name, value in whole.items():
    np.testing.assert_allclose(half[name], value, rtol=0.02, atol=0.02)
  assert values["encoder/u1/conv2d/kernel"].dtype == np.float32


# Devices are set up before TensorFlow starts: a process of its own.
_REPLICAS = """
import json
import os
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan.configuration import gin_files
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
from tests.gans import bigbigan_test
from tests.gans import tiny
import gin

gin_files.register()
gin.parse_config(list(bigbigan_test._WHOLE))
gin.parse_config(f'''
  augmentation.policy = "color"
  E.batch_norm_fn = @batch_norm
  standardize_batch.decay = 0.5
  standardize_batch.epsilon = 0.1
  {bigbigan_test._NORMED}.Encoder.dropout = 0.3
  {bigbigan_test._NORMED}.Encoder.noise = True
  {bigbigan_test._NORMED}.JointDiscriminator.dropout = 0.3
''')


def train(on):
  with on.scope():
    gan = tiny.gan(
      "BigBiGAN", bigbigan_test._NORMED, batch_size=8, disc_iters=2,
      d_batches="same",
    )
  step = tf.function(
    lambda batches: on.run(gan.train_step, batches), autograph=False
  )
  for _ in range(2):
    scalars = step(tiny.batches(1, size=8))
  values = {
    v.name.split(":")[0]: getattr(v, "values", [v])[0].numpy().tolist()
    for v in gan.variables
  }
  return {name: float(v) for name, v in scalars.items()}, values

results = [
  train(on)
  for on in (
    single.OneDevice("CPU:0"), replicated.Mirrored(["CPU:0", "CPU:1"])
  )
]
print("RESULT " + json.dumps(results))
"""


@pytest.mark.slow
def test_two_replicas_make_the_step_of_one():
  """With dropout, noise, reversible units and moments over both."""
  result = subprocess.run(
    [sys.executable, "-c", _REPLICAS],
    capture_output=True,
    text=True,
    cwd=os.getcwd(),
    env=plain_shell.checkout(),
  )
  assert result.returncode == 0, result.stderr[-3000:]
  line = [x for x in result.stdout.splitlines() if x.startswith("RESULT ")][-1]
  one, two = json.loads(line[len("RESULT ") :])
  for a, b in zip(one, two):
    assert set(a) == set(b)
    for name in a:
      np.testing.assert_allclose(
        b[name], a[name], rtol=1e-4, atol=2e-6, err_msg=name
      )
