"""From a model to a row: names, cards, what happens when something is wrong."""

import dataclasses
import re
import time
import tracemalloc

from compare_gan.evaluation import protocol
from compare_gan.evaluation import sampling
from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import abstract_extractor
from compare_gan.metrics import conditional_accuracy
from compare_gan.metrics import contract
from compare_gan.metrics import fid
from compare_gan.metrics import fid_infinity
from compare_gan.metrics import inception_score
from compare_gan.metrics import intra_fid
from compare_gan.metrics import jacobian_conditioning
from compare_gan.metrics import kid
from compare_gan.metrics import linear_probe
from compare_gan.metrics import memorization
from compare_gan.metrics import ms_ssim
from compare_gan.metrics import reconstruction
from compare_gan.storage import checkpoints
from compare_gan.storage import score_tables
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


class Pixels(abstract_extractor.AbstractExtractor):
  """Four means of rows; logits of three classes."""

  def __init__(self, name="pixels"):
    self.name = name

  def identity(self):
    return "0123456789ab"

  def extract(self, images):
    means = tf.reduce_mean(images, axis=[2, 3])
    return means, 10.0 * means[:, :3]


def _pixels(dataset):
  del dataset
  return Pixels()


def _settings(*metrics, **changes):
  values = {"features": _pixels, "num_fake": 6, "num_real": 6, **changes}
  return settings_lib.Settings(metrics=metrics, **values)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))


def _row(*metrics, runs=1, gan=None, **changes):
  chosen = _settings(*metrics, **changes)
  evaluator = scoring.Evaluator(NoiseDataset(), chosen, runs)
  gan = gan or tiny.gan()
  return evaluator.row_of_model(gan, "model.ckpt-3", 3, {"a.b": "1"})


def test_row_has_everything():
  row = _row(fid.fid)
  assert row.checkpoint_path == "model.ckpt-3"
  assert row.step == 3
  assert row.status == "ok"
  assert row.config == {"a.b": "1"}
  assert row.lists["fid_pixels"] == [row.scores["fid_pixels"]]
  assert np.isfinite(row.scores["fid_pixels"])


def test_card_says_how_the_score_was_computed():
  card = _row(fid.fid).protocol
  assert card["features"] == "pixels"
  assert card["features_digest"] == "0123456789ab"
  assert (card["num_fake"], card["num_real"]) == (6, 6)
  assert (card["split"], card["dataset"]) == ("eval", "noise")
  assert (card["seed"], card["runs"]) == (42, 1)
  assert card["z"] == "uniform from -1 to 1"
  assert card["ema"] is False
  assert card["batch_norm"] == "moving"
  assert card["tensorflow"] == tf.__version__


@pytest.mark.parametrize(
  "changes",
  [{"seed": 1}, {"num_fake": 5}, {"split": "train"}, {"truncation": 0.5}],
  ids=str,
)
def test_another_protocol_has_another_digest(changes):
  digest = _row(fid.fid).protocol_digest
  assert _row(fid.fid, **changes).protocol_digest != digest


def test_a_card_is_known_before_anything_is_scored():
  gin.parse_config(_ACCUMULATED)
  chosen = _settings(fid.fid, memorization.memorization, moments_examples=8)
  evaluator = scoring.Evaluator(NoiseDataset(), chosen, 2)
  gan = tiny.gan()
  before = evaluator.card_of_model(gan)
  row = evaluator.row_of_model(gan, "", 0, {})
  assert row.protocol == before == evaluator.card_of_model(gan)
  assert row.protocol_digest == protocol.digest(before)


def test_weights_are_hashed_once():
  calls = []

  class Heavy(Pixels):
    def identity(self):
      calls.append(1)
      return super().identity()

  chosen = _settings(fid.fid, kid.kid, features=lambda dataset: Heavy())
  evaluator = scoring.Evaluator(NoiseDataset(), chosen)
  for _ in range(2):
    evaluator.card_of_model(tiny.gan())
  assert len(calls) == 1


def test_a_card_knows_which_facts_are_a_metrics():
  metrics = _row(fid.fid, memorization.memorization, ms_ssim.ms_ssim)
  metrics = metrics.protocol["metrics"]
  assert {"num_real", "real_images", "split"} < set(metrics["fid"]["uses"])
  assert {"num_train", "train_images", "heldout_images"} < set(
    metrics["memorization"]["uses"]
  )
  assert metrics["ms_ssim"] == {
    "parameters": {"pairs": 1000, "seed": 0},
    "uses": [],
  }


