"""Steps of a GAN on one device and on two, in a process that has two."""

import json
import subprocess
import sys

from tests import plain_shell

_PROGRAM = """
import importlib, json, os, sys
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
  cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
from compare_gan.configuration import gin_files
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
from compare_gan.storage.model_dir import DatasetShape
from tests.gans import tiny

gin_files.register()
path, name = sys.argv[1].split(":")
make = getattr(importlib.import_module(path), name)


def train(on):
  with on.scope():
    gan = make()
  step = tf.function(
    lambda batches: on.run(gan.train_step, batches), autograph=False
  )
  shape = DatasetShape(gan.image_shape, 3)
  batches = tiny.batches(gan.batches_per_step, shape, int(sys.argv[2]))
  for _ in range(2):
    scalars = step(batches)
  return {name: float(v) for name, v in scalars.items()}

print("RESULT " + json.dumps([
  train(single.OneDevice("CPU:0")),
  train(replicated.Mirrored(["CPU:0", "CPU:1"])),
]))
"""


def rows(make, size):
  """Returns the scalars of the second step on one device, and on two.

  Args:
    make: "module:function", returns a GAN.
    size: of the global batch.
  """
  result = subprocess.run(
    [sys.executable, "-c", _PROGRAM, make, str(size)],
    env=plain_shell.checkout(),
    capture_output=True,
    text=True,
    check=False,
  )
  assert result.returncode == 0, result.stderr[-3000:]
  [line] = [x for x in result.stdout.splitlines() if x.startswith("RESULT ")]
  return json.loads(line[len("RESULT ") :])
