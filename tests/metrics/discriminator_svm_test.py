"""Accuracy of a linear SVM on the discriminator's features."""

from typing import NamedTuple

from compare_gan.metrics import discriminator_svm
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


class _Output(NamedTuple):
  prob: np.ndarray
  logits: np.ndarray
  features: np.ndarray


def _discriminator(noise=0.0, seen=None):
  """Its features are the four quarters' means, more or less."""
  rng = np.random.RandomState(0)

  def discriminate(images, labels):
    if seen is not None:
      seen.append((images, labels))
    x = np.asarray(images).reshape(len(images), 2, 4, 2, 4, 3)
    features = x.mean(axis=(2, 4, 5)).reshape(len(images), 4)
    features = features + noise * rng.standard_normal(features.shape)
    return _Output(None, None, features)

  return discriminate


def _score(noise, images=None, **settings):
  real, labels = tiny.Corners().load("train")
  return discriminator_svm.discriminator_svm(
    real if images is None else images,
    labels,
    _discriminator(noise),
    **settings,
  )["discriminator_svm"]


def test_worse_features_score_worse():
  scores = [_score(noise) for noise in (0.0, 0.3, 100.0)]
  assert scores[0] == 1.0
  assert scores[0] > scores[1] > scores[2]
  assert scores[2] < 0.45  # of four classes


def test_the_discriminator_gets_floats_and_no_true_labels():
  images, labels = tiny.Corners().load("train")
  seen = []
  discriminator_svm.discriminator_svm(images, labels, _discriminator(seen=seen))
  batch, given = seen[0]
  np.testing.assert_allclose(batch, images[: len(batch)] / 255.0, rtol=1e-6)
  assert batch.dtype == np.float32
  assert not given.any()


def test_svm_is_at_its_minimum():
  rng = np.random.RandomState(0)
  x = rng.randn(50, 3)
  is_member = x[:, 0] + 0.5 * rng.randn(50) > 0
  penalty = 0.01
  w, b = discriminator_svm.fit_svm(x, is_member, penalty)
  signs = np.where(is_member, 1, -1)

  def loss(w, b):
    hinge = np.maximum(0, 1 - signs * (x @ w + b))
    return np.mean(hinge**2) + penalty * w @ w

  for step in 1e-3 * np.concatenate([np.eye(4), -np.eye(4)]):
    assert loss(w + step[:3], b + step[3]) > loss(w, b)


def test_two_rows_by_hand():
  # s = +-1 at x = +-1: (1 - w)^2 + p w^2 is least at w = 1 / (1 + p).
  w, b = discriminator_svm.fit_svm(
    np.float64([[1.0], [-1.0]]), np.array([True, False]), penalty=0.25
  )
  assert w[0] == pytest.approx(0.8, abs=1e-6)
  assert b == pytest.approx(0.0, abs=1e-6)


def test_features_that_never_vary_do_no_harm():
  images, labels = tiny.Corners().load("train")

  def discriminate(images, labels):
    return _Output(None, None, np.ones([len(images), 2]))

  score = discriminator_svm.discriminator_svm(images, labels, discriminate)
  assert 0.0 <= score["discriminator_svm"] <= 0.5


def test_it_is_tested_on_the_other_half():
  images = np.zeros([40, 2, 2, 1])
  rng = np.random.RandomState(0)

  def discriminate(images, labels):  # 60 numbers tell any 20 rows apart.
    return _Output(None, None, rng.randn(len(images), 60))

  score = discriminator_svm.discriminator_svm(
    images, np.arange(40) % 2, discriminate
  )
  assert score["discriminator_svm"] < 0.8


def test_every_image_needs_a_label():
  with pytest.raises(ValueError, match="one label each"):
    _score(0.0, images=np.zeros([7, 8, 8, 3]))
