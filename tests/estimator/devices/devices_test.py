"""Replicas act as one: their number changes nothing."""

import json
import os
import re
import subprocess
import sys

from compare_gan.estimator import devices
import numpy as np
import pytest

from tests import plain_shell

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
from compare_gan import configuration
from compare_gan.estimator import devices
from tests.gans import tiny
import gin

penalty, architecture, norm = sys.argv[1:]
configuration.register()
gin.parse_config(f'''
  ModularGAN.conditional = True
  ModularGAN.g_use_ema = True
  ModularGAN.ema_start_step = 0
  ModularGAN.ema_decay = 0.5
  ModularGAN.g_lr = 0.01
  G.batch_norm_fn = @conditional_batch_norm
  D.batch_norm_fn = {norm}
  D.spectral_norm = True
  dcgan.Generator.ch = 2
  dcgan.Discriminator.ch = 2
  penalty.fn = @{penalty}
  loss.fn = @non_saturating
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

one_scalars, one = train(devices.OneDevice("CPU:0"))
two_scalars, two = train(devices.Mirrored(["CPU:0", "CPU:1"]))
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


def test_gpu_without_one_is_refused():
  with pytest.raises(ValueError, match="sees no GPU.*--run_config=cpu"):
    devices.choose("gpu")


def test_one_host_reads_all_rows_and_agrees_with_itself():
  one = devices.choose("cpu")
  assert one.is_chief and one.shard() == {}
  assert one.of_chief(2**31 - 1) == 2**31 - 1


def _tf_config(monkeypatch, workers):
  addresses = ", ".join(f'"127.0.0.1:{1 + i}"' for i in range(workers))
  monkeypatch.setenv(
    "TF_CONFIG",
    f'{{"cluster": {{"worker": [{addresses}]}}, '
    '"task": {"type": "worker", "index": 0}}',
  )


def test_a_cluster_of_one_is_none(monkeypatch):
  _tf_config(monkeypatch, 1)
  assert isinstance(devices.choose("cpu"), devices.OneDevice)


def test_the_batch_must_divide_by_the_hosts(monkeypatch):
  _tf_config(monkeypatch, 3)
  with pytest.raises(ValueError, match="batch_size = 8 .* 3 replicas on 3"):
    devices.choose("cpu", batch_size=8)
