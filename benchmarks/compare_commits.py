"""Compares the steps of two commits, taken in turn on the same machine.

  python -m benchmarks.compare_commits main --gin_config sndcgan_shapes16.gin

The working tree is compared with a commit (here `main`), which is checked out
into a temporary folder. Each of the two has its own process, which builds its
step once and then waits. The processes run the same number of steps in turn,
round after round, so that other work on the machine slows both of them. Which
one begins alternates.

Prints the median and the fastest round of each, in milliseconds a step, and
their ratios, below 1 if the working tree is faster; and the ratio of the CPU's
time, which other work disturbs least. Last comes one line of JSON, with the
ratio of each round. If the ratios do not agree, the machine had too much other
work: ask for more rounds.

A step includes its input, as in a training. The data is noise.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks import in_turn

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("base", help="a commit, such as main or HEAD~1")
  parser.add_argument("--gin_config", default="sndcgan_shapes16.gin")
  parser.add_argument(
    "--gin_bindings", action="append", default=[], help="for both commits"
  )
  parser.add_argument("--precision", default="float32")
  parser.add_argument("--rounds", type=int, default=10, help="default: 10")
  parser.add_argument("--steps", type=int, default=20, help="of a round: 20")
  parser.add_argument("--threads", type=int, help="default: TensorFlow's own")
  arguments = parser.parse_args(argv)
  for name in ("rounds", "steps"):
    if getattr(arguments, name) < 1:
      parser.error(f"--{name} must be 1 or more.")
  return arguments


# ---- One commit, in a process of its own -------------------------------------


def work(settings: dict) -> None:
  """Builds a step; answers each line of input with seconds a step.

  An answer is the seconds that have passed and those of all threads.
  """
  from compare_gan.configuration import gin_files
  from compare_gan.context import precision
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import devices as devices_lib
  from compare_gan.estimator import estimator
  from compare_gan.estimator import run_config
  from compare_gan.gans import options
  from compare_gan.storage import model_dir

  gin_files.parse([settings["gin_config"]], settings["gin_bindings"])
  dataset = catalogue.dataset(fake=True)
  batch = options.options().batch_size
  devices = devices_lib.choose("cpu", batch)
  with precision.using(settings["precision"]), devices.scope():
    gan = model_dir.make_gan(dataset, seed=1)
    batches = devices.dataset(
      lambda first: dataset.batches(
        "train", batch, start=first, as_stored=True
      ),
      gan,
      0,
    )
    config = run_config.run_config()
    loop = estimator.Estimator(gan, config, devices, "")._make_loop(
      iter(batches)
    )

    def run(steps):
      loop(steps)
      gan.global_step.numpy()  # Waits for the last step.

    in_turn.answer_rounds(run, settings["steps"])


def _begin(tree, settings, threads):
  """Returns the program of a commit, whose files are in the folder `tree`."""
  environment = {
    **os.environ,
    "PYTHONPATH": tree,
    "TF_CPP_MIN_LOG_LEVEL": "3",
  }
  if threads:
    environment |= dict.fromkeys(in_turn.THREADS, str(threads))
  # compare_gan is the commit's; this file and in_turn are not, because the
  # commit may have none.
  code = (
    "import json, runpy, sys; sys.path.insert(0, sys.argv[3]); "
    "import benchmarks.in_turn; del sys.path[0]; "
    "runpy.run_path(sys.argv[1])['work'](json.loads(sys.argv[2]))"
  )
  command = [sys.executable, "-c", code, __file__, json.dumps(settings), _HERE]
  return in_turn.Program(command, tree, environment)


# ---- Both of them ------------------------------------------------------------


@contextlib.contextmanager
def checked_out(commit: str):
  """Yields a temporary folder with the files of a commit."""
  with tempfile.TemporaryDirectory() as folder:
    archive = subprocess.run(
      ["git", "archive", commit], capture_output=True, check=True
    )
    subprocess.run(
      ["tar", "-x", "-C", folder], input=archive.stdout, check=True
    )
    yield folder


def summary(pairs: list[tuple]) -> dict:
  """Returns what is printed as JSON, of pairs of (seconds, CPU seconds)."""
  base, ours = ([seconds for seconds, _ in side] for side in zip(*pairs))
  base_cpu, ours_cpu = ([cpu for _, cpu in side] for side in zip(*pairs))
  return {
    "base_ms": [
      round(1000 * s, 3) for s in (min(base), statistics.median(base))
    ],
    "ours_ms": [
      round(1000 * s, 3) for s in (min(ours), statistics.median(ours))
    ],
    "ratio_of_fastest": round(min(ours) / min(base), 3),
    "median_ratio": round(_median_ratio(base, ours), 3),
    "cpu_ratio": round(_median_ratio(base_cpu, ours_cpu), 3),
    "ratios": [round(b / a, 3) for a, b in zip(base, ours)],
  }


def _median_ratio(base, ours):
  return statistics.median(b / a for a, b in zip(base, ours))


def measure(arguments: argparse.Namespace) -> dict:
  """Returns the summary of a comparison."""
  settings = {
    name: getattr(arguments, name)
    for name in ("gin_config", "gin_bindings", "precision", "steps")
  }
  with checked_out(arguments.base) as tree:
    commits = [
      _begin(where, settings, arguments.threads) for where in (tree, _HERE)
    ]
    try:
      first = [
        commit.answer("first_step_s")["first_step_s"] for commit in commits
      ]
      pairs = in_turn.rounds(
        [commit.seconds_per_step for commit in commits], arguments.rounds
      )
    finally:
      for commit in commits:
        commit.end()
  result = summary(pairs)
  for name, first_step in zip(("base", "ours"), first):
    fastest, median = result[f"{name}_ms"]
    print(
      f"{name}: fastest {fastest:.3f} ms a step, median {median:.3f}; the "
      f"first step took {first_step:.1f} s"
    )
  print(
    f"ours / base: {result['ratio_of_fastest']} of the fastest, "
    f"{result['median_ratio']} in the median round, {result['cpu_ratio']} of "
    "the CPU's time"
  )
  return result


def main(argv=None) -> None:
  print(json.dumps(measure(_arguments(argv))))


if __name__ == "__main__":
  main()
