"""Images from latents."""

from compare_gan.evaluation import sampling
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("stateless random ops draw it")


def _z(n):
  return np.random.RandomState(0).randn(n, tiny.Z_DIM)


def test_batches_make_no_difference():
  gan = tiny.gan()
  whole = sampling.generate(gan, _z(5))
  parts = sampling.generate(gan, _z(5), batch_size=2)
  assert whole.shape == (5, 4, 4, 1)
  np.testing.assert_allclose(whole, parts, rtol=1e-6)


def test_latents_of_another_length_are_refused():
  with pytest.raises(ValueError, match=r"shape \[5, 3\].*\[N, 2\]"):
    sampling.generate(tiny.gan(), np.zeros([5, 3]))


def test_labels_are_checked():
  gin.bind_parameter("ModularGAN.conditional", True)
  gan = tiny.gan()
  with pytest.raises(ValueError, match="no labels.*conditional"):
    sampling.generate(gan, _z(2))
  with pytest.raises(ValueError, match=r"2 z and labels \[3\]"):
    sampling.generate(gan, _z(2), np.array([0, 1, 2]))
  with pytest.raises(ValueError, match="from 0 to 3.*classes 0 to 2"):
    sampling.generate(gan, _z(2), np.array([0, 3]))


def test_drawn_latents_follow_from_the_seed():
  gan = tiny.gan()
  z, labels = sampling.draw(gan, 4, seed=1)
  again, _ = sampling.draw(gan, 4, seed=1)
  other, _ = sampling.draw(gan, 4, seed=2)
  assert z.shape == (4, tiny.Z_DIM) and labels is None
  np.testing.assert_array_equal(z, again)
  assert not np.allclose(z, other)


def test_drawn_labels_take_turns():
  gin.bind_parameter("ModularGAN.conditional", True)
  gan = tiny.gan()
  assert list(sampling.draw(gan, 5, 1)[1]) == [0, 1, 2, 0, 1]
  assert list(sampling.draw(gan, 3, 1, classes=[2, 0])[1]) == [2, 0, 2]


# ---- Styles ------------------------------------------------------------------


def _gan_with_styles(**bindings):
  settings = {"w_dim": 4, "mapping_layers": 1, "channel_max": 4, **bindings}
  for name, value in settings.items():
    gin.bind_parameter(f"stylegan2.Generator.{name}", value)
  gin.bind_parameter("stylegan2.Discriminator.channel_max", 4)
  gan = tiny.gan(
    architecture="stylegan2_arch", dataset=DatasetShape((8, 8, 3), 0)
  )
  gan.generator.mapping.w_avg.assign([1.0, -1.0, 1.0, -1.0])
  for v in gan.generator.trainable_variables:
    if v.shape.rank == 0:  # strengths of noise, which start at 0
      v.assign(1.0)
  return gan


@pytest.mark.long
def test_truncation_is_of_styles_where_there_are_some():
  gan = _gan_with_styles()
  z, _ = sampling.draw(gan, 3, seed=1, truncation=0.1)
  plain, _ = sampling.draw(gan, 3, seed=1)
  np.testing.assert_array_equal(z, plain)
  one, half, none = (
    sampling.generate(gan, z, truncation=psi) for psi in (1.0, 0.5, 0.0)
  )
  np.testing.assert_array_equal(one, sampling.generate(gan, z))
  assert np.abs(none - none[:1]).max() < 1e-6  # all are the average
  assert 1e-3 < half.std(axis=0).max() < one.std(axis=0).max()
  words = sampling.z_in_words(0.5, gan)
  assert words == "uniform from -1 to 1, styles truncated by 0.5"
  np.testing.assert_allclose(
    sampling.jacobians(gan, z, truncation=0.0), 0.0, atol=1e-6
  )


def test_truncation_without_styles_is_of_z():
  gan = tiny.gan()
  assert sampling.z_in_words(0.5, gan) == "normal, cut at 0.5"
  same = sampling.generate(gan, _z(2), truncation=0.5)
  np.testing.assert_array_equal(same, sampling.generate(gan, _z(2)))
  with pytest.raises(ValueError, match="no styles.*0.5 needs.*stylegan2_arch"):
    gan.generate(_z(2), truncation=0.5)


def test_latents_to_be_written_are_not_truncated_styles():
  sampling.refuse_truncation_of_styles(tiny.gan(), 0.5)
  gan = _gan_with_styles()
  sampling.refuse_truncation_of_styles(gan, None)
  with pytest.raises(ValueError, match="stylegan2.Generator.truncation_psi = "):
    sampling.refuse_truncation_of_styles(gan, 0.5)


@pytest.mark.long
def test_noise_of_evaluation_is_the_row_s_own():
  gan = _gan_with_styles(eval_noise="random")
  with pytest.raises(ValueError, match="eval_noise = .const"):
    sampling.refuse_drawn_noise(gan)
  z = np.zeros([5, tiny.Z_DIM]) + 0.5
  whole = sampling.generate(gan, z)
  assert np.abs(whole[0] - whole[4]).max() > 1e-3
  parts = sampling.generate(gan, z, batch_size=2)
  np.testing.assert_allclose(whole, parts, rtol=1e-4, atol=1e-5)