def test_a_card_says_how_images_and_features_were_made():
  card = _row(fid.fid).protocol
  assert card["resolution"] == [4, 4, 1]
  assert card["pixels"] == "float32 in [0, 1]"
  assert card["tf32"] is False
  assert card["features_settings"] == {}


def test_labels_count_where_a_metric_needs_them():
  assert "real_labels" not in _row(fid.fid).protocol
  assert "real_labels" in _row(intra_fid.intra_fid).protocol


def test_given_statistics_stand_for_the_images_on_the_card(tmp_path):
  path = str(tmp_path / "stats.npz")
  np.savez(path, mu=np.zeros(4), sigma=np.eye(4))
  card = _row(fid.fid, real_statistics=path).protocol
  assert "real_statistics" in card and "real_images" not in card


def test_a_look_through_the_microscope_is_no_other_protocol():
  gin.parse_config(
    "standardize_batch.use_moving_averages = False\n"
    "D.batch_norm_fn = @batch_norm"
  )
  architecture = "tests.architectures.normed_architecture"
  cards = [
    _row(
      fid.fid,
      gan=tiny.gan(architecture=architecture),
      microscope=microscope,
      moments_examples=8,
    ).protocol
    for microscope in (False, True)
  ]
  assert cards[0] == cards[1]


def test_two_metrics_of_one_name_are_refused():
  with pytest.raises(ValueError, match="evaluate.metrics names fid more than"):
    _settings(fid.fid, kid.kid, fid.fid)


def test_scores_of_inception_have_no_suffix():
  row = _row(fid.fid, features=lambda dataset: Pixels("inception"))
  assert set(row.scores) == {"fid"}


def test_scores_of_pixels_have_no_suffix():
  assert set(_row(ms_ssim.ms_ssim).scores) == {"ms_ssim"}


def test_no_extractor_is_made_for_pixels():
  def features(dataset):
    raise AssertionError

  assert _row(ms_ssim.ms_ssim, features=features).status == "ok"


def test_each_run_has_other_latents():
  row = _row(fid.fid, runs=3)
  values = row.lists["fid_pixels"]
  assert len(set(values)) == 3
  assert row.scores["fid_pixels"] == pytest.approx(np.mean(values))


def test_scores_are_a_function_of_the_seed():
  assert _row(fid.fid).scores == _row(fid.fid).scores


def test_real_images_score_better_than_fakes():
  dataset = NoiseDataset()
  evaluator = scoring.Evaluator(dataset, _settings(fid.fid, kid.kid))
  images = np.concatenate(
    [batch["images"].numpy() for batch in dataset.in_order("eval", 6, 6)]
  )
  real = evaluator.row_of_images(images)
  assert real.scores["fid_pixels"] == pytest.approx(0.0, abs=1e-9)
  worse = evaluator.row_of_images(0.5 * images)
  assert worse.scores["fid_pixels"] > 0.01


def test_images_may_be_bytes():
  dataset = NoiseDataset()
  evaluator = scoring.Evaluator(dataset, _settings(fid.fid))
  images = np.random.RandomState(0).randint(0, 256, [6, 4, 4, 1], np.uint8)
  first = evaluator.row_of_images(images)
  second = evaluator.row_of_images(images.astype(np.float32) / np.float32(255))
  assert first.scores == second.scores


def broken(fake_images):
  """A metric with a fault."""
  raise KeyError("fault")


def _without_line(errors):
  """Returns {metric: error}, each of which has to name a line of this file."""
  pattern = r"(.*) \((?:.*/)?scoring_test.py, line \d+\)"
  found = {name: re.fullmatch(pattern, text) for name, text in errors.items()}
  return {name: match[1] for name, match in found.items()}


def test_metric_that_fails_leaves_the_others():
  row = _row(broken, fid.fid)
  assert _without_line(row.errors) == {"broken": "KeyError: 'fault'"}
  assert row.status == "no broken"
  assert set(row.scores) == {"fid_pixels"}


def _fails_in_run(run, scores):
  """Returns a metric with a fault that shows in one run alone."""
  calls = []

  def sometimes(fake_images):
    calls.append(len(fake_images))
    if len(calls) == run:
      raise KeyError("fault")
    return scores

  return sometimes


