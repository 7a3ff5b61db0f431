"""TF-GAN's losses by gin, against ours where the formulas are the same."""

from compare_gan.gans import loss_lib
from compare_gan.gans import tfgan_losses
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TF-GAN needs help on TensorFlow 2.16")

_REAL = tf.constant([[2.0], [0.0], [-0.5], [0.3]])
_FAKE = tf.constant([[-2.0], [1.0], [0.25], [0.75]])


def _by_gin(name, *bindings):
  gin.parse_config([f"loss.fn = @tfgan.{name}", *bindings])
  return loss_lib.get_losses(_REAL, _FAKE)


@pytest.mark.parametrize(
  "name,ours,bindings",
  [
    ("wasserstein_loss", loss_lib.wasserstein, []),
    ("wasserstein_hinge_loss", loss_lib.hinge, []),
    (
      "modified_loss",
      loss_lib.non_saturating,
      ["tfgan.modified_loss.label_smoothing = 0.0"],
    ),
  ],
)
def test_same_formulas_give_the_same_values(name, ours, bindings):
  np.testing.assert_allclose(
    _by_gin(name, *bindings), ours(_REAL, _FAKE), rtol=1e-6
  )


def test_minimax_is_ours_but_for_a_constant():
  found = _by_gin("minimax_loss", "tfgan.minimax_loss.label_smoothing = 0.0")
  ours = loss_lib.minimax(_REAL, _FAKE)
  np.testing.assert_allclose(found[:3], ours[:3], rtol=1e-6)
  constant = np.logaddexp(0, -1)  # the loss of a real logit of 1
  np.testing.assert_allclose(found.g_loss, ours.g_loss - constant, rtol=1e-6)


def test_labels_are_smoothed_by_default():
  # Labels of real images are 1 - s / 2, s = 0.25.
  found = _by_gin("modified_loss")
  x = _REAL.numpy()
  expected = 0.875 * np.logaddexp(0, -x) + 0.125 * np.logaddexp(0, x)
  assert float(found.d_loss_real) == pytest.approx(expected.mean(), rel=1e-5)


def test_least_squares_are_halves_of_logits_squares():
  found = _by_gin(
    "least_squares_loss", "tfgan.least_squares_loss.real_label = 2.0"
  )
  real, fake = _REAL.numpy(), _FAKE.numpy()
  expected = [
    0.5 * np.mean((real - 2) ** 2) + 0.5 * np.mean(fake**2),
    0.5 * np.mean((real - 2) ** 2),
    0.5 * np.mean(fake**2),
    0.5 * np.mean((fake - 2) ** 2),
  ]
  np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_hinges_can_be_moved():
  found = _by_gin(
    "wasserstein_hinge_loss", "tfgan.wasserstein_hinge_loss.real_hinge = 3.0"
  )
  expected = np.mean(np.maximum(0, 3 - _REAL.numpy()))
  assert float(found.d_loss_real) == pytest.approx(expected, rel=1e-6)


def test_relativistic_is_ours_on_one_replica():
  found = _by_gin("relativistic_loss")
  ours = loss_lib.relativistic_average(_REAL, _FAKE)
  np.testing.assert_allclose(found.d_loss, ours.d_loss, rtol=1e-6)
  np.testing.assert_allclose(found.g_loss, ours.g_loss, rtol=1e-6)


@pytest.mark.parametrize(
  "name", [n for n in dir(tfgan_losses) if n.endswith("_loss")]
)
def test_gradients_flow_in_a_traced_step(name):
  fn = getattr(tfgan_losses, name)

  @tf.function
  def gradients(real, fake):
    with tf.GradientTape(persistent=True) as tape:
      tape.watch([real, fake])
      losses = fn(real, fake)
    return tape.gradient(losses.d_loss, real), tape.gradient(
      losses.g_loss, fake
    )

  for gradient in gradients(_REAL, _FAKE):
    assert np.abs(gradient).max() > 0


def test_our_own_names_are_still_unambiguous():
  for name in ("wasserstein", "minimax", "least_squares", "hinge"):
    gin.parse_config(f"loss.fn = @{name}")
    expected = getattr(loss_lib, name)(_REAL, _FAKE)
    np.testing.assert_array_equal(loss_lib.get_losses(_REAL, _FAKE), expected)
    gin.clear_config()
