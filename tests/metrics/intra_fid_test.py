"""Intra-FID sees labels that are not obeyed."""

from compare_gan.metrics import fid
from compare_gan.metrics import intra_fid
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _sets(n=100):
  """Two classes, at 0 and at 5."""
  rng = np.random.RandomState(0)
  labels = np.arange(n) % 2
  real, fake = rng.randn(2, n, 3) + 5.0 * labels[:, None]
  return real, fake, labels, labels


def test_each_class_has_its_own_fid():
  real, fake, labels, _ = _sets()
  fake[labels == 1] += 1.0
  expected = {
    c: fid.fid(real[labels == c], fake[labels == c])["fid"] for c in (0, 1)
  }
  assert intra_fid.fid_of_classes(real, fake, labels, labels) == expected
  assert intra_fid.intra_fid(real, fake, labels, labels) == {
    "intra_fid": (expected[0] + expected[1]) / 2,
    "intra_fid_worst": expected[1],
  }
  assert expected[1] > expected[0] + 1


def test_ignored_labels_are_seen_though_fid_stays_the_same():
  real, fake, labels, _ = _sets()
  swapped = 1 - labels
  good = intra_fid.intra_fid(real, fake, labels, labels)["intra_fid"]
  bad = intra_fid.intra_fid(real, fake, labels, swapped)["intra_fid"]
  assert bad > good + 50


def test_unequal_numbers_per_class():
  real, fake, labels, _ = _sets()
  keep = np.arange(100) < 60
  keep[labels == 0] = True
  found = intra_fid.fid_of_classes(real, fake[keep], labels, labels[keep])
  expected = fid.fid(real[labels == 1], fake[:60][labels[:60] == 1])["fid"]
  assert found[1] == pytest.approx(expected, rel=1e-12)


def test_real_sets_score_best():
  real, fake, labels, _ = _sets()
  assert (
    abs(intra_fid.intra_fid(real, real, labels, labels)["intra_fid"]) < 1e-9
  )


def test_refusals():
  real, fake, labels, _ = _sets()
  with pytest.raises(ValueError, match="Class 1 has 50 real and 0 fake"):
    intra_fid.intra_fid(real, fake, labels, np.zeros(100, int))
  with pytest.raises(ValueError, match="fake_labels has shape"):
    intra_fid.intra_fid(real, fake, labels, labels[:7])
