"""Imported networks compute what PyTorch did with the same weights."""

from compare_gan.context import scope
from compare_gan.export.importers import pairing as pairing_lib
from compare_gan.gans import ema
import gin
import numpy as np
import pytest

from tests.export.importers import cases

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")


def _marked(case):
  marks = [pytest.mark.long] if "deep" in case or "/G both" in case else []
  return pytest.param(case, marks=marks)


@pytest.mark.parametrize("case", map(_marked, cases.CASES))
def test_output_is_the_recorded_one(case, tmp_path):
  gin.parse_config(cases.CASES[case][0])
  pairing = cases.pair(case, tmp_path)
  with scope.building(values=pairing_lib.values([pairing], ema.SUFFIX)):
    network = cases.make(case)
  found, expected = cases.output(case, network), cases.expected(case)
  scale = max(1.0, float(np.abs(expected).max()))
  np.testing.assert_allclose(
    found.reshape(-1) / scale, expected / scale, atol=1e-5, rtol=0
  )
