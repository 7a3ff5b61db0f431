"""Images from latents."""

from compare_gan.evaluation import sampling
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
