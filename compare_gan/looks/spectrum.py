"""spectrum.png, .csv: power by spatial frequency, real and fake.

The squared Fourier transform, averaged over images, colors and all directions
(https://arxiv.org/abs/2003.01826). Up-sampling leaves peaks, or a lack of
power, at high frequencies, which people overlook but classifiers of fakes use.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from compare_gan.gans import abstract_gan
from compare_gan.looks.subject import Subject
from compare_gan.looks.subject import require_pictures
from compare_gan.pictures import chart
import numpy as np

_HEADER = ("frequency", "real", "fake")


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  del args
  require_pictures(gan, "spectrum")


def power(images: np.ndarray) -> np.ndarray:
  """Returns the mean power [H, W] of images [N, H, W, C], as np.fft orders it.

  White noise of variance v has the power v everywhere; the power of a constant
  is H W times its square, at frequency 0. No window is applied, so the edges of
  the images contribute.
  """
  total = np.zeros(images.shape[1:3])
  for image in images:
    transform = np.fft.fft2(np.asarray(image, np.float64), axes=(0, 1))
    total += np.mean(np.abs(transform) ** 2, axis=-1)
  return total / (len(images) * total.size)


def radial_mean(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns frequencies in cycles per pixel and the mean power around each.

  A ring is as wide as one cycle over the shorter side. Only the corners of the
  transform are beyond 0.5 cycles per pixel, up to 0.71 for diagonal waves.

  Args:
    power: [H, W], as np.fft orders it.
  """
  height, width = power.shape
  radii = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
  rings = np.rint(radii * min(power.shape)).astype(int).ravel()
  counts = np.bincount(rings)
  sums = np.bincount(rings, weights=power.ravel())
  filled = np.flatnonzero(counts)
  return filled / min(power.shape), sums[filled] / counts[filled]


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  fake = subject.finite_images
  real, _ = subject.real.some(len(fake))
  frequencies, real_power = radial_mean(power(real))
  _, fake_power = radial_mean(power(fake))
  subject.write_csv(
    "spectrum.csv", _HEADER, zip(frequencies, real_power, fake_power)
  )
  counts = len(real), len(fake)
  subject.write_png(
    "spectrum.png", picture(frequencies, real_power, fake_power, counts)
  )
  decibels = in_decibels(real_power, fake_power)[1:]
  at = np.argmax(np.abs(decibels))
  print(
    f"spectrum: fakes differ most at {frequencies[1 + at]:.3g} cycles per "
    f"pixel, by {decibels[at]:+.2g} dB; {np.mean(np.abs(decibels)):.2g} dB on "
    "average."
  )


def in_decibels(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
  """Returns 10 log10(fake / real), 0 where both have hardly any power."""
  least = 1e-12 * max(real.max(), fake.max(), 1e-12)
  return 10.0 * np.log10(np.maximum(fake, least) / np.maximum(real, least))


def picture(
  frequencies: np.ndarray,
  real: np.ndarray,
  fake: np.ndarray,
  counts: Sequence[int],
) -> np.ndarray:
  """Returns a chart: both spectra, and below it their ratio.

  Frequency 0, the mean brightness, is left out.
  """
  x = frequencies[1:]

  def plot(figure: Any) -> None:
    above, below = figure.subplots(
      2, sharex=True, gridspec_kw={"height_ratios": [3, 1]}
    )
    above.plot(x, real[1:], color=chart.REAL, label=f"{counts[0]} real images")
    above.plot(
      x, fake[1:], "--", color=chart.FAKE, label=f"{counts[1]} generated images"
    )
    above.set_yscale("log")
    above.set_ylabel("power")
    above.set_title("Power of spatial frequencies")
    above.legend()
    below.axhline(0.0, color=chart.REAL, linewidth=1)
    below.plot(x, in_decibels(real, fake)[1:], color=chart.FAKE)
    below.set_ylabel("generated /\nreal [dB]")
    below.set_xlabel(
      "frequency [cycles per pixel]; beyond the line only diagonal waves"
    )
    for axes in (above, below):
      axes.axvline(0.5, color="gray", linewidth=1, linestyle=":")
      axes.grid(alpha=0.3)

  return chart.draw(7.0, 5.5, plot)
