"""Schedules, averages and lazy steps against recorded numbers of their papers'.

GOLDEN_DIR=<folder> chooses another folder with cases of the same form.
"""

import json
import os
import pathlib

import numpy as np
import pytest

from tests.golden_cases import schedules_and_averages

pytestmark = pytest.mark.versions("recorded numbers hold on each TensorFlow")

_OWN = pathlib.Path(__file__).parent.parent / "golden" / "regularisers"
_DIR = pathlib.Path(os.environ.get("GOLDEN_DIR", _OWN))
_FILE = _DIR / "schedules_and_averages.json"


def _recorded():
  if not _FILE.exists():
    return []
  cases = json.loads(_FILE.read_text())["cases"]
  return [c for c in cases if c["name"] in schedules_and_averages.CASES]


def _input(rule):
  """Returns the array of a rule: numpy's old generator, cast to 32 bits."""
  rng = np.random.RandomState(rule["seed"])
  shape = rule["shape"]
  if rule["rule"] == "randint":
    return rng.randint(0, rule["high"], size=shape).astype(np.int32)
  draw = {"randn": lambda: rng.randn(*shape)}.get(
    rule["rule"], lambda: rng.uniform(size=shape)
  )
  scaled = rule.get("offset", 0.0) + rule.get("scale", 1.0) * draw()
  return scaled.astype(np.float32)


def _array(value):
  if isinstance(value, dict):
    return np.reshape(value["values"], value["shape"])
  return np.asarray(value)


@pytest.mark.parametrize("case", _recorded(), ids=lambda case: case["name"])
def test_recorded_numbers(case):
  inputs = {name: _input(rule) for name, rule in case["inputs"].items()}
  compared = schedules_and_averages.CASES[case["name"]]
  found = compared(inputs, case["params"])
  assert set(found) == set(case["outputs"])
  for name, expected in case["outputs"].items():
    expected = _array(expected)
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(
      np.array(found[name], np.float64), expected, rtol=0, atol=tolerance
    )
