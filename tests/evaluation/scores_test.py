"""Sets are given to metrics by the names of their parameters."""

from compare_gan.evaluation import needs
from compare_gan.evaluation import scores
from compare_gan.metrics import contract
from compare_gan.metrics import fid
import pytest


def test_metrics_get_what_they_name():
  def metric(fake_images, k=3):
    return {"sum": float(sum(fake_images) + k)}

  sets = {"fake_images": [1, 2], "k": 100}
  assert scores.call(metric, sets) == {"sum": 6.0}


def test_a_gaussian_stands_for_rows():
  @contract.takes_gaussian("real_features")
  def metric(real_features):
    return {"seen": real_features}

  assert scores.call(metric, {needs.GAUSSIAN: 7.0}) == {"seen": 7.0}


def test_what_is_missing_is_named():
  with pytest.raises(ValueError, match="there are no real_features here"):
    scores.call(fid.fid, {"fake_features": None})


def test_directions_are_those_of_the_metric():
  assert scores.direction(fid.fid, "fid") == "lower"
  assert scores.direction(fid.fid, "mine") is None
