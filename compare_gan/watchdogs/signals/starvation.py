"""A schedule that gives D so much more than G that G cannot follow."""

from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin

_MOST = 1e9  # of a G whose rate is 0


@gin.configurable("starvation", module="compare_gan.watchdogs")
class Starvation(signal.Signal):
  """D tells all images apart, and gets many times the updates x rate of G.

  Args:
    ratio: (disc_iters x D's rate) / (gen_iters x G's rate). Published settings
      reach 20: 5 updates of D, at 4 times G's rate.
    tells: chance to tell a real image from a fake, in all of the last looks.
    pull: of D's loss, see saturation.py; with more, D still learns from G.
  """

  name = "starvation"

  def __init__(
    self,
    ratio: accepted.Positive = 40.0,
    tells: accepted.Share = 0.999,
    pull: accepted.NotNegative = 0.1,
  ) -> None:
    self._ratio, self._tells, self._pull = ratio, tells, pull

  def numbers(self, look: probe.Look) -> dict[str, float]:
    names = [f"learning_rate/{side}" for side in "dg"]
    if not look.iterations or not set(names) <= set(look.scalars):
      return {}
    d, g = (look.scalars[name] * n for name, n in zip(names, look.iterations))
    return {"d_to_g": min(d / g, _MOST) if g else (_MOST if d else 1.0)}

  def judge(
    self, curve: signal.Curve, look: probe.Look
  ) -> Optional[states.Finding]:
    ratios, tells = curve.last("d_to_g"), curve.last("tells")
    pulls = curve.last("d_pull")
    if not (ratios and tells and pulls):
      return None
    if (
      min(ratios) < self._ratio
      or min(tells) < self._tells
      or max(pulls) > self._pull
    ):
      return None
    updates = " and ".join(
      f"{n} x {look.scalars[f'learning_rate/{side}']:.2g} for {side.upper()}"
      for n, side in zip(look.iterations, "dg")
    )
    return states.Finding(
      self.name,
      states.D_WINNING,
      3,
      f"G starves: updates x rate are {updates}, and D tells "
      f"{min(tells):.1%} of all pairs.",
      "Fewer options.disc_iters, a smaller ModularGAN.d_lr or a larger "
      "ModularGAN.g_lr.",
    )


SIGNAL = Starvation
