"""Every knob of an evaluation is turned: what changes scores changes digests.

Each parameter of `evaluate`, of every metric and extractor, of the latents'
distribution and of what reads images stands in one of two tables: it changes
the digest, or it does not, for a reason. A new one that stands in neither fails
the first tests below.
"""

import functools
import importlib
import inspect
import pkgutil
import shutil
import sys

from compare_gan import features as features_room
from compare_gan import metrics as metrics_room
from compare_gan.context import draws
from compare_gan.datasets import catalogue
from compare_gan.datasets import folder
from compare_gan.evaluation import protocol
from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
from compare_gan.gans import latents
from compare_gan.metrics import bootstrap
from compare_gan.metrics import contract
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest

from tests.datasets import pictures
from tests.features import inception_test
from tests.features import tiny_tower
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))


# ---- What is turned ----------------------------------------------------------

# {knob: another value, with what has to be so that it matters}
_CHANGES = {
  "evaluate.metrics": ["evaluate.metrics = [@vendi]"],
  "evaluate.features": ["evaluate.features = @other_pixels_of_a_test"],
  "evaluate.num_fake": ["evaluate.num_fake = 5"],
  "evaluate.num_real": ["evaluate.num_real = 5"],
  "evaluate.num_train": ["evaluate.num_train = 9"],
  "evaluate.split": ["evaluate.split = 'train'"],
  "evaluate.seed": ["evaluate.seed = 1"],
  "evaluate.truncation": ["evaluate.truncation = 0.5"],
  "evaluate.averaged": ["evaluate.averaged = False"],
  "evaluate.ema": ["evaluate.ema = 0.1"],
  "evaluate.moments_examples": ["evaluate.moments_examples = 4"],
  "evaluate.real_statistics": ["evaluate.real_statistics = '{statistics}'"],
  "eval_z.distribution_fn": ["eval_z.distribution_fn = @tf.random.normal"],
  "eval_z.minval": ["eval_z.minval = -1.0000001"],
  "eval_z.maxval": ["eval_z.maxval = 0.9"],
  "eval_z.stddev": [
    "eval_z.distribution_fn = @tf.random.normal",
    "eval_z.stddev = 0.9",
  ],
  "eval_z.truncation": [
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "eval_z.truncation = 1.5",
  ],
  "uniform.minval": [
    "eval_z.distribution_fn = @tf.random.uniform",
    "tf.random.uniform.minval = -2.0",
  ],
  "uniform.maxval": [
    "eval_z.distribution_fn = @tf.random.uniform",
    "tf.random.uniform.maxval = 2.0",
  ],
  "uniform.seed": [
    "eval_z.distribution_fn = @tf.random.uniform",
    "tf.random.uniform.seed = 2",
  ],
  "uniform.dtype": [
    "eval_z.distribution_fn = @tf.random.uniform",
    "tf.random.uniform.dtype = 'float64'",
  ],
  "normal.dtype": [
    "eval_z.distribution_fn = @tf.random.normal",
    "tf.random.normal.dtype = 'float64'",
  ],
  "truncated_normal.dtype": [
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "tf.random.truncated_normal.dtype = 'float64'",
  ],
  "normal.mean": [
    "eval_z.distribution_fn = @tf.random.normal",
    "tf.random.normal.mean = 0.1",
  ],
  "normal.stddev": [
    "eval_z.distribution_fn = @tf.random.normal",
    "tf.random.normal.stddev = 0.9",
  ],
  "normal.seed": [
    "eval_z.distribution_fn = @tf.random.normal",
    "tf.random.normal.seed = 2",
  ],
  "truncated_normal.mean": [
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "tf.random.truncated_normal.mean = 0.1",
  ],
  "truncated_normal.stddev": [
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "tf.random.truncated_normal.stddev = 0.9",
  ],
  "truncated_normal.truncation": [
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "tf.random.truncated_normal.truncation = 1.5",
  ],
  "truncated_normal.seed": [
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "tf.random.truncated_normal.seed = 2",
  ],
  "z.distribution_fn": ["z.distribution_fn = @tf.random.normal"],
  "z.minval": ["z.minval = -0.9"],
  "z.maxval": ["z.maxval = 0.9"],
  "z.stddev": ["z.distribution_fn = @tf.random.normal", "z.stddev = 0.9"],
  "z.truncation": [
    "z.distribution_fn = @tf.random.truncated_normal",
    "z.truncation = 1.5",
  ],
  "classifier.steps": ["classifier.steps = 2"],
  "classifier.batch_size": ["classifier.batch_size = 4"],
  "classifier.learning_rate": ["classifier.learning_rate = 0.02"],
  "classifier.seed": ["classifier.seed = 1"],
  "inception.path": ["inception.path = '{other_graph}'"],
  "inception.resize": ["inception.resize = 'clean'"],
  "inception.round_pixels": ["inception.round_pixels = True"],
  "onnx_features.path": ["onnx_features.path = '{other_tower}'"],
  "random_filters.seed": ["random_filters.seed = 1"],
  "saved_model.path": ["saved_model.path = 'knobs_network.other'"],
  "saved_model.signature": ["saved_model.signature = 'serving_default'"],
  "saved_model.features": ["saved_model.features = 'b'"],
  "saved_model.logits": ["saved_model.logits = 'b'"],
  "saved_model.pixels": ["saved_model.pixels = 7"],
  "saved_model.low": ["saved_model.low = -1.0"],
  "saved_model.high": ["saved_model.high = 255.0"],
  "saved_model.name": ["saved_model.name = 'mine'"],
  "classification_accuracy_score.train": [
    "classification_accuracy_score.train = @classifier_of_a_test"
  ],
  "cmmd.sigma": ["cmmd.sigma = 9.0"],
  "cmmd.scale": ["cmmd.scale = 1"],
  "data_copying.cells": ["data_copying.cells = 4"],
  "data_copying.features": ["data_copying.features = 63"],
  "data_copying.starts": ["data_copying.starts = 9"],
  "data_copying.least_fakes": ["data_copying.least_fakes = 19"],
  "data_copying.seed": ["data_copying.seed = 1"],
  "density_coverage.k": ["density_coverage.k = 4"],
  "discriminator_svm.penalty": ["discriminator_svm.penalty = 0.01"],
  "discriminator_svm.seed": ["discriminator_svm.seed = 1"],
  "duplicates.quantile": ["duplicates.quantile = 0.02"],
  "duplicate_images.quantile": ["duplicate_images.quantile = 0.02"],
  "fid_infinity.points": ["fid_infinity.points = 14"],
  "fid_infinity.smallest": ["fid_infinity.smallest = 0.2"],
  "fid_infinity.seed": ["fid_infinity.seed = 1"],
  "fld.fakes": ["fld.fakes = 9999"],
  "fld.seed": ["fld.seed = 1"],
  "fls.rows": ["fls.rows = 9999"],
  "fls.seed": ["fls.seed = 1"],
  "fractal_dimension.anchors": ["fractal_dimension.anchors = 99"],
  "fractal_dimension.bins": ["fractal_dimension.bins = 999"],
  "fractal_dimension.scale": ["fractal_dimension.scale = 0.2"],
  "fractal_dimension.seed": ["fractal_dimension.seed = 1"],
  "gilbo.samples": ["gilbo.samples = 4095"],
  "gilbo.features": ["gilbo.features = 511"],
  "gilbo.seed": ["gilbo.seed = 1"],
  "inception_score.splits": ["inception_score.splits = 9"],
  "inception_score.from_probabilities": [
    "inception_score.from_probabilities = True"
  ],
  "kid_subsets.subsets": ["kid_subsets.subsets = 99"],
  "kid_subsets.size": ["kid_subsets.size = 999"],
  "kid_subsets.seed": ["kid_subsets.seed = 1"],
  "kid_blocks.max_block_size": ["kid_blocks.max_block_size = 999"],
  "linear_probe.penalty": ["linear_probe.penalty = 0.01"],
  "linear_probe_features.penalty": ["linear_probe_features.penalty = 0.01"],
  "mind.directions": ["mind.directions = 999"],
  "mind.seed": ["mind.seed = 1"],
  "ms_ssim.pairs": ["ms_ssim.pairs = 999"],
  "ms_ssim.seed": ["ms_ssim.seed = 1"],
  "p_precision_recall.k": ["p_precision_recall.k = 3"],
  "p_precision_recall.a": ["p_precision_recall.a = 1.1"],
  "prd.clusters": ["prd.clusters = 19"],
  "prd.runs": ["prd.runs = 9"],
  "prd.angles": ["prd.angles = 999"],
  "prd.beta": ["prd.beta = 7"],
  "prd.seed": ["prd.seed = 1"],
  "precision_recall.k": ["precision_recall.k = 4"],
  "realism.k": ["realism.k = 4"],
  "reconstruction.seed": ["reconstruction.seed = 1"],
  "sliced_wasserstein.coarsest": ["sliced_wasserstein.coarsest = 8"],
  "sliced_wasserstein.patches": ["sliced_wasserstein.patches = 63"],
  "sliced_wasserstein.patch_size": ["sliced_wasserstein.patch_size = 5"],
  "sliced_wasserstein.projections": ["sliced_wasserstein.projections = 99"],
  "sliced_wasserstein.seed": ["sliced_wasserstein.seed = 1"],
  "vendi.q": ["vendi.q = 'inf'"],
  "vendi_of_classes.q": ["vendi_of_classes.q = 2"],
  "dataset.name": ["dataset.name = 'archive'", "archive.path = '{other_zip}'"],
  "dataset.fake": ["# --data_fake_dataset"],
  "folder.path": ["folder.path = '{other_folder}'"],
  "folder.eval_path": [
    "folder.labels = False",
    "folder.eval_path = '{other_folder}/train'",
  ],
  "folder.eval_fraction": ["folder.eval_fraction = 0"],
  "folder.image_size": ["folder.image_size = 4"],
  "folder.colors": ["folder.colors = 1"],
  "folder.resize": ["folder.image_size = (8, 4)", "folder.resize = 'pad'"],
  "folder.background": [
    "folder.image_size = (8, 4)",
    "folder.resize = 'pad'",
    "folder.background = 'black'",
  ],
  "folder.crop": ["folder.crop = 6", "folder.image_size = 8"],
  "folder.eval_samples": ["folder.eval_samples = 1"],
  "folder.classes": ["folder.classes = ['b']"],
  "folder.pattern": ["folder.pattern = '[0134].png'"],
}