@pytest.mark.parametrize("run", [1, 2, 3])
def test_metric_that_fails_in_one_run_has_no_scores(run):
  """A mean over the other runs would not be of as many as the card says."""
  row = _row(_fails_in_run(run, {"mine": 1.0, "other": 2.0}), fid.fid, runs=3)
  assert _without_line(row.errors) == {"sometimes": "KeyError: 'fault'"}
  assert set(row.scores) == set(row.lists) == {"fid_pixels"}
  assert set(row.better) == set(row.metrics["fid"]) == {"fid_pixels"}
  assert len(row.lists["fid_pixels"]) == row.protocol["runs"] == 3


def test_metric_that_fails_takes_its_intervals_along():
  gin.bind_parameter("bootstrap.resamples", 2)
  fails = _fails_in_run(4, {"mine": 1.0})  # The first run makes 3 calls.
  row = _row(fails, ms_ssim.ms_ssim, runs=2, bootstrap=True)
  assert set(row.errors) == {"sometimes"}
  assert set(row.intervals) == {"ms_ssim"} == set(row.scores)


def test_scores_that_a_run_lacks_fail_their_metric():
  def unsteady(fake_images):
    unsteady.runs += 1
    return {"mine": 1.0} if unsteady.runs == 2 else {"mine": 1.0, "other": 2.0}

  unsteady.runs = 0
  row = _row(unsteady, runs=3)
  assert "run 2 has the scores mine, but" in row.errors["unsteady"]
  assert row.scores == {}


def test_labels_of_an_unconditional_model_are_missed():
  row = _row(intra_fid.intra_fid)
  assert "there are no fake_labels" in row.errors["intra_fid"]


def test_nan_images_give_a_row_that_says_so():
  gan = tiny.gan()
  gan.generator.out.bias.assign(gan.generator.out.bias * np.nan)
  row = _row(fid.fid, ms_ssim.ms_ssim, gan=gan)
  assert row.status == "NaN or infinity in fake images"
  assert row.scores == {}


def test_memorization_compares_both_splits():
  row = _row(memorization.memorization)
  assert 0.0 <= row.scores["memorization_pixels"] <= 1.0


@pytest.mark.parametrize("split", ["eval", "train"])
def test_copies_of_any_training_image_are_found(split):
  """num_real = 6 counts real images, not those that were trained on."""
  images, _ = NoiseDataset().load("train")
  chosen = _settings(memorization.memorization, split=split)
  row = scoring.Evaluator(NoiseDataset(), chosen).row_of_images(images)
  assert row.scores["memorization_pixels"] == 1.0
  card = row.protocol
  assert (card["num_train"], card["num_heldout"]) == (60, 6)


def test_num_train_is_how_many_training_images_are_seen():
  seen = []

  def rows(train_features, heldout_features):
    seen.append((len(train_features), len(heldout_features)))
    return {"rows": 0.0}

  card = _row(rows, num_train=9, num_real=100).protocol
  assert (card["num_train"], card["num_heldout"]) == (9, 8)
  assert seen == [(9, 8)]


def test_counts_that_no_metric_uses_are_not_on_the_card():
  assert not {"num_train", "num_heldout"} & {*_row(fid.fid).protocol}


def test_num_train_that_cannot_be_is_refused():
  with pytest.raises(ValueError, match="60 training images.*num_train = 61"):
    _row(memorization.memorization, num_train=61)
  with pytest.raises(ValueError, match="evaluate.num_train = 0"):
    _settings(memorization.memorization, num_train=0)


def _encoding_gan():
  gin.parse_config("ModularGAN.conditional = True")
  return tiny.gan("BigBiGAN")


@pytest.mark.long
def test_jacobians_of_conditional_models():
  seen = {}

  def shape(jacobians):
    seen["shape"] = np.shape(jacobians)
    return {"shape": 0.0}

  gin.parse_config("ModularGAN.conditional = True")
  metric = jacobian_conditioning.jacobian_conditioning
  row = _row(metric, shape, num_fake=70)
  assert row.status == "ok"
  assert row.scores["jacobian_conditioning"] > 0.0
  assert seen["shape"] == (64, 16, tiny.Z_DIM)  # of the first 64 images


def test_logits_of_other_classes_say_nothing_about_labels():
  class FourClasses(Pixels):
    def extract(self, images):
      means, _ = super().extract(images)
      return means, means

  gin.parse_config("ModularGAN.conditional = True")
  metric = conditional_accuracy.conditional_accuracy
  assert _row(metric).status == "ok"  # logits of three classes
  row = _row(metric, features=lambda dataset: FourClasses())
  assert "4 classes" in row.errors["conditional_accuracy"]
  assert "labels of 3" in row.errors["conditional_accuracy"]


