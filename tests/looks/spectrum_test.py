"""Radial power spectra whose values are known."""

import csv

from compare_gan.looks import spectrum
import numpy as np
import pytest

from tests.looks import tiny


def _of(images):
  return spectrum.radial_mean(spectrum.power(images))


def test_white_noise_is_flat_at_its_variance():
  noise = 0.5 * np.random.RandomState(0).standard_normal([400, 16, 16, 1])
  frequencies, values = _of(noise)
  np.testing.assert_allclose(frequencies, np.arange(12) / 16)
  np.testing.assert_allclose(values, 0.25, rtol=0.1)


@pytest.mark.parametrize("cycles", [1, 3, 8])
def test_a_cosine_is_one_peak_at_its_frequency(cycles):
  x = np.cos(2 * np.pi * cycles * np.arange(16) / 16)
  image = np.tile(x, [16, 1])[None, :, :, None]
  _, values = _of(image)
  assert np.argmax(values) == cycles
  others = np.delete(values, cycles)
  np.testing.assert_allclose(others, 0.0, atol=1e-20)


def test_all_power_is_that_of_the_pixels():
  images = np.random.RandomState(0).rand(3, 6, 10, 2)
  power = spectrum.power(images)
  assert power.mean() == pytest.approx(np.mean(images**2))  # Parseval
  assert power[0, 0] == pytest.approx(
    60 * np.mean(images.mean(axis=(1, 2)) ** 2)
  )


def test_colors_and_images_are_averaged():
  one, two = np.random.RandomState(0).rand(2, 1, 4, 4, 1)
  both = (spectrum.power(one) + spectrum.power(two)) / 2
  beside = np.concatenate([one, two], axis=-1)
  np.testing.assert_allclose(spectrum.power(beside), both)
  np.testing.assert_allclose(spectrum.power(np.concatenate([one, two])), both)


def test_rings_of_a_picture_that_is_no_square():
  # Of 4 x 2 pixels: vertical frequencies 0, 1/4, 1/2, horizontal ones 0, 1/2.
  power = np.array([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0], [4.0, 8.0]])
  frequencies, values = spectrum.radial_mean(power)
  # Twice the radii are 0, 1, 0.5 (to even: 0), 1.118, 1, 1.414.
  np.testing.assert_allclose(frequencies, [0.0, 0.5])
  np.testing.assert_allclose(values, [9 / 3, (2 + 8 + 16 + 32 + 8) / 5])


def test_decibels():
  found = spectrum.in_decibels(np.array([1.0, 2.0, 0.0]), np.array([10, 2, 0]))
  np.testing.assert_allclose(found, [10.0, 0.0, 0.0])


@pytest.mark.versions("matplotlib draws, TensorFlow reads the dataset")
def test_table_and_picture(tmp_path, capsys):
  checkers = np.indices([4, 4]).sum(axis=0)[None, :, :, None] % 2
  spectrum.make(tiny.look_at(tmp_path, checkers), None)
  with open(tmp_path / "spectrum.csv", newline="") as file:
    rows = list(csv.DictReader(file))
  assert [row["frequency"] for row in rows] == ["0", "0.25", "0.5", "0.75"]
  # A checkerboard is 0.5 +- 0.5 at both highest frequencies: 0.25 * 16.
  assert [float(row["fake"]) for row in rows] == [4, 0, 0, 4]
  assert float(rows[1]["real"]) > 0
  assert (tmp_path / "spectrum.png").exists()
  assert "at 0.75 cycles per pixel" in capsys.readouterr().out
