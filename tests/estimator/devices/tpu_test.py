"""What a TPU would be given, without one.

Two logical CPUs stand in for two cores: the data, the sums and the step are the
TPU's own code. XLA compiles whole trainings on the CPU, where it takes more
than a TPU does: necessary, and not sufficient. Static checks are for the rest.
"""

import json
import os
import re
import subprocess
import sys

from compare_gan.configuration import gin_files
from compare_gan.estimator import run_config
from compare_gan.estimator.devices import tpu
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell
from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.distribute.TPUStrategy runs the loop")

_START = """
import json
import os
import re
import sys
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan.configuration import gin_files
from compare_gan.estimator.devices import single
from compare_gan.estimator import estimator
from compare_gan.estimator import run_config
from compare_gan.estimator.devices import tpu
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset
import gin

gin_files.register()
gin.parse_config(sys.argv[1:])
"""

_TRAIN = (
  _START
  + """
import tempfile

config = run_config.run_config()
two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
dataset = NoiseDataset()


def train(on):
  with on.scope():
    gan = tiny.gan(dataset=dataset, batch_size=4, disc_iters=2)
  with tempfile.TemporaryDirectory() as folder:
    estimator.Estimator(gan, config, on, folder).train(
      lambda first, **shard: dataset.batches("train", 4, start=first, **shard),
      3,
    )
  return tiny.values(gan)

one = train(single.OneDevice("CPU:0"))
two = train(tpu.TpuDevices(two))
print("RESULT " + json.dumps({
  name: float(abs(one[name] - two[name]).max()) for name in one
}))
"""
)


def _run(program, *bindings):
  result = subprocess.run(
    [sys.executable, "-c", program, *bindings],
    capture_output=True,
    text=True,
    cwd=os.getcwd(),
    env=plain_shell.checkout(),
  )
  assert result.returncode == 0, result.stderr[-3000:]
  line = [x for x in result.stdout.splitlines() if x.startswith("RESULT ")][-1]
  return json.loads(line[len("RESULT ") :])


@pytest.mark.long
def test_cores_that_get_their_own_rows_train_as_one_device():
  """Data by core, sums, EMA, draws of the penalty: as on one device."""
  differences = _run(
    _TRAIN,
    "ModularGAN.conditional = True",
    "ModularGAN.g_use_ema = True",
    "ModularGAN.ema_start_step = 1",
    "D.spectral_norm = True",
    "penalty.fn = @wgangp_penalty",
  )
  assert max(differences.values()) < 1e-5, differences


_COMPILE = (
  _START
  + """
import numpy as np

shape = tiny.DATASET._replace(image_shape=({side}, {side}, 3))
batches = tiny.batches(2, shape, size=4)
images = tf.stack([batch["images"] for batch in batches])
labels = tf.stack([batch["labels"] for batch in batches])


def train(compiled):
  gan = tiny.gan("{gan}", "{architecture}", dataset=shape, batch_size=4, {more})

  @tf.function(jit_compile=compiled, autograph=False)
  def loop():
    def step(i, *scalars):
      made = gan.train_step([
        dict(images=images[i], labels=labels[i])
        for _ in range(gan.batches_per_step)
      ])
      return i + 1, *[made[name] for name in names]

    names = sorted(
      tf.function(gan.train_step, autograph=False).get_concrete_function(
        [dict(images=images[0], labels=labels[0])] * gan.batches_per_step
      ).structured_outputs
    )
    zeros = [tf.zeros([]) for _ in names]
    return dict(zip(
      names,
      tf.while_loop(lambda i, *_: i < 2, step, (0, *zeros))[1:],
    ))

  return {{name: float(v) for name, v in loop().items()}}, tiny.values(gan)

scalars, values = train(False)
compiled_scalars, compiled = train(True)
print("RESULT " + json.dumps(dict(
  scalars=[scalars, compiled_scalars],
  values={{
    name: [
      float(np.abs(values[name] - compiled[name]).max()),
      float(np.abs(values[name]).max()),
    ]
    for name in values
  }},
)))
"""
)

