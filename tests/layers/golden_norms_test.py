"""Normalisers and normalised kernels against recorded numbers."""

import json
import os
import pathlib

import numpy as np
import pytest

from tests.golden_cases import normalisers

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

_HERE = pathlib.Path(__file__).parent.parent / "golden" / "regularisers"
_DIR = pathlib.Path(os.environ.get("GOLDEN_DIR", _HERE)).resolve()
_CASES = [
  (f"{path.stem}-{i}-{case['name']}", case)
  for path in sorted(_DIR.glob("*.json"))
  for i, case in enumerate(json.loads(path.read_text()).get("cases", []))
  if case["name"] in normalisers.CASES
]


def _drawn(rule):
  rng = np.random.RandomState(rule["seed"])
  scale, offset = rule.get("scale", 1.0), rule.get("offset", 0.0)
  assert rule["rule"] in ("randn", "uniform")
  if rule["rule"] == "randn":
    values = rng.randn(*rule["shape"])
  else:
    values = rng.uniform(size=rule["shape"])
  return (offset + scale * values).astype(np.float32)


@pytest.mark.parametrize(
  "case", [case for _, case in _CASES], ids=[name for name, _ in _CASES]
)
def test_numbers_are_the_recorded_ones(case):
  inputs = {name: _drawn(rule) for name, rule in case["inputs"].items()}
  found = normalisers.CASES[case["name"]](inputs, case["params"])
  for name, output in case["outputs"].items():
    expected = np.reshape(output["values"], output["shape"])
    error = np.max(np.abs(np.asarray(found[name]) - expected))
    assert error <= 1e-5 * np.max(np.abs(expected)), name


@pytest.mark.skipif("GOLDEN_DIR" in os.environ, reason="other cases")
def test_every_function_is_recorded():
  assert {case["name"] for _, case in _CASES} == set(normalisers.CASES)
