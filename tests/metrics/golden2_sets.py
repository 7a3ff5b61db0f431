"""The rule behind golden2/*.json, and its values.

Each case says how its sets are drawn. The rows come from RandomState and
elementwise arithmetic alone, so that every numpy makes the same bits; hashes of
them are recorded. Metrics are computed on the float32 rows. Names that begin
with "_" show the errors of packages and are no targets.
"""

import functools
import json
import pathlib

import numpy as np

_FOLDER = pathlib.Path(__file__).parent / "golden2"
_FILES = ("rows_16", "rows_wide", "duplicates", "likelihoods")


def _read():
  cases = {}
  for file in _FILES:
    for case in json.loads((_FOLDER / f"{file}.json").read_text())["cases"]:
      cases[f"{file}/{case['name']}"] = case
  return cases


CASES = _read()
LIKELIHOODS = [name for name in CASES if name.startswith("likelihoods/")]


def cases_with(key):
  """Returns the names of the cases that have a value of this name."""
  found = [name for name, case in CASES.items() if key in case["values"]]
  assert found, f"No case has {key}."
  return found


def value(name, key):
  return CASES[name]["values"][key]


@functools.cache
def sets(name):
  """Returns {role: float32 rows} of a case."""
  drawn = {}
  for role, how in CASES[name]["sets"].items():
    drawn[role] = _draw(how, drawn)
    drawn[role].flags.writeable = False
  return drawn


def _draw(how, drawn):
  rng = np.random.RandomState(how["seed"])
  n, d = how["n"], how["d"]
  scales = 1.0 / np.sqrt(1.0 + np.arange(d))
  if how["kind"] == "normal":
    x = how.get("scale", 1.0) * rng.standard_normal((n, d))
    x = (x + how.get("shift", 0.0)) * scales
  elif how["kind"] == "copies":
    source = drawn[how["of"]]
    x = source[rng.randint(0, len(source), n)]
    x = x + how["noise"] * rng.standard_normal((n, d)) * scales
    fresh = how["fresh"]
    x[n - fresh :] = rng.standard_normal((fresh, d)) * scales
  else:
    assert how["kind"] == "grid", how
    x = 1.0 + rng.randint(0, how["levels"], (n, d))
  return x.astype(np.float32)
