"""DiffAugment by hand."""

from compare_gan.context import draws
from compare_gan.gans import augmentation
from compare_gan.gans.augmentation import diffaugment
from compare_gan.gans.augmentation.diffaugment import DiffAugment
from compare_gan.gans.micro_batches import Rows
import gin
import numpy as np
import pytest
import tensorflow as tf

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


def _changed(policy, p=1.0):
  x = 0.25 * tf.ones([16, 8, 8, 3])
  with draws.seeded([1, 2]):
    augment = augmentation.Augmentation(policy, p)
    return augment.apply(x, augment.draw(x, Rows())).numpy()


def test_strengths_come_from_gin():
  gin.parse_config(
    """
    diffaugment.brightness = 0.25
    diffaugment.saturation = (1.0, 1.0)
    diffaugment.contrast = (2.0, 2.0)
    """
  )
  change = DiffAugment(("color",))
  drawn = [diffaugment.ColorDraws(*[tf.ones([1, 1, 1, 1])] * 3)]
  x = change.apply(_X, drawn).numpy()
  # Brighter by 0.25 * (2 * 1 - 1); twice as far from the mean, 0.5 + 0.25.
  np.testing.assert_allclose(x, 0.75 + 2.0 * (_X.numpy() - 0.5), rtol=1e-6)


def test_ratios_come_from_gin():
  gin.bind_parameter("diffaugment.cutout_ratio", 0.25)
  gin.bind_parameter("diffaugment.translation_ratio", 0.0)
  x = _changed("translation,cutout")
  greys = (x == 0.5).all(axis=3).sum(axis=(1, 2))
  assert greys.max() <= 4 and (x[greys < 4] == 0.25).any()


@pytest.mark.parametrize(
  "name,value",
  [
    ("brightness", -0.1),
    ("saturation", 1.0),
    ("contrast", (2.0, 1.0)),
    ("cutout_ratio", 1.5),
    ("translation_ratio", None),
  ],
)
def test_senseless_strengths_are_refused(name, value):
  with pytest.raises(ValueError, match=f"diffaugment.{name} = "):
    DiffAugment(**{name: value})


def test_p_changes_whole_images_by_the_draws_of_p_1():
  all_changed, some_changed = _changed("color"), _changed("color", 0.5)
  is_same = [np.array_equal(a, b) for a, b in zip(all_changed, some_changed)]
  is_left = [(image == 0.25).all() for image in some_changed]
  assert any(is_same) and any(is_left)
  assert all(a != b for a, b in zip(is_same, is_left))
