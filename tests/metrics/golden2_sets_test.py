"""The recorded sets are made again to the bit."""

import hashlib

import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_sets_have_the_recorded_bits(name):
  hashes = {
    role: hashlib.sha256(rows.tobytes()).hexdigest()[:16]
    for role, rows in golden2_sets.sets(name).items()
  }
  assert hashes == golden2_sets.CASES[name]["sha256_16"]
