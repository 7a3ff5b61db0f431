"""What scipy, statsmodels and rliable say of costs that are written out.

Both are in statistics.json; costs are [settings][seeds], null for a failure.
"""

import json
import math
import pathlib

import numpy as np
import pytest

RECORDED = json.loads(
  pathlib.Path(__file__).with_name("statistics.json").read_text()
)


def cases(kind):
  found = [each for each in RECORDED["cases"] if each["kind"] == kind]
  return pytest.mark.parametrize("case", found, ids=range(len(found)))


def require_close(found, expected):
  np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def costs_of(side):
  """Returns recorded costs, infinite where a training failed."""
  return [[math.inf if x is None else x for x in seeds] for seeds in side]
