"""Measures watchdogs: what they cost, and whether they cry in vain.

  python -m benchmarks.watchdogs cost --gin_config sndcgan_shapes16.gin
  python -m benchmarks.watchdogs healthy --gin_config sndcgan_shapes16.gin \\
    --seeds 1 2 --steps 500 --every 10

cost      median milliseconds of a step and of a look, in turns, and the share
          of the time that looks take at watchdog.every_steps = 100; the
          seconds of the first look, which builds a graph
healthy   trains with each seed, looks every N steps, and prints each change of
          state, and how near the numbers came to the rules, of each seed and
          of all:
            below, above  the least (largest) number that 5 looks in a row did
                          not exceed (did not fall below), after the first 10
            growth        of weights or a singular value within 10 looks
          --keep FOLDER keeps the rows of all looks, a file for each seed

--gin_config ring8 takes a toy: the networks of toy_networks.py on ring8. The
last line is JSON.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_RING = """
import benchmarks.toy_networks
dataset.name = "ring8"
options.architecture = "benchmarks.toy_networks"
options.batch_size = 64
options.gan_class = @ModularGAN
options.training_steps = 2000
options.z_dim = 8
G.batch_norm_fn = @no_batch_norm
weights.initializer = "orthogonal"
loss.fn = @non_saturating
penalty.fn = @no_penalty
ModularGAN.g_lr = 0.001
tf.train.AdamOptimizer.beta1 = 0.5
tf.train.AdamOptimizer.beta2 = 0.999
"""


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("what", choices=("cost", "healthy"))
  parser.add_argument("--gin_config", default="ring8")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
  parser.add_argument("--steps", type=int, default=500)
  parser.add_argument("--every", type=int, default=10)
  parser.add_argument("--times", type=int, default=30)
  parser.add_argument("--keep", default=None, metavar="FOLDER")
  return parser.parse_args(argv)


def _parse(name, bindings):
  """Gives gin a card, or the toy, and bindings on top."""
  from compare_gan.configuration import gin_files
  import gin

  gin.clear_config()
  cards = [] if name == "ring8" else [name]
  lines = _RING.splitlines() if name == "ring8" else []
  gin_files.parse(cards, [*lines, *bindings])


# ---- Cost --------------------------------------------------------------------


def cost(arguments):
  """Returns what a step and a look take, measured in turns."""
  from compare_gan.context import scope
  from compare_gan.datasets import catalogue
  from compare_gan.storage import model_dir
  from compare_gan.watchdogs import probe as probe_lib
  import tensorflow as tf

  _parse(arguments.gin_config, arguments.gin_bindings)
  dataset = catalogue.dataset()
  with scope.building(seed=1):
    gan = model_dir.make_gan(dataset, 1)
  size = gan.options.batch_size
  batches = list(dataset.batches("train", size).take(gan.batches_per_step))
  step = tf.function(lambda: gan.train_step(batches), autograph=False)
  probe = probe_lib.Probe(gan, dataset)
  scalars, built = _timed(step)
  _, first = _timed(lambda: probe.look(1, scalars))
  steps, looks = [], []
  for i in range(arguments.times):
    steps.append(_timed(step)[1])
    looks.append(_timed(lambda i=i: probe.look(i, scalars))[1])
  one_step, one_look = map(statistics.median, (steps, looks))
  return {
    "step_ms": 1e3 * one_step,
    "look_ms": 1e3 * one_look,
    "share_at_100": one_look / (100 * one_step + one_look),
    "first_step_s": built,
    "first_look_s": first,
  }


def _timed(call):
  """Returns a result whose values are there, and the seconds it took."""
  began = time.perf_counter()
  result = call()
  if isinstance(result, dict):
    result = {name: float(x) for name, x in result.items()}
  return result, time.perf_counter() - began


# ---- Healthy trainings -------------------------------------------------------

_BELOW = (
  "spread",
  "kinds",
  "tells",
  "d_pull",
  "g_pull",
  "reach",
  "scores_deviation",
)
_ABOVE = ("tells", "scores")
_GROWING = ("weights_d", "weights_g", "sigma_d", "sigma_g")
_PATIENCE, _GRACE, _WINDOW = 5, 10, 10  # looks, the defaults


def healthy(arguments):
  """Returns {seed: changes of state and extremes}, and those of all seeds."""
  found = {}
  for seed in arguments.seeds:
    with tempfile.TemporaryDirectory() as folder:
      found[seed] = _of_training(arguments, seed, folder)
    print(f"seed {seed}: {found[seed]}", flush=True)
  return {**found, "all": _of_all(list(found.values()))}


def _of_all(found):
  """Returns the number of seeds with an alarm, and the extremes of all."""
  return {
    "seeds_with_alarm": sum(bool(one["states"]) for one in found),
    "below": _join(min, [one["below"] for one in found]),
    "above": _join(max, [one["above"] for one in found]),
    "growth": max(one["growth"] for one in found),
  }


def _join(of, dicts):
  names = {name: None for one in dicts for name in one}
  return {name: of(one[name] for one in dicts if name in one) for name in names}


def _of_training(arguments, seed, folder):
  from compare_gan import runner_lib
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import run_config
  from compare_gan.watchdogs import curve
  from compare_gan.watchdogs import diagnosis

  _parse(
    arguments.gin_config,
    [
      f"options.training_steps = {arguments.steps}",
      f"run_config.tf_random_seed = {seed}",
      f"run_config.save_checkpoints_steps = {arguments.steps}",
      f"run_config.iterations_per_loop = {arguments.every}",
      f"watchdog.every_steps = {arguments.every}",
      "watchdog.share = None",
      *arguments.gin_bindings,
    ],
  )
  config = run_config.run_config()
  runner_lib.run_with_schedule(
    "train", catalogue.dataset, config, folder, "cpu"
  )
  if arguments.keep:
    _keep(arguments, seed, os.path.join(folder, curve.FILE))
  rows = curve.read(folder, arguments.steps)
  diagnosed = diagnosis.read(folder)
  return {
    "states": diagnosed["states"] if diagnosed else [],
    "reason": diagnosed["reason"] if diagnosed else None,
    **extremes(rows),
  }


def extremes(rows):
  """Returns how near the rows of a training came to the rules."""
  looks = [row for row in rows if "birth" not in row][_GRACE:]
  return {
    "below": _held(min, max, _BELOW, looks),
    "above": _held(max, min, _ABOVE, looks),
    "growth": _rounded(max(_growths(rows), default=1.0)),
  }


def _held(outer, inner, names, looks):
  """Returns {name: outer of (inner of `patience` looks in a row)}."""
  found = {}
  for name in names:
    values = [row[name] for row in looks if name in row]
    held = [
      inner(values[i : i + _PATIENCE])
      for i in range(len(values) - _PATIENCE + 1)
    ]
    if held:
      found[name] = _rounded(outer(held))
  return found


def _growths(rows):
  """Yields the factors by which weights grew within a window of looks."""
  for name in _GROWING:
    values = [row[name] for row in rows if name in row]
    for i, value in enumerate(values):
      yield value / min(values[max(0, i - _WINDOW) : i + 1])


def _rounded(x):
  return float(f"{x:.3g}")


def _keep(arguments, seed, path):
  """Copies the rows of all looks to <--keep>/<card>-<seed>.jsonl."""
  os.makedirs(arguments.keep, exist_ok=True)
  card, _ = os.path.splitext(os.path.basename(arguments.gin_config))
  shutil.copy(path, os.path.join(arguments.keep, f"{card}-{seed}.jsonl"))


def main(argv=None):
  arguments = _arguments(argv)
  found = {"cost": cost, "healthy": healthy}[arguments.what](arguments)
  print(json.dumps({"card": arguments.gin_config, **found}))


if __name__ == "__main__":
  main()
