"""Inception score against recorded values and closed forms."""

from compare_gan.metrics.inception_score import inception_score
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

KEYS = golden_sets.keys("is/.*", 30)


@pytest.mark.parametrize("key", KEYS)
def test_recorded(key):
  _, name, reference = key.split("/")
  logits = golden_sets.get(name)
  if "shuffle2020" in reference:
    logits = logits[np.random.RandomState(2020).permutation(len(logits))]
  scores = inception_score(logits)
  ten = "splits10" in reference or "10_chunks" in reference
  score = scores["inception_score_10_splits" if ten else "inception_score"]
  deviation = scores["inception_score_10_splits_std"]
  if key == "is/Lhot/studiogan_splits10_f32_std_ddof1":
    # p log p of a p that is 0 in float32.
    assert np.isnan(golden_sets.value(key)) and np.isfinite(score)
    return
  in_float32 = "f32" in reference or "tfgan1dev" in reference
  rtol = 1e-6 if in_float32 else 1e-10
  np.testing.assert_allclose(score, golden_sets.value(key), rtol)
  if ten:
    if "ddof1" in reference:
      deviation *= np.sqrt(10 / 9)
    recorded = golden_sets.VALUES[key]["std"]
    np.testing.assert_allclose(deviation, recorded, 10 * rtol)


def _score(logits, **kwargs):
  return inception_score(np.asarray(logits, np.float32), splits=1, **kwargs)[
    "inception_score"
  ]


def test_sure_and_diverse_is_the_number_of_classes():
  assert _score(1e4 * np.eye(7)) == pytest.approx(7.0, rel=1e-12)


def test_unsure_or_collapsed_is_one():
  assert _score(np.zeros([20, 7])) == pytest.approx(1.0, rel=1e-12)
  assert _score(np.eye(7)[[3] * 20]) == pytest.approx(1.0, rel=1e-12)


def test_fewer_classes_score_less():
  logits = 10.0 * np.eye(8)[np.arange(400) % 8]
  scores = [_score(logits[np.arange(400) % n]) for n in (8, 5, 2, 1)]
  assert scores == sorted(scores, reverse=True)
  assert scores[-1] < scores[0] - 5


def test_by_hand_from_probabilities():
  # p(y) = (3/4, 1/4): log score = 1/2 log(4/3) + 1/2 (log(2/3) + log 2) / 2.
  p = [[1.0, 0.0], [0.5, 0.5]]
  expected = 0.5 * np.log(4 / 3) + 0.25 * (np.log(2 / 3) + np.log(2.0))
  found = _score(p, from_probabilities=True)
  assert found == pytest.approx(np.exp(expected), rel=1e-12)


def test_probabilities_of_logits_score_the_same():
  logits = golden_sets.get("L10")[:100].astype(np.float64)
  p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
  found = inception_score(p, from_probabilities=True)
  assert found == pytest.approx(inception_score(logits), rel=1e-12)


def test_splits_are_in_order():
  """Collapsed within a split, diverse over all."""
  logits = np.float32(100.0 * np.eye(10).repeat(5, axis=0))
  scores = inception_score(logits)
  assert scores["inception_score_10_splits"] == pytest.approx(1.0)
  assert scores["inception_score_10_splits_std"] < 1e-9
  assert scores["inception_score"] == pytest.approx(10.0)


def test_refusals():
  x = np.zeros([9, 3], np.float32)
  with pytest.raises(ValueError, match="9 rows, but at least 10"):
    inception_score(x)
  with pytest.raises(ValueError, match="Row 0 is not a probability"):
    inception_score(x, splits=1, from_probabilities=True)
  with pytest.raises(ValueError, match="NaN or infinity in row 4"):
    inception_score(np.where(np.arange(9)[:, None] == 4, np.nan, x), splits=1)
