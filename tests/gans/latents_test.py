"""Distributions of z, as gin files set them."""

from compare_gan import draws
from compare_gan.gans import latents
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("stateless random ops draw it")

_BOTH = pytest.mark.parametrize("name", ["z", "eval_z"])


def _draw(name, n=20000):
  with draws.seeded([1, 2]):
    return gin.get_configurable(name)([n, 1]).numpy()


@_BOTH
def test_default_is_uniform_from_minus_one_to_one(name):
  z = _draw(name)
  assert -1 <= z.min() < -0.99 and 0.99 < z.max() <= 1
  np.testing.assert_allclose(z.std(), 1 / np.sqrt(3), rtol=0.02)


@_BOTH
def test_normal_ignores_the_bounds_of_the_uniform(name):
  gin.parse_config(f"{name}.distribution_fn = @tf.random.normal")
  gin.parse_config(f"{name}.stddev = 2.0\n{name}.minval = 0.0")
  z = _draw(name)
  np.testing.assert_allclose([z.mean(), z.std()], [0, 2], atol=0.05)


@_BOTH
def test_bounds(name):
  gin.parse_config(f"{name}.minval = 2.0\n{name}.maxval = 3.0")
  z = _draw(name)
  assert 2 <= z.min() and z.max() <= 3


def test_rows_belong_to_images():
  """Two halves of a batch have the rows of the whole one."""
  with draws.seeded([1, 2]):
    whole = latents.z([4, 3]).numpy()
  with draws.seeded([1, 2], first=2):
    half = latents.z([2, 3]).numpy()
  np.testing.assert_array_equal(whole[2:], half)


def test_evaluation_does_not_follow_training():
  gin.parse_config("z.distribution_fn = @tf.random.normal")
  assert np.abs(_draw("eval_z")).max() <= 1


@pytest.mark.parametrize(
  "bindings",
  [
    "",
    "eval_z.distribution_fn = @tf.random.uniform\neval_z.minval = -3.0",
    "eval_z.distribution_fn = @tf.random.normal\neval_z.stddev = 0.5",
    "eval_z.distribution_fn = @tf.random.truncated_normal",
  ],
)
def test_density_of_eval_z_integrates_to_1(bindings):
  gin.parse_config(bindings)
  with draws.seeded([0, 0]):
    z = latents.eval_z([20000, 1]).numpy()
  ends = np.linspace(z.min(), z.max(), 10001)
  area = np.mean(np.exp(latents.eval_log_density(ends))) * (ends[-1] - ends[0])
  assert area == pytest.approx(1.0, abs=2e-3)


def test_density_of_another_distribution_is_refused():
  def cauchy(shape):
    del shape

  gin.bind_parameter("eval_z.distribution_fn", cauchy)
  with pytest.raises(ValueError, match="@cauchy is not known"):
    latents.eval_log_density(np.zeros([1, 1]))
