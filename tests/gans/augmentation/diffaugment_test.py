"""DiffAugment by hand."""

from compare_gan.context import draws
from compare_gan.gans import augmentation
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("stateless random ops draw it")


def _always(value):
  """Returns a `uniform` that draws one value."""

  def uniform(shape, minval=0, maxval=None, dtype=tf.float32):
    assert dtype == tf.float32 or minval <= value < maxval
    return tf.fill(shape, tf.cast(value, dtype))

  return uniform


_X = tf.constant([[[[0.0, 0.6, 0.3], [1.0, 0.4, 0.7]]]])  # grey 0.3 and 0.7


def test_brightness_adds():
  x = augmentation.brightness(_X, _always(0.75))
  np.testing.assert_allclose(x, _X + 0.25, rtol=1e-6)


def test_saturation_scales_the_distance_from_grey():
  x = augmentation.saturation(_X, _always(0.25)).numpy()
  np.testing.assert_allclose(x[0, 0, 0], [0.15, 0.45, 0.3], rtol=1e-6)
  grey = augmentation.saturation(_X, _always(0.0)).numpy()
  np.testing.assert_allclose(grey[0, 0, 1], [0.7, 0.7, 0.7], rtol=1e-6)


def test_contrast_scales_the_distance_from_the_mean():
  x = augmentation.contrast(_X, _always(0.0)).numpy()  # mean 0.5, half of it
  np.testing.assert_allclose(x, 0.5 + 0.5 * (_X.numpy() - 0.5), rtol=1e-6)


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_translation_moves_in_zeros(shift):
  x = tf.reshape(tf.range(1.0, 65.0), [1, 8, 8, 1])  # 8 / 8 = 1 pixel at most
  moved = augmentation.translation(x, _always(shift)).numpy()[0, :, :, 0]
  padded = np.pad(x.numpy()[0, :, :, 0], 1)
  expected = padded[1 - shift : 9 - shift, 1 - shift : 9 - shift]
  np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize("middle,zeros", [(0, 4), (4, 16), (8, 4), (1, 9)])
def test_cutout_is_half_the_size_around_its_middle(middle, zeros):
  x = augmentation.cutout(tf.ones([1, 8, 8, 2]), _always(middle)).numpy()
  cut = x[0, :, :, 0] == 0
  assert cut.sum() == zeros
  rows = np.flatnonzero(cut.any(axis=1))
  assert rows[0] == max(0, middle - 2) and rows[-1] == min(7, middle + 1)
  np.testing.assert_array_equal(x[..., 0], x[..., 1])


def test_draws_are_in_the_papers_ranges_and_differ_by_image():
  with draws.seeded([1, 2]):
    x = augmentation.brightness(tf.zeros([999, 1, 1, 1]), draws.uniform)
    t = augmentation.translation(tf.ones([999, 32, 32, 1]), draws.uniform)
  x = x.numpy().ravel()
  assert -0.5 <= x.min() < -0.48 and 0.48 < x.max() < 0.5
  filled_rows = (t.numpy().max(axis=(2, 3)) > 0).sum(axis=1)
  assert filled_rows.min() == 32 - 4 and filled_rows.max() == 32


def test_policy_acts_in_its_order_around_medium_grey():
  gin.bind_parameter("augmentation.policy", "color, cutout")
  augment = augmentation.Augmentation()
  x = augment(tf.fill([1, 4, 4, 3], 0.6), _always(0)).numpy()
  np.testing.assert_allclose(x[0, 3, 3], [0.6 - 0.5 / 2] * 3, rtol=1e-6)
  np.testing.assert_allclose(x[0, 0, 0], [0.5] * 3)  # Grey, not brightened.


def test_no_policy_changes_nothing():
  x = tf.constant([[[[0.1]]]])
  assert augmentation.Augmentation()(x, None) is x


def test_unknown_change_lists_what_would_do():
  with pytest.raises(ValueError, match="has flip.*color, translation, cutout"):
    augmentation.Augmentation("color,flip")


def test_gradients_pass_every_change():
  x = tf.Variable(tf.random.stateless_uniform([2, 8, 8, 3], [1, 2]))
  augment = augmentation.Augmentation("color,translation,cutout")
  with draws.seeded([1, 2]), tf.GradientTape() as tape:
    y = tf.reduce_sum(augment(x, draws.uniform) ** 2)
  gradient = tape.gradient(y, x).numpy()
  assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


# ---- In a GAN ----------------------------------------------------------------


class _Seen:
  """Stands in for D and remembers its images, update after update."""

  def __init__(self, gan):
    self.images = []
    self._discriminator = gan.discriminator
    gan.discriminator = self

  def __call__(self, x, y, is_training):
    self.images.append(x.numpy())
    return self._discriminator(x, y, is_training)

  def __getattr__(self, name):
    return getattr(self._discriminator, name)


def _seen(policy, penalty="no_penalty"):
  gin.parse_config(
    f"""
    augmentation.policy = {policy!r}
    penalty.fn = @{penalty}
    ModularGAN.g_lr = 0.0
    """
  )
  gan = tiny.gan(batch_size=2)
  seen = _Seen(gan)
  gan.train_step(tiny.batches(1))
  return seen.images


def test_real_and_fake_images_are_changed_anew_at_every_update():
  plain_d, plain_g = _seen("")
  d, g = _seen("color")
  np.testing.assert_array_equal(plain_d, plain_g)  # lr = 0
  for i in range(4):  # Two real images, two fakes.
    changes = [(d[i] - plain_d[i]).mean(), (g[i] - plain_g[i]).mean()]
    assert min(np.abs(changes)) > 1e-4 and changes[0] != changes[1]
  assert len({float((d[i] - plain_d[i]).mean()) for i in range(4)}) == 4


def test_penalties_see_what_d_sees():
  scores, slopes, _ = _seen("color", "r1_penalty")
  np.testing.assert_array_equal(slopes, scores[:2])


def test_dragan_looks_around_what_d_sees():
  scores, slopes, _ = _seen("color", "dragan_penalty")
  real = scores[:2]
  assert real.min() < 0.0 or real.max() > 1.0  # Else this would test nothing.
  assert np.abs(slopes - real).max() <= 0.5 * real.std() + 1e-6


def test_g_learns_through_the_changes():
  """All of a fake is cut out: no gradient reaches G."""
  gin.bind_parameter("augmentation.policy", "cutout")
  gan = tiny.gan()
  gan._augment = lambda x, uniform: augmentation.cutout(x, _always(2), 1.0)
  assert float(gan.train_step(tiny.batches(1))["grad_norm/g"]) == 0.0
