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
import time

_THREADS = (
  "OMP_NUM_THREADS",
  "TF_NUM_INTRAOP_THREADS",
  "TF_NUM_INTEROP_THREADS",
)


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

    def seconds_per_step(steps: int) -> tuple[float, float]:
      began = time.perf_counter(), time.process_time()
      loop(steps)
      gan.global_step.numpy()  # Waits for the last step.
      return (
        (time.perf_counter() - began[0]) / steps,
        (time.process_time() - began[1]) / steps,
      )

    [first, _] = seconds_per_step(1)
    seconds_per_step(settings["steps"])  # Caches fill up.
    print(json.dumps({"first_step_s": first}), file=sys.stderr, flush=True)
    for _ in sys.stdin:
      seconds = seconds_per_step(settings["steps"])
      print(json.dumps({"seconds": seconds}), file=sys.stderr, flush=True)


class _Commit:
  """The process of a commit."""

  def __init__(self, tree, settings, threads):
    environment = {
      **os.environ,
      "PYTHONPATH": tree,
      "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if threads:
      environment |= dict.fromkeys(_THREADS, str(threads))
    code = (
      "import json, runpy, sys; runpy.run_path(sys.argv[1])['work']"
      "(json.loads(sys.argv[2]))"
    )
    self._process = subprocess.Popen(
      [sys.executable, "-c", code, __file__, json.dumps(settings)],
      cwd=tree,
      env=environment,
      stdin=subprocess.PIPE,
      stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE,
      text=True,
    )

  def answer(self, name):
    """Returns a number that the process writes; other lines are dropped."""
    said = []
    for line in self._process.stderr:
      said.append(line)
      with contextlib.suppress(ValueError, KeyError, TypeError):
        return json.loads(line)[name]
    raise RuntimeError("A commit failed:\n" + "".join(said[-20:]))

  def seconds_per_step(self):
    self._process.stdin.write("go\n")
    self._process.stdin.flush()
    return self.answer("seconds")

  def end(self):
    self._process.stdin.close()
    self._process.wait()


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


def in_turn(base, ours, rounds: int) -> list[tuple]:
  """Returns (what base answers, what ours answers) for each round."""
  pairs = []
  for i in range(rounds):
    if i % 2:
      mine = ours()
      pairs.append((base(), mine))
    else:
      pairs.append((base(), ours()))
  return pairs


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
  here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  with checked_out(arguments.base) as tree:
    commits = [
      _Commit(where, settings, arguments.threads) for where in (tree, here)
    ]
    try:
      first = [commit.answer("first_step_s") for commit in commits]
      pairs = in_turn(
        *(commit.seconds_per_step for commit in commits), arguments.rounds
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
