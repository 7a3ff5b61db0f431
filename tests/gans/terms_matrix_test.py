"""Every term in every way that a step can be made."""

import json
import subprocess
import sys

from compare_gan.context import precision
from compare_gan.gans import optimizers
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
from tests.gans import tiny
from tests.gans import two_replicas
from tests.layers.conv_test import NO_BFLOAT16

pytestmark = pytest.mark.versions("tapes, tf.cond and replicas make a step")

_DATASET = DatasetShape((16, 16, 3), 3)
_OF_D = (
  "r1",
  "r2",
  "r1_r2",
  "gradient_penalty",
  "lipschitz_penalty",
  "zero_centered_penalty",
  "max_gradient_penalty",
  "dragan_penalty",
  "cr",
  "bcr",
  "zcr",
  "lecam",
  "l2_penalty",
  "soft_orthogonal",
  "double_soft_orthogonal",
  "mutual_coherence",
  "srip",
  "spectral_regularization",
)
_OF_G = (
  "zcr_diversity",
  "feature_matching",
  "path_length",
  "soft_orthogonal",
  "spectral_regularization",
)
# Their means, largest values or averages are those of a part of the batch.
_OF_THE_BATCH = {
  "max_gradient_penalty",
  "dragan_penalty",
  "lecam",
  "path_length",
}
_OF_THE_BATCH |= {"feature_matching"}


def _bind(side, *names, weight=0.1, interval=1):
  terms = ", ".join(f"@{name}/term()" for name in names)
  gin.bind_parameter("ModularGAN.g_lr", 0.1)
  gin.bind_parameter(
    "ModularGAN.g_optimizer_fn", optimizers.GradientDescentOptimizer
  )
  gin.bind_parameter("dcgan.Generator.ch", 2)
  gin.bind_parameter("dcgan.Discriminator.ch", 2)
  gin.bind_parameter("D.spectral_norm", True)
  gin.bind_parameter("weights.initializer", "orthogonal")
  lines = [f"{side}.terms = [{terms}]"]
  for name in names:
    lines += [
      f"{name}/term.fn = @{name}",
      f"{name}/term.weight = {weight}",
      f"{name}/term.interval = {interval}",
    ]
  gin.parse_config(lines)


def _gan(**chosen):
  return tiny.gan(
    architecture="dcgan_arch",
    dataset=_DATASET,
    z_dim=4,
    **{"batch_size": 4, **chosen},
  )


def _train(gan, steps=1):
  """Returns the scalars of each step."""
  step = tf.function(gan.train_step, autograph=False)
  batches = tiny.batches(gan.batches_per_step, _DATASET, size=4)
  return [
    {name: float(value) for name, value in step(batches).items()}
    for _ in range(steps)
  ]


def _assert_equal(one, other, tolerance=2e-5):
  assert one.keys() == other.keys()
  for name, value in one.items():
    np.testing.assert_allclose(
      other[name], value, rtol=tolerance, atol=tolerance, err_msg=name
    )


def _moved_by(side, name, weight):
  """Returns how far a step with a term ends from the step without it."""
  _bind(side, name, weight=weight)
  with_term = _gan()
  [scalars] = _train(with_term)
  gin.bind_parameter(f"{side}.terms", [])
  without = _gan()
  _train(without)
  network = {"penalty": "discriminator", "g_penalty": "generator"}[side]
  moved = {
    key: value - tiny.values(getattr(without, network))[key]
    for key, value in tiny.values(getattr(with_term, network)).items()
    if "u_var" not in key and "moving" not in key and "accu" not in key
  }
  return np.sqrt(sum(np.sum(x**2) for x in moved.values())), scalars


@pytest.mark.long
@pytest.mark.parametrize(
  "side,name",
  [("penalty", n) for n in _OF_D] + [("g_penalty", n) for n in _OF_G],
)
def test_a_term_moves_its_side_by_its_gradient(side, name):
  distance, scalars = _moved_by(side, name, weight=0.1)
  assert np.isfinite(list(scalars.values())).all()
  # A step of gradient descent, learning rate 0.1, along the term's gradient.
  assert distance == pytest.approx(
    0.1 * scalars[f"grad_norm/{name}"], rel=1e-2, abs=1e-6
  )
  assert scalars[f"penalty/{name}_weighted"] == pytest.approx(
    0.1 * scalars[f"penalty/{name}"]
  )


