"""Ways through z and between classes, seen through a generator that shows z."""

from typing import NamedTuple

from compare_gan import pictures
import numpy as np
import pytest


class _Options(NamedTuple):
  z_dim: int = 2


class _Gan(NamedTuple):
  options: _Options = _Options()
  num_classes: int = 3


class Sampler:
  """Its images have one pixel; records what it is asked for."""

  gan = _Gan()

  def __init__(self):
    self.asked = []

  def batches(self, z, labels):
    self.asked.append((z, labels))
    yield np.full([len(z), 1, 1, 1], 0.5)


def test_interpolation_starts_at_z_and_ends_at_the_next():
  sampler, z = Sampler(), np.array([[1, 0], [0, 2]], np.float32)
  frames = pictures.interpolation(sampler, z, None, frames=3)
  assert len(frames) == 3 and frames[0].shape == (1, 2, 3)
  first, middle, last = (asked[0] for asked in sampler.asked)
  np.testing.assert_allclose(first, z)
  np.testing.assert_allclose(last, z[::-1], atol=1e-6)
  # In the middle of the arc, with the mean length 1.5.
  np.testing.assert_allclose(middle[0], [1.0607, 1.0607], atol=1e-4)


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_interpolation_between_parallel_z_is_finite(scale):
  sampler = Sampler()
  z = np.array([[1, 1], [scale, scale]], np.float32)
  pictures.interpolation(sampler, z, None, frames=3)
  assert all(np.isfinite(asked[0]).all() for asked in sampler.asked)


def test_morph_mixes_the_weights_of_two_classes():
  sampler, z = Sampler(), np.ones([2, 2], np.float32)
  assert len(pictures.morph(sampler, z, 0, 2, frames=5)) == 5
  for (asked_z, weights), t in zip(sampler.asked, (0, 0.25, 0.5, 0.75, 1)):
    np.testing.assert_array_equal(asked_z, z)
    np.testing.assert_allclose(weights, [[1 - t, 0, t]] * 2)


def test_truncation_sheet_has_a_row_for_each_threshold():
  sampler = Sampler()
  sheet = pictures.truncation_sheet(sampler, np.array([0, 1, 2]), (1.0, 0.1))
  assert sheet.shape == (2, 3, 3)
  [(z, labels)] = sampler.asked
  np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2])
  assert np.abs(z[:3]).max() > 0.1 > np.abs(z[3:]).max()
  # The same noise: the order of the values is kept.
  assert (np.argsort(z[:3], axis=None) == np.argsort(z[3:], axis=None)).all()
