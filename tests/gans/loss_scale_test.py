"""The loss scale: what moves it, and what a skipped step leaves alone."""

import json
import re
import subprocess
import sys

from compare_gan import precision
from compare_gan.gans import loss_scale
from compare_gan.gans import optimizers
from compare_gan.layers import scope
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _scaled(**chosen):
  optimizer = optimizers.AdamOptimizer(0.1, name="opt")
  with scope.scope("loss_scale"):
    scaled = loss_scale.LossScaled(optimizer, "d", **chosen)
  w = tf.Variable([1.0], name="w")
  scaled.build([w])
  return scaled, w


def _step(scaled, w, gradient):
  scaled.apply_gradients([(tf.constant([gradient]), w)], tf.constant(0))
  return float(scaled.scale)


_INF = float("inf")


def test_the_scale_doubles_after_a_row_of_finite_steps():
  scaled, w = _scaled(initial=8.0, increase_every=3)
  scales = [_step(scaled, w, 1.0) for _ in range(7)]
  assert scales == [8, 8, 16, 16, 16, 32, 32]


def test_the_scale_halves_with_every_bad_step_and_not_below_1():
  scaled, w = _scaled(initial=4.0)
  scales = [_step(scaled, w, g) for g in (_INF, float("nan"), -_INF, _INF)]
  assert scales == [2, 1, 1, 1]
  assert float(scaled.skipped_steps) == 4


def test_a_bad_step_ends_the_row():
  scaled, w = _scaled(initial=8.0, increase_every=2)
  scales = [_step(scaled, w, g) for g in (1.0, _INF, 1.0, 1.0)]
  assert scales == [8, 4, 4, 8]
  scaled, w = _scaled(initial=8.0, increase_every=2, decrease_every=3)
  scales = [_step(scaled, w, g) for g in (1.0, _INF, 1.0, 1.0)]
  assert scales == [8, 8, 8, 16]


def test_the_settings_of_the_dcgan_card():
  """2^32, up every 1000, down every second bad step, by a half."""
  gin.parse_config(
    """
    loss_scale.initial = 4294967296.0
    loss_scale.increase_every = 1000
    loss_scale.decrease_every = 2
    loss_scale.decrease_ratio = 0.5
    """
  )
  scaled, w = _scaled()
  scales = [_step(scaled, w, _INF) for _ in range(4)]
  assert scales == [2.0**32, 2.0**31, 2.0**31, 2.0**30]


def test_the_scale_stays_a_number():
  scaled, w = _scaled(initial=2.0**127, increase_every=1)
  assert _step(scaled, w, 1.0) == 2.0**127


def test_a_skipped_step_moves_neither_weights_nor_slots():
  scaled, w = _scaled()
  _step(scaled, w, 1.0)
  before = tiny.values(scaled.optimizer), w.numpy()
  _step(scaled, w, _INF)
  after = tiny.values(scaled.optimizer), w.numpy()
  np.testing.assert_equal(after, before)
  _step(scaled, w, 1.0)
  assert w.numpy() != before[1]


def test_gradients_are_those_of_the_loss():
  scaled, w = _scaled(initial=1024.0)
  with tf.GradientTape() as tape:
    # A gradient of 3e-8 would be 0 in float16; 1024 times it is not.
    loss = tf.cast(tf.cast(w, tf.float16), tf.float32)[0] * 3e-8
  [gradient, none] = scaled.gradients(tape, loss, [w, tf.Variable(0.0)])
  np.testing.assert_allclose(gradient, [3e-8], rtol=1e-2)
  assert none is None


@pytest.mark.parametrize(
  "argument, value",
  [
    ("initial", 0.5),
    ("increase_every", 0),
    ("increase_ratio", 0.9),
    ("decrease_every", 0),
    ("decrease_ratio", 1.0),
  ],
)
def test_settings_without_sense_are_refused(argument, value):
  with pytest.raises(ValueError, match=f"loss_scale.{argument} = {value}"):
    _scaled(**{argument: value})


# ---- In a GAN ----------------------------------------------------------------


def _gan(**chosen):
  gin.parse_config(
    """
    weights.initializer = "orthogonal"  # Nothing vanishes.
    sndcgan.Generator.ch = 2
    sndcgan.Discriminator.ch = 2
    ModularGAN.g_use_ema = True
    ModularGAN.ema_decay = 0.5
    ModularGAN.ema_start_step = 0
    """
  )
  return tiny.gan(architecture="sndcgan_arch", **chosen)


def test_without_float16_there_is_no_scale():
  assert not [name for name in tiny.values(_gan()) if "loss_scale" in name]


