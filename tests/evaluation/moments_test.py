"""Accumulated moments: filled, kept, and of which z."""

from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.layers import batch_norm
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("stateless random ops draw it")


def _z(n):
  return np.random.RandomState(0).randn(n, tiny.Z_DIM)


def test_filled_accumulators_hold_mean_moments():
  gin.parse_config("standardize_batch.use_moving_averages = False")
  gin.bind_parameter("G.batch_norm_fn", batch_norm.BatchNorm)
  gan = tiny.gan()
  assert not moments.are_filled(gan)
  batches = [(_z(4), None), (_z(4) + 1.0, None)]
  moments.fill_accumulators(gan, batches)
  assert moments.are_filled(gan)
  norm = gan.generator.norm.standardize
  w = gan.generator.hidden.kernel.kernel.numpy()
  mean = (_z(4).mean(0) + 0.5) @ w
  np.testing.assert_allclose(norm.accu_mean / 2.0, mean, rtol=1e-4)
  assert float(norm.accu_counter) == 2.0
  assert int(norm.update_accus) == 0


def test_moving_averages_need_no_filling():
  assert moments.are_filled(tiny.gan())


def test_a_few_examples_are_a_batch_too():
  gan = tiny.gan()
  sizes = [len(z) for z, _ in sampling.drawn_batches(gan, 10, 1)]
  assert sizes == [10]
  sizes = [len(z) for z, _ in sampling.drawn_batches(gan, 100, 1)]
  assert sizes == [64, 64]


def test_truncated_batches_are_small():
  [(z, _)] = sampling.drawn_batches(tiny.gan(), 50, 1, truncation=0.25)
  assert 0.2 < np.abs(z).max() < 0.25


def test_kept_moments_come_back():
  gin.parse_config("standardize_batch.use_moving_averages = False")
  gin.bind_parameter("G.batch_norm_fn", batch_norm.BatchNorm)
  gan = tiny.gan()

  def fill(truncation):
    def batches():
      return sampling.drawn_batches(gan, 4, 1, truncation=truncation)

    return moments.fill_moments(gan, batches, 4, truncation)

  fill(0.5)
  norm = gan.generator.norm.standardize
  before = norm.accu_mean.numpy()
  with moments.kept_moments(gan):
    fill(0.1)
    assert not np.array_equal(norm.accu_mean, before)
  np.testing.assert_array_equal(norm.accu_mean, before)
  # They are known again to be those of 0.5: nothing is drawn.
  words = moments.fill_moments(gan, lambda: 1 / 0, 4, 0.5)
  assert words == "accumulated over 4 examples of z normal, cut at 0.5"
