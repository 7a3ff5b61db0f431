"""Runs a training again: the same starts, from the same gin bindings.

Each start is a process of `compare_gan.main` in another folder, as a user would
run it, with the operative config that the first run recorded, the seed of
model.json and those environment variables of the bill that change numbers. It
ends at the step where the first run was continued.

A folder that has all of this already is not trained again.
"""

import functools
import math
import os
import subprocess
import sys
from typing import NamedTuple
from typing import Optional

import compare_gan
from compare_gan.estimator import devices
from compare_gan.reproduction import bill
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import score_tables
from compare_gan.storage import task_manager

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(compare_gan.__file__)))

LOG = "rerun.log"  # what the processes print

# Flags that no gin binding records.
_FLAGS = ("data_fake_dataset",)


class Leg(NamedTuple):
  """The steps between two starts of a training."""

  first: int
  last: int
  config: str  # path of its operative config
  made_of: Optional[bill.Entry]  # None if no bill tells


def last_step(model_dir: str, steps: Optional[int] = None) -> int:
  """Returns the step of the checkpoint that a rerun ends with.

  Args:
    model_dir: of the training.
    steps: the first checkpoint at or after it; None for the last one.
  """
  found = sorted(checkpoints.all_steps(model_dir))
  wanted = [step for step in found if step >= (steps or 0)]
  if not found:
    raise FileNotFoundError(
      f"There is no checkpoint model.ckpt-<step>.index in {model_dir!r}, so "
      "there is nothing to reproduce."
    )
  if not wanted:
    raise ValueError(
      f"--steps={steps}: the last checkpoint in {model_dir} is of step "
      f"{found[-1]}."
    )
  return wanted[-1] if steps is None else wanted[0]


def legs(model_dir: str, last: int) -> list[Leg]:
  """Returns the parts of a training up to a step, in order."""
  configs = model_dir_lib.configs(model_dir)
  if not configs:
    raise FileNotFoundError(
      f"{model_dir!r} has no operative_config-<step>.gin: is it a model_dir?"
    )
  if min(configs) > 0:
    raise ValueError(
      f"The training in {model_dir} began at step {min(configs)}, with a "
      "checkpoint from elsewhere. Only a training that begins at step 0 can be "
      "run again."
    )
  bills = {one["step"]: one for one in bill.read(model_dir)}
  starts = [step for step in sorted(configs) if step < max(last, 1)]
  return [
    Leg(
      first,
      min(end, last),
      os.path.join(model_dir, configs[first]),
      bills.get(first),
    )
    for first, end in zip(starts, [*starts[1:], last])
  ]


def rerun(
  model_dir: str, out: str, last: int, device: Optional[str] = None
) -> None:
  """Trains and scores in `out` what was trained and scored in `model_dir`.

  Args:
    model_dir: of the first run.
    out: folder of the second.
    last: step to train to.
    device: `--run_config`; None for the one that the bill names.
  """
  if os.path.abspath(model_dir) == os.path.abspath(out):
    raise ValueError(f"--out={out} is the model_dir itself. Choose another.")
  files.make_folder(out)
  planned = legs(model_dir, last)
  for leg in planned:
    done = max(checkpoints.all_steps(out), default=-1)
    if done < leg.last:
      _say(f"Training steps {leg.first} to {leg.last} again, in {out}.")
      _run(_words_of_training(model_dir, out, leg, device), out, leg)
  _score(model_dir, out, planned[-1])


def _words_of_training(model_dir, out, leg, device):
  return [
    *_words(out, leg),
    "--schedule=train",
    f"--run_config={device or _device(leg)}",
    *_binding("import compare_gan.reproduction.stop_at"),
    *_binding(f"stop_at.step = {max(1, leg.last)}"),
    *_binding(f"run_config.tf_random_seed = {_seed(model_dir)}"),
  ]


def _words(out, leg):
  words = (leg.made_of or {}).get("command", [])
  kept = [
    word for word in words if word.lstrip("-").partition("=")[0] in _FLAGS
  ]
  return [
    sys.executable,
    "-m",
    "compare_gan.main",
    f"--model_dir={out}",
    f"--gin_config={leg.config}",
    *kept,
    *_binding("run_config.trackers = ()"),  # They know the first run already.
  ]


def _binding(line):
  return ["--gin_bindings", line]


def _seed(model_dir):
  seed = model_dir_lib.stored_seed(model_dir)
  if seed is None:
    raise FileNotFoundError(
      f"{model_dir!r} has no {model_dir_lib.CARD}, which has the seed."
    )
  return seed


def _device(leg):
  """Returns the kind of device of the bill, "auto" if it has another name."""
  kind = (leg.made_of or {}).get("device", {}).get("kind")
  return kind if kind in devices.names() else "auto"


def _score(model_dir, out, leg):
  """Scores the checkpoints in `out` that are scored in `model_dir`."""
  rows = [
    row
    for row in score_tables.read_rows(model_dir)
    if row.step in checkpoints.all_steps(out)
  ]
  scored = {row.step for row in score_tables.read_rows(out)}
  if not rows or scored >= {row.step for row in rows}:
    return
  _say(f"Scoring {len(rows)} checkpoints again.")
  # continuous_eval ends when there is nothing left of a training that is done.
  task_manager.mark_training_done(out)
  every = functools.reduce(math.gcd, (row.step for row in rows))
  words = [
    *_words(out, leg),
    "--schedule=continuous_eval",
    f"--eval_every_steps={every or leg.last + 1}",
    f"--num_eval_averaging_runs={rows[-1].protocol.get('runs', 1)}",
  ]
  _run(words, out, leg)


def _run(words, out, leg):
  """Runs a process, in the environment of the bill; raises if it fails."""
  path = os.path.join(out, LOG)
  with files.refusals(path):
    with files.call(open, path, "ab") as log:
      begin = log.tell()
      code = subprocess.run(
        words,
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment(leg),
        check=False,
      ).returncode
  if code:
    said = files.read_bytes(path)[begin:].decode("utf-8", "replace")
    last = "\n  ".join(said.strip().splitlines()[-5:])
    raise ValueError(
      f"The training could not be run again (exit code {code}). The last lines "
      f"of {path}:\n  {last}"
    )


def environment(leg: Leg) -> dict[str, str]:
  """Returns this process's variables, with those of the bill."""
  # The process has to import this compare_gan, wherever it is started.
  found = dict(os.environ)
  paths = [_ROOT, *filter(None, [found.get("PYTHONPATH")])]
  found["PYTHONPATH"] = os.pathsep.join(paths)
  if leg.made_of is not None:
    recorded = leg.made_of["environment"]
    for name in bill.SETTABLE:
      found.pop(name, None)
      if name in recorded:
        found[name] = recorded[name]
    for name, variable in bill.THREADS.items():
      found.pop(variable, None)
      if leg.made_of["threads"].get(name):
        found[variable] = str(leg.made_of["threads"][name])
  return found


def _say(text):
  print(text, file=sys.stderr, flush=True)
