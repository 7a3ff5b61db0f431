"""What an evaluator relies on: gin chooses metrics, which say their needs."""

from compare_gan import configuration
from compare_gan.metrics import contract
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

configuration.register()

_NAMES = [
  "authpct",
  "classification_accuracy_score",
  "cmmd",
  "conditional_accuracy",
  "density_coverage",
  "duplicates",
  "fid",
  "fid_infinity",
  "fld",
  "fls",
  "fractal_dimension",
  "inception_score",
  "intra_fid",
  "jacobian_conditioning",
  "kid",
  "kid_blocks",
  "kid_subsets",
  "memorization",
  "mind",
  "ms_ssim",
  "p_precision_recall",
  "prd",
  "precision_recall",
  "realism",
  "sliced_wasserstein",
  "sw_approx",
  "vendi",
  "vendi_of_classes",
]


def _offered():
  rng = np.random.RandomState(0)
  offered = {
    f"{word}_features": rng.randn(40, 3).astype(np.float32)
    for word in ("real", "fake", "train", "heldout")
  }
  for word in ("real", "fake"):
    offered[f"{word}_labels"] = np.arange(40) % 2
    offered[f"{word}_images"] = rng.rand(40, 16, 16, 3).astype(np.float32)
  offered["fake_logits"] = rng.randn(40, 5).astype(np.float32)
  offered["jacobians"] = rng.randn(4, 6, 2).astype(np.float32)
  return offered


@gin.configurable
def _chosen(metrics):
  return metrics


def _choose(name):
  gin.parse_config(f"_chosen.metrics = [@{name}]")
  return _chosen()[0]


@pytest.mark.parametrize("name", _NAMES)
def test_metrics_return_named_floats_from_what_they_need(name):
  metric = _choose(name)
  offered = _offered()
  scores = metric(**{k: offered[k] for k in contract.needs(metric)})
  assert scores
  for key, score in scores.items():
    assert type(key) is str and type(score) is float


@pytest.mark.parametrize("name", _NAMES)
def test_metrics_leave_their_inputs_alone(name):
  metric = _choose(name)
  # In float64 a block is the array itself, not a copy.
  sets = {
    k: x.astype(np.float64) if x.dtype == np.float32 else x
    for k, x in _offered().items()
    if k in contract.needs(metric)
  }
  before = {k: x.copy() for k, x in sets.items()}
  for x in sets.values():
    x.flags.writeable = False
  metric(**sets)
  for k in sets:
    np.testing.assert_array_equal(sets[k], before[k])


def test_knobs_are_turned_by_gin():
  features = np.float32([[0], [1], [2], [3], [10]])
  metric = _choose("precision_recall")
  # A fake at 8 is within the third neighbour of 10, but not within the first.
  fakes = np.float32([[8]] * 4)
  gin.parse_config("precision_recall.k = 1")
  assert metric(features, fakes)["precision"] == 1.0
  gin.parse_config("precision_recall.k = 3")
  assert metric(features[:4], fakes)["precision"] == 0.0


@pytest.mark.parametrize("name", _NAMES)
def test_data_cannot_be_bound(name):
  needs = contract.needs(_choose(name))
  with pytest.raises(ValueError):
    gin.bind_parameter(f"{name}.{needs[0]}", None)


def test_needs_are_parameters_without_default():
  def metric(real_features, fake_labels, k=3):
    del real_features, fake_labels, k

  assert contract.needs(metric) == ["real_features", "fake_labels"]


def test_scores_are_declared_beside_the_formula():
  share = contract.Score("share_*", contract.HIGHER, 0.0, 1.0, "share")

  @gin.configurable("contract_test_metric", denylist=["real_features"])
  @contract.declare(share, contract.Score("distance", contract.LOWER))
  def metric(real_features):
    return {"share_a": 0.5, "distance": 1.0}

  gin.parse_config("_chosen.metrics = [@contract_test_metric]")
  [chosen] = _chosen()
  assert contract.find(chosen, "share_a") == share
  assert contract.find(metric, "distance").better == "lower"
  assert contract.find(metric, "other") is None


def test_a_direction_is_one_of_three():
  with pytest.raises(ValueError, match="better 'larger'. It can be 'lower'"):
    contract.declare(contract.Score("a", "larger"))
