"""What D sees, put together: order, draws, and how a GAN uses it."""

from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.gans import augmentation
from compare_gan.gans.augmentation import instance_noise
from compare_gan.gans.augmentation import pseudo_real
from compare_gan.gans.augmentation.probability import AdaController
from compare_gan.gans.micro_batches import Rows
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


class _Zeros:
  """Rows whose draws are all 0."""

  uniform = staticmethod(_always(0))


def test_policy_acts_in_its_order_around_medium_grey():
  gin.bind_parameter("augmentation.policy", "color, cutout")
  augment = augmentation.Augmentation()
  x = augment.change(tf.fill([1, 4, 4, 3], 0.6), _Zeros()).numpy()
  np.testing.assert_allclose(x[0, 3, 3], [0.6 - 0.5 / 2] * 3, rtol=1e-6)
  np.testing.assert_allclose(x[0, 0, 0], [0.5] * 3)  # Grey, not brightened.


def test_no_policy_changes_nothing():
  x = tf.constant([[[[0.1]]]])
  assert augmentation.Augmentation().change(x, None) is x


def test_unknown_change_lists_what_would_do():
  with pytest.raises(
    ValueError, match="has the unknown flip.*color, translation, cutout"
  ):
    augmentation.Augmentation("color,flip")


def test_gradients_pass_every_change():
  x = tf.Variable(tf.random.stateless_uniform([2, 8, 8, 3], [1, 2]))
  augment = augmentation.Augmentation("color,translation,cutout")
  with draws.seeded([1, 2]), tf.GradientTape() as tape:
    y = tf.reduce_sum(augment.change(x, Rows()) ** 2)
  gradient = tape.gradient(y, x).numpy()
  assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


_IMAGES = tf.random.stateless_uniform([4, 8, 8, 3], [1, 2])


_ALL = Rows()


def _draw(augment, images=_IMAGES, rows=_ALL):
  with draws.seeded([1, 2]):
    return augment.draw(images, rows)


@pytest.mark.parametrize("policy", ["color,translation,cutout", "bgc"])
def test_p_0_changes_no_bit(policy):
  fixed = augmentation.Augmentation(policy, p=0.0)
  assert fixed.is_identity and fixed.apply(_IMAGES, _draw(fixed)) is _IMAGES
  scheduled = augmentation.Augmentation(
    policy, p=lambda step: 0.0 * tf.cast(step, tf.float32), step=lambda: 3
  )
  assert not scheduled.is_identity
  x = scheduled.apply(_IMAGES, _draw(scheduled))
  np.testing.assert_array_equal(x, _IMAGES)


@pytest.mark.parametrize("policy", ["color,translation,cutout", "bgc"])
def test_the_same_draws_make_the_same_images(policy):
  augment = augmentation.Augmentation(policy, p=0.5)
  drawn = _draw(augment)
  first, second = (augment.apply(_IMAGES, drawn) for _ in range(2))
  np.testing.assert_array_equal(first, second)
  assert np.abs(first - _IMAGES).max() > 0.01


@pytest.mark.parametrize("policy", ["color,translation,cutout", "bgcfnc"])
def test_a_part_sees_what_its_rows_see_in_the_whole_batch(policy):
  gin.bind_parameter("ada.filter", 0.0)  # Images are too small for it.
  augment = augmentation.Augmentation(
    policy, p=0.7, instance_noise=instance_noise.InstanceNoise(0.1, None)
  )
  whole = augment.apply(_IMAGES, _draw(augment)).numpy()
  for j in range(2):
    part = Rows(j, 2).of(_IMAGES)
    part = augment.apply(part, _draw(augment, part, Rows(j, 2)))
    np.testing.assert_allclose(part, whole[j::2], rtol=1e-5, atol=1e-6)


def test_a_shape_is_as_good_as_images():
  augment = augmentation.Augmentation("bgc")
  tf.nest.map_structure(
    np.testing.assert_array_equal,
    _draw(augment, [4, 8, 8, 3])._asdict()["policy"],
    _draw(augment)._asdict()["policy"],
  )


def test_noise_comes_before_the_policy():
  """A policy that zeroes all leaves no noise."""
  augment = augmentation.Augmentation(
    _Black(), instance_noise=instance_noise.InstanceNoise(0.1, None)
  )
  np.testing.assert_array_equal(augment.apply(_IMAGES, _draw(augment)), 0.5)


