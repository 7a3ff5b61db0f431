"""How much memory a step of training takes, and what options save of it.

  python -m benchmarks.memory
  python -m benchmarks.memory --cases plain,recompute --ch 16 --batch 4

Each case has its own process. It builds the GAN of --gin_config (weights, both
slots of Adam, the average of G), runs --steps whole steps of D and G on noise,
and reports the peak of its resident set, including TensorFlow itself. The cases
are

  plain           without any of these
  recompute       options.recompute = True
  chunked         the same, and non_local_block.query_chunk = 512
  micro_batches   the same on twice as many images, in two parts: more parts
                  would need no more
  full_batch      the same on 256 images; takes very long
  256px           chunked, 256 pixels and half the images

Kernels start as normal noise, because drawing orthogonal ones takes minutes.
All cases allocate memory as a training with options.recompute does, which gives
back what it frees (allocation.py), unless the environment decides otherwise:
its settings are printed.

The last line is JSON, a list with these keys for each case:

  case, pixels, batch, micro_batches, disc_iters
  built_gib    resident before the first step
  peak_gib     resident, the most there ever was
  of_plain     peak_gib / that of the case `plain`, if there was one
  estimate_gib what compare_gan/memory/step_memory.py says, and the process
  step_s       the last step
"""

import argparse
import json
import os
import subprocess
import sys
import time

import psutil

from benchmarks import train_step

_PLAIN = ["options.recompute = False", "non_local_block.query_chunk = 0"]
_SAVING = ["options.recompute = True"]
_CHUNKED = [*_SAVING, "non_local_block.query_chunk = 512"]
# Of each case: its bindings, its size, its batch, its number of parts.
_CASES = {
  "plain": (_PLAIN, 1, 1, 1),
  "recompute": (_SAVING, 1, 1, 1),
  "chunked": (_CHUNKED, 1, 1, 1),
  "micro_batches": (_CHUNKED, 1, 2, 2),
  "full_batch": (_CHUNKED, 1, 32, 32),
  "256px": (_CHUNKED, 2, 0.5, 1),
}
_BY_DEFAULT = "plain,recompute,chunked,micro_batches,256px"
_SHOWN = (
  "OMP_NUM_THREADS",
  "TF_NUM_INTRAOP_THREADS",
  "TF_ENABLE_ONEDNN_OPTS",
  "TF_ONEDNN_USE_SYSTEM_ALLOCATOR",
  "MALLOC_ARENA_MAX",
  "MALLOC_MMAP_THRESHOLD_",
)


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("--gin_config", default="biggan_imagenet128.gin")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument("--cases", default=_BY_DEFAULT)
  parser.add_argument("--pixels", type=int, default=128)
  parser.add_argument("--batch", type=int, default=8, help="of `plain`")
  parser.add_argument("--ch", type=int, default=96)
  parser.add_argument("--disc_iters", type=int, default=1)
  parser.add_argument("--steps", type=int, default=2)
  parser.add_argument("--only", help=argparse.SUPPRESS)  # in this process
  arguments = parser.parse_args(argv)
  unknown = set(arguments.cases.split(",")) - set(_CASES)
  if unknown:
    parser.error(
      f"--cases has {', '.join(sorted(unknown))}; {', '.join(_CASES)} would do."
    )
  return arguments


def _resident_gib(peak=False):
  """Returns the resident set of this process, now or at its peak."""
  if peak:
    return train_step.peak_rss() / 2**30
  return psutil.Process().memory_info().rss / 2**30


def measure(case, arguments):
  """Runs a case in this process; returns what is printed of it."""
  bindings, size, more, parts = _CASES[case]
  pixels = size * arguments.pixels
  batch = int(more * arguments.batch)

  from compare_gan.configuration import gin_files
  from compare_gan.memory import allocation
  from compare_gan.memory import step_memory
  from compare_gan.storage import model_dir
  import tensorflow as tf

  allocation.give_back()
  gin_files.parse(
    [arguments.gin_config],
    [
      *arguments.gin_bindings,
      "weights.initializer = 'normal'",
      f"options.batch_size = {batch}",
      f"options.micro_batches = {parts}",
      f"options.disc_iters = {arguments.disc_iters}",
      "options.z_dim = 120" if size == 1 else "options.z_dim = 140",
      f"resnet_biggan.Generator.ch = {arguments.ch}",
      f"resnet_biggan.Discriminator.ch = {arguments.ch}",
      *bindings,
    ],
  )
  process = psutil.Process().memory_info().rss
  gan = model_dir.make_gan(
    model_dir.DatasetShape((pixels, pixels, 3), 1000), seed=1
  )
  built = _resident_gib()
  data = {
    "images": tf.random.uniform([batch, pixels, pixels, 3]),
    "labels": tf.zeros([batch], tf.int32),
  }
  batches = [data] * gan.batches_per_step
  step = tf.function(gan.train_step, autograph=False)
  graph = step.get_concrete_function(batches).graph
  estimate = process + step_memory.traced_training_bytes(
    graph, gan.variables, gives_back=allocation.gives_back(True)
  )
  for _ in range(arguments.steps):
    began = time.perf_counter()
    scalars = {name: float(value) for name, value in step(batches).items()}
    seconds = time.perf_counter() - began
  assert scalars["loss/g"] == scalars["loss/g"], "The step made NaN."
  return {
    "case": case,
    "pixels": pixels,
    "batch": batch,
    "micro_batches": parts,
    "disc_iters": arguments.disc_iters,
    "built_gib": round(built, 2),
    "peak_gib": round(_resident_gib(peak=True), 2),
    "estimate_gib": round(estimate / 2**30, 2),
    "step_s": round(seconds, 1),
  }


def _in_own_process(case, argv):
  """Returns `measure(case)`, from a process that does nothing else."""
  done = subprocess.run(
    [sys.executable, "-m", "benchmarks.memory", *argv, "--only", case],
    stdout=subprocess.PIPE,
    text=True,
  )
  if done.returncode:
    return {"case": case, "failed": done.returncode}
  return json.loads(done.stdout.splitlines()[-1])


_ROW = "{:<14}{:>7}{:>7}{:>7}{:>10}{:>10}{:>10}{:>10}{:>9}"


def main(argv=None):
  argv = sys.argv[1:] if argv is None else argv
  os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
  arguments = _arguments(argv)
  if arguments.only:
    print(json.dumps(measure(arguments.only, arguments)))
    return
  print(", ".join(f"{name}={os.environ.get(name, '')}" for name in _SHOWN))
  print(
    f"{arguments.gin_config}, ch {arguments.ch}, {arguments.disc_iters} D and "
    f"1 G update in a step, {arguments.steps} steps; GiB"
  )
  head = "case pixels batch parts built peak of_plain estimate step_s"
  print(_ROW.format(*head.split()), flush=True)
  rows = []
  for case in arguments.cases.split(","):
    row = _in_own_process(case, argv)
    rows.append(row)
    if "failed" in row:
      print(f"{case}: the process ended with {row['failed']}", flush=True)
      continue
    of_plain = ""
    if "peak_gib" in rows[0] and rows[0]["case"] == "plain":
      row["of_plain"] = round(row["peak_gib"] / rows[0]["peak_gib"], 3)
      of_plain = f"{row['of_plain']:.2f}"
    names = ("case", "pixels", "batch", "micro_batches", "built_gib")
    print(
      _ROW.format(
        *(row[name] for name in names),
        row["peak_gib"],
        of_plain,
        row["estimate_gib"],
        row["step_s"],
      ),
      flush=True,
    )
  print(json.dumps(rows))


if __name__ == "__main__":
  main()
