"""NaN and Inf, in a loss or in any variable."""

import math
from typing import Optional

from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin

_SHOWN = 3  # names in a reason


@gin.configurable("not_finite", module="compare_gan.watchdogs")
class NotFinite(signal.Signal):
  """NaN and Inf, in a loss or in any variable: slots and averages, too.

  A loss counts unless it is scaled (float16): then such a step is skipped. A
  variable counts in any case. One look is enough.
  """

  name = "not_finite"

  def numbers(self, look: probe.Look) -> dict[str, float]:
    return {"not_finite": float(len(_bad(look)))}

  def judge(
    self, curve: signal.Curve, look: probe.Look
  ) -> Optional[states.Finding]:
    if not curve.rows[-1]["not_finite"]:
      return None
    bad = _bad(look)
    more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    return states.Finding(
      self.name,
      states.DIVERGED,
      0,
      f"NaN or Inf in {', '.join(bad[:_SHOWN])}{more}.",
      "A smaller rate (ModularGAN.g_lr, d_lr), clipped gradients "
      "(optimizer.clip_norm) or a penalty (penalty.fn).",
    )


def bad_losses(scalars: dict[str, float]) -> list[str]:
  """Returns the names of the losses that are not finite, unless scaled."""
  if any(name.startswith("loss_scale/") for name in scalars):
    return []
  return [
    name
    for name, value in scalars.items()
    if name.startswith("loss/") and not math.isfinite(value)
  ]


def _bad(look):
  squares = look.squares.items()
  variables = [name for name, x in squares if not math.isfinite(x)]
  return [*bad_losses(look.scalars), *variables]


SIGNAL = NotFinite
