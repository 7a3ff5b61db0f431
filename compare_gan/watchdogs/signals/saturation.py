"""D tells all images apart, and nothing is left to learn from it.

A pull is the mean |d loss / d score| of a loss, relative to its value for a D
that cannot tell. It falls to 0 where a loss is flat: D's own (cross-entropy, or
a hinge) once D is sure, and G's in the minimax game.
"""

from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin
import numpy as np


@gin.configurable("saturation", module="compare_gan.watchdogs")
class Saturation(signal.Signal):
  """D tells all images apart, and a loss, or D itself, is flat.

  Args:
    tells: chance to tell a real image from a fake, in all of the last looks. It
      is below 1 for a D that is right about every pair of 64 x 64 but four.
    pull: of D's or G's loss. Below a hundredth a network sees a hundredth of
      the gradient that it had at first, and noise decides where it goes.
    reach: how much of the gap between real and fake scores D's slope at the
      fakes would cross on the way to the real images. Below a hundredth D is a
      step, flat on both sides.
  """

  name = "saturation"

  def __init__(
    self,
    tells: accepted.Share = 0.999,
    pull: accepted.NotNegative = 0.01,
    reach: accepted.NotNegative = 0.01,
  ) -> None:
    self._tells, self._pull, self._reach = tells, pull, reach

  def numbers(self, look: probe.Look) -> dict[str, float]:
    if not look.scores:
      return {}
    real, fake = look.scores.real, look.scores.fake
    gap = float(np.mean(real) - np.mean(fake))
    found = {
      "gap": gap,
      "d_loss": look.scores.d_loss,
      "flat_loss": look.scores.flat_loss,
      "d_pull": look.scores.d_pull,
      "g_pull": look.scores.g_pull,
      "slope": look.scores.slope,
    }
    if gap > 0 and look.scores.distance:
      found["reach"] = look.scores.slope * look.scores.distance / gap
    return found

  def judge(
    self, curve: signal.Curve, look: probe.Look
  ) -> Optional[states.Finding]:
    del look
    tells = curve.last("tells")
    if not tells or min(tells) < self._tells or not curve.is_past_grace:
      return None
    for name, most, words in (
      ("d_pull", self._pull, "D's loss is flat: it has nothing left to learn"),
      ("g_pull", self._pull, "G's loss is flat where D is sure"),
      ("reach", self._reach, "D is flat at the fakes"),
    ):
      values = curve.last(name)
      if values and max(values) < most:
        return states.Finding(
          self.name,
          states.D_WINNING,
          5,
          f"D tells {min(tells):.1%} of all pairs of a real image and a fake, "
          f"and {words} ({name} {values[-1]:.2g}).",
          states.ADVICE[states.D_WINNING],
        )
    return None


SIGNAL = Saturation
