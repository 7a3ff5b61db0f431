"""Accuracy of a linear classifier on an encoder's codes."""

from compare_gan.architectures.abstract_arch import EncoderOutput
from compare_gan.metrics import linear_probe as linear_probe_lib
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _encoder(noise=0.0):
  """Its codes are the four quarters' means, more or less."""
  rng = np.random.RandomState(0)

  def encode(images):
    assert images.dtype == np.float32 and images.max() <= 1.0
    x = images.reshape(len(images), 2, 4, 2, 4, 3)
    z = x.mean(axis=(2, 4, 5)).reshape(len(images), 4)
    z = z + noise * rng.standard_normal(z.shape)
    return EncoderOutput(np.zeros_like(z), z, None)

  return encode


def _score(noise=0.0, **changes):
  train, train_labels = tiny.Corners().load("train")
  heldout, heldout_labels = tiny.Corners().load("eval")
  given = {
    "train_images": train,
    "train_labels": train_labels,
    "heldout_images": heldout,
    "heldout_labels": heldout_labels,
    "encode": _encoder(noise),
    **changes,
  }
  return linear_probe_lib.linear_probe(**given)["linear_probe"]


def test_worse_encoders_score_worse():
  scores = [_score(noise) for noise in (0.0, 0.3, 100.0)]
  assert scores[0] == 1.0
  assert scores[0] > scores[1] > scores[2]
  assert scores[2] < 0.45  # of four classes


def test_it_is_tested_on_held_out_images():
  """Codes without any meaning, which 60 numbers tell apart by heart."""
  rng = np.random.RandomState(0)

  def encode(images):
    z = rng.randn(len(images), 60)
    return EncoderOutput(z, z, None)

  images = np.zeros([40, 2, 2, 1])
  score = linear_probe_lib.linear_probe(
    images, np.arange(40) % 2, images, np.arange(40) % 2, encode
  )
  assert score["linear_probe"] < 0.8


def test_labels_need_not_begin_at_0():
  train, labels = tiny.Corners().load("train")
  score = _score(
    train_labels=3 * labels + 5, heldout_images=train, heldout_labels=labels
  )
  assert score < 0.5
  score = _score(
    train_labels=3 * labels + 5,
    heldout_images=train,
    heldout_labels=3 * labels + 5,
  )
  assert score == 1.0


def test_fit_is_at_its_minimum():
  rng = np.random.RandomState(0)
  x, labels = rng.randn(60, 2), rng.randint(0, 3, 60)
  w, b = linear_probe_lib.fit(x, labels, 3, penalty=0.01)

  def loss(w, b):
    logits = x @ w + b
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -log_p[np.arange(60), labels].mean() + 0.01 * np.sum(w**2)

  for _ in range(20):
    dw, db = 1e-3 * rng.randn(2, 3), 1e-3 * rng.randn(3)
    assert loss(w + dw, b + db) > loss(w, b)


def test_two_rows_by_hand():
  # w = (a, -a) at x = +-1: log(1 + exp(-2 a)) + 2 p a^2 is least where
  # 2 p a = 1 / (1 + exp(2 a)); p chosen such that a = 0.5.
  penalty = 1.0 / (1.0 + np.e)
  w, b = linear_probe_lib.fit(
    np.float64([[1.0], [-1.0]]), np.array([0, 1]), 2, penalty
  )
  np.testing.assert_allclose(w, [[0.5, -0.5]], atol=1e-6)
  np.testing.assert_allclose(b, 0.0, atol=1e-6)


def test_codes_that_never_vary_do_no_harm():
  def encode(images):
    return EncoderOutput(None, np.ones([len(images), 2]), None)

  assert 0.0 <= _score(encode=encode) <= 0.5


def test_one_class_is_refused():
  _, labels = tiny.Corners().load("train")
  with pytest.raises(ValueError, match="have 1. Choose a dataset with labels"):
    _score(train_labels=np.zeros_like(labels))
