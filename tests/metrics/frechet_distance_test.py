"""Scores that have a formula here already, on newer recorded sets.

The Frechet distance on any features (FD-DINOv2 and the like) is the FID's
formula; a score is named by the extractor.
"""

from compare_gan.metrics import density_coverage
from compare_gan.metrics import fd
from compare_gan.metrics import fid
from compare_gan.metrics import precision_recall
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.cases_with("fd"))
def test_frechet_distance(name):
  sets = golden2_sets.sets(name)
  found = fid.fid(sets["train"], sets["fake"])["fid"]
  assert found == pytest.approx(golden2_sets.value(name, "fd"), rel=1e-9)
  assert fd.fd(sets["train"], sets["fake"]) == {"fd": found}
  known = fid.gaussian_of(sets["train"])
  assert fd.fd(known, sets["fake"])["fd"] == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_shares_of_balls(name, k):
  sets = golden2_sets.sets(name)
  real, fake = sets["train"], sets["fake"]
  scores = precision_recall.precision_recall(real, fake, k)
  scores.update(density_coverage.density_coverage(real, fake, k))
  swapped = density_coverage.density_coverage(fake, real, k)
  scores["coverage_of_fakes_by_real"] = swapped["coverage"]
  if name == "duplicates/grid_with_ties":
    # Recorded without the borders of balls, which precision_recall has, as its
    # authors do; no fake of the other cases is on one.
    assert scores.pop("precision") == scores.pop("recall") == 1.0
  for key, found in scores.items():
    expected = golden2_sets.value(name, f"{key}_k{k}")
    assert found == pytest.approx(expected, rel=1e-12), key