def test_given_images_have_the_classes_of_the_dataset():
  chosen = _settings(
    conditional_accuracy.conditional_accuracy,
    features=lambda dataset: Pixels(),
  )
  images, labels = NoiseDataset().load("eval")
  dataset = NoiseDataset()
  dataset.num_classes = 5
  row = scoring.Evaluator(dataset, chosen).row_of_images(images, labels)
  assert "labels of 5" in row.errors["conditional_accuracy"]


def test_encoders_are_scored():
  row = _row(
    reconstruction.reconstruction,
    linear_probe.linear_probe,
    gan=_encoding_gan(),
    bootstrap=True,
  )
  assert row.status == "ok" and not row.intervals
  assert set(row.scores) == {
    "reconstruction_mae",
    "reconstruction_mse",
    "reconstruction_mae_permuted",
    "reconstruction_mse_permuted",
    "linear_probe",
  }
  assert 0.0 < row.scores["reconstruction_mae"] < 1.0


def test_probe_is_fitted_to_the_training_images():
  seen = {}

  def probe(train_images, train_labels, heldout_images, heldout_labels, encode):
    seen.update(locals())
    return {"probe": 0.0}

  assert _row(probe, gan=_encoding_gan(), split="train").status == "ok"
  dataset = NoiseDataset()
  for word, split, n in (("train", "train", 60), ("heldout", "eval", 6)):
    images, labels = dataset.load(split)
    np.testing.assert_allclose(
      seen[f"{word}_images"] / 255.0, images[:n], atol=0.002
    )
    np.testing.assert_array_equal(seen[f"{word}_labels"], labels[:n])
  codes = seen["encode"](dataset.load("eval")[0])
  assert codes.mean.shape == (8, tiny.Z_DIM)


def test_models_without_an_encoder_say_so():
  row = _row(linear_probe.linear_probe, fid.fid)
  assert "has no encoder" in row.errors["linear_probe"]
  assert set(row.scores) == {"fid_pixels"}


def test_intervals_hold_two_numbers():
  row = _row(inception_score.inception_score, bootstrap=True, num_fake=40)
  low, high = row.intervals["inception_score_pixels"]
  assert low < high


def test_too_few_real_images_are_refused():
  with pytest.raises(ValueError, match="evaluate.num_real to 8"):
    evaluator = scoring.Evaluator(
      NoiseDataset(), _settings(fid.fid, num_real=100)
    )
    evaluator.row_of_model(tiny.gan(), "", 0, {})


def test_given_statistics_stand_for_the_real_images(tmp_path):
  path = str(tmp_path / "stats.npz")
  np.savez(path, mu=np.full(4, 10.0), sigma=np.eye(4))
  row = _row(fid.fid, kid.kid, real_statistics=path)
  assert row.scores["fid_pixels"] > 4 * 9.0**2
  assert row.scores["kid_pixels"] < 1.0  # It needs rows: the dataset's.
  assert row.protocol_digest != _row(fid.fid, kid.kid).protocol_digest


def test_fid_alone_equals_fid_beside_others(tmp_path):
  """Alone it needs a mean and a covariance only, which are kept on disk."""
  alone, beside = _row(fid.fid), _row(fid.fid, kid.kid)
  assert alone.scores["fid_pixels"] == pytest.approx(
    beside.scores["fid_pixels"], rel=1e-9
  )
  assert list((tmp_path / "cache").glob("statistics-*.npy"))


def test_best_is_by_the_first_metric():
  evaluator = scoring.Evaluator(NoiseDataset(), _settings(fid.fid, kid.kid))
  assert evaluator.best_by == "fid_pixels"
  chosen = _settings(fid.fid, best_by="-fid_pixels")
  assert scoring.Evaluator(NoiseDataset(), chosen).best_by == "-fid_pixels"


def test_best_is_that_of_the_highest_inception_score(tmp_path):
  chosen = _settings(inception_score.inception_score)
  evaluator = scoring.Evaluator(NoiseDataset(), chosen)
  row = evaluator.row_of_model(tiny.gan(), "", 0, {})
  for step, score in ((1, 2.0), (2, 3.0), (3, 2.5)):
    checkpoints.write(str(tmp_path), step, {"x": tf.constant(1.0)})
    scores = {"inception_score_pixels": score}
    score_tables.record(
      str(tmp_path),
      dataclasses.replace(row, step=step, scores=scores),
      best_by=evaluator.best_by,
    )
  assert checkpoints.all_steps(str(tmp_path / "best")) == [2]