# {knob: (another value, why no score changes)}
_STAYS = {
  "evaluate.bootstrap": (True, "adds intervals to scores that stay"),
  "evaluate.best_by": ("fid", "only chooses among scores"),
  "evaluate.sample_grid": (0, "is for pictures"),
  "evaluate.microscope": (True, "looks at D beside the scores"),
  "bootstrap.resamples": (9, "is of intervals"),
  "bootstrap.level": (0.9, "is of intervals"),
  "bootstrap.seed": (1, "is of intervals"),
  "onnx_features.threads": (2, "is a speed"),
  "onnx_features.batch_size": (3, "is a speed"),
  "uniform.name": ("x", "names an operation"),
  "normal.name": ("x", "names an operation"),
  "truncated_normal.name": ("x", "names an operation"),
  "dataset.seed": (1, "is of the order in training"),
  "dataset.flip": (True, "is of training"),
  "dataset.on_error": ("skip", "what is left out shows in the content"),
  "dataset.tfds_data_dir": ("/elsewhere", "is a place"),
  "folder.labels": (False, "FID knows no labels"),
  "folder.max_pixels": (2**20, "refuses what claims to be larger"),
  "folder.memory_bytes": (0, "is where images wait"),
}

# {knob: why it is not turned here}
_NOT_TURNED = {
  "onnx_features.provider": "is a speed, of devices that are not everywhere",
}

