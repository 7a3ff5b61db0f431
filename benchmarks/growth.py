"""How the time and the memory of a step grow with its batch, width or pixels.

  python -m benchmarks.growth --gin_config biggan_shapes32.gin \\
    --grow "options.batch_size = {}" --by 8,16,32,64,128,256

trains the card for some steps with each of the values, in a process of its own,
and prints a row for each, of

  s/step      median of the steps
  GFLOP       of the convolutions and products of a step, unfolded
  GB moved    what its operations read and write, if none were merged
  GFLOP/s     of the two before
  of best     the row's GFLOP/s as a share of the largest: time is linear in the
              work where this stays the same
  peak GiB    of the process, steps alone
  estimate    of the same, by compare_gan/memory
  MiB/image   what an image more has added to the peak since the row before,
              where images are what grows

--grow may be given several times; every {} becomes the value. The last line is
JSON: for each value, what benchmarks.train_step found.
"""

import argparse
import json
import subprocess
import sys

_HEAD = (
  "value",
  "s/step",
  "GFLOP",
  "GB moved",
  "GFLOP/s",
  "of best",
  "peak GiB",
  "estimate",
  "MiB/image",
)


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("--gin_config", default="biggan_shapes32.gin")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument("--grow", action="append", required=True)
  parser.add_argument("--by", required=True, help="values, commas between")
  parser.add_argument("--steps", type=int, default=5, help="default: 5")
  parser.add_argument("--precision", default="float32")
  arguments = parser.parse_args(argv)
  arguments.by = arguments.by.split(",")
  for line in arguments.grow:
    if "{}" not in line:
      parser.error(f"--grow={line!r} has no {{}} for the value.")
  return arguments


def command(arguments: argparse.Namespace, value: str) -> list[str]:
  """Returns the words of the command that measures one value."""
  lines = [
    *arguments.gin_bindings,
    *(line.replace("{}", value) for line in arguments.grow),
  ]
  return [
    sys.executable,
    "-m",
    "benchmarks.train_step",
    f"--gin_config={arguments.gin_config}",
    f"--steps={arguments.steps}",
    f"--precision={arguments.precision}",
    *(f"--gin_bindings={line}" for line in lines),
  ]


def measured(words: list[str]) -> dict:
  """Returns the last line of a command, or how the process ended."""
  done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
  if done.returncode:
    return {"failed": done.returncode}
  return json.loads(done.stdout.splitlines()[-1])


def rows(found: dict[str, dict]) -> list[list[str]]:
  """Returns the table's rows, for {value: what train_step found}."""
  rates = {
    value: row["gflop_per_cycle"] / row["cycle_s"]
    for value, row in found.items()
    if "failed" not in row
  }
  before = None
  table = []
  for value, row in found.items():
    if "failed" in row:
      table.append([value, f"the process ended with {row['failed']}"])
      continue
    table.append(
      [
        value,
        f"{row['cycle_s']:.3f}",
        f"{row['gflop_per_cycle']:.1f}",
        f"{row['moved_gb']:.2f}",
        f"{rates[value]:.0f}",
        f"{rates[value] / max(rates.values()):.2f}",
        f"{row['peak_rss_gib']:.2f}",
        f"{row['estimate_gib']:.2f}",
        _of_an_image(before, row),
      ]
    )
    before = row
  return table


def _of_an_image(before, row):
  """Returns the MiB that each image more has added to the peak, as text."""
  if before is None or row["batch"] == before["batch"]:
    return ""
  more = row["peak_rss_gib"] - before["peak_rss_gib"]
  return f"{1024 * more / (row['batch'] - before['batch']):.1f}"


def main(argv=None):
  arguments = _arguments(argv)
  found = {}
  for value in arguments.by:
    print(f"{', '.join(arguments.grow)}: {value}", file=sys.stderr, flush=True)
    found[value] = measured(command(arguments, value))
  for row in [_HEAD, ["---"] * len(_HEAD), *rows(found)]:
    print(f"| {' | '.join(row)} |")
  print(json.dumps(found))


if __name__ == "__main__":
  main()