def test_rows_record_which_way_scores_are_better():
  def undeclared(fake_images):
    return {"mine": 1.0}

  row = _row(inception_score.inception_score, undeclared, fid.fid, num_fake=40)
  assert row.better == {
    "inception_score_pixels": "higher",
    "inception_score_10_splits_pixels": "higher",
    "inception_score_10_splits_std_pixels": "neither",
    "mine": None,
    "fid_pixels": "lower",
  }


def test_metric_of_ones_own_is_given_a_gaussian(tmp_path):
  @contract.takes_gaussian("real_features")
  @contract.declare(contract.Score("means", "lower", low=0.0))
  def means(real_features, fake_features):
    gap = fid.gaussian_of(real_features).mean - np.mean(fake_features, axis=0)
    return {"means": float(np.abs(gap).max())}

  path = str(tmp_path / "stats.npz")
  np.savez(path, mu=np.full(4, 10.0), sigma=np.eye(4))
  row = _row(means, real_statistics=path)
  assert 9.0 < row.scores["means_pixels"] < 10.0
  assert row.better == {"means_pixels": "lower"}
  beside = _row(means, kid.kid).scores["means_pixels"]  # It gets rows.
  row = _row(means)  # The mean and covariance of the data are all it needs.
  assert row.scores["means_pixels"] == pytest.approx(beside)


def test_a_given_gaussian_has_no_intervals(tmp_path):
  """Those of the data's rows, which KID needs, would be of another distance."""
  path = str(tmp_path / "stats.npz")
  np.savez(path, mu=np.full(4, 10.0), sigma=np.eye(4))
  changes = {"bootstrap": True, "num_fake": 8, "num_real": 8}
  row = _row(fid.fid, kid.kid, real_statistics=path, **changes)
  assert row.status == "ok" and set(row.intervals) == {"kid_pixels"}
  row = _row(fid.fid, kid.kid, **changes)
  assert set(row.intervals) == {"fid_pixels", "kid_pixels"}


def test_metrics_without_resamples_say_so(tmp_path, capsys):
  path = str(tmp_path / "stats.npz")
  np.savez(path, mu=np.full(4, 10.0), sigma=np.eye(4))
  changes = {"bootstrap": True, "real_statistics": path}
  row = _row(seen_by_d, fid.fid, ms_ssim.ms_ssim, **changes, runs=2)
  assert row.status == "ok" and not row.errors
  assert set(row.intervals) == {"ms_ssim"}
  assert set(row.scores) == {"spread", "fid_pixels", "ms_ssim"}
  assert set(row.without_intervals) == {"seen_by_d", "fid"}
  assert "calls the model (discriminate)" in row.without_intervals["seen_by_d"]
  assert "evaluate.real_statistics" in row.without_intervals["fid"]
  printed = capsys.readouterr().out
  assert printed.count("evaluate.bootstrap gives seen_by_d no intervals") == 1
  assert "without_intervals" not in _row(fid.fid).as_json()


def test_fid_alone_says_which_metrics_bring_rows():
  row = _row(fid.fid, bootstrap=True)
  assert "[@fid, @kid]" in row.without_intervals["fid"]


def test_metric_that_fails_on_halves_keeps_its_scores():
  def whole(fake_images):
    if len(fake_images) < 6:
      raise ValueError("too few")
    return {"mine": 1.0}

  row = _row(whole, ms_ssim.ms_ssim, runs=2, bootstrap=True)
  assert row.status == "ok" and row.lists["mine"] == [1.0, 1.0]
  assert _without_line(row.without_intervals) == {
    "whole": "a resample cannot be scored: ValueError: too few"
  }
  assert set(row.intervals) == {"ms_ssim"}


def test_metric_that_fails_has_no_note_on_intervals():
  row = _row(broken, seen_by_d, bootstrap=True)
  assert set(row.errors) == {"broken"}
  assert set(row.without_intervals) == {"seen_by_d"}


def test_fid_infinity_takes_given_statistics(tmp_path):
  path = str(tmp_path / "stats.npz")
  np.savez(path, mu=np.full(4, 10.0), sigma=np.eye(4))
  row = _row(fid_infinity.fid_infinity, real_statistics=path, num_fake=40)
  assert row.scores["fid_infinity_pixels"] > 4 * 9.0**2


def test_accumulated_moments_are_filled_and_named():
  gin.bind_parameter("standardize_batch.use_moving_averages", False)
  gin.parse_config("G.batch_norm_fn = @batch_norm")
  gan = tiny.gan()
  row = _row(fid.fid, gan=gan, moments_examples=8)
  assert row.protocol["batch_norm"] == "accumulated over 8 examples"
  [counter] = [v for v in gan.generator.variables if "accu_counter" in v.name]
  assert counter.numpy() == pytest.approx(4.0)  # batches of 2


