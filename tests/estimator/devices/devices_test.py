"""Replicas act as one: their number changes nothing."""

import json
import os
import re
import subprocess
import sys

from compare_gan import runner_lib
from compare_gan.estimator import devices
from compare_gan.estimator import run_config
from compare_gan.estimator.devices import single
import gin
import numpy as np
import pytest

from tests import plain_shell
from tests.estimator.devices import own_device
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("tf.function and tf.distribute run the loop")

# Devices are set up before TensorFlow starts: a process of its own.
_TRAIN = """
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

penalty, architecture, norm = sys.argv[1:]
gin_files.register()
gin.parse_config(f'''
  ModularGAN.conditional = True
  ModularGAN.g_use_ema = True
  ModularGAN.ema_start_step = 0
  ModularGAN.ema_decay = 0.5
  ModularGAN.g_lr = 0.01
  dcgan.Generator.ch = 2
  dcgan.Discriminator.ch = 2
  penalty.fn = @{penalty}
  loss.fn = @non_saturating
''')
if architecture == "r3gan_arch":
  gin.parse_config("loss.fn = @relativistic_paired")
  for net in ("Generator", "Discriminator"):
    gin.parse_config(f"r3gan.{net}.widths = [8, 8, 4]")
    gin.parse_config(f"r3gan.{net}.cardinalities = [2, 2, 2]")
    gin.parse_config(f"r3gan.{net}.blocks = [1, 1, 1]")
elif architecture == "stylegan2_arch":
  gin.parse_config('''
    stylegan2.Generator.channel_max = 4
    stylegan2.Generator.w_dim = 4
    stylegan2.Discriminator.channel_max = 4
    # Groups of images are those of a replica.
    stylegan2.Discriminator.mbstd_group = 1
  ''')
else:
  gin.parse_config(f'''
    G.batch_norm_fn = @conditional_batch_norm
    D.batch_norm_fn = {norm}
    D.spectral_norm = True
  ''')
shape = tiny.DATASET._replace(image_shape=(16, 16, 1))


def train(on):
  with on.scope():
    gan = tiny.gan(
      architecture=architecture, dataset=shape, batch_size=8
    )
  step = tf.function(
    lambda batches: on.run(gan.train_step, batches), autograph=False
  )
  for _ in range(2):
    scalars = step(tiny.batches(1, shape, size=8))
  return {name: float(v) for name, v in scalars.items()}, gan


def norms(gan):
  return {
    v.name.split(":")[0]: (
      [float(tf.norm(tf.cast(v, tf.float64)))],
      [int(tf.size(v))],
    )
    for v in gan.variables
  }

one_scalars, one = train(single.OneDevice("CPU:0"))
two_scalars, two = train(replicated.Mirrored(["CPU:0", "CPU:1"]))
equal = all(
  bool(tf.reduce_all(v.values[0] == v.values[1])) for v in two.variables
)
print("RESULT " + json.dumps({
  "scalars": [one_scalars, two_scalars],
  "norms": [norms(one), norms(two)],
  "replicas_equal": equal,
}))
"""


# A bias before batch norm has no gradient but rounding, which Adam turns into
# steps of up to the learning rate: in these, and in what averages them.
_WITHOUT_GRADIENT = re.compile(
  r"(g_fc1|g_dc[123]|d_conv[234]|generator/hidden)/bias(/Exp.*)?$"
  r"|moving_mean$"
)
_LARGEST_STEPS = 0.01 * 2  # learning rate, steps


@pytest.mark.long
@pytest.mark.parametrize(
  "penalty,architecture,norm",
  [
    ("wgangp_penalty", "dcgan_arch", "@batch_norm"),
    ("dragan_penalty", "tests.architectures.own_architecture", "None"),
    ("r1_penalty", "r3gan_arch", "None"),
    ("r1_penalty", "stylegan2_arch", "None"),
  ],
)
def test_two_replicas_train_as_one(penalty, architecture, norm):
  result = subprocess.run(
    [sys.executable, "-c", _TRAIN, penalty, architecture, norm],
    capture_output=True,
    text=True,
    cwd=os.getcwd(),
    env=plain_shell.checkout(),
  )
  assert result.returncode == 0, result.stderr[-3000:]
  line = [x for x in result.stdout.splitlines() if x.startswith("RESULT ")][-1]
  result = json.loads(line[len("RESULT ") :])
  assert result["replicas_equal"]
  one, two = result["scalars"]
  for name in one:
    # The norm of all gradients holds those that are nothing but rounding.
    rtol = 1e-4 if name.startswith("grad_norm/") else 1e-5
    np.testing.assert_allclose(one[name], two[name], rtol=rtol, err_msg=name)
  one, two = result["norms"]
  assert set(one) == set(two)
  for name, ([expected], [size]) in one.items():
    if _WITHOUT_GRADIENT.search(name):
      assert abs(expected - two[name][0][0]) <= _LARGEST_STEPS * np.sqrt(size)
    else:
      np.testing.assert_allclose(
        two[name][0], expected, rtol=1e-5, atol=1e-6, err_msg=name
      )


