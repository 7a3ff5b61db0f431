"""What the doctor runs in a process of its own: everything with TensorFlow.

  python -m compare_gan.doctor.child library
  python -m compare_gan.doctor.child steps cpu float32 bfloat16
  python -m compare_gan.doctor.child inception PATH

Messages are lines of JSON on standard output; whatever the libraries print goes
to standard error. `{"begins": ...}` comes before what may kill the process.
"""

from collections.abc import Callable
import dataclasses
import importlib
import json
import os
import sys
import tempfile
import textwrap
from typing import Any

_MOST = 240  # letters of an error

Say = Callable[[dict[str, Any]], None]

# What a package is imported as, if it is not its own name.
MODULES = {
  "absl-py": "absl",
  "gin-config": "gin",
  "pillow": "PIL",
  "tensorflow-gan": "compare_gan.gans.tfgan_compat",
}


def module_of(package: str) -> str:
  """Returns the module that a package is used by."""
  return MODULES.get(package, package.replace("-", "_"))


def main(words: list[str]) -> None:
  """Answers one question."""
  out = os.dup(1)
  os.dup2(2, 1)

  def say(message: dict[str, Any]) -> None:
    os.write(out, f"{json.dumps(message)}\n".encode())

  answers: dict[str, Callable[..., None]] = {
    "library": library,
    "steps": steps,
    "inception": inception,
  }
  what, *rest = words
  answers[what](say, *rest)


# ---- Packages and devices ----------------------------------------------------


def library(say: Say) -> None:
  """Says which packages can be imported, and which devices are here."""
  from compare_gan.doctor import requirements

  # TensorFlow first: without it most others cannot be imported either.
  try:
    names = [one.name for one in requirements.required().needed]
  except requirements.Unknown:
    names = ["tensorflow"]
  errors = {}
  for name in sorted(names, key=lambda name: name != "tensorflow"):
    say({"begins": f"import {name}"})
    errors[name] = _import(name)
    say({"package": name, "error": errors[name]})
  if errors["tensorflow"] is None:
    say({"begins": "list devices"})
    _say_devices(say)


def _import(name):
  """Returns why a package cannot be imported, None if it can."""
  try:
    module = importlib.import_module(module_of(name))
    if hasattr(module, "tfgan"):
      module.tfgan()
    return None
  except Exception as error:  # noqa: BLE001  Packages raise all kinds.
    return _in_words(error)


def _say_devices(say):
  from compare_gan.estimator import devices as devices_lib
  import tensorflow as tf

  for gpu in tf.config.list_physical_devices("GPU"):
    details = tf.config.experimental.get_device_details(gpu)
    say({"gpu": details.get("device_name") or gpu.name})
  for name in devices_lib.names():
    kind = devices_lib.find(name)
    if name != "auto":
      say({"begins": f"look for {name}"})
      say({"kind": name, "why_not": _why_not(kind)})


def _why_not(kind):
  """Returns None if a kind of device is here, else a clause that says why."""
  try:
    if not kind.may_be_here():
      return kind.look(None, None).reason
    if kind.auto_order is None:  # "auto" does not ask it whether it is here.
      kind.choose(None, None)
    return None
  except ValueError as error:  # A sentence of ours.
    return _shortened(error)
  except Exception as error:  # noqa: BLE001  Drivers raise all kinds.
    return _in_words(error)


# ---- A training step ---------------------------------------------------------

_STEPS = 3  # The first one compiles; the last one is timed.
# Not less: DCGAN would convolve images of one pixel, whose gradient in bfloat16
# oneDNN (TensorFlow 2.21) leaves uninitialised where kernels see padding only.
_PIXELS = 16
_BATCH = 4  # of a replica
_CARD = """
options.architecture = "dcgan_arch"
options.gan_class = @ModularGAN
options.training_steps = 3
options.z_dim = 4
dcgan.Generator.ch = 4
dcgan.Discriminator.ch = 4
loss.fn = @non_saturating
penalty.fn = @no_penalty
run_config.iterations_per_loop = 1
run_config.tf_random_seed = 1
"""