_ACCUMULATED = """
standardize_batch.use_moving_averages = False
G.batch_norm_fn = @batch_norm
"""


def _accu_mean(gan):
  """Returns the mean of G's accumulated means of the first channel."""
  norm = gan.generator.norm.standardize
  return (norm.accu_mean / norm.accu_counter).numpy()


def _spread(gan):
  """Returns G's accumulated variances."""
  norm = gan.generator.norm.standardize
  return (norm.accu_variance / norm.accu_counter).numpy()


@pytest.mark.long
def test_moments_are_those_of_the_truncation():
  """One model, scored under several: each has moments of its own."""
  gin.parse_config(_ACCUMULATED)
  gan = tiny.gan(batch_size=8)
  variances = {}
  for truncation in (None, 0.1, 0.5, 0.1):
    chosen = dict(truncation=truncation, moments_examples=400)
    card = _row(fid.fid, gan=gan, **chosen).protocol
    words = "accumulated over 400 examples"
    if truncation is not None:
      words += f" of z normal, cut at {truncation}"
    assert card["batch_norm"] == words
    found = _spread(gan)
    np.testing.assert_array_equal(found, variances.get(truncation, found))
    variances[truncation] = found
  # Nearly uniform z: variances go with the square of the width.
  ratio = variances[0.5] / variances[0.1]
  np.testing.assert_allclose(ratio, (0.284 / 0.0577) ** 2, rtol=0.2)


def test_moments_are_those_of_the_weights():
  gin.parse_config(_ACCUMULATED)
  gin.parse_config("ModularGAN.g_use_ema = True")
  gan = tiny.gan(training_steps=99999)
  for v in gan.averaged_generator.trainable_variables:
    v.assign(2.0 * v)
  variances = []
  for averaged in (False, True):
    _row(fid.fid, gan=gan, averaged=averaged, moments_examples=8)
    variances.append(_spread(gan))
  np.testing.assert_allclose(variances[1], 4.0 * variances[0], rtol=1e-4)


def _store_moments(gan):
  norm = gan.generator.norm.standardize
  norm.accu_mean.assign([3.0, 6.0])
  norm.accu_variance.assign([3.0, 3.0])
  norm.accu_counter.assign(3.0)


def test_stored_moments_are_used_as_the_original_did():
  gin.parse_config(_ACCUMULATED)
  gan = tiny.gan()
  _store_moments(gan)
  card = _row(fid.fid, gan=gan, moments_examples=8).protocol
  assert card["batch_norm"] == "accumulated, stored in the checkpoint"
  np.testing.assert_array_equal(_accu_mean(gan), [1.0, 2.0])


def test_stored_moments_are_not_those_of_truncated_latents():
  gin.parse_config(_ACCUMULATED)
  gan = tiny.gan()
  _store_moments(gan)
  chosen = dict(truncation=0.5, moments_examples=8)
  card = _row(fid.fid, gan=gan, **chosen).protocol
  assert "accumulated over 8 examples of z normal" in card["batch_norm"]
  assert np.all(np.abs(_accu_mean(gan)) < 0.5)


def test_moments_of_no_example_are_refused():
  gin.parse_config(_ACCUMULATED)
  with pytest.raises(
    ValueError, match="at least 1 is needed. Set evaluate.moments"
  ):
    _row(fid.fid, moments_examples=0)


def seen_by_d(real_images, discriminate):
  """A metric that asks D: how far its normalised features are spread."""
  images = real_images.astype(np.float32) / 255.0
  features = discriminate(images, None).features
  return {"spread": float(np.std(np.asarray(features)))}


def test_moments_of_d_are_filled_with_training_images():
  gin.parse_config(
    "standardize_batch.use_moving_averages = False\n"
    "D.batch_norm_fn = @batch_norm"
  )
  gan = tiny.gan(architecture="tests.architectures.normed_architecture")
  row = _row(seen_by_d, gan=gan, moments_examples=40)
  words = "accumulated over 40 real images"
  assert row.protocol["batch_norm_of_d"] == words
  norm = gan.discriminator.norm.standardize
  assert norm.accu_counter.numpy() == pytest.approx(20.0)  # batches of 2
  assert int(norm.update_accus) == 0
  images, _ = NoiseDataset().load("train")
  kernel = tiny.values(gan.discriminator)["discriminator/hidden/kernel"]
  expected = (images.reshape(60, -1) @ kernel).mean(0)
  np.testing.assert_allclose(
    norm.accu_mean / norm.accu_counter, expected, atol=0.2
  )
  # Empty ones would divide by the square root of epsilon, 0.03, alone.
  assert 0.2 < row.scores["spread"] < 5.0


