"""Losses at logits where they can be done by hand."""

from compare_gan.gans import loss_lib
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _losses(fn, real, fake):
  real = tf.constant(real, tf.float32)[:, None]
  fake = tf.constant(fake, tf.float32)[:, None]
  return [float(value) for value in fn(real, fake)]


def test_non_saturating_at_zero():
  log2 = np.log(2.0)
  losses = _losses(loss_lib.non_saturating, [0.0], [0.0])
  np.testing.assert_allclose(losses, [2 * log2, log2, log2, log2], rtol=1e-6)


def test_non_saturating_at_extreme_logits_is_finite():
  losses = _losses(loss_lib.non_saturating, [-1e4], [1e4])
  np.testing.assert_allclose(losses, [2e4, 1e4, 1e4, 0.0])


def test_logistic_is_another_name_of_non_saturating():
  logits = [1.0, -2.0], [0.5, 3.0]
  assert _losses(loss_lib.logistic, *logits) == _losses(
    loss_lib.non_saturating, *logits
  )


def test_minimax_is_zero_sum_in_the_fakes():
  d_loss, _, fake, g_loss = _losses(loss_lib.minimax, [1.0], [0.3])
  assert g_loss == -fake
  assert d_loss == pytest.approx(np.log1p(np.exp(-1)) + np.log1p(np.exp(0.3)))


def test_wasserstein_is_a_difference_of_means():
  losses = _losses(loss_lib.wasserstein, [1.0, 3.0], [-1.0, 0.0])
  assert losses == [-2.5, -2.0, -0.5, 0.5]


def test_least_squares_acts_on_probabilities():
  losses = _losses(loss_lib.least_squares, [0.0], [0.0])
  assert losses == [0.25, 0.25, 0.25, 0.125]


def test_hinge_is_flat_beyond_the_margin():
  losses = _losses(loss_lib.hinge, [2.0, 0.0], [-2.0, 1.0])
  assert losses == [1.5, 0.5, 1.0, 0.5]


def test_relativistic_average_sees_differences_only():
  fn = loss_lib.relativistic_average
  first = _losses(fn, [1.0, 2.0], [0.0, -1.0])
  shifted = _losses(fn, [11.0, 12.0], [10.0, 9.0])
  np.testing.assert_allclose(first, shifted, rtol=1e-6)


def test_relativistic_average_by_hand():
  # r - mean f = 2, f - mean r = -2: D is right about both, G wrong.
  d_loss, real, fake, g_loss = _losses(
    loss_lib.relativistic_average, [1.0], [-1.0]
  )
  right, wrong = np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0))
  np.testing.assert_allclose([real, fake], [right, right], rtol=1e-6)
  np.testing.assert_allclose(
    [d_loss, g_loss], [2 * right, 2 * wrong], rtol=1e-6
  )


_R, _F = [2.0, -1.0], [0.0, 1.0]


@pytest.mark.parametrize(
  "fn,options,d_loss,g_loss",
  [
    # log(1 + e^-2) and log(1 + e^2), of margins 2 and -2
    (loss_lib.relativistic_paired, {}, 1.1269280, 1.1269280),
    # r - 0.5 = 1.5, -1.5 and f - 0.5 = -0.5, 0.5: (0 + 2.5 + 0.5 + 1.5) / 2
    (loss_lib.relativistic_average_hinge, {}, 2.25, 2.25),
    (loss_lib.lsgan, {}, 1.5, 0.25),
    (loss_lib.lsgan, {"a": -1.0, "b": 1.0, "c": 0.0}, 2.5, 0.25),
    (loss_lib.soft_hinge, {"tau": 1.0}, 2.9401897, -0.5),
    (loss_lib.soft_hinge, {"tau": 0.01}, 2.5, -0.5),  # nearly the hinge
    (loss_lib.dual_contrastive, {}, 3.1670351, None),
    (loss_lib.non_saturating, {"real_target": 0.9}, 1.7732993, None),
  ],
)
def test_losses_by_hand(fn, options, d_loss, g_loss):
  found = _losses(lambda r, f: fn(r, f, **options), _R, _F)
  assert found[0] == pytest.approx(d_loss, rel=1e-2 if d_loss == 2.5 else 1e-6)
  if g_loss is not None:
    assert found[3] == pytest.approx(g_loss, rel=1e-6)


def test_the_target_of_real_images_may_be_a_schedule():
  losses = loss_lib.get_losses(
    tf.constant([[2.0], [-1.0]]),
    tf.constant([[0.0], [1.0]]),
    lambda d_real_logits, d_fake_logits, step: loss_lib.non_saturating(
      d_real_logits, d_fake_logits, lambda t: 1.0 - 0.1 * t, step
    ),
    more={"step": 1.0},
  )
  assert float(losses.d_loss) == pytest.approx(1.7732993, rel=1e-6)


def test_what_a_loss_cannot_have_is_refused():
  def wants_more(d_real_logits, d_fake_logits, codes):
    raise AssertionError(codes)

  with pytest.raises(ValueError, match="@wants_more needs codes.*step"):
    loss_lib.get_losses(_R, _F, wants_more, more={"step": 0})


def test_loss_is_chosen_by_gin():
  gin.parse_config("loss.fn = @hinge")
  assert _losses(loss_lib.get_losses, [2.0, 0.0], [-2.0, 1.0])[0] == 1.5


def test_losses_of_half_precision_logits_are_float32():
  zeros = tf.zeros([2, 1], tf.float16)
  assert loss_lib.get_losses(zeros, zeros).d_loss.dtype == tf.float32


def test_own_loss_loads_by_import(tmp_path, monkeypatch):
  (tmp_path / "loss_in_a_file.py").write_text(
    "import gin\n"
    "from compare_gan.gans.loss_lib import GANLosses\n"
    "@gin.configurable\n"
    "def loss_of_a_file(d_real_logits, d_fake_logits):\n"
    "  return GANLosses(1.0, 2.0, 3.0, 4.0)\n"
  )
  monkeypatch.syspath_prepend(tmp_path)
  gin.parse_config("import loss_in_a_file\nloss.fn = @loss_of_a_file")
  assert _losses(loss_lib.get_losses, [0.0], [0.0]) == [1.0, 2.0, 3.0, 4.0]


def test_loss_that_returns_something_else_is_refused():
  gin.bind_parameter("loss.fn", lambda d_real_logits, d_fake_logits: 1.0)
  with pytest.raises(TypeError, match="GANLosses"):
    _losses(loss_lib.get_losses, [0.0], [0.0])