@pytest.mark.long
@pytest.mark.parametrize(
  "side,names",
  [("penalty", set(_OF_D)), ("g_penalty", set(_OF_G))],
  ids=["d", "g"],
)
def test_micro_batches_change_nothing(side, names):
  # Of fresh codes a part has its own half; without norms of the batch in G.
  gin.bind_parameter("G.batch_norm_fn", None)
  _bind(side, *sorted(names - _OF_THE_BATCH))
  one, two = _gan(), _gan(micro_batches=2)
  _assert_equal(_train(one, 2)[-1], _train(two, 2)[-1], 1e-4)
  _assert_equal(tiny.values(one), tiny.values(two), 1e-4)


@pytest.mark.parametrize(
  "name", ["float16", pytest.param("bfloat16", marks=NO_BFLOAT16)]
)
@pytest.mark.long
def test_half_precision_agrees(name):
  _bind("penalty", "r1", "bcr", "lecam", "gradient_penalty")
  [exact] = _train(_gan())
  with precision.using(name):
    [half] = _train(_gan())
  for key, value in exact.items():
    if key.startswith(("penalty/", "loss/")):
      assert half[key] == pytest.approx(value, rel=0.2, abs=0.02), key


@pytest.mark.long
@pytest.mark.parametrize("interval", [1, 2])
def test_a_run_goes_on_exactly(interval):
  _bind("penalty", "r1", "zcr", "lecam", interval=interval)
  through = _gan()
  last = _train(through, 3)[-1]
  first = _gan()
  _train(first, 2)
  second = _gan()
  for variable, value in zip(second.variables, first.variables):
    variable.assign(value)
  assert _train(second)[-1] == last
  _assert_equal(tiny.values(through), tiny.values(second), 0)


def test_a_lazy_term_acts_at_every_kth_update_with_k_times_its_weight():
  _bind("penalty", "r1", weight=0.1, interval=3)
  lazy = _gan()
  rows = _train(lazy, 4)
  assert rows[0]["penalty/r1_weighted"] == pytest.approx(
    3 * 0.1 * rows[0]["penalty/r1"]
  )
  # Logged is the value of the last time: updates 0, 0, 0 and 3.
  assert rows[0]["penalty/r1"] == rows[1]["penalty/r1"]
  assert rows[1]["penalty/r1"] == rows[2]["penalty/r1"]
  assert rows[3]["penalty/r1"] != rows[2]["penalty/r1"]


def test_a_lazy_term_rests_between():
  """Its second update is that of a training without it."""
  _bind("penalty", "soft_orthogonal", weight=0.1, interval=2)
  lazy = _gan()
  _train(lazy)
  gin.bind_parameter("penalty.terms", [])
  without = _gan()
  for variable in without.variables:
    [same] = [v for v in lazy.variables if v.name == variable.name]
    variable.assign(same)
  _train(lazy)
  _train(without)
  values = tiny.values(lazy)
  for name, value in tiny.values(without).items():
    np.testing.assert_array_equal(values[name], value, err_msg=name)


def _powers(gan):
  """Returns the logarithm of Adam's beta2_power: one more beta2 a step."""
  [power] = [v for v in gan.variables if v.name.endswith("d_opt/beta2_power:0")]
  return float(tf.math.log(power))


def test_lazy_steps_of_their_own_are_corrected_steps_of_adam():
  """3 steps in 2 updates of interval 2, each with beta2^(2/3)."""
  _bind("penalty", "r1", weight=0.1, interval=2)
  gin.bind_parameter("penalty.lazy_steps", "own")
  gin.bind_parameter("ModularGAN.g_optimizer_fn", optimizers.AdamOptimizer)
  gin.bind_parameter("tf.train.AdamOptimizer.beta2", 0.9)
  gin.bind_parameter("ModularGAN.g_lr", 0.01)
  gan = _gan()
  of_a_step = np.log(0.9) * 2 / 3
  start = _powers(gan)
  [first] = _train(gan)
  assert _powers(gan) - start == pytest.approx(2 * of_a_step, rel=1e-4)
  _train(gan)
  assert _powers(gan) - start == pytest.approx(3 * of_a_step, rel=1e-4)
  assert first["learning_rate/d"] == pytest.approx(0.01 * 2 / 3, rel=1e-5)


