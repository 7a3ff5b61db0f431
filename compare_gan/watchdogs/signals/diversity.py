"""Fakes that become alike: mode collapse.

Images are averaged to 16 x 16 pixels. Both measures are relative to the real
images' own, so they need no scale of the dataset:

  spread    mean squared distance of two fakes, relative to that of two real
            images. 0 if all fakes are one image
  kinds     how many different images there are: 1 / (the mean similarity of two
            images), a similarity being exp(-(d / h)^2 / 2) with h a quarter of
            their own root mean square distance. K equal groups have K kinds
"""

from collections.abc import Sequence
import math
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin
import numpy as np

_WIDTH = 0.25  # of a similarity, relative to the images' own distances
_RISE = 2.0  # Noise varies by less from look to look.


@gin.configurable("diversity", module="compare_gan.watchdogs")
class Diversity(signal.Signal):
  """Fakes that become alike: mode collapse.

  Args:
    alike: spread below which fakes are one image, after the first `grace`
      looks: a new G often makes one image. 0.001 is a distance of a thirtieth
      of that of two real images.
    from_spread, to_spread: a fall from above the first to below the second one.
      The first counts only if the fakes rose to it: a new G may make noise,
      whose spread is large, and this fades while G learns the colours that all
      images share.
    kinds: the least number; also the least share of that of the real images
      for those that are of few kinds themselves.
  """

  name = "diversity"

  def __init__(
    self,
    alike: accepted.NotNegative = 0.001,
    from_spread: accepted.NotNegative = 0.2,
    to_spread: accepted.NotNegative = 0.02,
    kinds: accepted.NotNegative = 1.5,
  ) -> None:
    self._alike, self._kinds = alike, kinds
    self._from, self._to = from_spread, to_spread

  def numbers(self, look: probe.Look) -> dict[str, float]:
    if look.fakes is None or look.reals is None or len(look.reals) < 8:
      return {}
    real, real_kinds = measures(look.reals)
    fake, kinds = measures(look.fakes)
    if not real:
      return {}
    return {"spread": fake / real, "kinds": kinds, "real_kinds": real_kinds}

  def judge(
    self, curve: signal.Curve, look: probe.Look
  ) -> Optional[states.Finding]:
    del look
    spreads, kinds = curve.last("spread"), curve.last("kinds")
    if not spreads or not kinds:
      return None
    peak = largest_rise(curve.values("spread"))
    reason = None
    if curve.is_past_grace and max(spreads) < self._alike:
      reason = f"All fakes are one image: their spread is {spreads[-1]:.2g}"
    elif peak > self._from and max(spreads) < self._to:
      reason = f"The fakes' spread fell from {peak:.2g} to {spreads[-1]:.2g}"
    elif curve.is_past_grace and max(kinds) < min(
      self._kinds, 0.5 * curve.rows[-1]["real_kinds"]
    ):
      return self._finding(
        f"The fakes are of {kinds[-1]:.1f} kinds; real images are of "
        f"{curve.rows[-1]['real_kinds']:.0f}."
      )
    if reason is None:
      return None
    return self._finding(f"{reason} of the real images'.")

  def _finding(self, reason):
    return states.Finding(
      self.name,
      states.COLLAPSED,
      4,
      reason,
      "Go back to an earlier checkpoint with smaller rates (watchdog.action = "
      "'go_back'). A larger batch, a penalty or D.spectral_norm = True, and a "
      "smaller ModularGAN.g_lr make it less likely.",
    )


def measures(x: np.ndarray) -> tuple[float, float]:
  """Returns the mean squared distance of two rows, and the number of kinds."""
  n = len(x)
  # Differences to the mean: large equal parts would lose the digits.
  x = x - np.mean(x, axis=0)
  lengths = np.sum(np.square(x), axis=1)
  squares = np.maximum(lengths[:, None] + lengths - 2.0 * x @ x.T, 0.0)
  np.fill_diagonal(squares, 0.0)
  mean = float(np.sum(squares)) / (n * (n - 1))
  if not mean > 0:
    return mean, 1.0 if mean == 0 else mean
  similar = np.exp(-squares / (2.0 * _WIDTH**2 * mean))
  return mean, float(1.0 / np.mean(similar))


def largest_rise(values: Sequence[float]) -> float:
  """Returns the largest of those that are twice an earlier one; 0 for none."""
  largest, lowest = 0.0, math.inf
  for value in values:
    if value >= _RISE * lowest:
      largest = max(largest, value)
    lowest = min(lowest, value)
  return largest


SIGNAL = Diversity
