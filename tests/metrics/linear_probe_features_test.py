"""Accuracy of a linear classifier on an encoder's features."""

from compare_gan.architectures.abstract_arch import EncoderOutput
from compare_gan.metrics import linear_probe_features as probe
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _score(features_of):
  def encode(images):
    assert images.dtype == np.float32 and images.max() <= 1.0
    z = np.zeros([len(images), 2])
    return EncoderOutput(z, z, None, features_of(images))

  return probe.linear_probe_features(
    *tiny.Corners().load("train"), *tiny.Corners().load("eval"), encode
  )["linear_probe_features"]


def test_features_are_classified_and_not_codes():
  """The bright quarter is the class; the code is 0 for each of them."""

  def quarters(images):
    x = images.reshape(len(images), 2, 4, 2, 4, 3)
    return x.mean(axis=(2, 4, 5)).reshape(len(images), 4)

  assert _score(quarters) == 1.0
  assert _score(lambda images: 0.0 * quarters(images)) <= 0.5


def test_encoders_without_features_are_refused():
  with pytest.raises(ValueError, match="features = None. @linear_probe class"):
    _score(lambda images: None)
