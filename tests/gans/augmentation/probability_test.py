"""p as a number, a schedule, and by D's scores."""

from compare_gan.gans import loss_lib
from compare_gan.gans import tf1_schedules
from compare_gan.gans.augmentation.probability import AdaController
from compare_gan.gans.augmentation.probability import Probability
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("variables are moved by it")


def _adaptive(batch_size=64, **settings):
  return Probability(
    "augmentation.p", AdaController(**settings), batch_size=batch_size
  )


def test_from_0_to_1_in_500_thousand_images():
  p = _adaptive(interval=1)
  p.move(tf.constant(1.0))
  np.testing.assert_allclose(p.value(), 1 / 7812.5)
  np.testing.assert_allclose(AdaController().moved(0.0, 1.0, 64), 0.000512)


def test_it_moves_by_the_mean_of_the_updates_since_the_last_move():
  p = _adaptive(batch_size=1000, interval=2, kimg=10.0)
  for r in (1.0, 0.3):  # 0.65, above 0.6
    p.move(tf.constant(r))
  np.testing.assert_allclose(p.value(), 0.2)
  for r in (1.0, 0.1):  # 0.55
    p.move(tf.constant(r))
  assert float(p.value()) == 0.0


def test_at_its_target_it_stays():
  p = _adaptive(start=0.5, interval=3)
  for _ in range(3):
    p.move(tf.constant(0.6))
  assert float(p.value()) == 0.5


def test_it_stays_between_0_and_1():
  settings = AdaController(interval=1, kimg=0.1)
  assert float(settings.moved(0.5, 1.0, 64)) == 1.0
  assert float(settings.moved(0.5, 0.0, 64)) == 0.0
  unbounded = AdaController(interval=1, kimg=0.1, bounded=False)
  np.testing.assert_allclose(unbounded.moved(0.5, 1.0, 64), 1.14)


def test_without_a_batch_size_it_is_refused():
  with pytest.raises(ValueError, match="augmentation.p.*a batch_size"):
    Probability("augmentation.p", AdaController())


def test_schedule_goes_by_the_step():
  step = tf.Variable(0)
  rate = tf1_schedules.polynomial_decay(0.0, None, 10, end_learning_rate=0.5)
  p = Probability("augmentation.p", rate, lambda: step)
  assert not p.is_zero and float(p.value()) == 0.0
  step.assign(5)
  np.testing.assert_allclose(p.value(), 0.25)


@pytest.mark.parametrize(
  "chosen,message",
  [
    (1.5, "augmentation.p = 1.5. It must be a number from 0 to 1"),
    ("often", "augmentation.p = 'often'"),
    (AdaController, "with .*brackets|It can be a number"),
    (lambda step: 2.0, "at step 0, = 2.0"),
  ],
)
def test_what_is_no_probability_is_refused(chosen, message):
  with pytest.raises(ValueError, match=message):
    Probability("augmentation.p", chosen, step=lambda: 0)


def test_schedule_without_a_step_is_refused():
  with pytest.raises(ValueError, match="a schedule, so .* a step"):
    Probability("augmentation.p", lambda step: 0.5)


# ---- Losses ------------------------------------------------------------------


def _squares(d_real_logits, d_fake_logits, low=0.0):
  """LSGAN of bare logits: real 1, fake `low`."""
  d_loss = tf.reduce_mean(
    tf.square(d_real_logits - 1.0) + tf.square(d_fake_logits - low)
  )
  return loss_lib.GANLosses(d_loss, d_loss, d_loss, d_loss)


def _symmetric_squares(d_real_logits, d_fake_logits):
  return _squares(d_real_logits, d_fake_logits, -1.0)


def _smooth(d_real_logits, d_fake_logits):
  """One-sided label smoothing at 0.9."""
  losses = loss_lib.non_saturating(d_real_logits, d_fake_logits)
  more = 0.1 * tf.reduce_mean(d_real_logits)
  return losses._replace(d_loss=losses.d_loss + more)


def _with_loss(fn):
  gin.bind_parameter("loss.fn", fn)
  return _adaptive()


@pytest.mark.parametrize(
  "fn",
  [
    loss_lib.non_saturating,
    loss_lib.hinge,
    loss_lib.minimax,
    loss_lib.least_squares,  # of probabilities
    _symmetric_squares,
    _smooth,
  ],
)
def test_losses_whose_signs_tell_real_from_fake_are_accepted(fn):
  assert _with_loss(fn).is_adaptive


@pytest.mark.parametrize(
  "fn,reason",
  [
    (loss_lib.wasserstein, "finds all scores equally good"),
    (loss_lib.relativistic_average, "finds all scores equally good"),
    (_squares, "puts the border between real and fake at about 0.5"),
  ],
)
def test_losses_whose_signs_mean_nothing_are_refused(fn, reason):
  with pytest.raises(ValueError, match=f"loss.fn = .*{reason}.*@hinge"):
    _with_loss(fn)


@pytest.mark.parametrize("name", ["target", "interval", "kimg", "start"])
def test_senseless_settings_are_refused(name):
  with pytest.raises(ValueError, match=f"ada_controller.{name} = -2"):
    AdaController(**{name: -2})