_SMALL = (
  "ModularGAN.g_lr = 1e-4",
  "ModularGAN.conditional = {conditional}",
  "D.spectral_norm = True",
  "dcgan.Generator.ch = 2",
  "dcgan.Discriminator.ch = 2",
  "resnet_cifar.Generator.ch = 4",
  "resnet_cifar.Discriminator.ch = 4",
  "resnet_biggan.Generator.ch = 2",
  "resnet_biggan.Discriminator.ch = 2",
  'resnet_biggan.Generator.blocks_with_attention = "16"',
  'resnet_biggan.Discriminator.blocks_with_attention = "16"',
)


@pytest.mark.long
@pytest.mark.parametrize(
  "gan,architecture,conditional,bindings,more",
  [
    (
      "ModularGAN",
      "tests.architectures.own_architecture",
      True,
      ["penalty.fn = @wgangp_penalty", "ModularGAN.g_use_ema = True"],
      "disc_iters=2",
    ),
    pytest.param(
      "ModularGAN",
      "dcgan_arch",
      False,
      ["penalty.fn = @dragan_penalty"],
      "",
      marks=pytest.mark.slow,
    ),
    pytest.param(
      "ModularGAN",
      "resnet_biggan_arch",
      True,
      [
        "G.batch_norm_fn = @conditional_batch_norm",
        "G.spectral_norm = True",
        "z.distribution_fn = @tf.random.truncated_normal",
      ],
      "z_dim=12",
      marks=pytest.mark.slow,
    ),
    pytest.param(
      "SSGAN",
      "resnet_cifar_arch",
      False,
      ["penalty.fn = @wgangp_penalty", "SSGAN.rotated_batch_size = 4"],
      "",
      marks=pytest.mark.slow,
    ),
  ],
)
def test_xla_compiles_a_whole_loop(
  gan, architecture, conditional, bindings, more
):
  side = 4 if architecture.startswith("tests") else 32
  program = _COMPILE.format(
    gan=gan, architecture=architecture, side=side, more=more
  )
  small = [line.format(conditional=conditional) for line in _SMALL]
  result = _run(program, *small, *bindings)
  one, compiled = result["scalars"]
  for name in one:
    if not name.startswith("grad_norm/"):  # Of rounding, in part.
      np.testing.assert_allclose(
        compiled[name], one[name], rtol=1e-3, atol=1e-4, err_msg=name
      )
  for name, (difference, size) in result["values"].items():
    # A gradient that is nothing but rounding makes Adam's steps of 1e-4.
    assert difference <= max(1e-3 * size, 5e-4), name


# ---- Static checks -----------------------------------------------------------


def _graph(function, *specs):
  return (
    tf.function(function, autograph=False).get_concrete_function(*specs).graph
  )


_X = tf.TensorSpec([4, 2], tf.float32)


def test_a_step_without_faults_has_no_problems():
  graph = _graph(lambda x: tf.reduce_sum(tf.matmul(x, x, transpose_b=True)), _X)
  assert tpu.problems(graph) == []


@pytest.mark.parametrize(
  "function,message",
  [
    (lambda x: tf.cast(x, tf.float64, name="wide"), "wide .*float64"),
    (lambda x: tf.strings.as_string(x, name="text"), "text .*string"),
    (lambda x: tf.numpy_function(np.sin, [x], tf.float32), "it runs Python"),
    (lambda x: tf.where(x > 0), "depends on values"),
    (lambda x: tf.boolean_mask(x, x[:, 0] > 0), "depends on values|not static"),
  ],
)
def test_what_a_tpu_cannot_run_is_named(function, message):
  assert any(
    re.search(message, problem)
    for problem in tpu.problems(_graph(function, _X))
  )