def test_moments_of_d_that_a_checkpoint_brought_are_named():
  gin.parse_config(
    "standardize_batch.use_moving_averages = False\n"
    "D.batch_norm_fn = @batch_norm"
  )
  gan = tiny.gan(architecture="tests.architectures.normed_architecture")
  norm = gan.discriminator.norm.standardize
  norm.accu_counter.assign(3.0)
  card = _row(seen_by_d, gan=gan, moments_examples=8).protocol
  assert card["batch_norm_of_d"] == "accumulated, stored in the checkpoint"
  assert norm.accu_counter.numpy() == 3.0


def test_moments_of_d_are_filled_anew_for_another_number():
  gin.parse_config(
    "standardize_batch.use_moving_averages = False\n"
    "D.batch_norm_fn = @batch_norm"
  )
  gan = tiny.gan(architecture="tests.architectures.normed_architecture")
  norm = gan.discriminator.norm.standardize
  for examples in (40, 8, 8):
    card = _row(seen_by_d, gan=gan, moments_examples=examples).protocol
    words = f"accumulated over {examples} real images"
    assert card["batch_norm_of_d"] == words
    assert norm.accu_counter.numpy() == pytest.approx(examples / 2)


def test_d_without_accumulated_moments_is_no_part_of_the_card():
  assert "batch_norm_of_d" not in _row(seen_by_d).protocol


def test_density_is_that_of_truncated_latents():
  found = {}

  def density(latents):
    found["z"], found["log_p"], _ = latents(20000, 1)
    return {"density": 0.0}

  _row(density, truncation=0.5)
  z = found["z"]
  assert np.abs(z).max() < 0.5
  # Monte Carlo: the mean of 1 / p over z is the length of the interval.
  assert np.mean(np.exp(-found["log_p"])) == pytest.approx(1.0, abs=0.01)


def test_both_threads_see_one_precision():
  """TF32 is a switch of the process: G's thread must not see it flicker."""
  execution = tf.config.experimental
  seen = {"g": [], "extractor": []}

  class Watching(Pixels):
    def extract(self, images):
      seen["extractor"].append(execution.tensor_float_32_execution_enabled())
      time.sleep(0.01)
      return super().extract(images)

  gan = tiny.gan()
  evaluator = scoring.Evaluator(
    NoiseDataset(),
    _settings(fid.fid, features=lambda dataset: Watching(), num_fake=640),
  )
  sampler = sampling.Sampler(gan)
  images = sampler._images

  def watched(*args):
    for _ in range(5):
      seen["g"].append(execution.tensor_float_32_execution_enabled())
      time.sleep(0.002)
    return images(*args)

  sampler._images = watched
  evaluator._sampler = sampler
  before = execution.tensor_float_32_execution_enabled()
  execution.enable_tensor_float_32_execution(True)
  try:
    assert evaluator.row_of_model(gan, "", 0, {}).status == "ok"
    assert execution.tensor_float_32_execution_enabled()
  finally:
    execution.enable_tensor_float_32_execution(before)
  assert len(seen["g"]) == 50 and len(seen["extractor"]) > 10
  assert not any(seen["g"]) and not any(seen["extractor"])


class Wide(abstract_extractor.AbstractExtractor):
  """1024 features, of which a hundred images fill more than their pixels."""

  name = "wide"
  batch_size = 8

  def identity(self):
    return "0123456789ab"

  def extract(self, images):
    return tf.repeat(tf.reduce_mean(images, axis=[2, 3]), 256, axis=1), images


def _peak_of(function):
  """Returns the most bytes of arrays that were there at once."""
  tracemalloc.start()
  function()
  _, peak = tracemalloc.get_traced_memory()
  tracemalloc.stop()
  return peak


def rows_of_fakes(fake_features):
  return {"rows": float(len(fake_features))}


