"""A plan of runs of the fake trainer, and a program that conducts it.

  python -m tests.study.fake_plan FOLDER [--shard=0/2] [name=value of Plan ...]

Two cells with two settings and three seeds, and then, when all of a cell have
ended, one run that hangs on their scores.
"""

import dataclasses
import hashlib
import itertools
import os
import sys

from compare_gan.study.define import definition
from compare_gan.study.define import plan
from compare_gan.study.run import conductor
from compare_gan.study.run import shards
from compare_gan.study.run.executors import local

TRAINER = os.path.join(os.path.dirname(__file__), "fake_trainer.py")


def study(**changes):
  """Returns a definition.Study with what a conductor uses of it."""
  made = definition.Study(
    name="fake",
    base="none.gin",
    axes={"loss": {"ns": [], "w": []}},
    seeds=3,
    score="fid",
  )
  return dataclasses.replace(made, **changes)


def command(study, run, folder):
  del study, run
  return sys.executable, "-S", TRAINER, folder


class Plan:
  """Stands in for the module plan.

  Args:
    does: {place of a run: what its trainer does}.
    pause: seconds of a training step.
    impossible: {cell: reason}.
    best: whether runs follow that hang on the scores.
  """

  def __init__(self, does=None, pause=0.02, impossible=None, best=True):
    self._does = does or {}
    self._pause = pause
    self._impossible = impossible or {}
    self._best = best

  def count(self, study):
    listed = 4 * study.seeds
    best = 2 * self._best
    phases = {"listed": listed, **({"best": best} if best else {})}
    return {"runs": listed + best, "phases": phases}

  def impossible_cells(self, study):
    return self._impossible

  def config_text(self, run):
    return "".join(f"{k} = {v}\n" for k, v in run.bindings.items())

  def runs(self, study, scores):
    listed = []
    complete = True
    losses = list(study.axes["loss"])
    seeds = range(1, study.seeds + 1)
    for loss in losses:
      own = [
        self._run(len(listed) + place, loss, lr, seed, "listed", 0)
        for place, (lr, seed) in enumerate(
          itertools.product((0.25, 0.5), seeds)
        )
      ]
      listed += own
    for number, loss in enumerate(losses if self._best else ()):
      own = [run for run in listed if run.cell["loss"] == loss]
      if not all(run.id in scores for run in own):
        complete = False
        continue
      known = [scores[r.id] for r in own if scores[r.id] is not None]
      lr = round(min(known, default=1.0), 6)
      listed.append(self._run(4 * study.seeds + number, loss, lr, 9, "best", 1))
    return sorted(listed, key=lambda run: run.order), complete

  def _run(self, place, loss, lr, seed, phase, round):
    bindings = {
      "fake.loss": repr(loss),
      "fake.lr": repr(lr),
      "fake.seed": repr(seed),
      "fake.does": repr(self._does.get(place, "well")),
      "fake.pause": repr(self._pause),
    }
    known = {k: v for k, v in bindings.items() if k != "fake.pause"}
    id_ = hashlib.sha256(repr(known).encode()).hexdigest()[:16]
    return plan.Run(
      id_, {"loss": loss}, {"lr": lr}, seed, phase, round, place, bindings
    )


def conduct(
  folder,
  shard=None,
  plan=None,
  made=None,
  executor=None,
  text="# fake\n",
  **more,
):
  conductor.Conductor(
    made or study(),
    plan or Plan(),
    folder,
    executor or local.Executor(2, threads="1"),
    text,
    shards.parse(shard),
    **{"command": command, **more},
  ).run()


def main(folder, *options):
  given = dict(option.split("=", 1) for option in options)
  plan = Plan(pause=float(given.get("pause", 0.02)))
  try:
    conduct(folder, given.get("shard"), plan=plan)
  except conductor.Stopped as stopped:
    print(stopped)
    sys.exit(128 + stopped.number)


if __name__ == "__main__":
  main(*sys.argv[1:])