@pytest.mark.once
@pytest.mark.long
@pytest.mark.skipif(
  tuple(map(int, tf.__version__.split(".")[:2])) < (2, 15),
  reason="TensorFlow for TPUs begins at 2.16; older ones know fewer shapes",
)
@pytest.mark.parametrize(
  "gan,architecture,side",
  [
    ("ModularGAN", "dcgan_arch", 32),
    ("ModularGAN", "sndcgan_arch", 32),
    ("ModularGAN", "resnet_cifar_arch", 32),
    ("ModularGAN", "biggan_arch", 32),
    ("ModularGAN", "r3gan_arch", 8),
    ("ModularGAN", "stylegan2_arch", 16),
    ("SSGAN", "resnet_cifar_arch", 32),
    ("BigBiGAN", "bigbigan_small_arch", 32),
  ],
)
def test_steps_of_the_library_have_no_problems(gan, architecture, side):
  gin_files.register()
  gin.clear_config()
  conditional = gan != "SSGAN"
  normed = architecture not in ("r3gan_arch", "stylegan2_arch")
  if gan == "ModularGAN" and normed:
    gin.parse_config("G.batch_norm_fn = @conditional_batch_norm")
  for net in ("Generator", "Discriminator"):
    gin.parse_config(f"r3gan.{net}.widths = [8, 4]")
    gin.parse_config(f"r3gan.{net}.cardinalities = [2, 2]")
    gin.parse_config(f"r3gan.{net}.blocks = [1, 1]")
  gin.parse_config(f"""
    ModularGAN.conditional = {conditional}
    penalty.fn = {"@no_penalty" if gan == "BigBiGAN" else "@wgangp_penalty"}
    D.spectral_norm = {gan != "BigBiGAN" and normed}
    SSGAN.rotated_batch_size = 4
    z.distribution_fn = @tf.random.truncated_normal
    stylegan2.Generator.channel_max = 4
    stylegan2.Discriminator.channel_max = 4
  """)
  shape = tiny.DATASET._replace(image_shape=(side, side, 3))
  made = tiny.gan(gan, architecture, dataset=shape, batch_size=4, z_dim=16)
  batch = {
    "images": tf.TensorSpec([4, *shape.image_shape], tf.float32),
    "labels": tf.TensorSpec([4], tf.int32),
  }
  graph = _graph(made.train_step, [batch] * made.batches_per_step)
  assert tpu.problems(graph) == []


def test_what_hides_in_an_inner_function_is_found():
  def step(x):
    return tf.while_loop(
      lambda i, total: i < 3,
      lambda i, total: (i + 1, total + tf.reduce_sum(tf.cast(x, tf.float64))),
      (0, tf.constant(0.0, tf.float64)),
    )[1]

  assert any("Cast" in problem for problem in tpu.problems(_graph(step, _X)))


def test_a_shape_that_is_not_static_is_named():
  [problem, *_] = tpu.problems(
    _graph(lambda x: x + 1.0, tf.TensorSpec([None, 2], tf.float32))
  )
  assert "is not static" in problem


def test_problems_are_said_before_the_first_step():
  devices = tpu.TpuDevices(tf.distribute.get_strategy())
  graph = _graph(lambda x: tf.cast(x, tf.float64, name="wide"), _X)
  with pytest.raises(ValueError, match="(?s)TPU cannot compile.*wide"):
    devices.inspect(graph)


# ---- Choosing ----------------------------------------------------------------


def test_without_a_tpu_what_would_do_is_said():
  with pytest.raises(
    ValueError, match="TPURunConfig.tpu = 'local' found no TPU.*tensorflow-tpu"
  ):
    tpu.choose(64, None)


def test_bfloat16_unless_a_gin_file_says_otherwise():
  devices = tpu.TpuDevices(tf.distribute.get_strategy())
  config = run_config.run_config()
  assert devices.precision(config) == ("bfloat16", False)
  config = run_config.run_config(precision="auto")
  assert devices.precision(config) == ("bfloat16", False)
  config = run_config.run_config(precision="float32")
  assert devices.precision(config) == ("float32", False)


def test_a_lost_tpu_is_said():
  devices = tpu.TpuDevices(tf.distribute.get_strategy())
  with pytest.raises(ConnectionError, match="preempted.*resume"):
    devices.explain(tf.errors.UnavailableError(None, None, "Socket closed"))
  devices.explain(tf.errors.InvalidArgumentError(None, None, "other"))


class Four(tpu.TpuDevices):
  def num_replicas(self):
    return 4


def test_groups_of_cores_must_divide_them():
  devices = Four(tf.distribute.get_strategy())
  with pytest.raises(ValueError, match="group_size = 3 .*4 cores"):
    devices.all_sum(tf.zeros([]), group_size=3)


def test_sums_of_several_are_over_groups_too():
  devices = Four(tf.distribute.get_strategy())
  with tf.Graph().as_default():
    sums = devices.all_sums([tf.zeros([]), tf.zeros([2])], group_size=2)
    for x in sums:
      assert x.op.type == "CrossReplicaSum"
      groups = tf.get_static_value(x.op.inputs[1])
      np.testing.assert_array_equal(groups, [[0, 1], [2, 3]])
