"""What an evaluator relies on: gin chooses metrics, which say their needs."""

import importlib
import pkgutil
import types

from compare_gan import metrics as metrics_room
from compare_gan.configuration import gin_files
from compare_gan.configuration import unread
from compare_gan.metrics import contract
from compare_gan.storage.score_row import ScoreRow
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

gin_files.register()

_NAMES = [
  "authpct",
  "classification_accuracy_score",
  "cmmd",
  "conditional_accuracy",
  "density_coverage",
  "duplicates",
  "fd",
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


_OF_MODELS = [
  "discriminator_svm",
  "gilbo",
  "linear_probe",
  "linear_probe_features",
  "reconstruction",
]


def _model():
  """Returns what a model with an encoder offers: z are a picture's means."""

  def means(images):
    return np.asarray(images, np.float64).mean(axis=(1, 2))

  def generate(z, y=None):
    del y
    return np.clip(np.tile(z[:, None, None, :], (1, 16, 16, 1)), 0.0, 1.0)

  def latents(n, seed):
    z = np.random.RandomState(seed).rand(n, 3)
    return z, np.zeros_like(z), None

  return {
    "generate": generate,
    "latents": latents,
    "encode": lambda images: types.SimpleNamespace(
      mean=means(images), features=means(images)
    ),
    "discriminate": lambda images, y: types.SimpleNamespace(
      features=means(images)
    ),
  }


@pytest.mark.parametrize("name", [*_NAMES, *_OF_MODELS])
def test_scores_are_declared_and_in_their_range(name):
  gin.parse_config("gilbo.samples = 64\nkid_blocks.max_block_size = 20")
  metric = _choose(name)
  offered = {**_offered(), **_model()}
  for word in ("train", "heldout"):
    offered[f"{word}_images"] = offered["real_images"]
    offered[f"{word}_labels"] = offered["real_labels"]
  scores = metric(**{k: offered[k] for k in contract.needs(metric)})
  for key, value in scores.items():
    score = contract.find(metric, key)
    assert score is not None, f"{name} does not declare {key}"
    assert score.low <= value <= score.high and score.unit
  returned = [contract.find(metric, key) for key in scores]
  # Parameters decide which names of a pattern there are, vendi.q say.
  fixed = {s for s in contract.scores_of(metric) if "*" not in s.name}
  assert fixed <= set(returned) <= set(contract.scores_of(metric))


def _known_to_gin():
  """Yields the metrics of the package: what gin knows and sets are given to."""
  words = ("real_", "fake_", "train_", "heldout_")
  for info in pkgutil.iter_modules(metrics_room.__path__):
    module = importlib.import_module(f"{metrics_room.__name__}.{info.name}")
    for name, found in vars(module).items():
      if not isinstance(found, types.FunctionType) or name.startswith("_"):
        continue
      is_here = found.__module__ == module.__name__
      needs = contract.needs(found) if is_here else []
      is_metric = needs and all(
        each.startswith(words) or each in {*_model(), "jacobians"}
        for each in needs
      )
      if is_metric and unread._configurable(name) is not None:
        yield name, found


def test_every_metric_declares_its_scores():
  found = dict(_known_to_gin())
  assert {*_NAMES, *_OF_MODELS} <= set(found)
  silent = [
    name for name, each in found.items() if not contract.scores_of(each)
  ]
  assert not silent


@pytest.mark.parametrize("name", [*_NAMES, *_OF_MODELS])
def test_a_scope_keeps_the_declaration(name):
  metric = _choose(f"scope/{name}")
  assert contract.scores_of(metric) == contract.scores_of(_choose(name))


@pytest.mark.parametrize(
  "name,better",
  [
    ("fid", "lower"),
    ("fid_classifier", "lower"),
    ("fid_infinity_random_filters", "lower"),
    ("fd_dinov2_vitl14", "lower"),
    ("inception_score_classifier", "higher"),
    ("inception_score_10_splits_std_classifier", "neither"),
    ("swd_16", "lower"),
    ("prd_f1_8_classifier", "higher"),
    ("memorization_z_u", "neither"),
    ("fidelity", None),
    ("loss", None),
  ],
)
def test_directions_of_rows_that_record_none(name, better):
  assert contract.better_of(name) == better
  assert contract.better_in_row(ScoreRow(scores={name: 1.0}), name) == better


def test_a_row_that_records_a_direction_is_believed():
  row = ScoreRow(better={"fid": "higher", "fid_mine": None})
  assert contract.better_in_row(row, "fid") == "higher"
  assert contract.better_in_row(row, "fid_mine") is None
  assert contract.better_in_row(row, "kid") == "lower"


def test_gaussians_are_of_what_a_metric_needs():
  with pytest.raises(ValueError, match="'rael_features'.*real_features"):

    @contract.takes_gaussian("rael_features")
    def metric(real_features):
      return {"a": 0.0}


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
  with pytest.raises(ValueError, match="'larger' as better. It can be 'lower'"):
    contract.declare(contract.Score("a", "larger"))


def test_a_metric_that_scores_resamples_can_be_told_them():
  def told(fake_features, resamples=None):
    return {}

  assert not contract.scores_resamples(told)
  assert contract.scores_resamples(contract.takes_resamples(told))
  with pytest.raises(ValueError, match="deaf has no parameter resamples=None"):

    @contract.takes_resamples
    def deaf(fake_features):
      return {}