def test_the_state_is_in_the_checkpoint_by_name():
  with precision.using("float16"):
    values = tiny.values(_gan())
  found = {n: v for n, v in values.items() if n.startswith("loss_scale/")}
  assert set(found) == {
    f"loss_scale/{network}/{name}"
    for network in "dg"
    for name in (
      "scale",
      "finite_steps",
      "bad_steps",
      "skipped_steps",
      "last_was_skipped",
    )
  }
  assert found["loss_scale/d/scale"] == found["loss_scale/g/scale"] == 2**15


def test_an_overflow_is_skipped_and_training_goes_on():
  with precision.using("float16"):
    gan = _gan()
    step = tf.function(gan.train_step, autograph=False)
    step(tiny.batches(1))
    gan.g_optimizer.scale.assign(2.0**100)  # float16 ends at 2^16
    before = tiny.values(gan)
    scalars = step(tiny.batches(1))
    after = tiny.values(gan)
    kept = [
      n
      for n in before
      if "g_opt" in n
      or n.endswith("ExponentialMovingAverage")
      or n in {scope.full_name(v) for v in gan.generator.trainable_variables}
    ]
    assert len(kept) > 10
    for name in kept:
      np.testing.assert_array_equal(after[name], before[name], err_msg=name)
    # D has a scale of its own, and moved.
    assert not np.array_equal(
      after["discriminator/d_conv1/kernel"],
      before["discriminator/d_conv1/kernel"],
    )
    assert after["loss_scale/g/scale"] == 2.0**99
    assert after["loss_scale/d/scale"] == 2.0**15
    assert float(scalars["loss_scale/g_skipped"]) == 1
    assert float(scalars["loss_scale/g"]) == 2.0**99
    assert float(scalars["grad_norm/g"]) == 0
    assert all(np.isfinite(float(value)) for value in scalars.values())
    gan.g_optimizer.scale.assign(2.0**10)
    scalars = step(tiny.batches(1))
    assert float(scalars["loss_scale/g_skipped"]) == 1
    assert float(scalars["grad_norm/g"]) > 0
    name = "generator/g_fc1/kernel"
    average = f"{name}/ExponentialMovingAverage"
    end = tiny.values(gan)
    assert not np.array_equal(end[name], after[name])
    assert not np.array_equal(end[average], after[average])


def test_a_scaled_step_is_the_plain_step():
  """In float32 a power of two changes no digit."""
  results = []
  for is_scaled in (False, True):
    with precision.using("float32", loss_scaled=is_scaled):
      gan = _gan()
      gan.train_step(tiny.batches(1))
      values = tiny.values(gan)
    results.append({n: v for n, v in values.items() if "loss_scale" not in n})
  np.testing.assert_equal(results[1], results[0])


# Devices are set up before TensorFlow starts: a process of its own.
_ON_TWO_REPLICAS = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan import replica
from compare_gan.estimator import devices
from compare_gan.gans import loss_scale
from compare_gan.gans import optimizers
from compare_gan.layers import initializers
from compare_gan.layers import scope

on = devices.Mirrored(["CPU:0", "CPU:1"])
with on.scope():
  w = scope.variable("w", [1], initializers.ones)
  scaled = loss_scale.LossScaled(
    optimizers.AdamOptimizer(0.1, name="opt"), "d", initial=8.0
  )
  scaled.build([w])

def step(batches):
  [batch] = batches
  gradient = replica.all_mean(batch["gradients"])
  scaled.apply_gradients([(gradient, w)], tf.constant(0))
  return {"scale": tf.identity(scaled.scale)}

run = tf.function(lambda batches: on.run(step, batches), autograph=False)
seen = []
for gradients in ([1.0, 1.0], [1.0, float("inf")], [1.0, 1.0]):
  run([{"gradients": tf.constant(gradients)}])
  values = w.values, scaled.scale.values
  seen.append([[x.numpy().tolist() for x in value] for value in values])
print("RESULT " + json.dumps(seen))
"""


@pytest.mark.long
def test_replicas_agree_on_what_is_skipped():
  """The overflow of one is everyone's."""
  printed = subprocess.run(
    [sys.executable, "-c", _ON_TWO_REPLICAS],
    capture_output=True,
    text=True,
  )
  match = re.search("^RESULT (.*)$", printed.stdout, re.MULTILINE)
  assert match, printed.stderr[-2000:]
  first, second, third = json.loads(match[1])
  for weights, scales in (first, second, third):
    assert weights[0] == weights[1]
    assert scales[0] == scales[1]
  assert first[0] == second[0] != third[0]
  assert [scales[0] for _, scales in (first, second, third)] == [8, 4, 4]
