"""Class heads by hand, and in a training."""

from compare_gan.context import scope
from compare_gan.gans.heads import ac
from compare_gan.gans.heads import class_head
from compare_gan.gans.heads import contrastive
from compare_gan.gans.heads import multi_hinge
from compare_gan.gans.heads import tac
from compare_gan.layers.kernel import Kernel
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_HEADS = (
  "ac_head",
  "tac_head",
  "adc_head",
  "multi_hinge_head",
  "contrastive_head",
  "d2d_ce_head",
)
_E = tf.constant([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
_Y = tf.one_hot([0, 0, 1], 2)


def test_multi_hinge_is_0_beyond_the_margin():
  scores = tf.constant([[2.0, 0.5, -1.0]])
  of = lambda y: float(multi_hinge.multi_hinge(scores, tf.one_hot([y], 3)))  # noqa: E731
  assert of(0) == 0.0
  assert of(1) == 2.5


def test_contrast_of_two_classes():
  """(0.1688476 + 0.1688476 + 0.5514447) / 3."""
  loss = contrastive.conditional_contrastive(_E, _E, _Y, temperature=1.0)
  assert float(loss) == pytest.approx(0.2963800, rel=1e-6)


def test_data_to_data_cross_entropy_of_two_classes():
  """(ln 2 + ln 2 + ln 3) / 3."""
  loss = contrastive.data_to_data_cross_entropy(_E, _E, _Y, 0.5, 0.98, 0.02)
  assert float(loss) == pytest.approx(np.log(12) / 3, rel=1e-5)


def test_images_of_one_class_have_nothing_to_repel():
  y = tf.one_hot([0, 0, 0], 2)
  loss = contrastive.data_to_data_cross_entropy(_E, _E, y, 0.5, 0.98, 0.02)
  assert float(loss) == pytest.approx(0.0, abs=1e-6)


def test_an_unknown_label_costs_nothing():
  none, logits = tf.zeros([1, 3]), tf.constant([[2.0, 0.5, -1.0]])
  assert float(class_head.cross_entropy(logits, none)) == 0.0
  assert float(multi_hinge.multi_hinge(logits, none)) == 0.0


def _bind(head):
  gin.bind_parameter("ModularGAN.conditional", True)
  gin.parse_config(
    [
      f"ModularGAN.class_head = @{head}",
      "G.batch_norm_fn = @conditional_batch_norm",
    ]
  )


@pytest.mark.parametrize("head", _HEADS)
def test_a_head_learns_and_teaches(head):
  _bind(head)
  gan = tiny.gan()
  before = tiny.values(gan)
  step = tf.function(gan.train_step, autograph=False)
  scalars = step(tiny.batches(gan.batches_per_step))
  after = tiny.values(gan)
  assert {"loss/class_d", "loss/class_g"} <= set(scalars)
  moved = {n for n in after if not np.array_equal(after[n], before[n])}
  assert any(n.startswith("class_head/") for n in moved)
  if head != "d2d_ce_head":  # Of two images with a margin it may be at rest.
    assert any(n.startswith("generator/") for n in moved)


def test_a_head_needs_labels():
  gin.parse_config("ModularGAN.class_head = @ac_head")
  with pytest.raises(ValueError, match="needs ModularGAN.conditional = True"):
    tiny.gan()


def test_a_gan_with_heads_of_its_own_refuses_another():
  _bind("ac_head")
  gin.bind_parameter("SSGAN.rotated_batch_size", 4)
  with pytest.raises(ValueError, match="SSGAN has heads of its own"):
    tiny.gan("SSGAN")


class _OfTwoFeatures:
  """Stands in for a D whose features are [N, 2]."""

  num_features, kernel_fn = 2, Kernel


def _normalized(cls, **chosen):
  """Returns a head whose classes are the two axes, made longer."""
  with scope.building(seed=1):
    made = cls(_OfTwoFeatures(), 2, normalize=True, **chosen)
  for v in made.trainable_variables:
    v.assign([[2.0, 0.0], [0.0, 5.0]])
  return made


def _entropy(first, second):
  """Returns the cross-entropy of the first of two classes."""
  return np.log(np.exp(first) + np.exp(second)) - first


def test_a_normalised_classifier_sees_cosines():
  """Features (3, 4) have cosines of 0.6 and 0.8 with the axes."""
  y = tf.constant([[1.0, 0.0]])
  for scale in (1.0, 100.0):
    x = scale * tf.constant([[3.0, 4.0]])
    losses = _normalized(ac.AC, temperature=0.5).losses(x, 2.0 * x, y, y)
    np.testing.assert_allclose(losses, [_entropy(1.2, 1.6)] * 2, rtol=1e-5)


def test_a_normalised_twin_sees_cosines_too():
  y, x = tf.constant([[1.0, 0.0]]), tf.constant([[3.0, 4.0]])
  d_loss, g_loss = _normalized(tac.TAC).losses(x, 7.0 * x, y, y)
  np.testing.assert_allclose(d_loss, 2.0 * _entropy(0.6, 0.8), rtol=1e-5)
  np.testing.assert_allclose(g_loss, 0.0, atol=1e-6)


def test_features_of_0_have_a_finite_gradient():
  head, x = _normalized(ac.AC), tf.zeros([1, 2])
  with tf.GradientTape() as tape:
    tape.watch(x)
    loss = head.losses(x, x, tf.constant([[1.0, 0.0]]), tf.zeros([1, 2])).d_loss
  assert np.isfinite(tape.gradient(loss, x)).all()


@pytest.mark.parametrize("head", ["ac_head", "tac_head"])
def test_a_normalised_head_learns_and_teaches(head):
  _bind(head)
  gin.bind_parameter(f"{head}.normalize", True)
  gan = tiny.gan()
  before = tiny.values(gan)
  gan.train_step(tiny.batches(gan.batches_per_step))
  after = tiny.values(gan)
  moved = {n for n in after if not np.array_equal(after[n], before[n])}
  assert {"class_head/classes/kernel"} <= moved


@pytest.mark.parametrize(
  "bindings,message",
  [
    ("ac_head.normalize = True\nac_head.temperature = 0", "temperature = 0"),
    ("tac_head.temperature = 0.5", "tac_head.normalize = True"),
  ],
)
def test_a_temperature_that_makes_no_sense_is_refused(bindings, message):
  head = bindings.partition(".")[0]
  _bind(head)
  gin.parse_config(bindings)
  with pytest.raises(ValueError, match=message):
    tiny.gan()
