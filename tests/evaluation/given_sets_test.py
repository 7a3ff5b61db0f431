"""Sets that some other program made: their scores, and their card."""

from compare_gan.evaluation import given_sets
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import kid
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_given_sets_are_compared_without_a_model():
  rows = np.random.RandomState(0).randn(50, 4)
  scores, errors = given_sets.compare_sets(
    [fid.fid, kid.kid, inception_score.inception_score],
    {"real_features": rows, "fake_features": rows + [1.0, 0.0, 0.0, 0.0]},
  )
  assert scores["fid"] == pytest.approx(1.0)
  assert set(scores) == {"fid", "kid"} and not errors


def test_only_what_was_compared_is_on_the_card():
  rows = np.zeros([5, 4])
  sets = {"real_features": rows, "fake_features": rows}
  card = given_sets.card_of_sets(
    [fid.fid, inception_score.inception_score], sets
  )
  assert list(card["metrics"]) == ["fid"]
  assert card["real_features"] == card["fake_features"] == [5, 4]
  assert "real_features_digest" in card and "fake_features_digest" not in card


def test_directions_are_those_that_metrics_declare():
  found = given_sets.directions([fid.fid], {"fid": 1.0, "mine": 2.0})
  assert found == {"fid": "lower", "mine": None}
