"""Rotations in D's batch, and the loss on their angle."""

import json
import os
import subprocess
import sys

from compare_gan.context import replica
from compare_gan.gans import rotation_task
from compare_gan.gans.fakes import Made
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _ssgan(rotated=4, **chosen):
  gin.bind_parameter("SSGAN.rotated_batch_size", rotated)
  return tiny.gan("SSGAN", **chosen)


def test_a_step_logs_the_rotation_losses_and_trains_the_head():
  gan = _ssgan()
  [head] = gan.heads
  before = head.bias.numpy()
  scalars = gan.train_step(tiny.batches(1))
  for name in ("loss/c_real_loss", "loss/c_fake_loss", "accuracy/d_rotation"):
    assert np.isfinite(scalars[name])
  assert not np.array_equal(head.bias, before)
  assert head.bias.name == "discriminator_rotation/score_classify/bias:0"


def test_last_images_are_turned_by_angle():
  gan = _ssgan(rotated=8)  # q = 2 of the 3 images
  images = tf.reshape(tf.range(3.0 * 4), [3, 2, 2, 1])
  turned = gan._turns.images(images).numpy()
  assert turned.shape == (3 + 3 * 2, 2, 2, 1)
  np.testing.assert_array_equal(turned[:3], images)
  for i, angle in enumerate([1, 2, 3]):
    for j in range(2):
      expected = np.rot90(images[1 + j], angle)
      np.testing.assert_array_equal(turned[3 + 2 * i + j], expected)


def test_rotation_loss_of_a_blind_head_is_log_4():
  gan = _ssgan()
  [head] = gan.heads
  head.kernel.kernel.assign(tf.zeros_like(head.kernel.kernel))
  loss, accuracy = gan._turns.loss(
    rotation_task.tell_angles(head, tf.ones([6, 2]))
  )
  np.testing.assert_allclose(loss, np.log(4.0), rtol=1e-6)
  assert float(accuracy) == 0.25  # It says 0 degrees, always.


def test_weights_of_the_rotation_losses():
  gin.parse_config("ModularGAN.g_lr = 0.0")
  with_none = dict(_losses(weight_d=0.0, weight_g=0.0))
  with_both = dict(_losses(weight_d=2.0, weight_g=3.0))
  extra_d = with_both["loss/d_0"] - with_none["loss/d_0"]
  extra_g = with_both["loss/g"] - with_none["loss/g"]
  np.testing.assert_allclose(extra_d, 2 * with_both["loss/c_real_loss"], 1e-4)
  np.testing.assert_allclose(extra_g, 3 * with_both["loss/c_fake_loss"], 1e-4)


def _losses(weight_d, weight_g):
  gin.bind_parameter("SSGAN.weight_rotation_loss_d", weight_d)
  gin.bind_parameter("SSGAN.weight_rotation_loss_g", weight_g)
  scalars = _ssgan().train_step(tiny.batches(1))
  return {name: float(value) for name, value in scalars.items()}


def test_rotation_only_leaves_out_the_gan_and_its_penalty():
  gin.parse_config(
    """
    ModularGAN.g_lr = 0.0
    SSGAN.self_supervision = "rotation_only"
    penalty.fn = @l2_penalty
    """
  )
  scalars = _ssgan(lamba=100).train_step(tiny.batches(1))
  np.testing.assert_allclose(
    scalars["loss/d_0"], scalars["loss/c_real_loss"], rtol=1e-5
  )


def test_without_supervision_it_is_a_modular_gan():
  gin.bind_parameter("SSGAN.self_supervision", "none")
  ours = _ssgan().train_step(tiny.batches(1))
  plain = tiny.gan().train_step(tiny.batches(1))
  assert {k: float(v) for k, v in ours.items()} == {
    k: float(v) for k, v in plain.items()
  }


@pytest.mark.parametrize("keeps_real", [False, True])
def test_turned_fakes_carry_the_labels_of_fakes(keeps_real):
  gin.parse_config(
    f"""
    ModularGAN.conditional = True
    SSGAN.rotated_fakes_keep_real_labels = {keeps_real}
    """
  )
  gan = _ssgan()
  seen = []
  discriminator = gan.discriminator

  def spy(x, y, is_training):
    seen.append(y.numpy())
    return discriminator(x, y, is_training)

  gan.discriminator = spy
  batch = gan.sample(
    {
      **tiny.batches(1)[0],
      "labels": tf.constant([0, 0]),
      "sampled_labels": tf.constant([1, 2]),
    },
    0,
  )
  gan.losses(batch, Made(batch.images))
  labels = list(np.argmax(seen[0], axis=1))
  turned = [0, 0, 0] if keeps_real else [2, 2, 2]
  assert labels == [0, 0, 0, 0, 0, 1, 2, *turned]


@pytest.mark.parametrize(
  "bindings,message",
  [
    ("SSGAN.rotated_batch_size = 6", "multiple of 4"),
    ("SSGAN.rotated_batch_size = 12", "turns 3 images.*batch_size is 2"),
    ("SSGAN.self_supervision = 'rotate'", "'rotate' is unknown"),
    ("ModularGAN.deprecated_split_disc_calls = True", "in one pass"),
  ],
)
def test_what_cannot_be_is_refused(bindings, message):
  gin.bind_parameter("SSGAN.rotated_batch_size", 4)
  gin.parse_config(bindings)
  with pytest.raises(ValueError, match=message):
    tiny.gan("SSGAN")


def test_rotated_batch_size_is_required():
  with pytest.raises(RuntimeError, match="rotated_batch_size"):
    tiny.gan("SSGAN")


# Devices are set up before TensorFlow starts: a process of its own.
_REPLICAS = """
import json
import os
import sys
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan.configuration import gin_files
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
from tests.gans import tiny
import gin

gin_files.register()
gin.parse_config(f'''
  ModularGAN.conditional = True
  ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
  ModularGAN.g_lr = 0.1
  G.batch_norm_fn = @conditional_batch_norm
  standardize_batch.decay = 0.5
  D.spectral_norm = True
  SSGAN.rotated_batch_size = 16
  SSGAN.weight_rotation_loss_g = 1.0
  augmentation.policy = "color,translation,cutout"
''')
parts = int(sys.argv[1])


def train(on):
  with on.scope():
    gan = tiny.gan("SSGAN", batch_size=8, micro_batches=parts)
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


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize("parts", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_two_replicas_turn_the_images_of_one(parts):
  """Of 8 images the last 4 are turned: all of them are the second replica's."""
  result = subprocess.run(
    [sys.executable, "-c", _REPLICAS, str(parts)],
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


def test_turned_images_that_replicas_cannot_share_are_refused():
  class Two(replica.Replicas):
    def num_replicas(self):
      return 2

  gan = _ssgan(rotated=4)
  with replica.running(Two()), pytest.raises(ValueError, match="2 replicas"):
    gan.train_step(tiny.batches(1))
