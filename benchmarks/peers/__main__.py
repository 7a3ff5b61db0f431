"""Compares the step of resnet_cifar10.gin with PyTorch's, taken in turn.

  python -m venv torch && torch/bin/pip install torch
  python -m benchmarks.peers --torch torch/bin/python --precision bfloat16

Runs this library's step, PyTorch's eager step (channels_last), and the step
that torch.compile makes where that works, round after round in turn. Prints the
fastest round and the median of each, the ratios of the better form of PyTorch
to this library's, above 1 if this library is faster, and last one line of JSON.

The networks are compared by their numbers of parameters, and refused if these
differ. The data is noise, made before the first step.
"""

import argparse
import json
import os
import statistics
import sys
from typing import Any
from typing import Optional

from benchmarks import in_turn

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
_PEER = os.path.join(os.path.dirname(__file__), "torch_resnet_cifar.py")
_CARD = "resnet_cifar10.gin"
_G_CHANNELS, _D_CHANNELS = 256, 128
_OURS, _EAGER, _COMPILED = "compare_gan", "PyTorch", "torch.compile"


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument(
    "--torch", required=True, help="a Python interpreter that has PyTorch"
  )
  parser.add_argument("--batch", type=int, default=64, help="default: 64")
  parser.add_argument(
    "--precision", default="float32", choices=("float32", "bfloat16")
  )
  parser.add_argument("--rounds", type=int, default=5, help="default: 5")
  parser.add_argument("--steps", type=int, default=1, help="of a round: 1")
  parser.add_argument("--threads", type=int, help="default: each one's own")
  parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
  parser.add_argument(
    "--narrow",
    type=int,
    default=1,
    help="divides the channels of all layers, to try it: 1",
  )
  arguments = parser.parse_args(argv)
  for name in ("batch", "rounds", "steps", "narrow"):
    if getattr(arguments, name) < 1:
      parser.error(f"--{name} must be 1 or more.")
  return arguments


# ---- This library's step -----------------------------------------------------


def work(settings: dict[str, Any]) -> None:
  """Is this library's program."""
  from compare_gan.configuration import gin_files
  from compare_gan.context import precision
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import devices as devices_lib
  from compare_gan.storage import model_dir
  import tensorflow as tf

  gin_files.parse([_CARD], settings["bindings"])
  dataset = catalogue.dataset(fake=True)
  device = {"cuda": "gpu"}.get(settings["device"], settings["device"])
  devices = devices_lib.choose(device, settings["batch"])
  with precision.using(settings["precision"]), devices.scope():
    gan = model_dir.make_gan(dataset, seed=1)
    batches = list(
      dataset.batches("train", settings["batch"]).take(gan.batches_per_step)
    )
    step = tf.function(lambda batches: devices.run(gan.train_step, batches))

    def loop(steps):
      for _ in range(steps):
        scalars = step(batches)
      return [float(value) for value in scalars.values()]

    parameters = {
      name: sum(v.shape.num_elements() for v in network.trainable_variables)
      for name, network in (
        ("generator", gan.generator),
        ("discriminator", gan.discriminator),
      )
    }
    version = f"TensorFlow {tf.__version__}"
    told = {"parameters": parameters, "version": version}
    in_turn.answer_rounds(loop, settings["steps"], told)


def _ours(arguments):
  bindings = [
    f"options.batch_size = {arguments.batch}",
    f"resnet_cifar.Generator.ch = {_G_CHANNELS // arguments.narrow}",
    f"resnet_cifar.Discriminator.ch = {_D_CHANNELS // arguments.narrow}",
  ]
  names = ("batch", "precision", "steps", "device")
  settings = {name: getattr(arguments, name) for name in names}
  code = (
    "import json, sys; from benchmarks.peers import __main__ as peers; "
    "peers.work(json.loads(sys.argv[1]))"
  )
  return [
    sys.executable,
    "-c",
    code,
    json.dumps({**settings, "bindings": bindings}),
  ]


def _peer(arguments, compiled):
  names = ("batch", "precision", "steps", "device", "threads")
  settings = {name: getattr(arguments, name) for name in names}
  settings |= {
    "z_dim": 128,
    "g_channels": _G_CHANNELS // arguments.narrow,
    "d_channels": _D_CHANNELS // arguments.narrow,
    "compiled": compiled,
  }
  return [arguments.torch, _PEER, json.dumps(settings)]


# ---- Comparing ---------------------------------------------------------------


def require_equal(told: dict[str, dict[str, Any]]) -> None:
  """Raises unless all networks have as many parameters as this library's."""
  ours = told[_OURS]["parameters"]
  for name, each in told.items():
    if each["parameters"] != ours:
      raise ValueError(
        f"The networks differ: {name} has {each['parameters']} parameters, "
        f"{_OURS} has {ours}."
      )


def summary(names: list[str], rounds: list[tuple]) -> dict[str, Any]:
  """Returns what is printed as JSON.

  Args:
    names: of the programs, this library's first.
    rounds: for each round (seconds, CPU seconds) of each program.
  """
  seconds = {
    name: [each[i][0] for each in rounds] for i, name in enumerate(names)
  }
  fastest = {name: min(each) for name, each in seconds.items()}
  median = {name: statistics.median(each) for name, each in seconds.items()}
  peers = names[1:]
  return {
    "fastest_s": {name: round(each, 4) for name, each in fastest.items()},
    "median_s": {name: round(each, 4) for name, each in median.items()},
    "ratio_of_fastest": round(
      min(fastest[name] for name in peers) / fastest[_OURS], 3
    ),
    "ratio_of_medians": round(
      min(median[name] for name in peers) / median[_OURS], 3
    ),
  }


def _begin(commands, threads):
  """Returns {name: (its Program, what it tells)} of those that work."""
  environment = {
    **os.environ,
    "PYTHONPATH": _ROOT,
    "TF_CPP_MIN_LOG_LEVEL": "3",
  }
  if threads:
    environment |= dict.fromkeys(in_turn.THREADS, str(threads))
  begun = {}
  for name, command in commands.items():
    program = in_turn.Program(command, _ROOT, environment)
    try:
      begun[name] = program, program.answer("first_step_s")
    except RuntimeError as error:
      program.end()
      if name != _COMPILED:  # It needs a compiler of C++.
        raise
      print(f"{name} is left out. {error}")
  return begun


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
  """Returns the summary of a comparison."""
  begun = _begin(
    {
      _OURS: _ours(arguments),
      _EAGER: _peer(arguments, compiled=False),
      _COMPILED: _peer(arguments, compiled=True),
    },
    arguments.threads,
  )
  try:
    require_equal({name: told for name, (_, told) in begun.items()})
    rounds = in_turn.rounds(
      [program.seconds_per_step for program, _ in begun.values()],
      arguments.rounds,
    )
  finally:
    for program, _ in begun.values():
      program.end()
  result = summary(list(begun), rounds)
  for name, (_, told) in begun.items():
    print(
      f"{name} ({told['version']}): fastest {result['fastest_s'][name]:.4f} s "
      f"a step, median {result['median_s'][name]:.4f}; the first step took "
      f"{told['first_step_s']:.1f} s"
    )
  print(
    f"The better form of PyTorch takes {result['ratio_of_fastest']} times as "
    f"long by the fastest rounds, {result['ratio_of_medians']} by medians."
  )
  return {**result, "precision": arguments.precision, "batch": arguments.batch}


def main(argv: Optional[list[str]] = None) -> None:
  print(json.dumps(measure(_arguments(argv))))


if __name__ == "__main__":
  main()
