"""The default extractor: a classifier trained on the dataset itself."""

import os

from compare_gan.datasets import shapes
from compare_gan.features import classifier
from compare_gan.metrics import fid
import gin
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


@pytest.fixture(scope="module")
def _shared(tmp_path_factory):
  return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cache(_shared, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(_shared))


def _classifier(dataset=None, steps=40, **settings):
  return classifier.classifier(dataset or tiny.Corners(), steps, **settings)


def _eval_images(dataset):
  return dataset.load("eval")


def test_it_learns_the_classes():
  images, labels = _eval_images(tiny.Corners())
  found = _classifier()(images)
  assert found.features.shape == (40, 64)
  assert found.logits.shape == (40, 4)
  assert np.mean(found.logits.argmax(axis=1) == labels) > 0.9


def test_without_labels_it_learns_turns(capsys):
  dataset = tiny.Corners(num_classes=0)
  images, _ = _eval_images(dataset)
  found = _classifier(dataset)(images)
  assert found.logits.shape == (40, 4)
  assert "turns of" in capsys.readouterr().out


def test_turned_images_have_all_four_turns():
  images = np.random.RandomState(0).rand(8, 2, 2, 1).astype(np.float32)
  turned, turns = classifier._turned(images)
  np.testing.assert_array_equal(turns, [0, 0, 1, 1, 2, 2, 3, 3])
  # Image 1 is the first with one quarter, image 7 the last with three.
  np.testing.assert_array_equal(turned[2], np.rot90(images[1]))
  np.testing.assert_array_equal(turned[7], np.rot90(images[7], 3))


def test_one_training_serves_all_that_follow(capsys):
  images, _ = _eval_images(tiny.Corners())
  first = _classifier(steps=3)
  assert "Training the features of corners" in capsys.readouterr().out
  second = _classifier(steps=3)
  assert capsys.readouterr().out == ""
  assert first.identity() == second.identity()
  np.testing.assert_array_equal(first(images).features, second(images).features)


def test_training_repeats_itself(tmp_path, monkeypatch):
  first = _classifier(steps=2)
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "another"))
  images, _ = _eval_images(tiny.Corners())
  np.testing.assert_allclose(
    first(images).features, _classifier(steps=2)(images).features, atol=1e-5
  )


def test_settings_and_data_make_another_extractor(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path))
  monkeypatch.setattr(classifier, "_train", lambda *args: 1.0)
  _classifier(steps=2)
  _classifier(steps=3)
  _classifier(steps=2, seed=1)
  _classifier(steps=2, batch_size=8)
  _classifier(steps=2, learning_rate=1e-3)
  _classifier(tiny.Corners(noise=1), steps=2)
  _classifier(steps=2)
  assert len(os.listdir(tmp_path)) == 6


def test_identity_is_that_of_the_weights():
  assert _classifier(steps=1).identity() != _classifier(steps=2).identity()


def test_how_the_model_is_trained_does_not_matter(tmp_path, monkeypatch):
  expected = _classifier(steps=2).identity()
  gin.parse_config("""
    weights.initializer = "orthogonal"
    standardize_batch.decay = 0.5
    standardize_batch.use_moving_averages = False
  """)
  dataset = tiny.Corners()
  dataset.flip, dataset.seed = True, 5
  assert _classifier(dataset, steps=2).identity() == expected
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path))  # trained again
  assert _classifier(dataset, steps=2).identity() == expected


@pytest.mark.parametrize(
  "shape,num_classes", [((1, 1, 2), 4), ((7, 5, 1), 0), ((40, 48, 3), 0)]
)
def test_any_size_and_number_of_colors(shape, num_classes):
  dataset = tiny.Corners(num_classes, shape)
  found = _classifier(dataset, steps=1)(_eval_images(dataset)[0])
  assert found.features.shape == (40, 64)
  assert np.isfinite(found.features).all()


def test_large_images_are_averaged_first():
  small = np.random.RandomState(0).rand(2, 32, 32, 3).astype(np.float32)
  large = small.repeat(2, axis=1).repeat(2, axis=2)
  np.testing.assert_allclose(
    classifier._small(large, square=False), small, rtol=1e-6
  )


def test_unknown_labels_do_not_count():
  logits = np.float32([[5, 0], [0, 5], [0, 5]])
  loss, told = classifier._cross_entropy(logits, np.int32([0, 0, -1]))
  assert float(told) == 0.5
  expected = [np.log1p(np.exp(-5.0)), 5.0 + np.log1p(np.exp(-5.0))]
  assert float(loss) == pytest.approx(np.mean(expected), rel=1e-5)


def test_worse_images_score_worse():
  images, _ = _eval_images(tiny.Corners())
  extractor = _classifier()
  real = extractor(images).features
  rng = np.random.RandomState(0)
  scores = []
  for noise in (0, 20, 60):
    noisy = images + rng.randint(-noise, noise + 1, images.shape)
    noisy = np.clip(noisy, 0, 255).astype(np.uint8)
    scores.append(fid.fid(real, extractor(noisy).features)["fid"])
  assert scores[0] < 1e-9 < scores[1] < scores[2]


@pytest.mark.slow
def test_the_built_in_dataset_is_learnt():
  dataset = shapes.Shapes(32)
  extractor = classifier.classifier(dataset)
  batch = next(iter(dataset.in_order("eval", 2000, 2000)))
  told = extractor(batch["images"]).logits.argmax(axis=1)
  assert np.mean(told == batch["labels"].numpy()) > 0.85
