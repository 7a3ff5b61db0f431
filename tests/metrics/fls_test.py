"""FLS and FLS overfit against recorded values."""

from compare_gan.metrics import fls as fls_lib
from compare_gan.metrics import isotropic_mixture
from compare_gan.metrics.fls import fls
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.LIKELIHOODS)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  found = fls_lib.likelihoods(
    *(sets[role] for role in ("train", "baseline", "heldout", "fake"))
  )
  expected = golden2_sets.CASES[name]["values"]
  assert found.fls == pytest.approx(expected["fls"], rel=1e-8)
  assert found.overfit == pytest.approx(expected["fls_overfit"], rel=1e-12)
  assert found.heldout_nll == pytest.approx(
    expected["fls_heldout_nll"], rel=1e-8
  )
  np.testing.assert_allclose(
    found.log_variances[:6], expected["fls_log_sigmas_first_6"], rtol=1e-8
  )
  np.testing.assert_allclose(
    found.losses[[0, 1, 2, 99]],
    expected["fls_nll_before_steps_0_1_2_99"],
    rtol=1e-8,
  )


def _sets(seed=0, n=60):
  return np.random.RandomState(seed).standard_normal((4, n, 3))


def test_fakes_that_are_the_baseline_score_100():
  train, baseline, heldout, _ = _sets()
  found = fls_lib.likelihoods(train, baseline, heldout, baseline)
  assert found.fls == pytest.approx(100.0, rel=1e-12)


def test_sets_are_cut_to_equal_numbers_and_train_rows_are_used_once(
  monkeypatch,
):
  seen = []

  def look(*sets):
    seen.extend(sets)
    return fls_lib.Likelihoods(1.0, 2.0, 0.0, None, None)

  monkeypatch.setattr(fls_lib, "likelihoods", look)
  rows = np.arange(90.0)[:, None]
  train, heldout, fake = rows[:30], rows[30:50], rows[50:]
  assert fls(train, heldout, fake) == {"fls": 1.0, "fls_overfit": 2.0}
  assert [len(x) for x in seen] == [15] * 4
  np.testing.assert_array_equal(np.sort(np.ravel(seen[:2])), train[:, 0])
  assert set(seen[2].ravel()) <= set(heldout.ravel())
  assert set(seen[3].ravel()) <= set(fake.ravel())
  seen.clear()
  fls(train, heldout, fake, rows=4)
  assert [len(x) for x in seen] == [4] * 4


def test_worse_fakes_score_worse_and_copies_overfit():
  train, heldout, fake, _ = _sets(n=100)
  scores = [fls(train, heldout, fake + shift)["fls"] for shift in (0, 1, 2)]
  assert scores == sorted(scores, reverse=True)
  copies = fls(train, heldout, train)["fls_overfit"]
  assert copies > fls(train, heldout, fake)["fls_overfit"]


def test_a_seed_gives_the_same_score():
  train, heldout, fake, _ = _sets()
  assert fls(train, heldout, fake) == fls(train, heldout, fake)
  assert fls(train, heldout, fake) != fls(train, heldout, fake, seed=1)


def test_distances_that_are_not_kept_change_nothing(monkeypatch):
  train, heldout, fake, _ = _sets()
  expected = fls(train, heldout, fake)
  monkeypatch.setattr(isotropic_mixture, "_KEPT", 0)
  monkeypatch.setattr(isotropic_mixture, "ROWS", 7)
  assert fls(train, heldout, fake) == pytest.approx(expected, rel=1e-9)


def test_a_feature_that_never_varies_does_no_harm():
  train, heldout, fake, _ = _sets()
  dead = [
    np.append(x, np.ones([60, 1]), axis=1) for x in (train, heldout, fake)
  ]
  assert np.isfinite(fls(*dead)["fls"])


def test_refusals():
  train, heldout, fake, _ = _sets()
  with pytest.raises(ValueError, match="train_features has 3 rows"):
    fls(train[:3], heldout, fake)
  with pytest.raises(ValueError, match="fls.rows is 1"):
    fls(train, heldout, fake, rows=1)
  with pytest.raises(ValueError, match="Widths differ"):
    fls(train, heldout, fake[:, :2])
