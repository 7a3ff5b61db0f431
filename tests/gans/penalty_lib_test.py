"""Penalties of discriminators whose slope is known."""

from compare_gan.architectures.abstract_arch import DiscriminatorOutput
from compare_gan.gans import penalty_lib
from compare_gan.gans.terms import slopes
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import own_package

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _linear(slope):
  """A discriminator with gradient norm `slope` on 2x2x1 images."""

  def discriminator(x, y):
    del y
    # Four pixels: a weight of slope / 2 on each has norm `slope`.
    logits = slope / 2.0 * tf.reduce_sum(x, [1, 2, 3])[:, None]
    return DiscriminatorOutput(tf.sigmoid(logits), logits, None)

  return discriminator


def _quadratic(x, y):
  """|x|^2 / 2: the gradient is x itself."""
  del y
  logits = 0.5 * tf.reduce_sum(tf.square(x), [1, 2, 3])[:, None]
  return DiscriminatorOutput(tf.sigmoid(logits), logits, None)


_ONES = tf.ones([2, 2, 2, 1])
_ZEROS = tf.zeros([2, 2, 2, 1])


def _half(shape):
  return tf.fill(shape, 0.5)


@pytest.mark.parametrize("slope", [0.0, 1.0, 3.0])
def test_gradient_penalties_measure_the_slope(slope):
  expected = (np.sqrt(1e-4 + slope**2) - 1) ** 2
  wgangp = penalty_lib.wgangp_penalty(
    _linear(slope), _ONES, _ZEROS, None, _half
  )
  dragan = penalty_lib.dragan_penalty(_linear(slope), _ONES, None, _half)
  np.testing.assert_allclose([wgangp, dragan], expected, rtol=1e-5, atol=1e-10)


def test_wgangp_looks_between_real_and_fake():
  # At alpha = 1/2 all pixels are 1/2: the gradient of |x|^2 / 2 has norm 1.
  penalty = penalty_lib.wgangp_penalty(_quadratic, _ONES, _ZEROS, None, _half)
  assert float(penalty) < 1e-8


def test_dragan_noise_is_as_wide_as_all_pixels_deviate():
  x = tf.constant([0.0, 0.5] * 4, shape=[2, 2, 2, 1])  # deviation 1/4
  seen = []

  def discriminator(x, y):
    seen.append(x.numpy())
    return _quadratic(x, y)

  penalty_lib.dragan_penalty(discriminator, x, None, lambda s: tf.ones(s))
  np.testing.assert_allclose(seen[0], x.numpy() + 0.25 * 0.5, rtol=1e-6)


def _points(x, draw):
  """Returns where dragan_penalty looks at D, all draws being this one."""
  seen = []

  def discriminator(x, y):
    seen.append(x.numpy())
    return _quadratic(x, y)

  noise = lambda shape: draw * tf.ones(shape)  # noqa: E731
  penalty_lib.dragan_penalty(discriminator, x, None, noise)
  return seen[0]


@pytest.mark.parametrize("draw,moved", [(0.0, -0.5), (1.0, 0.5)])
def test_dragan_stays_in_the_range_of_pixels(draw, moved):
  x = tf.constant([0.0, 1.0] * 4, shape=[2, 2, 2, 1])  # deviation 1/2
  expected = np.clip(x.numpy() + 0.5 * moved, 0.0, 1.0)
  np.testing.assert_array_equal(_points(x, draw), expected)


@pytest.mark.parametrize("draw,moved", [(0.0, -0.5), (1.0, 0.5)])
def test_dragan_looks_around_pixels_that_an_augmentation_moved(draw, moved):
  """From -1 and 2 it does not jump to 0 and 1, nor go further away."""
  x = tf.constant([-1.0, 2.0] * 4, shape=[2, 2, 2, 1])  # deviation 3/2
  expected = np.clip(x.numpy() + 1.5 * moved, -1.0, 2.0)
  np.testing.assert_array_equal(_points(x, draw), expected)


def test_r1_and_r2_are_half_the_squared_slope():
  at_ones, at_twos = (
    slopes.gradients(_quadratic, x, None) for x in (_ONES, 2 * _ONES)
  )
  assert float(penalty_lib.r1_penalty(at_ones)) == 0.5 * 4
  assert float(penalty_lib.r2_penalty(at_twos)) == 0.5 * 16


def test_joint_r1_is_half_the_squared_slope_of_pairs():
  def scores(x, code, y):
    del y
    return _quadratic(x, None).logits + 3.0 * code

  x, code = _ONES, tf.zeros([2, 1])
  penalty = penalty_lib.joint_r1_penalty(scores, x, code, None)
  assert float(penalty) == 0.5 * (4 + 9)

  def of_images(x, code, y):
    del code  # Scores may leave it out.
    return _quadratic(x, y).logits

  assert float(penalty_lib.joint_r1_penalty(of_images, x, code, None)) == 2.0


def test_gradient_penalty_moves_the_weights():
  """Its gradient is that of a gradient: d (s - 1)^2 = 2 (s - 1) ds."""
  w = tf.Variable(3.0)
  with tf.GradientTape() as tape:
    penalty = penalty_lib.wgangp_penalty(
      lambda x, y: _linear(w)(x, y), _ONES, _ZEROS, None, _half
    )
  slope = np.sqrt(1e-4 + 9.0)
  expected = 2 * (slope - 1) * 3.0 / slope
  np.testing.assert_allclose(tape.gradient(penalty, w), expected, rtol=1e-5)


