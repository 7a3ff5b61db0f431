"""Trains like compare_gan.main, as far as a study sees it, in no time.

It reads `fake.<name> = <number or text>` of run.gin, makes checkpoints, goes on
from the last one, ends on SIGTERM with a checkpoint and 0, and writes scores.
If it is not alone in its folder it leaves a file TWO_AT_ONCE.
"""

import fcntl
import json
import os
import re
import signal
import sys
import time


def main(folder):
  with open(os.path.join(folder, "run.gin")) as file:
    given = dict(re.findall(r"fake\.(\w+) = (.+)", file.read()))
  asked = []
  # Before there is a file: tests wait for it, and then ask.
  signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
  alone = open(os.path.join(folder, "alone"), "w")
  try:
    fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    write(os.path.join(folder, "TWO_AT_ONCE"), "")
  does = given.get("does", "well").strip("'\"")
  if does == "ignore":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
  steps = int(given.get("steps", 5))
  step, total = train(folder, given, steps, asked)
  if step < steps:
    print(f"Stopped at step {step} of {steps}.")
    return 0
  if does in ERRORS:
    print("step 5: working", flush=True)
    print(ERRORS[does], file=sys.stderr)
    return 1
  if does == "memory":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    held = bytearray(200 * 2**20)
    time.sleep(60 + len(held) * 0)
  write(os.path.join(folder, "TRAIN_DONE"), "")
  if does != "no_row":
    write_scores(folder, does, step, total)
  return 0


ERRORS = {
  "fail": "Traceback (most recent call last):\nValueError: no such dataset\n",
  "diverge": "compare_gan: loss/d is not finite at step 7: the training has "
  "diverged.",
}


def train(folder, given, steps, asked):
  """Returns the step that was reached, and a number that all steps made."""
  step, total = 0, 0.0
  path = os.path.join(folder, "checkpoint.json")
  if os.path.exists(path):
    with open(path) as file:
      step, total = json.load(file)
    print(f"Resuming from the checkpoint of step {step}.", flush=True)
  while step < steps and not asked:
    time.sleep(float(given.get("pause", 0.02)))
    step += 1
    total = (total * 1.7 + float(given["lr"]) + float(given["seed"])) % 10
    total += len(given["loss"]) / 7
    write(path, json.dumps([step, total]))
    write(os.path.join(folder, f"model.ckpt-{step}.index"), "")
  return step, total


def write_scores(folder, does, step, total):
  rows = [
    row(step - 1, total + 1.0, "ok"),
    row(step, total, "NaN or infinity in fake images")
    if does == "nan_images"
    else row(step, float("nan") if does == "nan" else total, "ok"),
  ]
  if does == "no_last_row":
    del rows[1]
  if does == "no_metric":
    rows[1].update(scores={"other": 1.0}, errors={"fid": "ValueError: few"})
    rows[1]["status"] = "no fid"
  lines = "".join(json.dumps(row) + "\n" for row in rows)
  write(os.path.join(folder, "scores.jsonl"), lines)


def row(step, score, status):
  return {
    "step": step,
    "status": status,
    "scores": {"fid": score, "recall": 1.0 / (1.0 + score)},
    "errors": {},
    "protocol": {"dataset": "none"},
    "protocol_digest": "abc",
    "config": {},
  }


def write(path, text):
  beside = f"{path}.writing"
  with open(beside, "w") as file:
    file.write(text)
  os.replace(beside, path)


if __name__ == "__main__":
  sys.exit(main(sys.argv[1]))
