"""Measures what each regulariser adds to a step of training.

python -m benchmarks.regulariser_cost --gin_config sndcgan_cifar10.gin \\
  [--precision bfloat16] [--rounds 7] [r1 bcr lecam ...]

Without names it takes all presets of configs/regularisers. The steps of the
card and of the card with the preset alternate, so both meet the same
disturbances.
Prints a row for each preset and, last, one line of JSON:

  none_ms, ms  milliseconds of a step, all updates of D and that of G: minima
  ratio        of the minima
  cpu_ratio    of the minima of the processor's time, all cores together: what
               other programs do beside it changes it little. Not for GPUs
  first_step_s building the graph, and one step

A preset keeps the card's options.disc_iters. A lazy term is measured at each
step: divide what it adds by its interval. A preset that the card cannot have
has the reason in its row. The data is noise of the dataset's shape, in memory.
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks import train_step


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("presets", nargs="*")
  parser.add_argument("--gin_config", default="sndcgan_cifar10.gin")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument(
    "--precision",
    default="float32",
    choices=("float32", "bfloat16", "float16"),
  )
  parser.add_argument("--rounds", type=int, default=7, help="default: 7")
  arguments = parser.parse_args(argv)
  if arguments.rounds < 1:
    parser.error(f"--rounds={arguments.rounds}: it must be 1 or more.")
  return arguments


def _every_step(text):
  """Returns bindings that make a gin text's lazy terms act at each step."""
  lines = [line.split("=")[0].strip() for line in text.splitlines()]
  return [f"{name} = 1" for name in lines if name.endswith("term.interval")]


def _make_step(arguments, devices, files, bindings):
  """Returns a function without arguments that makes a step of training."""
  from compare_gan.configuration import gin_files
  from compare_gan.datasets import catalogue
  from compare_gan.gans import options
  from compare_gan.storage import model_dir
  import gin
  import tensorflow as tf

  gin.clear_config()
  gin_files.parse([arguments.gin_config, *files], bindings)
  dataset = catalogue.dataset(fake=True)
  batch = options.options().batch_size
  with devices.scope():
    gan = model_dir.make_gan(dataset, seed=1)
    batches = list(dataset.batches("train", batch).take(gan.batches_per_step))
    step = tf.function(lambda batches: devices.run(gan.train_step, batches))

  def call():
    return [float(value) for value in step(batches).values()]

  return call


def _measure_preset(arguments, devices, name, none, bindings, unread):
  """Returns the figures of one preset, compared with the step `none`.

  Args:
    arguments: those of the command line.
    devices: where both run.
    name: of the preset.
    none: makes a step of the card.
    bindings: for both.
    unread: bindings of the card that a step does not read.
  """
  from compare_gan.configuration import gin_files
  from compare_gan.configuration import unread as unread_lib

  path = gin_files.find(f"regularisers/{name}.gin")
  with open(path) as file:
    bindings = [*bindings, *_every_step(file.read())]
  try:
    step = _make_step(arguments, devices, [path], bindings)
    [first] = train_step.timed(step, 1)
  except (ValueError, TypeError) as error:
    return {"preset": name, "error": str(error).splitlines()[0]}
  idle = sorted(set(unread_lib.names()) - unread)
  if idle:
    return {"preset": name, "error": f"nothing reads {', '.join(idle)}"}
  pairs = [(_timed(none), _timed(step)) for _ in range(arguments.rounds)]
  without, with_it = (
    [min(values) for values in zip(*side)] for side in zip(*pairs)
  )
  return {
    "preset": name,
    "none_ms": round(1e3 * without[0], 1),
    "ms": round(1e3 * with_it[0], 1),
    "ratio": round(with_it[0] / without[0], 3),
    "cpu_ratio": round(with_it[1] / without[1], 3),
    "first_step_s": round(first, 1),
  }


def _timed(call):
  """Returns the seconds of a call, and those of the processor."""
  began = time.perf_counter(), time.process_time()
  call()
  return time.perf_counter() - began[0], time.process_time() - began[1]


def measure(arguments):
  """Returns [figures of a preset]; prints each when it is known."""
  from compare_gan.configuration import gin_files
  from compare_gan.configuration import unread as unread_lib
  from compare_gan.context import precision
  from compare_gan.estimator import devices as devices_lib
  from compare_gan.gans import options

  names = arguments.presets or [
    os.path.splitext(os.path.basename(path))[0]
    for path in gin_files.cards("regularisers")
  ]
  bindings = list(arguments.gin_bindings)
  gin_files.parse([arguments.gin_config], bindings)
  read = options.options()
  bindings.append(f"options.disc_iters = {read.disc_iters}")
  devices = devices_lib.choose("auto", read.batch_size)
  print("| preset | step without, ms | with, ms | ratio | of CPU time |")
  print("|---|---|---|---|---|")
  with precision.using(arguments.precision):
    none = _make_step(arguments, devices, [], bindings)
    none()
    unread = set(unread_lib.names())
    found = []
    for name in names:
      found.append(
        _measure_preset(arguments, devices, name, none, bindings, unread)
      )
      print(_row(found[-1]), flush=True)
  return found


def _row(figures):
  if "error" in figures:
    return f"| `{figures['preset']}` | {figures['error']} |"
  return (
    f"| `{figures['preset']}` | {figures['none_ms']} | {figures['ms']} | "
    f"{figures['ratio']:.2f} | {figures['cpu_ratio']:.2f} |"
  )


def main(argv=None):
  arguments = _arguments(argv)
  found = measure(arguments)
  print(json.dumps({"precision": arguments.precision, "presets": found}))


if __name__ == "__main__":
  main()