# What holds before some knobs are turned, so that they matter.
_BEFORE = {
  "folder.background": _CHANGES["folder.background"][:2],
  "folder.eval_path": _CHANGES["folder.eval_path"][:1],
  "folder.resize": _CHANGES["folder.resize"][:1],
  "folder.crop": _CHANGES["folder.crop"][1:],
  **{
    knob: lines[:1]
    for knob, lines in _CHANGES.items()
    if lines[0].startswith(("eval_z.dist", "z.dist")) and len(lines) > 1
  },
}


# ---- All knobs that there are ------------------------------------------------


def _functions(room, is_one):
  """Returns {name: function} of what the modules of a room define."""
  found = {}
  for info in pkgutil.iter_modules(room.__path__):
    module = importlib.import_module(f"{room.__name__}.{info.name}")
    found.update(
      {n: f for n, f in vars(module).items() if callable(f) and is_one(f)}
    )
  return found


def _metrics():
  return _functions(metrics_room, contract.scores_of)


def _extractors():
  return _functions(features_room, lambda f: hasattr(f, "extractor_name"))


def _knobs(name, function, but=()):
  return {
    f"{name}.{p.name}"
    for p in inspect.signature(function).parameters.values()
    if p.default is not inspect.Parameter.empty and p.name not in but
  }