def steps(say: Say, kind: str, *precisions: str) -> None:
  """Trains a tiny GAN for three steps on a device, in each precision."""
  from compare_gan.configuration import gin_files
  from compare_gan.configuration import gin_state
  from compare_gan.estimator import devices as devices_lib
  from compare_gan.estimator import run_config
  import gin

  with gin_state.own_gin():
    gin_files.parse([], _CARD.splitlines())
    gin.bind_parameter("run_config.precision", precisions[0])
    config = run_config.for_device(kind)
    devices = devices_lib.find(kind).choose(None, config)
    config = devices.settle(config)
    gin.bind_parameter("options.batch_size", _BATCH * devices.num_replicas())
    for precision in precisions:
      say({"begins": precision})
      chosen = dataclasses.replace(config, precision=precision)
      try:
        said = _train(devices, chosen)
      except Exception as error:  # noqa: BLE001  Kernels raise all kinds.
        said = {"error": _in_words(error)}
      say({"precision": precision, "replicas": devices.num_replicas(), **said})


def _train(devices, config):
  """Returns {"seconds", "first_seconds"}, or {"why_not"}, or {"error"}."""
  from compare_gan.context import precision as precision_lib
  from compare_gan.context import scope
  from compare_gan.datasets import noise
  from compare_gan.estimator import estimator
  from compare_gan.gans import options
  from compare_gan.storage import model_dir

  with devices.scope():
    why_not = precision_lib.why_not(config.precision)
  if why_not:
    return {"why_not": why_not}
  try:
    chosen = devices.precision(config)
  except ValueError as error:  # These devices refuse it, in a sentence.
    return {"why_not": _shortened(error)}
  dataset = noise.Noise("noise", (_PIXELS, _PIXELS, 3), 0)
  batch_size = options.options().batch_size
  watch = _watch()
  with precision_lib.using(*chosen):
    with devices.scope(), scope.building(seed=1):
      gan = model_dir.make_gan(dataset, seed=1)
    with tempfile.TemporaryDirectory() as folder:
      estimator.Estimator(gan, config, devices, folder).train(
        lambda first, **shard: dataset.batches(
          "train", batch_size, start=first, as_stored=True, **shard
        ),
        _STEPS,
        [watch],
      )
  return watch.result()


def _watch():
  """Returns a hook that keeps how long steps took, and what they returned."""
  from compare_gan.estimator import hooks
  import numpy as np

  class Watch(hooks.Hook):
    every_steps = 1

    def __init__(self) -> None:
      self.seconds: list[float] = []
      self.broken: list[str] = []

    def after_loop(
      self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
    ) -> None:
      self.seconds.append(seconds)
      for name, value in scalars.items():
        if not np.isfinite(float(value)):
          self.broken.append(f"{name} is {float(value)} at step {step}")

    def result(self) -> dict[str, Any]:
      if self.broken:
        return {"error": f"{self.broken[0]}, in a GAN that is made to be fine"}
      return {"first_seconds": self.seconds[0], "seconds": self.seconds[-1]}

  return Watch()


# ---- Inception ---------------------------------------------------------------


def inception(say: Say, path: str) -> None:
  """Says whether an archive holds the Inception network, and runs it."""
  from compare_gan.features import inception as inception_lib
  import tensorflow as tf

  say({"begins": "read"})
  try:
    extractor = inception_lib.inception(None, path=path)
    outputs = extractor.extract(tf.zeros([1, 8, 8, 3]))
    shapes = [list(output.shape) for output in outputs]
    say({"identity": extractor.identity(), "shapes": shapes})
  except Exception as error:  # noqa: BLE001  Archives break in all ways.
    say({"error": _in_words(error)})


def _in_words(error):
  return f"{type(error).__name__}: {_shortened(error)}"


def _shortened(error):
  return textwrap.shorten(str(error), _MOST, placeholder=" ...")


if __name__ == "__main__":
  main(sys.argv[1:])
