"""Ways through z and between classes, seen through a generator that shows z."""

from typing import NamedTuple

from compare_gan.architectures.abstract_arch import EncoderOutput
from compare_gan.looks import views
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("TensorFlow runs the generator")


class _Options(NamedTuple):
  z_dim: int = 2


class _Gan(NamedTuple):
  options: _Options = _Options()
  num_classes: int = 3

  def encode(self, images, averaged):
    assert averaged
    codes = images.mean(axis=(1, 2, 3), keepdims=False)[:, None] * [1.0, -1.0]
    return EncoderOutput(0 * codes, codes, None)


class Sampler:
  """Its images have one pixel; records what it is asked for."""

  gan = _Gan()
  averaged = True

  def __init__(self):
    self.asked = []

  def batches(self, z, labels):
    self.asked.append((z, labels))
    yield np.full([len(z), 1, 1, 1], 0.5)


def test_interpolation_starts_at_z_and_ends_at_the_next():
  sampler, z = Sampler(), np.array([[1, 0], [0, 2]], np.float32)
  frames = views.interpolation(sampler, z, None, frames=3)
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
  views.interpolation(sampler, z, None, frames=3)
  assert all(np.isfinite(asked[0]).all() for asked in sampler.asked)


def test_morph_mixes_the_weights_of_two_classes():
  sampler, z = Sampler(), np.ones([2, 2], np.float32)
  assert len(views.morph(sampler, z, 0, 2, frames=5)) == 5
  for (asked_z, weights), t in zip(sampler.asked, (0, 0.25, 0.5, 0.75, 1)):
    np.testing.assert_array_equal(asked_z, z)
    np.testing.assert_allclose(weights, [[1 - t, 0, t]] * 2)


def test_truncation_sheet_has_a_row_for_each_threshold():
  sampler = Sampler()
  sheet = views.truncation_sheet(sampler, np.array([0, 1, 2]), (1.0, 0.1))
  assert sheet.shape == (2, 3, 3)
  [(z, labels)] = sampler.asked
  np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2])
  assert np.abs(z[:3]).max() > 0.1 > np.abs(z[3:]).max()
  # The same noise: the order of the values is kept.
  assert (np.argsort(z[:3], axis=None) == np.argsort(z[3:], axis=None)).all()


def test_truncation_sheet_of_styles_goes_from_each_to_the_average(monkeypatch):
  """Images show psi; z is the same in each row."""

  class Shown(Sampler):
    def __init__(self, gan, averaged, truncation):
      assert gan is sampler.gan and averaged
      super().__init__()
      made.append(self)
      self.truncation = truncation

    def batches(self, z, labels):
      self.asked.append(z)
      yield np.full([len(z), 1, 1, 1], self.truncation)

  made, sampler = [], Sampler()
  monkeypatch.setattr(views.sampling, "truncates_styles", lambda gan: True)
  monkeypatch.setattr(views.sampling, "Sampler", Shown)
  sheet = views.truncation_sheet(sampler, np.array([0, 1]))
  column = sheet[:, 0, 0] / 255.0
  np.testing.assert_allclose(
    column, [1, 0.85, 0.7, 0.5, 0.3, 0.15, 0], atol=4e-3
  )
  for one in made[1:]:
    np.testing.assert_array_equal(one.asked[0], made[0].asked[0])


@pytest.mark.parametrize("n,rows", [(7, 2), (2, 1)])
def test_reconstructions_stand_below_their_images(n, rows):
  sampler = Sampler()
  images = np.linspace(0.0, 1.0, n, dtype=np.float32).reshape(n, 1, 1, 1)
  picture = views.reconstructions(sampler, images, np.arange(n), columns=3)
  columns = min(n, 3)
  shown = rows * columns  # What does not fill a row is left out.
  assert picture.shape == (2 * rows, columns, 3)
  for row in range(rows):
    part = slice(row * columns, (row + 1) * columns)
    expected = np.rint(255.0 * images[part].ravel())
    np.testing.assert_allclose(picture[2 * row, :, 0], expected, atol=1)
    np.testing.assert_array_equal(picture[2 * row + 1], 128)
  [(z, labels)] = sampler.asked
  np.testing.assert_allclose(z[:, 0], images[:shown].ravel())
  np.testing.assert_allclose(z[:, 1], -images[:shown].ravel())
  np.testing.assert_array_equal(labels, np.arange(shown))


def test_sweep_changes_one_coordinate_in_each_row():
  sampler = Sampler()
  z, values = np.array([5, 6], np.float32), np.array([-1, 0, 1], np.float32)
  sheet = views.sweep_sheet(sampler, z, 2, [1, 0], values)
  assert sheet.shape == (2, 3, 3)
  [(asked, labels)] = sampler.asked
  np.testing.assert_array_equal(
    asked, [[5, -1], [5, 0], [5, 1], [-1, 6], [0, 6], [1, 6]]
  )
  np.testing.assert_array_equal(labels, [2] * 6)


class ShowsZ(Sampler):
  """Its images are the sum of z."""

  def batches(self, z, labels):
    assert labels is None
    yield np.sum(z, axis=1)[:, None, None, None]


def test_sweep_frames_go_there_and_back():
  values = np.array([0.0, 0.2, 1.0], np.float32)
  z = np.array([0.4, 0.0], np.float32)
  frames = views.sweep_frames(ShowsZ(), z, None, [1, 0], values)
  # A cell for each coordinate: 0.4 + value, and value alone.
  found = [frame[0, :, 0].tolist() for frame in frames]
  assert found == [[102, 0], [153, 51], [255, 255], [153, 51]]


def test_sweep_values_follow_the_distribution_of_z():
  gin.bind_parameter("eval_z.minval", 0.0)
  values = views.sweep_values(3)
  np.testing.assert_allclose(values, [0.02, 0.5, 0.98], atol=0.01)
  quantiles = views.z_quantiles([0.0, 0.25, 1.0])
  np.testing.assert_allclose(quantiles, [0.0, 0.25, 1.0], atol=0.01)


def test_deviation_is_that_of_the_distribution_of_z():
  gin.bind_parameter("eval_z.minval", -1.0)
  np.testing.assert_allclose(views.z_deviation(), 3**-0.5, atol=0.01)