class _Black:
  def draw(self, shape, rows, p):
    return None, []

  def apply(self, x, drawn):
    return 0.0 * x


def test_preset_is_a_policy_by_its_name():
  gin.bind_parameter("ada.xflip", 0.0)
  augment = augmentation.Augmentation("blit")
  assert set(_draw(augment).policy) == {"rotate90", "xint"}


def test_policy_without_brackets_is_refused():
  with pytest.raises(ValueError, match="@ada.., with brackets"):
    augmentation.Augmentation(policy=gin.get_configurable("ada"))


def test_second_order_gradients_pass():
  """R1 through the pipeline: |d D(T(x)) / d x|^2 has a slope in x."""
  augment = augmentation.Augmentation("bgc", p=0.8)
  drawn = _draw(augment)

  @tf.function(autograph=False)
  def slope(x):
    with tf.GradientTape() as outer:
      outer.watch(x)
      with tf.GradientTape() as inner:
        inner.watch(x)
        score = tf.reduce_sum(augment.apply(x, drawn) ** 3)
      penalty = tf.reduce_sum(inner.gradient(score, x) ** 2)
    return penalty, outer.gradient(penalty, x)

  penalty, gradient = slope(_IMAGES)
  # The penalty is smooth: its slope tells how it changes.
  step = 1e-3 * gradient / tf.norm(gradient)
  change = (slope(_IMAGES + step)[0] - slope(_IMAGES - step)[0]) / 2e-3
  np.testing.assert_allclose(change, tf.norm(gradient), rtol=1e-2)
  assert float(penalty) > 0


# ---- Adaptive ----------------------------------------------------------------


def _adaptive(**chosen):
  return augmentation.Augmentation(
    "bgc", p=AdaController(**chosen), batch_size=64
  )


def test_nothing_adaptive_has_no_variables_and_no_statistics():
  augment = augmentation.Augmentation("color", p=0.5)
  assert augment.variables == () and augment.scalars() == {}
  assert augment.statistics(tf.ones([2, 1])) == {}
  augment.move()


def test_p_moves_after_every_fourth_update_and_is_logged():
  augment = _adaptive()
  names = {scope.full_name(v) for v in augment.variables}
  assert names == {
    "augmentation/p",
    "augmentation/signs",
    "augmentation/updates",
  }
  assert not augment.trainable_variables
  logits = tf.constant([[2.0], [1.0], [3.0], [0.0]])  # mean sign 0.75

  @tf.function(autograph=False)
  def update():
    augment.move(**augment.statistics(logits))
    return augment.scalars()["augmentation/p"]

  p = [float(update()) for _ in range(9)]
  step = 64 * 4 / 500e3
  np.testing.assert_allclose(p, [0] * 3 + [step] * 4 + [2 * step] * 2)


def test_pseudo_real_images_have_a_controller_of_their_own():
  apa = pseudo_real.Apa(p=AdaController(interval=1, kimg=0.064))
  augment = augmentation.Augmentation(pseudo_real=apa, batch_size=64)
  fakes, fake_y = tf.zeros([4, 8, 8, 3]), tf.ones([4, 2])
  flags = augment.fakes_among(4)
  same, _ = augment.mix(_IMAGES, fake_y, fakes, fake_y, flags)
  np.testing.assert_array_equal(same, _IMAGES)  # p = 0
  augment.move(**augment.statistics(tf.ones([4, 1])))  # p = 1
  flags = augment.fakes_among(4)
  mixed, _ = augment.mix(_IMAGES, fake_y, fakes, fake_y, flags)
  np.testing.assert_array_equal(mixed, fakes)
  assert float(augment.scalars()["augmentation/apa_p"]) == 1.0
  assert "apa/p" in {scope.full_name(v) for v in augment.variables}


def test_without_apa_nothing_is_mixed():
  images, y = augmentation.Augmentation("color").mix(
    _IMAGES, None, None, None, None
  )
  assert images is _IMAGES and y is None


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

  class Nothing:
    def draw(self, shape, rows, p):
      return None, tf.zeros([])

    def apply(self, x, draws):
      return augmentation.cutout(x, _always(2), 1.0)

  gin.bind_parameter("augmentation.policy", Nothing())
  gan = tiny.gan()
  assert float(gan.train_step(tiny.batches(1))["grad_norm/g"]) == 0.0
