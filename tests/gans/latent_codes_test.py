"""Latents that begin with codes."""

from compare_gan.context import draws
from compare_gan.evaluation import sampling
from compare_gan.export.formats import web
from compare_gan.gans import latent_codes
from compare_gan.gans import latents
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow draws the latents")

_CODES = """
z.distribution_fn = @latent_codes
latent_codes.categorical = [3, 2]
latent_codes.continuous = 2
"""


def _z(n=64, z_dim=10, first=0):
  with draws.seeded([1, 2], first=first):
    return latents.z([n, z_dim]).numpy()


def test_categories_come_first_then_numbers_then_noise():
  gin.parse_config(_CODES)
  gin.bind_parameter("latent_codes.noise", "normal")
  z = _z(1000)
  for columns in (z[:, :3], z[:, 3:5]):
    np.testing.assert_array_equal(np.sort(columns)[:, :-1], 0.0)
    np.testing.assert_array_equal(columns.max(axis=1), 1.0)
    np.testing.assert_allclose(
      columns.mean(axis=0), 1 / columns.shape[1], atol=0.05
    )
  assert np.abs(z[:, 5:7]).max() < 1.0
  np.testing.assert_allclose(z[:, 5:7].std(axis=0), 3**-0.5, atol=0.05)
  np.testing.assert_allclose(z[:, 7:].std(axis=0), 1.0, atol=0.1)


def test_a_row_depends_on_its_position_alone():
  gin.parse_config(_CODES)
  np.testing.assert_array_equal(_z(8)[4:], _z(4, first=4))


def test_codes_are_found_in_z():
  codes = latent_codes.Codes((3, 2), 1)
  z = np.arange(14.0, dtype=np.float32).reshape([2, 7])
  (first, second), numbers = codes.of(z)
  np.testing.assert_array_equal(first, z[:, :3])
  np.testing.assert_array_equal(second, z[:, 3:5])
  np.testing.assert_array_equal(numbers, z[:, 5:6])


def test_samples_have_codes_and_say_so():
  gin.parse_config(_CODES)
  z, _ = sampling.draw(tiny.gan(z_dim=9), 16, seed=0)
  np.testing.assert_array_equal(z[:, :3].sum(axis=1), 1.0)
  assert latents.eval_z_in_words() == (
    "latent_codes(categorical=[3, 2], continuous=2, noise='uniform')"
  )


@pytest.mark.parametrize(
  "binding,z_dim,message",
  [
    ("latent_codes.continuous = -1", 10, "continuous has -1"),
    ("latent_codes.categorical = [1]", 10, "categorical has 1.*2 or more"),
    ("latent_codes.noise = 'laplace'", 10, "noise = 'laplace'"),
    ("", 7, "z_dim = 7, but the 7 columns"),
    (
      "latent_codes.categorical = []\nlatent_codes.continuous = 0",
      10,
      "there must be a code",
    ),
  ],
)
def test_codes_that_make_no_sense_are_refused(binding, z_dim, message):
  gin.parse_config(_CODES + binding)
  with pytest.raises(ValueError, match=message):
    _z(z_dim=z_dim)


def test_truncated_latents_have_no_codes():
  gin.parse_config(_CODES)
  with pytest.raises(ValueError, match="A truncation.*z has codes"):
    sampling.truncated(4, 10, 0.5, seed=0)


def test_a_page_would_draw_no_codes():
  gin.parse_config(_CODES)
  with pytest.raises(ValueError, match="A page.*z has codes"):
    web.html(tiny.gan(z_dim=10), True, [], "page", 1.0)
