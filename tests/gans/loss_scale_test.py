"""The loss scale: what moves it, and what a skipped step leaves alone."""

import json
import re
import subprocess
import sys

from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.gans import loss_scale
from compare_gan.gans import optimizers
from compare_gan.gans import update
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
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


@pytest.mark.parametrize("gradient", [1.0, _INF])
def test_a_step_that_is_not_due_is_not_counted(gradient):
  scaled, w = _scaled(initial=8.0, increase_every=2)
  _step(scaled, w, _INF)
  before = tiny.values(scaled), w.numpy()
  gradient = tf.constant([gradient])
  scaled.apply_gradients([(gradient, w)], tf.constant(0), tf.constant(False))
  np.testing.assert_equal((tiny.values(scaled), w.numpy()), before)


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
from compare_gan.context import replica
from compare_gan.estimator.devices import replicated
from compare_gan.gans import loss_scale
from compare_gan.gans import optimizers
from compare_gan.layers import initializers
from compare_gan.context import scope

on = replicated.Mirrored(["CPU:0", "CPU:1"])
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
    env=plain_shell.checkout(),
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


# ---- What a skipped update leaves behind -------------------------------------


_WITH_STATE = """
  G.batch_norm_fn = @batch_norm
  D.spectral_norm = True
  penalty.fn = @lecam_penalty
"""


def _scaled_gan(bindings="", cls="ModularGAN", **chosen):
  gin.parse_config(_WITH_STATE + bindings)
  with precision.using("float32", loss_scaled=True):
    gin.parse_config(
      """
      weights.initializer = "orthogonal"
      sndcgan.Generator.ch = 2
      sndcgan.Discriminator.ch = 2
      """
    )
    return tiny.gan(cls, "sndcgan_arch", batch_size=4, **chosen)


def _state_of(gan):
  """Returns {name: value} of what passes move."""
  return {
    name: value
    for name, value in tiny.values(gan).items()
    if any(part in name for part in ("moving_", "u_var", "anchors"))
  }


def _only(scope_name, state):
  return {n: v for n, v in state.items() if n.startswith(scope_name)}


def _train(gan, graph=True, **changed):
  step = gan.train_step
  if graph:
    step = tf.function(step, autograph=False)
  batches = tiny.batches(gan.batches_per_step, size=4)
  return step([{**batch, **changed} for batch in batches])


def _assert_alive(after, before):
  """All is finite, and something of each kind has moved."""
  moved = []
  for name, value in after.items():
    assert np.all(np.isfinite(value)), name
    if not np.array_equal(value, before[name]):
      moved.append(name)
  for kind in {name.rsplit("/", 1)[-1] for name in after}:
    assert any(name.endswith(kind) for name in moved), kind


@pytest.mark.parametrize(
  "chosen,graph",
  [
    ({}, False),
    pytest.param({}, True, marks=pytest.mark.long),
    pytest.param(
      {"micro_batches": 2}, True, marks=[pytest.mark.long, pytest.mark.once]
    ),
    pytest.param(
      {"disc_iters": 2, "gen_iters": 2},
      True,
      marks=[pytest.mark.long, pytest.mark.once],
    ),
  ],
)
def test_a_batch_that_overflows_moves_no_state(chosen, graph):
  gan = _scaled_gan(**chosen)
  _train(gan, graph)
  before = _state_of(gan)
  assert any("anchors" in name for name in before)
  _train(gan, graph, z=tf.fill([4, tiny.Z_DIM], float("nan")))
  assert float(gan.d_optimizer.skipped_steps) == gan.options.disc_iters
  assert float(gan.g_optimizer.skipped_steps) == gan.options.gen_iters
  np.testing.assert_equal(_state_of(gan), before)
  _train(gan, graph)
  _assert_alive(_state_of(gan), before)


@pytest.mark.long
def test_a_skipped_d_update_leaves_the_state_of_its_fakes():
  gan = _scaled_gan()
  _train(gan)
  before = _state_of(gan)
  gan.d_optimizer.scale.assign(_INF)
  _train(gan)
  after = _state_of(gan)
  np.testing.assert_equal(_only("gen", after), _only("gen", before))
  np.testing.assert_equal(_only("score", after), _only("score", before))
  # G's update was made: D's passes in it count.
  _assert_alive(_only("disc", after), before)


@pytest.mark.long
def test_a_skipped_g_update_leaves_the_state_of_ds_update():
  gan, same = _scaled_gan(), _scaled_gan()
  gan.g_optimizer.scale.assign(_INF)
  _train(gan)
  # What D's update alone makes of it.
  d_batches, g_batch = same.sample_all(tiny.batches(1, size=4))
  fakes = next(same.fakes_in_turn(d_batches, g_batch))
  step = update.Step(same.options, same._d, same._g, same.global_step, False)
  same._update_discriminator(step, d_batches[0], fakes, 0)
  expected, actual = _state_of(same), _state_of(gan)
  assert set(actual) == set(expected)
  for name, value in expected.items():
    np.testing.assert_allclose(
      actual[name], value, rtol=1e-5, atol=1e-7, err_msg=name
    )


@pytest.mark.long
@pytest.mark.parametrize("network", ["d", "g"])
def test_if_all_fakes_are_made_at_once_any_skip_undoes_them(network):
  gan = _scaled_gan(
    "ModularGAN.experimental_force_graph_unroll = True", disc_iters=2
  )
  _train(gan)
  before = _state_of(gan)
  optimizer = gan.d_optimizer if network == "d" else gan.g_optimizer
  optimizer.scale.assign(_INF)
  _train(gan)
  np.testing.assert_equal(_only("gen", _state_of(gan)), _only("gen", before))


def test_what_gradients_do_not_show_does_not_reach_the_state():
  """A ReLU makes 0 of NaN on some devices: the step is made all the same."""
  moved = tf.Variable([1.0, 2.0], trainable=False)
  scaled, w = _scaled()
  with loss_scale.undone_if_skipped(scaled, [moved]):
    moved.assign([3.0, float("nan")])
    _step(scaled, w, 1.0)
  np.testing.assert_array_equal(moved, [1.0, 2.0])
  with loss_scale.undone_if_skipped(scaled, [moved]):
    moved.assign([3.0, 4.0])
    _step(scaled, w, 1.0)
  np.testing.assert_array_equal(moved, [3.0, 4.0])


def test_without_a_loss_scale_nothing_is_kept():
  """Outside of float16 the step reads no state beside its own."""
  optimizer = optimizers.AdamOptimizer(0.1, name="opt")
  moved = tf.Variable(1.0, trainable=False)
  with loss_scale.undone_if_skipped(optimizer, [moved]):
    moved.assign(float("nan"))
  assert np.isnan(moved.numpy())


def test_the_average_moves_if_one_of_the_g_updates_was_made():
  with precision.using("float32", loss_scaled=True):
    gan = _gan(gen_iters=2)
  apply_gradients = gan.g_optimizer.apply_gradients
  infinite = []

  def second_is_infinite(pairs, step):
    if infinite:
      pairs = [(gradient * _INF, w) for gradient, w in pairs]
    infinite.append(True)
    apply_gradients(pairs, step)

  gan.g_optimizer.apply_gradients = second_is_infinite
  gan.train_step(tiny.batches(1))
  assert float(gan.g_optimizer.skipped_steps) == 1
  values = tiny.values(gan)
  name = "generator/g_fc1/kernel"
  average = values[f"{name}/ExponentialMovingAverage"]
  assert not np.array_equal(average, values[name])
