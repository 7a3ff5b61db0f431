"""Does a training take what `compare_gan fit` says? `python -m benchmarks.fit`

  python -m benchmarks.fit
  python -m benchmarks.fit 'resnet_cifar10.gin; options.batch_size = 32'
  python -m benchmarks.fit 'sndcgan_cifar10.gin @ 1.1GB' --steps 10

Each card is asked of `compare_gan fit`, with the memory after its "@" or all
there is, and with the bindings after each ";". Then it is trained with what was
proposed, on noise of its dataset's shape, as a user would train it. The peak of
the training's resident set is read from /proc, its seconds from its own
scalars.csv. Other work on the machine changes the seconds, so of both the
fastest step counts, and there is the CPU's time as well.

The last line is JSON, a list with these keys for each card:

  card, bindings
  estimate_gb          by the estimate alone
  expected_gb          by the timed steps
  peak_gb              of the training
  expected_s, step_s      the fastest step
  expected_cpu_s, cpu_s   of all cores, the cheapest step, the mean of all
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import psutil

_CARDS = (
  "biggan_shapes32.gin",
  "sndcgan_cifar10.gin; options.batch_size = 16",
  "dcgan_celeba64.gin; options.batch_size = 16",
  "r3gan_shapes32.gin",
)
_LOOK_S = 0.05


def parse(card):
  """Returns (file, memory or None, lines) of "file @ memory; line; line"."""
  first, *lines = [part.strip() for part in card.split(";")]
  file, _, ram = [part.strip() for part in first.partition("@")]
  return file, ram or None, lines


def propose(file, ram, lines):
  """Returns what `compare_gan fit --json` says."""
  done = subprocess.run(
    [
      *(sys.executable, "-m", "compare_gan", "fit", file, "--json"),
      *("--data_fake_dataset", "--timeout_s=1200"),
      *([f"--ram={ram}"] if ram else []),
      *(f"--gin_bindings={line}" for line in lines),
    ],
    stdout=subprocess.PIPE,
    text=True,
  )
  if done.returncode:
    raise SystemExit(f"compare_gan fit {file} ended with {done.returncode}")
  return json.loads(done.stdout)


def train(file, lines, steps):
  """Trains; returns (peak bytes, seconds of a step, CPU seconds of a step)."""
  with tempfile.TemporaryDirectory() as folder:
    model_dir = os.path.join(folder, "run")
    lines = [
      *lines,
      f"options.training_steps = {steps}",
      "run_config.iterations_per_loop = 1",
    ]
    with open(os.path.join(folder, "log.txt"), "w+") as log:
      training = subprocess.Popen(
        [
          *(sys.executable, "-m", "compare_gan.main", f"--gin_config={file}"),
          *("--data_fake_dataset", f"--model_dir={model_dir}"),
          *(f"--gin_bindings={line}" for line in lines),
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
      )
      rows, peak = _watch(training, os.path.join(model_dir, "scalars.csv"))
      if training.returncode:
        log.seek(0)
        raise SystemExit(log.read()[-2000:])
  return peak, *_costs_of_a_step(rows)


def _watch(training, path):
  """Returns [(step, seconds, CPU seconds)] and the peak of a training."""
  rows, peak = [], 0
  while training.poll() is None:
    try:
      peak = max(peak, _peak_bytes(training.pid))
      cpu = sum(psutil.Process(training.pid).cpu_times()[:2])
      row = _last_row(path)
    except (OSError, psutil.Error):
      row = None  # It ends right now, or has not begun.
    if row and (not rows or row[0] > rows[-1][0]):
      rows.append((*row, cpu))
    time.sleep(_LOOK_S)
  return rows, peak


def _peak_bytes(pid):
  with open(f"/proc/{pid}/status") as file:
    found = re.search(r"VmHWM:\s+(\d+) kB", file.read())
  return 1024 * int(found[1]) if found else 0


def _last_row(path):
  with open(path) as file:
    lines = file.read().split("\n")[1:-1]  # without an unfinished one
  words = lines[-1].split(",") if lines else []
  return (int(words[0]), float(words[1])) if words else None


def _costs_of_a_step(rows):
  """Returns seconds of the fastest loop and CPU seconds of all, by a step."""
  rows = rows[1:]  # The first step built the graph.
  seconds = [
    (later[1] - row[1]) / (later[0] - row[0])
    for row, later in zip(rows, rows[1:])
  ]
  cpu = (rows[-1][2] - rows[0][2]) / (rows[-1][0] - rows[0][0])
  return min(seconds), cpu


def measure(card, steps):
  """Returns the row of a card."""
  file, ram, lines = parse(card)
  proposal = propose(file, ram, lines)
  chosen = proposal["chosen"]
  peak, seconds, cpu = train(file, [*lines, *proposal["bindings"]], steps)
  return {
    "card": file,
    "bindings": [*lines, *proposal["bindings"]],
    "estimate_gb": round(chosen["expected_bytes"] / 1e9, 3),
    "expected_gb": round(chosen["measured_bytes"] / 1e9, 3),
    "peak_gb": round(peak / 1e9, 3),
    "expected_s": round(chosen["seconds"], 4),
    "step_s": round(seconds, 4),
    "expected_cpu_s": round(chosen["cpu_seconds"], 4),
    "cpu_s": round(cpu, 4),
  }


_PAIRS = (
  ("estimate_gb", "peak_gb"),
  ("expected_gb", "peak_gb"),
  ("expected_s", "step_s"),
  ("expected_cpu_s", "cpu_s"),
)


def in_words(row):
  """Returns a line: each expectation, what was measured, and their ratio."""
  pairs = [(row[expected], row[actual]) for expected, actual in _PAIRS]
  cells = [f"{x:7.3f} of {y:7.3f} ({x / y:.2f})" for x, y in pairs]
  return f"{row['card']:<24}{'  '.join(cells)}  {', '.join(row['bindings'])}"


def main(argv=None):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("cards", nargs="*", default=_CARDS)
  parser.add_argument("--steps", type=int, default=30, help="of the training")
  arguments = parser.parse_args(argv)
  print(
    f"{'card':<24}{'estimate, GB':27}{'timed steps, GB':27}"
    f"{'seconds a step':27}{'CPU seconds a step':27}bindings"
  )
  rows = []
  for card in arguments.cards:
    rows.append(measure(card, arguments.steps))
    print(in_words(rows[-1]), flush=True)
  print(json.dumps(rows))


if __name__ == "__main__":
  main()
