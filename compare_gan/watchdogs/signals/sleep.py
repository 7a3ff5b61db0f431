"""A network that takes no part: D tells nothing, or weights do not move."""

from typing import Optional
import zlib

from compare_gan.configuration import accepted
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin
import numpy as np


@gin.configurable("sleep", module="compare_gan.watchdogs")
class Sleep(signal.Signal):
  """D's scores are constant, or wrong throughout; or weights do not move.

  A GAN that has converged is not asleep: its D cannot tell real images from
  fakes either, but its scores differ from image to image.

  Args:
    scores: standard deviation of D's scores. With less, a loss of cross-entropy
      or a hinge loss is within a thousandth of its value for a D that cannot
      tell (2 ln 2, or 2).
    tells: how far from 0.5 the chance to tell must stay for that: a D with
      clipped weights has tiny scores that are in the right order. With 64 real
      images and 64 fakes, chance alone deviates by 0.05.
    left_behind: chance to tell below which D is wrong throughout. A D that
      learns does not stay there: to swap its scores would be better.
  """

  name = "sleep"

  def __init__(
    self,
    scores: accepted.NotNegative = 0.001,
    tells: accepted.Share = 0.15,
    left_behind: accepted.NotNegative = 0.1,
  ) -> None:
    self._scores, self._tells, self._left_behind = scores, tells, left_behind

  def numbers(self, look: probe.Look) -> dict[str, float]:
    found = {
      f"print_{side}": _print(look, names)
      for side, names in look.weights.items()
      if names
    }
    if look.scores:
      real, fake = look.scores.real, look.scores.fake
      found["scores_deviation"] = float(np.std(np.concatenate([real, fake])))
      found["tells"] = chance_to_tell(real, fake)
    return found

  def judge(
    self, curve: signal.Curve, look: probe.Look
  ) -> Optional[states.Finding]:
    del look
    deviations, tells = curve.last("scores_deviation"), curve.last("tells")
    if _are_still(curve, "d"):
      return self._finding(
        2,
        "D's weights do not move.",
        "ModularGAN.d_lr is 0 or too small, or no gradient reaches D.",
      )
    if deviations and tells and curve.is_past_grace:
      if max(deviations) < self._scores and (
        max(abs(x - 0.5) for x in tells) < self._tells
      ):
        return self._finding(
          2,
          "D gives all images the same score, within "
          f"{max(deviations):.2g}: its loss is that of a D that cannot tell.",
          "The penalty may outweigh the loss (options.lamba), D's first "
          "weights may be 0, or no image reaches its ReLUs.",
        )
      if max(tells) < self._left_behind:
        return self._finding(
          2,
          "D scores fakes above real images, in "
          f"{1 - max(tells):.0%} of all pairs, and does not learn otherwise.",
          "The penalty may outweigh the loss (options.lamba), or "
          "ModularGAN.d_lr is too small.",
        )
    if _are_still(curve, "g"):
      return self._finding(
        6,
        "G's weights do not move.",
        "ModularGAN.g_lr is 0 or too small, or no gradient reaches G.",
      )
    return None

  def _finding(self, rank, reason, advice):
    return states.Finding(self.name, states.ASLEEP, rank, reason, advice)


def chance_to_tell(real: np.ndarray, fake: np.ndarray) -> float:
  """Returns P(D(real) > D(fake)), ties count half: the area under the ROC."""
  above = real[:, None] > fake[None]
  equal = real[:, None] == fake[None]
  return float(np.mean(above + 0.5 * equal))


def _print(look, names):
  """Returns a number that changes if a weight does."""
  squares = np.asarray([look.squares[name] for name in names], np.float32)
  return float(zlib.crc32(squares.tobytes()))


def _are_still(curve, side):
  """Returns whether no weight of a side has moved in the last looks."""
  name = f"print_{side}"
  prints = [row.get(name) for row in curve.looks()[-max(2, curve.patience) :]]
  if len(prints) < max(2, curve.patience) or None in prints:
    return False
  return len(set(prints)) == 1


SIGNAL = Sleep
