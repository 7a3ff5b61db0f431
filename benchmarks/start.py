"""What a user waits for: the first step of a training, and a verb's --help.

  python -m benchmarks.start --rounds 3
  python -m benchmarks.start --card "demo.gin; options.batch_size = 8"

starts, in turn, `import tensorflow`, the training of each card, and --help of
each verb, all as processes from a plain shell, and prints a row for each:

  fastest, median   seconds; of a training, until it says that its first step is
                    done, which builds the graph
  more              the median of what it takes more than `import tensorflow` in
                    the same round

Cards train on images of noise in the shape of their dataset. The last line is
JSON: {name: seconds of each round}.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from compare_gan import __main__ as program

from benchmarks import in_turn

IMPORT = "import tensorflow"
_CARDS = (
  "biggan_shapes32.gin",
  "resnet_cifar10.gin",
  "biggan_deep_imagenet128.gin; options.batch_size = 4",
)
_SHELL = ("HOME", "PATH")  # all that a plain shell has
_FIRST_STEP = "Built the graph"  # what hooks.Progress says after it
_ROOT = pathlib.Path(__file__).resolve().parent.parent


def training(card: str, model_dir: str) -> list[str]:
  """Returns the command of a card, "file; line; line"."""
  file, *lines = [part.strip() for part in card.split(";")]
  return [
    *(sys.executable, "-m", "compare_gan.main", f"--gin_config={file}"),
    *(f"--model_dir={model_dir}", "--data_fake_dataset"),
    *(f"--gin_bindings={line}" for line in lines),
  ]


def seconds(words: list[str], until: str = "") -> float:
  """Returns how long a command took.

  Args:
    words: of the command.
    until: it is killed when it has printed a line with this; "": it ends.
  """
  began = time.perf_counter()
  process = subprocess.Popen(
    words,
    cwd=_ROOT,
    env={key: os.environ[key] for key in _SHELL if key in os.environ},
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    start_new_session=True,
  )
  said = []
  for line in process.stdout:
    said.append(line)
    if until and until in line:
      took = time.perf_counter() - began
      os.killpg(process.pid, signal.SIGKILL)
      process.communicate()
      return took
  if process.wait() or until:
    raise RuntimeError(f"{' '.join(words)} failed:\n" + "".join(said[-20:]))
  return time.perf_counter() - began


def of_card(card: str) -> float:
  """Returns the seconds until a training's first step is done."""
  with tempfile.TemporaryDirectory() as folder:
    return seconds(training(card, f"{folder}/run"), _FIRST_STEP)


def rows(found: dict[str, list[float]]) -> list[str]:
  """Returns the lines of the table, for {name: seconds of each round}."""
  lines = [f"{'':52} fastest  median    more"]
  for name, took in found.items():
    more = statistics.median(a - b for a, b in zip(took, found[IMPORT]))
    lines.append(
      f"{name:52} {min(took):7.2f} {statistics.median(took):7.2f} {more:7.2f}"
    )
  return lines


def main(argv=None):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("--card", action="append", help="file; binding; ...")
  parser.add_argument("--rounds", type=int, default=3, help="default: 3")
  arguments = parser.parse_args(argv)
  python = sys.executable
  waits = {IMPORT: lambda: seconds([python, "-c", IMPORT])}
  for card in arguments.card or _CARDS:
    waits[card] = lambda card=card: of_card(card)
  for verb in program.find_verbs():
    words = [python, "-m", "compare_gan", verb, "--help"]
    waits[" ".join(words[2:])] = lambda words=words: seconds(words)
  rounds = in_turn.rounds(list(waits.values()), arguments.rounds)
  found = dict(zip(waits, map(list, zip(*rounds))))
  print("\n".join(rows(found)))
  print(json.dumps(found))


if __name__ == "__main__":
  main()
