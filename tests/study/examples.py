"""Tables of studies for the tests of their statistics and reports."""

from compare_gan.study.report.statistics import settings as settings_lib
from compare_gan.study.run import table as table_lib
import numpy as np

STUDY = {
  "format": 1,
  "name": "a study",
  "axes": {"norm": ["none", "sn"], "penalty": ["none", "gp"]},
  "score": "fid",
  "minimize": True,
  "checkpoint": "last",
  "seeds": 2,
  "phases": ["fixed_sets"],
  "runs": 8,
  "top_percent": 5,
  "created": "2030-01-01T00:00:00",
}


def row(score, cell=None, settings=None, seed=0, **changes):
  """Returns a Row; without a score it is one that failed."""
  scores = {} if score is None else {"fid": score}
  scores.update(changes.pop("more", {}))
  known = {
    "run": f"{row.count:016x}",
    "cell": cell or {},
    "settings": settings or {},
    "seed": seed,
    "phase": "fixed_sets",
    "round": 0,
    "order": row.count,
    "status": "failed" if score is None else "ok",
    "reason": "ValueError: no" if score is None else "",
    "log_tail": ["one", "two"] if score is None else [],
    "seconds": 60.0,
    "attempts": 1,
    "scores": {
      name: {"last": x, "best": x, "min": x} for name, x in scores.items()
    },
    "checkpoints": [{"step": 100, "scores": scores}] if scores else [],
    "protocol": "aa",
    "folder": f"runs/{row.count:016x}",
    **changes,
  }
  row.count += 1
  return table_lib.Row(**known)


row.count = 0


def table(rows, **study):
  return table_lib.Table({**STUDY, **study}, list(rows))


def norms(none, sn, settings=None, **study):
  """Returns a table with the scores of two norms, seed by seed."""
  sides = {"none": none, "sn": sn}
  rows = [
    row(score, {"norm": norm}, settings, seed)
    for norm, scores in sides.items()
    for seed, score in enumerate(scores)
  ]
  return table(rows, axes={"norm": ["none", "sn"]}, **study)


def setting(costs, phase="fixed_sets", round=0, **cell):
  """Returns a Setting with the costs of its seeds."""
  costs = tuple(np.atleast_1d(np.float64(costs)).tolist())
  return settings_lib.Setting(cell, {}, phase, round, 0, (), costs)