def _all_knobs():
  found = _knobs("evaluate", settings_lib.Settings)
  for name, metric in _metrics().items():
    # These come from evaluators, not from gin.
    found |= _knobs(name, metric, [contract.NUM_CLASSES, contract.RESAMPLES])
  for name, extractor in _extractors().items():
    found |= _knobs(name, extractor)
  found |= _knobs("bootstrap", bootstrap.intervals, ["scores"])
  found |= _knobs("eval_z", latents.eval_z)
  found |= _knobs("z", latents.z)
  for name in ("uniform", "normal", "truncated_normal"):
    found |= _knobs(name, getattr(draws, name))
  found |= _knobs("dataset", catalogue.dataset)
  found |= _knobs("folder", folder.open_images, ["gin_name", "on_error"])
  return found


def test_every_knob_is_classified():
  known = {*_CHANGES, *_STAYS, *_NOT_TURNED}
  assert not _all_knobs() - known, "say in a table whether scores change"
  assert not known - _all_knobs(), "there are no such knobs any more"
  assert not {*_CHANGES} & {*_STAYS}


# ---- Turning them ------------------------------------------------------------


@gin.configurable("classifier_of_a_test")
def _classifier_of_a_test(images, labels, num_classes):
  raise AssertionError("no metric is computed here")


@gin.configurable("other_pixels_of_a_test", denylist=["dataset"])
def _other_pixels(dataset):
  from tests.evaluation import scoring_test

  del dataset
  pixels = scoring_test.Pixels("others")
  pixels.identity = lambda: "ba9876543210"
  return pixels


_NETWORK = """
import tensorflow as tf

def _outputs(x):
  return {"a": x[:, 0, 0], "b": x[:, 0, 0]}

def network(x):
  return _outputs(x)

def other(x):
  return _outputs(x)

network.signatures = {"serving_default": _outputs}
"""


@pytest.fixture(scope="module")
def places(tmp_path_factory):
  """Returns {word: path} of what knobs name."""
  tmp_path = tmp_path_factory.mktemp("knobs")
  (tmp_path / "knobs_network.py").write_text(_NETWORK)
  with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(tmp_path))
    yield _made(tmp_path)
    sys.modules.pop("knobs_network", None)


