"""Feature matching of two means."""

from compare_gan.gans.terms import feature_matching
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.GradientTape makes a gradient")

_REAL = tf.constant([[1.0, 0.0], [3.0, 0.0]])  # mean (2, 0)
_FAKE = tf.constant([[0.0, 1.0], [0.0, 3.0]])  # mean (0, 2)


@pytest.mark.parametrize("distance,value", [("squared", 8.0), ("l1", 2.0)])
def test_distances_of_the_means(distance, value):
  found = feature_matching.feature_matching(_REAL, _FAKE, distance)
  assert float(found) == value


def test_real_features_get_no_gradient():
  with tf.GradientTape() as tape:
    tape.watch(_REAL)
    value = feature_matching.feature_matching(_REAL, _FAKE)
  assert tape.gradient(value, _REAL) is None


def test_another_distance_is_refused():
  with pytest.raises(ValueError, match="feature_matching.distance = 'l2'"):
    feature_matching.feature_matching(_REAL, _FAKE, "l2")
