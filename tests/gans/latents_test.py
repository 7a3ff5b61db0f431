"""Distributions of z, as gin files set them."""

from compare_gan.context import draws
from compare_gan.gans import latents
import gin
import numpy as np
import pytest
from scipy import stats

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


@_BOTH
@pytest.mark.parametrize(
  "bound", ["{}.maxval = -1.5", "tf.random.uniform.minval = 3"]
)
def test_ends_in_the_wrong_order_are_refused(name, bound):
  """Also those of which one is a default, or bound on the distribution."""
  _parse(
    f"""
    {name}.distribution_fn = @tf.random.uniform
    {bound.format(name)}
    """
  )
  with pytest.raises(ValueError, match=rf"{name}\.minval = .* has to be below"):
    _draw(name)


def test_rows_belong_to_images():
  """Two halves of a batch have the rows of the whole one."""
  with draws.seeded([1, 2]):
    whole = latents.z([4, 3]).numpy()
  with draws.seeded([1, 2], first=2):
    half = latents.z([2, 3]).numpy()
  np.testing.assert_array_equal(whole[2:], half)


def test_evaluation_follows_training():
  gin.parse_config("z.distribution_fn = @tf.random.normal\nz.stddev = 3.0")
  np.testing.assert_array_equal(_draw("eval_z"), _draw("z"))
  assert latents.eval_z_in_words() == "normal with mean 0 and stddev 3"


@pytest.mark.parametrize("binding", ["minval = 0.0", "maxval = 1.0"])
def test_any_binding_of_its_own_makes_evaluation_independent(binding):
  gin.parse_config("z.distribution_fn = @tf.random.normal")
  gin.parse_config(f"eval_z.{binding}")
  assert np.abs(_draw("eval_z")).max() <= 1
  assert "uniform" in latents.eval_z_in_words()


def test_operative_config_says_the_same_again():
  """A model_dir is read from it: evaluation still follows z."""
  _parse(
    """
    z.distribution_fn = @tf.random.normal
    tf.random.normal.stddev = 0.5
    """
  )
  before = _draw("eval_z")
  text = gin.operative_config_str()
  gin.clear_config()
  gin.parse_config(text)
  np.testing.assert_array_equal(_draw("eval_z"), before)
  gin.parse_config("z.stddev = 2.0")
  np.testing.assert_allclose(_draw("eval_z"), 4.0 * before, rtol=1e-5)


def _parse(text):
  gin.parse_config("\n".join(line.strip() for line in text.splitlines()))


@_BOTH
@pytest.mark.parametrize(
  "reference", ["tf.random.normal", "own/tf.random.normal"]
)
@pytest.mark.parametrize("bound_on_z", [None, 3.0])
def test_deviation_bound_on_the_distribution(name, reference, bound_on_z):
  _parse(f"{name}.distribution_fn = @{reference}\n{reference}.stddev = 0.5")
  if bound_on_z:
    gin.bind_parameter(f"{name}.stddev", bound_on_z)
  z, deviation = _draw(name), bound_on_z or 0.5
  np.testing.assert_allclose(z.std(), deviation, rtol=0.02)
  expected = f"normal with mean 0 and stddev {deviation:g}"
  assert latents.eval_z_in_words() == expected
  density = -0.5 * (z / deviation) ** 2 - np.log(
    deviation * np.sqrt(2.0 * np.pi)
  )
  np.testing.assert_allclose(latents.eval_log_density(z), density, rtol=1e-5)


@_BOTH
def test_bounds_bound_on_the_distribution(name):
  _parse(
    f"""
    {name}.distribution_fn = @own/tf.random.uniform
    own/tf.random.uniform.maxval = 3.0
    """
  )
  z = _draw(name)
  assert -1 <= z.min() < -0.99 and 2.99 < z.max() <= 3
  assert latents.eval_z_in_words() == "uniform from -1 to 3"
  np.testing.assert_allclose(latents.eval_log_density(z), -np.log(4.0))


@_BOTH
def test_words_have_all_digits_that_differ(name):
  gin.parse_config(f"{name}.maxval = 0.9999999")
  assert latents.eval_z_in_words() == "uniform from -1 to 0.9999999"


@_BOTH
def test_words_leave_the_name_of_an_operation_out(name):
  _parse(
    f"""
    {name}.distribution_fn = @tf.random.uniform
    tf.random.uniform.name = "z"
    """
  )
  assert latents.eval_z_in_words() == "uniform from -1 to 1"


def test_another_scope_of_the_distribution_is_not_meant():
  _parse(
    """
    z.distribution_fn = @tf.random.normal
    other/tf.random.normal.stddev = 0.5
    """
  )
  np.testing.assert_allclose(_draw("z").std(), 1.0, rtol=0.02)
  assert latents.eval_z_in_words() == "normal with mean 0 and stddev 1"


def test_distribution_may_be_a_macro():
  _parse(
    """
    noise = @own/tf.random.normal
    own/tf.random.normal.stddev = 0.5
    z.distribution_fn = %noise
    """
  )
  np.testing.assert_allclose(_draw("eval_z").std(), 0.5, rtol=0.02)
  assert latents.eval_z_in_words() == "normal with mean 0 and stddev 0.5"


def test_mean_counts():
  _parse(
    """
    z.distribution_fn = @tf.random.normal
    tf.random.normal.mean = 2.0
    """
  )
  assert latents.eval_z_in_words() == "normal with mean 2 and stddev 1"
  assert latents.eval_log_density(np.full([1, 1], 2.0)) == pytest.approx(
    -0.5 * np.log(2.0 * np.pi)
  )


def test_distribution_of_ones_own_is_named_with_its_parameters():
  def laplace(shape, scale=2.0, stddev=5.0):
    return draws.uniform(shape) * 0.0 + scale + stddev

  gin.bind_parameter("z.distribution_fn", laplace)
  assert _draw("z", 1) == 3.0  # z.stddev's default, as in the original
  assert latents.eval_z_in_words() == "laplace(scale=2.0, stddev=1.0)"


@pytest.mark.parametrize(
  "bindings",
  [
    "",
    "eval_z.distribution_fn = @tf.random.uniform\neval_z.minval = -3.0",
    "eval_z.distribution_fn = @tf.random.normal\neval_z.stddev = 0.5",
    "eval_z.distribution_fn = @tf.random.truncated_normal",
    "eval_z.distribution_fn = @tf.random.truncated_normal\n"
    "eval_z.truncation = 0.5",
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


@_BOTH
@pytest.mark.parametrize("truncation", [0.3, 1.0, 3.0])
def test_a_normal_is_cut_where_it_is_told(name, truncation):
  gin.parse_config(f"{name}.distribution_fn = @tf.random.truncated_normal")
  gin.parse_config(f"{name}.truncation = {truncation}")
  z = _draw(name)
  assert 0.9 * truncation < np.abs(z).max() <= truncation
  wanted = stats.truncnorm(-truncation, truncation).std()
  np.testing.assert_allclose(z.std(), wanted, rtol=0.02)


def test_a_cut_at_nothing_is_refused():
  gin.parse_config("z.distribution_fn = @tf.random.truncated_normal")
  gin.parse_config("z.truncation = 0.0")
  with pytest.raises(ValueError, match="z.truncation and eval_z.truncation"):
    _draw("z")
