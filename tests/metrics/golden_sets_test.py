"""The recorded values: all of them are used, on the sets they were made of."""

import hashlib

import numpy as np
import pytest

from tests.metrics import density_coverage_test
from tests.metrics import fid_test
from tests.metrics import fractal_dimension_test
from tests.metrics import golden_sets
from tests.metrics import inception_score_test
from tests.metrics import jacobian_conditioning_test
from tests.metrics import kid_test
from tests.metrics import ms_ssim_test
from tests.metrics import prd_test
from tests.metrics import precision_recall_test
from tests.metrics import sliced_wasserstein_test

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_LEFT_OUT = {
  # Small images are refused, or compared with a filter of another size.
  "msssim/I64a_I64b/tf.image.ssim_multiscale_fs11",
  "msssim/I64a_I64b/tf.image.ssim_multiscale_fs4",
  "msssim/I64a_shift1/tf.image.ssim_multiscale_fs11",
  "msssim/I64a_shift1/tf.image.ssim_multiscale_fs4",
  # Another quantity under the same name.
  "swd/RS6001_vs_6002x1.5+.1_512x147/tfgan2_svd_variant",
}


def test_every_value_is_used():
  used = set()
  for module in (
    density_coverage_test,
    fid_test,
    fractal_dimension_test,
    inception_score_test,
    jacobian_conditioning_test,
    kid_test,
    ms_ssim_test,
    prd_test,
    precision_recall_test,
    sliced_wasserstein_test,
  ):
    used.update(module.KEYS)
  assert used.isdisjoint(_LEFT_OUT)
  assert used | _LEFT_OUT == set(golden_sets.VALUES)
  assert len(used) == 203


_LARGE = {"A2048", "B2048"}


@pytest.mark.parametrize("name", sorted(set(golden_sets.HASHES) - _LARGE))
def test_sets_have_the_recorded_bits(name):
  _check_bits(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(_LARGE))
def test_large_sets_have_the_recorded_bits(name):
  _check_bits(name)


def _check_bits(name):
  x = np.ascontiguousarray(golden_sets.get(name))
  digest = hashlib.sha256(x.tobytes()).hexdigest()
  assert digest[:16] == golden_sets.HASHES[name]