def _made(tmp_path):
  found = {"statistics": tmp_path / "statistics.npz"}
  np.savez(found["statistics"], mu=np.zeros(4), sigma=np.eye(4))
  for word, tree in (("folder", _tree(1)), ("other_folder", _tree(2))):
    found[word] = pictures.write_tree(tmp_path / word, tree)
  found["zip"] = pictures.zipped(tmp_path / "x.zip", _tree(1))
  found["other_zip"] = pictures.zipped(tmp_path / "y.zip", _tree(2))
  for word, factor in (("graph", 1.0), ("other_graph", 2.0)):
    found[word] = inception_test._archive(
      tmp_path,
      {inception_test._MEMBER: inception_test._graph(factor)},
      f"{word}.tar.gz",
    )
  for word, seed in (("tower", 0), ("other_tower", 1)):
    weights = tiny_tower.weights(seed)
    found[word] = tiny_tower.write(tmp_path / word / "tiny", weights)
  return found


def _tree(step):
  """Returns files of six pictures, three to train on and three others."""
  return {
    f"{split}/{'ab'[i % 2]}/{i}.png": pictures.encode(pictures.pixels(step * i))
    for split, some in (("train", (0, 1, 2)), ("test", (3, 4, 5)))
    for i in some
  }


# What has to be so that a knob matters.
_FOR = {
  "evaluate.num_train": "evaluate.metrics = [@memorization]",
  "evaluate.averaged": "ModularGAN.g_use_ema = True",
  **dict.fromkeys(
    ("bootstrap.resamples", "bootstrap.level", "bootstrap.seed"),
    "evaluate.bootstrap = True",
  ),
  "evaluate.moments_examples": (
    "standardize_batch.use_moving_averages = False\n"
    "G.batch_norm_fn = @batch_norm"
  ),
}
_ALWAYS = """
import tests.commands.evaluate_test
evaluate.features = @pixels_of_a_test
evaluate.num_fake = 6
evaluate.metrics = [@fid]
classifier.steps = 1
inception.path = '{graph}'
onnx_features.path = '{tower}'
saved_model.path = 'knobs_network.network'
saved_model.features = 'a'
dataset.name = 'folder'
folder.path = '{folder}'
archive.path = '{zip}'
"""


def _set_up(knob, lines, places):
  """Returns an evaluator with some lines of gin, and a GAN.

  Args:
    knob: which is to matter.
    lines: of gin.
    places: see `places`.
  """
  name = knob.partition(".")[0]
  gin.clear_config()
  gin.parse_config(_ALWAYS.format(**places))
  if name in _metrics():
    gin.parse_config(f"evaluate.metrics = [@{name}]")
  if name in _extractors():
    gin.parse_config(f"evaluate.features = @{name}")
  gin.parse_config(_FOR.get(knob, ""))
  if name not in ("dataset", "folder"):
    gin.parse_config("evaluate.num_real = 6")
  gin.parse_config([line.format(**places) for line in lines])
  dataset = NoiseDataset()
  if name in ("dataset", "folder"):
    fake = any(line.startswith("# --data_fake") for line in lines)
    dataset = catalogue.dataset(fake=fake)
  evaluator = scoring.Evaluator(dataset, settings_lib.Settings())
  return evaluator, _gan(_FOR.get(knob, ""), dataset.image_shape)


@functools.cache
def _gan(bound, image_shape):
  del bound  # by gin, already
  shape = model_dir.DatasetShape(image_shape, 3)
  return tiny.gan(training_steps=99999, dataset=shape)


def _card(*args):
  evaluator, gan = _set_up(*args)
  return evaluator.card_of_model(gan)


def _digest(*args):
  return protocol.digest(_card(*args))


def _lines_of_stays(knob):
  prefix = "tf.random." if hasattr(draws, knob.partition(".")[0]) else ""
  return [f"{prefix}{knob} = {_STAYS[knob][0]!r}"]


def _marked(knob):
  is_long = knob.startswith("classifier.")  # which is trained
  return pytest.param(knob, marks=[pytest.mark.long] if is_long else [])


