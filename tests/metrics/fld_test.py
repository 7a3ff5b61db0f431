"""FLD and its gap against recorded values."""

from compare_gan.metrics import fld as fld_lib
from compare_gan.metrics import isotropic_mixture
from compare_gan.metrics.fld import fld
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("name", golden2_sets.LIKELIHOODS)
def test_recorded(name):
  sets = golden2_sets.sets(name)
  found = fld_lib.likelihoods(sets["train"], sets["heldout"], sets["fake"])
  expected = golden2_sets.CASES[name]["values"]
  pairs = {
    "fld": found.fld,
    "fld_gap": found.gap,
    "fld_nll_per_dim_heldout": found.heldout_nll,
    "fld_nll_per_dim_train": found.train_nll,
    "fld_baseline_nll_first_half_on_second": found.baseline_nll,
  }
  for key, value in pairs.items():
    assert value == pytest.approx(expected[key], rel=1e-8), key
  assert found.epochs == expected["fld_epochs_run"]
  np.testing.assert_allclose(
    found.log_variances[:6], expected["fld_log_sigmas_first_6"], rtol=1e-8
  )


def _sets(n=80):
  return np.random.RandomState(0).standard_normal((3, n, 3))


def test_the_baseline_is_half_of_train_fitted_to_the_other_half():
  train, heldout, _ = _sets()
  scale = isotropic_mixture.Scale.of(heldout)
  half = train[:40]
  found = fld_lib.likelihoods(train, heldout, half)
  variances, _ = fld_lib._fit(train[40:], half, scale)
  squares = isotropic_mixture.Squares(heldout, half, scale)
  nll = isotropic_mixture.negative_log_likelihood(squares, variances) / 3
  expected = nll + 0.5 * np.log(2.0 * np.pi)
  assert found.baseline_nll == pytest.approx(expected, rel=1e-12)


def test_worse_fakes_score_worse():
  train, heldout, fake = _sets()
  scores = [fld(train, heldout, fake + shift)["fld"] for shift in (0, 1, 2)]
  assert scores == sorted(scores)


def test_the_gap_finds_copies_and_not_narrow_fakes():
  train, heldout, fake = _sets()
  fresh, narrow, copies = (
    fld(train, heldout, x)["fld_gap"] for x in (fake, fake / 2.0, train)
  )
  assert copies < -100.0
  assert abs(fresh) < 20.0 and abs(narrow) < 20.0


def test_no_more_fakes_than_asked_for():
  train, heldout, fake = _sets()
  cut = fld(train, heldout, fake, fakes=30)
  assert cut == fld(train, heldout, fake[:30])
  assert cut != fld(train, heldout, fake)


def test_batches_hold_all_rows_in_order(monkeypatch):
  monkeypatch.setattr(fld_lib, "_ROWS", 20)
  monkeypatch.setattr(isotropic_mixture, "ROWS", 5)
  rows = np.arange(47.0)[:, None]
  scale = isotropic_mixture.Scale(np.zeros(1), np.ones(1))
  squares = isotropic_mixture.Squares(rows, np.zeros([1, 1]), scale)
  outlying = -rows[:, 0]
  counts, seen = [], []
  for parts, count in fld_lib._batches(squares, outlying):
    counts.append(count)
    seen.append(np.concatenate(list(parts)))
  assert counts == [20, 20, 7] == [len(x) for x in seen]
  expected = np.column_stack([rows**2, outlying])
  np.testing.assert_allclose(np.concatenate(seen), expected, atol=1e-10)


def test_distances_that_are_not_kept_change_nothing(monkeypatch):
  train, heldout, fake = _sets()
  expected = fld(train, heldout, fake)
  monkeypatch.setattr(isotropic_mixture, "_KEPT", 0)
  monkeypatch.setattr(isotropic_mixture, "ROWS", 8)
  assert fld(train, heldout, fake) == pytest.approx(expected, rel=1e-9)


def test_refusals():
  train, heldout, fake = _sets()
  with pytest.raises(ValueError, match="heldout_features has 1 rows"):
    fld(train, heldout[:1], fake)
  with pytest.raises(ValueError, match="fld.fakes is 0"):
    fld(train, heldout, fake, fakes=0)
  heldout[:, 1] = 3.0
  with pytest.raises(ValueError, match="Feature 1 is the same in all heldout"):
    fld(train, heldout, fake)


def test_a_feature_that_never_varies_does_no_harm():
  dead = [np.append(x, np.ones([80, 1]), axis=1) for x in _sets()]
  assert np.isfinite(fld(*dead)["fld"])