@pytest.mark.parametrize("runs", [1, 3])
def test_features_are_held_once(runs):
  """Those of 50,000 images and 2048 features are 820 MB."""
  chosen = _settings(
    rows_of_fakes, features=lambda dataset: Wide(), num_fake=1500
  )
  evaluator = scoring.Evaluator(NoiseDataset(), chosen, runs)
  gan = tiny.gan()
  evaluator.row_of_model(gan, "", 0, {})  # traces what is traced
  peak = _peak_of(lambda: evaluator.row_of_model(gan, "", 0, {}))
  assert peak < 1.2 * (1500 * 1024 * 8) + 2**20


def test_extractors_hold_features_once():
  images = np.zeros([1500, 4, 4, 1], np.float32)
  extractor = Wide()
  extractor(images[:8])
  peak = _peak_of(lambda: extractor(images))
  assert peak < 1.2 * (1500 * (1024 + 16) * 8) + 2**20


def test_sets_of_fewer_rows_than_were_promised_are_refused():
  class Short(NoiseDataset):
    def in_order(self, split, batch_size, limit=None, **more):
      return super().in_order(split, batch_size, limit - 1, **more)

  evaluator = scoring.Evaluator(Short(), _settings(kid.kid))
  with pytest.raises(ValueError, match="real images gave 5 rows.*6"):
    evaluator.row_of_images(np.zeros([6, 4, 4, 1], np.uint8))


def _returns(name, *values):
  """Returns a metric with one score, which is the next value in each run."""
  values = iter(values)

  def metric(fake_images):
    value = next(values)
    if isinstance(value, Exception):
      raise value
    return {"x": value}

  metric.__name__ = name
  return metric


def test_one_score_of_two_metrics_is_refused():
  """Else x has six values, and three if one of the two fails."""
  row = _row(_returns("a", 1, 2, 3), _returns("b", 5, 6, 7), runs=3)
  assert row.lists == {"x": [1, 2, 3]}
  assert "a returns x as well" in row.errors["b"]


def test_failures_take_no_score_of_another_metric():
  fails = KeyError("fault")
  row = _row(_returns("a", 1, 2, 3), _returns("b", fails), runs=3)
  assert row.lists == {"x": [1, 2, 3]} and set(row.errors) == {"b"}
  row = _row(_returns("a", fails), _returns("b", 1, 2, 3), runs=3)
  assert row.lists == {"x": [1, 2, 3]} and set(row.errors) == {"a"}


def test_a_run_that_is_not_finite_takes_the_runs_before_along():
  """The first run is of 6 images, as the mean of three would have to be."""
  gan, runs = tiny.gan(), []

  def breaks(fake_images):
    runs.append(len(fake_images))
    if len(runs) == 2:
      gan.generator.out.bias.assign(gan.generator.out.bias * np.nan)
    return {"x": 1.0}

  row = _row(breaks, fid.fid, runs=3, gan=gan)
  assert runs == [6, 6]
  assert row.status == "NaN or infinity in fake images"
  for part in ("scores", "lists", "intervals", "metrics", "better"):
    assert getattr(row, part) == {}


def test_a_mean_with_a_nan_is_none_of_the_other_runs():
  row = _row(_returns("a", 1.0, np.nan, 3.0), runs=3)
  assert len(row.lists["x"]) == 3
  assert np.isnan(row.scores["x"])


def test_resamples_that_are_not_finite_give_no_interval():
  def metric(fake_images):
    return {"x": 1.0 if len(fake_images) == 6 else np.nan, "y": 1.0}

  row = _row(metric, bootstrap=True, runs=2)
  assert row.intervals == {"y": [1.0, 1.0]}
  assert row.without_intervals == {"metric": "x is not finite in all resamples"}
  assert row.lists == {"x": [1.0, 1.0], "y": [1.0, 1.0]}


def test_no_run_is_no_evaluation():
  with pytest.raises(ValueError, match="0 runs"):
    _row(fid.fid, runs=0)


@pytest.mark.parametrize(
  "split,changes,images",
  [
    ("eval", {}, 6 + 60 + 6),  # fake, train; real and held out at once
    ("train", {"num_real": 60}, 6 + 60 + 8),
    ("train", {}, 6 + 6 + 60 + 6),
  ],
  ids=["real is held out", "real is train", "none"],
)
def test_the_same_images_are_looked_at_once(split, changes, images):
  seen = []

  class Counting(Pixels):
    def extract(self, images):
      seen.append(len(images))
      return super().extract(images)

  def rows(real_features, train_features, heldout_features, fake_features):
    return {"rows": float(len(real_features) + len(heldout_features))}

  features = lambda dataset: Counting()  # noqa: E731
  row = _row(rows, features=features, split=split, **changes)
  assert row.status == "ok"
  assert sum(seen) == images
