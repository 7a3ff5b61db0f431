"""Latent optimisation: numbers by hand, and steps of a GAN that has it."""

import json
import subprocess
import sys

from compare_gan.context import precision
from compare_gan.gans import latent_optimization
from compare_gan.gans import loss_lib
from compare_gan.gans import micro_batches
from compare_gan.gans import optimizers
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
from tests.architectures import own_architecture  # noqa: F401, gin knows it
from tests.gans import tiny
from tests.layers.conv_test import NO_BFLOAT16

pytestmark = pytest.mark.versions("tapes in tapes make a step")


def _bind(**chosen):
  chosen = {"cost_weight": 1.0, "beta": 0.1, "fraction": 1.0, **chosen}
  gin.bind_parameter(
    "ModularGAN.g_optimizer_fn", optimizers.GradientDescentOptimizer
  )
  gin.bind_parameter("ModularGAN.g_lr", 0.1)  # Gradients are seen in weights.
  # Of two hidden units none may be above 0.
  gin.bind_parameter(f"{tiny.ARCHITECTURE}.Generator.ch", 8)
  gin.parse_config(
    ["ModularGAN.latent_optimization = @latent_optimization()"]
    + [f"latent_optimization.{name} = {x}" for name, x in chosen.items()]
  )


def test_step_along_a_slope_of_3_and_4():
  g = tf.constant([[3.0, 4.0], [0.0, 0.0]])
  delta = latent_optimization.step(g, alpha=0.9, beta=5.0)
  np.testing.assert_allclose(delta, [[0.09, 0.12], [0.0, 0.0]], rtol=1e-6)
  # Of two images one has moved, by 0.15.
  assert float(latent_optimization.cost(delta)) == pytest.approx(0.15**2 / 2)


def test_moved_latents_stay_between_the_ends():
  z = tf.constant([[0.95, -0.5]])
  found = latent_optimization.moved(z, tf.constant([[0.09, 0.12]]))
  np.testing.assert_allclose(found, [[1.0, -0.38]], rtol=1e-6)


class _Passes:
  """G(z) = z, and D's score is 3 z_0 + 4 z_1."""

  def generator(self, z, y):
    return z

  def still_discriminator(self, images, y):
    logits = tf.linalg.matmul(images, [[3.0], [4.0]])
    return type("Output", (), {"logits": logits})


def test_images_are_made_of_the_moved_latents():
  batch, made, cost = _improved(fraction=1.0)
  np.testing.assert_allclose(batch.z, [[0.09, 0.12]] * 8, rtol=1e-6)
  np.testing.assert_array_equal(made.images, batch.z)
  assert float(cost) == pytest.approx(2.0 * 0.15**2)


def test_some_latents_stay_and_cost_nothing():
  batch, _, cost = _improved(fraction=0.5)
  has_moved = np.any(batch.z.numpy() != 0.0, axis=1)
  assert 0 < has_moved.sum() < 8
  assert float(cost) == pytest.approx(2.0 * 0.15**2 * has_moved.mean())


def _improved(fraction):
  chosen = latent_optimization.LatentOptimization(0.9, 5.0, 2.0, fraction)
  z = tf.zeros([8, 2])
  tf.random.set_seed(1)
  return chosen.improve(
    _Passes(),
    latent_optimization.Batch(None, None, z, None),
    latent_optimization.Made(z),
    micro_batches.Rows(),
  )


def _train(gan, steps=1):
  step = tf.function(gan.train_step, autograph=False)
  return [
    {k: float(v) for k, v in step(tiny.batches(1, size=4)).items()}
    for _ in range(steps)
  ]


def test_both_losses_have_the_cost():
  gin.bind_parameter("loss.fn", _constant_loss)
  gin.bind_parameter("weights.initializer", "orthogonal")
  _bind(cost_weight=7.0)
  gin.bind_parameter("ModularGAN.g_lr", 0.0)  # D stays as it is for G's update.
  [scalars] = _train(tiny.gan(batch_size=4))
  cost = scalars["loss/latent_optimization"]
  assert cost > 0.01
  assert scalars["loss/d_0"] == pytest.approx(2.0 + cost)
  assert scalars["loss/g"] == pytest.approx(3.0 + cost)


def _constant_loss(d_real_logits, d_fake_logits):
  zero = 0.0 * tf.reduce_sum(d_real_logits + d_fake_logits)
  return loss_lib.GANLosses(zero + 2.0, zero, zero, zero + 3.0)


def test_cost_alone_moves_both_networks():
  """So gradients go through the moves of z: nothing else depends on them."""
  gin.bind_parameter("loss.fn", _constant_loss)
  gin.bind_parameter("G.batch_norm_fn", None)
  gin.bind_parameter("weights.initializer", "orthogonal")
  _bind(cost_weight=7.0)
  gan = tiny.gan(batch_size=4)
  for network in (gan.discriminator, gan.generator):
    network.before = tiny.values(network)
  _train(gan)
  for network, name in ((gan.discriminator, "hidden"), (gan.generator, "out")):
    after = tiny.values(network)
    moved = [
      k for k in after if not np.array_equal(after[k], network.before[k])
    ]
    assert any(name in key for key in moved), moved