@pytest.mark.parametrize("knob", map(_marked, sorted(_CHANGES)))
def test_a_knob_that_changes_scores_changes_the_digest(knob, places):
  before = _card(knob, _BEFORE.get(knob, []), places)
  turned = _card(knob, _CHANGES[knob], places)
  assert protocol.digest(before) != protocol.digest(turned)
  if knob != "evaluate.metrics":  # No score is in both.
    assert protocol.differences(before, turned)


@pytest.mark.parametrize("knob", sorted(_STAYS))
def test_a_knob_that_changes_no_score_leaves_the_digest(knob, places):
  rows = []
  for lines in ([], _lines_of_stays(knob)):
    evaluator, gan = _set_up(knob, lines, places)
    rows.append(evaluator.row_of_model(gan, "", 0, {}))
  # Rows of other batches differ by rounding, in onnxruntime 1.10 say.
  assert rows[0].scores == pytest.approx(rows[1].scores, rel=1e-6) != {}
  assert rows[0].protocol_digest == rows[1].protocol_digest


@pytest.mark.parametrize(
  "name", ["evaluate", "kid_subsets", "inception", "saved_model", "folder"]
)
def test_the_same_evaluation_has_the_same_digest(name, places):
  knob = f"{name}.seed"
  assert _digest(knob, [], places) == _digest(knob, [], places)


def test_batches_of_the_extractor_do_not_count(places):
  cards = []
  for batch_size in (250, 3):
    evaluator, gan = _set_up("random_filters.seed", [], places)
    evaluator._extractor.batch_size = batch_size
    cards.append(evaluator.card_of_model(gan))
  assert protocol.digest(cards[0]) == protocol.digest(cards[1])


def test_the_number_of_runs_counts():
  chosen = settings_lib.Settings(metrics=[_metrics()["ms_ssim"]])
  cards = [
    scoring.Evaluator(NoiseDataset(), chosen, n).card_of_model(tiny.gan())
    for n in (1, 2)
  ]
  assert protocol.differences(*cards) == ["runs: 1 and 2"]


def test_the_same_weights_elsewhere_are_the_same(places, tmp_path):
  copy = tmp_path / "copy.tar.gz"
  shutil.copy(places["graph"], copy)
  line = f"inception.path = '{copy}'"
  assert _digest("inception.path", [], places) == _digest(
    "inception.path", [line], places
  )


@pytest.mark.parametrize("metric", ["fid", "kid_subsets", "intra_fid"])
def test_the_same_images_elsewhere_are_the_same(metric, places, tmp_path):
  copy = pictures.write_tree(tmp_path / "of" / "another_name", _tree(1))
  metrics = f"evaluate.metrics = [@{metric}]"
  digests = {
    _digest("dataset.name", [metrics, *lines], places)
    for lines in (
      [],
      [f"folder.path = '{copy}'"],
      ["dataset.name = 'archive'"],
      ["folder.memory_bytes = 0"],
    )
  }
  assert len(digests) == 1


@pytest.mark.long
def test_the_classifier_of_a_copy_is_not_trained_again(places, tmp_path):
  copy = pictures.write_tree(tmp_path / "of" / "another_name", _tree(1))
  classifier = "evaluate.features = @classifier"
  assert _digest("dataset.name", [classifier], places) == _digest(
    "dataset.name", [classifier, f"folder.path = '{copy}'"], places
  )


def test_a_metric_in_a_scope_has_the_parameters_of_the_scope(places):
  line = "evaluate.metrics = [@few/kid_subsets]"
  before = _card("kid_subsets.size", [line], places)
  turned = _card("kid_subsets.size", [line, "few/kid_subsets.size = 9"], places)
  assert protocol.differences(before, turned) == [
    "kid_subsets.size: 1000 and 9"
  ]


def test_a_default_that_is_bound_is_no_other_protocol(places):
  for line in ("cmmd.sigma = 10.0", "cmmd.sigma = 10", "cmmd.sigma = %ten"):
    assert _digest("cmmd.sigma", [], places) == _digest(
      "cmmd.sigma", ["ten = 10", line], places
    )