def test_l2_is_a_mean_over_kernels():
  kernels = [tf.constant([1.0, 1.0]), tf.constant([2.0])]
  assert float(penalty_lib.l2_penalty(kernels)) == (1.0 + 2.0) / 2


def test_orthogonal_penalty_ignores_lengths():
  orthogonal = tf.constant([[5.0, 0.0], [0.0, 0.1]])
  assert float(penalty_lib.orthogonal_penalty([orthogonal])) == 0.0


def test_orthogonal_penalty_of_parallel_filters():
  # Columns (1, 0) and (2, 0): both off-diagonal products are 2.
  parallel = tf.constant([[1.0, 2.0], [0.0, 0.0]])
  assert float(penalty_lib.orthogonal_penalty([parallel])) == 8.0


def test_orthogonal_penalty_of_convolutions_only():
  linear, conv = tf.ones([1, 2]), tf.ones([1, 1, 1, 2])
  both = penalty_lib.orthogonal_penalty([linear, conv])
  one = penalty_lib.orthogonal_penalty([linear, conv], convolutions_only=True)
  assert (float(both), float(one)) == (4.0, 2.0)


def test_lecam_holds_scores_near_the_other_anchor():
  penalty = penalty_lib.lecam_penalty(
    tf.constant([[1.0], [3.0]]), tf.constant([[0.0], [0.0]]), 2.0, 1.0
  )
  assert float(penalty) == (0.0 + 4.0) / 2 + 4.0


def test_anchors_follow_the_mean_scores():
  anchors = penalty_lib.ScoreAnchors(decay=0.75)
  anchors.move(tf.constant([[3.0], [5.0]]), tf.constant([[-4.0], [-4.0]]))
  assert (float(anchors.real), float(anchors.fake)) == (1.0, -1.0)


@pytest.mark.parametrize("name", ["l2_penalty", "orthogonal_penalty"])
def test_kernel_penalty_without_kernels_is_refused(name):
  with pytest.raises(ValueError, match=f"@{name}.*D.weight_norm = False"):
    gin.get_configurable(name)([])


def test_penalty_that_a_gan_cannot_offer_is_refused():
  gin.parse_config("penalty.fn = @wgangp_penalty")
  with pytest.raises(ValueError, match="needs x_fake, which MyGAN cannot"):
    penalty_lib.Penalty("MyGAN", ["discriminator", "x", "y", "uniform"])


def test_penalty_that_asks_for_nonsense_is_refused():
  def my_penalty(x, temperature):
    return x * temperature

  with pytest.raises(ValueError, match="@my_penalty needs temperature"):
    penalty_lib.Penalty("MyGAN", ["x"], my_penalty)


def test_own_penalty_loads_by_import(tmp_path, monkeypatch, request):
  # Other tests have a penalty of this name.
  request.addfinalizer(lambda: own_package.forget("my_penalty_module"))
  (tmp_path / "my_penalty_module.py").write_text(
    "import gin\n"
    "@gin.configurable\n"
    "def my_penalty(x, weight=2.0):\n"
    "  return weight * x\n"
  )
  monkeypatch.syspath_prepend(tmp_path)
  gin.parse_config("import my_penalty_module\npenalty.fn = @my_penalty")
  assert penalty_lib.Penalty("MyGAN", ["x", "y"])({"x": 3.0, "y": None}) == 6.0


def test_no_penalty_needs_nothing():
  assert float(penalty_lib.Penalty("MyGAN", [])({})) == 0.0


def test_the_penalty_of_the_card_of_biggan_on_g():
  """beta sum 1/2 |(W W^T) o (1 - I)|^2, rows of W being output filters."""
  rng = np.random.RandomState(0)
  conv = rng.normal(size=[3, 3, 2, 4]).astype(np.float32)
  kernels = [tf.Variable(conv), tf.Variable(tf.ones([5, 4]))]
  gin.parse_config(
    [
      "g_penalty.fn = @g/orthogonal_penalty",
      "g_penalty.weight = 1e-4",
      "g/orthogonal_penalty.convolutions_only = True",
      "g/orthogonal_penalty.factor = 0.5",
    ]
  )
  penalty = penalty_lib.GeneratorPenalty(kernels)
  w = conv.reshape([18, 4]).T
  expected = 0.5 * np.sum(((w @ w.T) * (1 - np.eye(4))) ** 2)
  np.testing.assert_allclose(penalty(), expected, rtol=1e-5)
  assert penalty.weight == 1e-4
  # D's own penalty of that name stays as it is.
  np.testing.assert_allclose(
    penalty_lib.orthogonal_penalty(kernels[:1]), 2 * expected, rtol=1e-5
  )


def test_g_has_no_penalty_by_default():
  assert not penalty_lib.GeneratorPenalty([])
  gin.bind_parameter("g_penalty.weight", -1.0)  # Not read then.
  assert not penalty_lib.GeneratorPenalty([])


@pytest.mark.parametrize(
  "fn,weight,kernels,message",
  [
    (penalty_lib.r1_penalty, 1.0, [1], "fn = @r1_penalty needs x_slopes"),
    (penalty_lib.l2_penalty, -1.0, [1], "g_penalty.weight = -1.0"),
    (penalty_lib.l2_penalty, 1.0, [], "G.weight_norm = True"),
  ],
)
def test_a_penalty_that_g_cannot_have(fn, weight, kernels, message):
  with pytest.raises(ValueError, match=message):
    penalty_lib.GeneratorPenalty(kernels, fn, weight)