def make_gan_with_steps_of_their_own():
  """Returns the GAN that one and two replicas train."""
  gin.bind_parameter("G.batch_norm_fn", None)
  _bind("penalty", "r1", "bcr", interval=2)
  gin.bind_parameter("penalty.lazy_steps", "own")
  gin.bind_parameter("ModularGAN.g_optimizer_fn", optimizers.AdamOptimizer)
  gin.bind_parameter("tf.train.AdamOptimizer.epsilon", 1.0)  # no signs of 0
  return _gan()


@pytest.mark.long
def test_lazy_steps_of_their_own_are_those_of_all_replicas():
  make = f"{__name__}:make_gan_with_steps_of_their_own"
  _assert_equal(*two_replicas.rows(make, size=4), 1e-4)


def test_lazy_steps_of_their_own_need_an_optimiser_that_has_them():
  _bind("penalty", "r1", interval=2)
  gin.bind_parameter("penalty.lazy_steps", "own")
  with pytest.raises(ValueError, match="GradientDescent.* no correction"):
    _gan()


def test_the_controller_of_ada_is_kept_and_moves_with_the_training():
  _bind("penalty")
  gin.parse_config(
    "augmentation.policy = @ada()\naugmentation.p = @ada_controller()\n"
    "ada_controller.interval = 2\nada_controller.kimg = 0.1\n"
    "ada_controller.target = -1.0"
  )
  gan = _gan()
  rows = _train(gan, 2)
  [p] = [v for v in gan.variables if v.name == "augmentation/p:0"]
  # Any scores are above -1: after 2 updates of 4 images, 4 * 2 / 100.
  assert rows[0]["augmentation/p"] == 0.0
  assert float(p) == rows[1]["augmentation/p"] == pytest.approx(0.08)


def test_without_logged_norms_a_step_is_the_same():
  _bind("penalty", "r1", "bcr", "lecam")
  one, two = _gan(), _gan(log_gradient_norms=False)
  [logged], [silent] = _train(one), _train(two)
  assert "grad_norm/r1" in logged and "grad_norm/r1" not in silent
  _assert_equal(tiny.values(one), tiny.values(two), 1e-6)


_REPLICAS = """
import json, os, sys
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan.configuration import gin_files
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
from tests.gans import terms_matrix_test as matrix
from tests.gans import tiny
import gin

gin_files.register()
gin.bind_parameter("G.batch_norm_fn", None)
side, interval, *names = sys.argv[1:]
matrix._bind(side, *names, interval=int(interval))


def train(on):
  with on.scope():
    gan = matrix._gan()
  step = tf.function(
    lambda batches: on.run(gan.train_step, batches), autograph=False
  )
  for _ in range(3):
    scalars = step(tiny.batches(gan.batches_per_step, matrix._DATASET, size=4))
  return {name: float(v) for name, v in scalars.items()}

print("RESULT " + json.dumps([
  train(single.OneDevice("CPU:0")),
  train(replicated.Mirrored(["CPU:0", "CPU:1"])),
]))
"""


@pytest.mark.long
@pytest.mark.parametrize(
  "side,interval,names",
  [
    pytest.param("penalty", 1, _OF_D, id="d", marks=pytest.mark.once),
    ("penalty", 2, ("r1", "bcr", "gradient_penalty", "soft_orthogonal")),
    ("g_penalty", 1, ("zcr_diversity", "feature_matching", "soft_orthogonal")),
  ],
  ids=["d", "lazy", "g"],
)
def test_two_replicas_act_as_one(side, interval, names):
  result = subprocess.run(
    [sys.executable, "-c", _REPLICAS, side, str(interval), *names],
    env=plain_shell.checkout(),
    capture_output=True,
    text=True,
    check=False,
  )
  assert result.returncode == 0, result.stderr[-3000:]
  [line] = [x for x in result.stdout.splitlines() if x.startswith("RESULT ")]
  one, two = json.loads(line[len("RESULT ") :])
  _assert_equal(one, two, 1e-4)