def test_cpu_is_one_replica():
  one = devices.choose("cpu")
  assert one.num_replicas() == 1 and one.replica_id() == 0


def test_unknown_kind_lists_what_would_do():
  with pytest.raises(ValueError, match="--run_config=ipu.*auto, cpu, gpu"):
    devices.choose("ipu")
  with pytest.raises(ValueError, match="or the dotted path of a module of you"):
    devices.choose("no.such_module")


def test_a_kind_is_a_file():
  assert devices.names() == ["auto", "cpu", "gpu", "npu", "tpu"]


def test_gpu_without_one_is_refused():
  with pytest.raises(ValueError, match="sees no GPU.*--run_config=cpu"):
    devices.choose("gpu")


def test_one_host_reads_all_rows_and_agrees_with_itself():
  one = devices.choose("cpu")
  assert one.is_chief and one.shard() == {}
  assert one.number_of_chief(2**31 - 1) == 2**31 - 1


def _tf_config(monkeypatch, workers):
  addresses = ", ".join(f'"127.0.0.1:{1 + i}"' for i in range(workers))
  monkeypatch.setenv(
    "TF_CONFIG",
    f'{{"cluster": {{"worker": [{addresses}]}}, '
    '"task": {"type": "worker", "index": 0}}',
  )


def test_a_cluster_of_one_is_none(monkeypatch):
  _tf_config(monkeypatch, 1)
  assert isinstance(devices.choose("cpu"), single.OneDevice)


def test_the_batch_must_divide_by_the_hosts(monkeypatch):
  _tf_config(monkeypatch, 3)
  with pytest.raises(ValueError, match="batch_size = 8 .* 3 replicas on 3"):
    devices.choose("cpu", batch_size=8)


# ---- A device of one's own ---------------------------------------------------

_OWN = own_device.__name__

_TINY = f"""
  options.architecture = "{tiny.ARCHITECTURE}"
  options.batch_size = 4
  options.gan_class = @ModularGAN
  options.training_steps = 3
  options.z_dim = {tiny.Z_DIM}
  run_config.iterations_per_loop = 3
  run_config.memory_check = "off"
"""


def test_a_device_of_ones_own_trains_with_its_run_config(tmp_path):
  gin.parse_config(_TINY)
  own_device.loops.clear()
  config = run_config.for_device(_OWN)
  runner_lib.run_with_schedule(
    "train", NoiseDataset, config, str(tmp_path), _OWN
  )
  assert own_device.loops == [1, 1, 1]


def test_a_dry_run_says_what_a_device_of_ones_own_has_to_say():
  gin.parse_config(_TINY)
  text = runner_lib.describe(NoiseDataset(), run_config.for_device(_OWN))
  assert "One by one: 1 x {'images'" in text


def test_other_devices_take_back_what_one_has_added():
  gin.parse_config(_TINY)
  config = run_config.for_device(_OWN)
  assert config.iterations_per_loop == 1
  on_cpu = devices.choose("cpu", run_config=config).settle(config)
  assert on_cpu == run_config.run_config()


def test_a_module_without_a_kind_is_refused_with_what_it_lacks():
  with pytest.raises(ValueError, match="tiny has no class Kind.*AbstractKind"):
    devices.choose("tests.gans.tiny")


def test_what_is_missing_inside_of_ones_own_module_is_its_own_error(
  tmp_path, monkeypatch
):
  (tmp_path / "half_a_device.py").write_text("import no_such_driver")
  monkeypatch.syspath_prepend(str(tmp_path))
  with pytest.raises(ModuleNotFoundError, match="no_such_driver"):
    devices.choose("half_a_device")
