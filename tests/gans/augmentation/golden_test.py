"""Augmentations against numbers recorded from the references.

More files of the same format are checked with GOLDEN_DIR=<their folder>.
"""

import json
import os
import pathlib

from compare_gan.gans.augmentation import filter_bank
from compare_gan.gans.augmentation import wavelets
import numpy as np
import pytest

from tests.golden_cases import augmentation

pytestmark = pytest.mark.versions("recorded numbers hold on each TensorFlow")

_OURS = pathlib.Path(__file__).parents[2] / "golden" / "regularisers"
_FILES = {
  path.stem: json.loads(path.read_text())
  for path in sorted(
    pathlib.Path(os.environ.get("GOLDEN_DIR", _OURS)).glob("*")
  )
  if path.suffix == ".json"
}
_CASES = [
  pytest.param(case, id=f"{stem}-{i}-{case['name']}")
  for stem, file in _FILES.items()
  if isinstance(file.get("cases"), list)
  for i, case in enumerate(file["cases"])
  if case["name"] in augmentation.CASES
]
_CONSTANTS = {"sym2": wavelets.SYM2, "filter_bank": filter_bank.BANK}


def _input(rule):
  """Returns the array of a rule, see the README of the recorded numbers."""
  random = np.random.RandomState(rule["seed"])
  if rule["rule"] == "randint":
    return random.randint(0, rule["high"], size=rule["shape"]).astype(np.int32)
  draw = {"randn": random.randn, "uniform": random.random_sample}[rule["rule"]]
  values = (
    draw(*rule["shape"]) if rule["rule"] == "randn" else draw(rule["shape"])
  )
  return (rule.get("offset", 0) + rule.get("scale", 1) * values).astype(
    np.float32
  )


def _value(value):
  if isinstance(value, dict):
    return np.reshape(np.asarray(value["values"]), value["shape"])
  return value


@pytest.mark.parametrize("case", _CASES)
def test_case(case):
  inputs = {name: _input(rule) for name, rule in case["inputs"].items()}
  params = {name: _value(value) for name, value in case["params"].items()}
  actual = augmentation.CASES[case["name"]](inputs, params)
  assert case["outputs"]
  for name, recorded in case["outputs"].items():
    recorded = np.asarray(_value(recorded), np.float64)
    tolerance = 1e-5 * np.abs(recorded).max()
    np.testing.assert_allclose(
      actual[name], recorded, rtol=0, atol=tolerance, err_msg=name
    )


@pytest.mark.parametrize("name", _CONSTANTS)
def test_constant(name):
  recorded = json.loads((_OURS / "ada_filter_noise_cutout.json").read_text())
  np.testing.assert_allclose(
    _CONSTANTS[name], _value(recorded[name]), rtol=0, atol=1e-7
  )