def test_micro_batches_change_nothing():
  gin.bind_parameter("G.batch_norm_fn", None)
  gin.bind_parameter("weights.initializer", "orthogonal")
  _bind(fraction=0.8)
  one, two = tiny.gan(batch_size=4), tiny.gan(batch_size=4, micro_batches=2)
  first, second = _train(one, 2)[-1], _train(two, 2)[-1]
  assert first["loss/latent_optimization"] > 1e-3
  assert first == pytest.approx(second, rel=1e-4)
  for (name, x), y in zip(tiny.values(one).items(), tiny.values(two).values()):
    np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
  "chosen",
  [
    {"disc_iters": 2, "gen_iters": 2},
    {"log_gradient_norms": True},
  ],
  ids=lambda chosen: next(iter(chosen)),
)
def test_ways_of_making_a_step(chosen):
  _bind()
  gan = tiny.gan(batch_size=4, **chosen)
  count = gan.batches_per_step
  step = tf.function(gan.train_step, autograph=False)
  scalars = step(tiny.batches(count, size=4))
  assert np.isfinite([float(x) for x in scalars.values()]).all()
  assert float(scalars["loss/latent_optimization"]) > 0.0


@pytest.mark.long
def test_recomputing_changes_nothing():
  gin.bind_parameter("weights.initializer", "orthogonal")
  for network in ("Generator", "Discriminator"):
    gin.bind_parameter(f"resnet_biggan.{network}.ch", 4)
  gin.bind_parameter("resnet_biggan.Discriminator.project_y", False)
  _bind(cost_weight=100.0)
  found = []
  for recompute in (False, True):
    gan = tiny.gan(
      architecture="resnet_biggan_arch",
      dataset=DatasetShape((32, 32, 3), 3),
      z_dim=8,
      recompute=recompute,
    )
    batches = tiny.batches(1, DatasetShape(gan.image_shape, 3))
    scalars = tf.function(gan.train_step, autograph=False)(batches)
    assert float(scalars["loss/latent_optimization"]) > 0.01
    found.append({**tiny.values(gan), **scalars})
  for name, value in found[0].items():
    np.testing.assert_allclose(
      value, found[1][name], rtol=1e-4, atol=1e-5, err_msg=name
    )


@pytest.mark.parametrize(
  "name", ["float16", pytest.param("bfloat16", marks=NO_BFLOAT16)]
)
def test_half_precision_agrees(name):
  _bind()
  [exact] = _train(tiny.gan(batch_size=4))
  with precision.using(name):
    [half] = _train(tiny.gan(batch_size=4))
  for key in ("loss/g", "loss/d_0", "loss/latent_optimization"):
    assert half[key] == pytest.approx(exact[key], rel=0.1, abs=1e-3), key


@pytest.mark.parametrize(
  "line,said",
  [
    ("z.distribution_fn = @tf.random.normal", "z.distribution_fn"),
    ("z.minval = 0.0", "uniform from 0 to 1"),
    (
      "ModularGAN.experimental_joint_gen_for_disc = True\n"
      "ModularGAN.experimental_force_graph_unroll = True",
      "experimental_joint_gen_for_disc",
    ),
    ("latent_optimization.beta = 0", "latent_optimization.beta = 0"),
    ("latent_optimization.fraction = 2", "latent_optimization.fraction = 2"),
  ],
)
def test_what_makes_no_sense_is_refused(line, said):
  _bind()
  gin.parse_config(line)
  with pytest.raises(ValueError, match=said):
    tiny.gan(batch_size=4)


@pytest.mark.parametrize("cls", ["BigBiGAN", "S3GAN"])
def test_gans_that_score_with_more_than_d_are_refused(cls):
  _bind()
  gin.bind_parameter("loss.fn", gin.get_configurable("hinge"))
  gin.bind_parameter("ModularGAN.conditional", cls == "S3GAN")
  gin.bind_parameter("S3GAN.project_y", True)
  gin.bind_parameter("S3GAN.rotated_batch_fraction", 2)
  with pytest.raises(ValueError, match=f"{cls} scores images with more"):
    tiny.gan(cls, batch_size=4)


_REPLICAS = """
import json, os
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan.configuration import gin_files
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
from compare_gan.layers import batch_norm
from tests.gans import latent_optimization_test
from tests.gans import tiny
import gin

gin_files.register()
gin.bind_parameter("weights.initializer", "orthogonal")
gin.bind_parameter("G.batch_norm_fn", batch_norm.BatchNorm)
latent_optimization_test._bind(fraction=0.8)


def train(on):
  with on.scope():
    gan = tiny.gan(batch_size=4)
  step = tf.function(
    lambda batches: on.run(gan.train_step, batches), autograph=False
  )
  for _ in range(2):
    scalars = step(tiny.batches(1, size=4))
  return {name: float(v) for name, v in scalars.items()}

print("RESULT " + json.dumps([
  train(single.OneDevice("CPU:0")),
  train(replicated.Mirrored(["CPU:0", "CPU:1"])),
]))
"""


@pytest.mark.long
def test_two_replicas_are_one_batch():
  """With batch norm in G: its moments are those of both, and so are slopes."""
  done = subprocess.run(
    [sys.executable, "-c", _REPLICAS],
    capture_output=True,
    text=True,
    env=plain_shell.checkout(),
    check=False,
  )
  assert done.returncode == 0, done.stderr[-3000:]
  [line] = [x for x in done.stdout.splitlines() if x.startswith("RESULT ")]
  one, two = json.loads(line[len("RESULT ") :])
  assert one["loss/latent_optimization"] > 0.01
  assert two == pytest.approx(one, rel=1e-4)
