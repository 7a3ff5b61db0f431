"""Tests of gans/seen.py: what an update has seen, by name."""

from compare_gan.gans import seen
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Made
from compare_gan.gans.micro_batches import Rows
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow differentiates")

_X, _FAKE = tf.zeros([2, 8, 8, 1]), tf.ones([2, 8, 8, 1])


def _seen_before_d(slopes=None):
  batch = Batch(_X, None, tf.zeros([2, 4]), None)
  made = Made(_FAKE)
  return seen.Seen(batch, made, None, Rows(), batch, made, slopes)


def test_views_can_ask_for_images():
  before = _seen_before_d()
  assert seen.FIELDS["x"](before) is _X
  assert seen.FIELDS["x_fake"](before) is _FAKE


@pytest.mark.parametrize(
  "name", ["real_logits", "fake_features", "real_slopes", "fake_slopes"]
)
def test_views_cannot_ask_for_what_d_computes_of_them(name):
  slopes = seen.Slopes([name], _X, _FAKE)
  with pytest.raises(ValueError, match="`views`.* asks for what D computes"):
    seen.FIELDS[name](_seen_before_d(slopes))
