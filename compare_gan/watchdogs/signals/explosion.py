"""Weights, singular values, scores or gradients that grow without bound."""

import math
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
import gin
import numpy as np

_SIDES = ("d", "g")


@gin.configurable("explosion", module="compare_gan.watchdogs")
class Explosion(signal.Signal):
  """Weights, singular values, scores or gradients that grow without bound.

  All bounds are relative: to what the training itself began with or had before,
  or to the score at which a cross-entropy or hinge loss is of order 1.

  Args:
    growth: of the norm of a network's weights, or of the largest singular value
      of its kernels, within `window` looks. Healthy trainings grow by that much
      over their whole length, if at all; Adam moves a weight by its rate in a
      step, so it takes a large rate to do so in 10 looks.
    window: looks, and the first weights count as one.
    scores: root mean square of D's scores. Losses are then hundreds of times
      the value of a D that cannot tell, and no image is on an edge any more.
    gradients: the least of the last `patience` gradient norms, relative to the
      largest norm before.
  """

  name = "explosion"

  def __init__(
    self,
    growth: accepted.Positive = 10.0,
    window: accepted.Count = 10,
    scores: accepted.Positive = 1000.0,
    gradients: accepted.Positive = 1000.0,
  ) -> None:
    self._growth, self._window = growth, window
    self._scores, self._gradients = scores, gradients

  def numbers(self, look: probe.Look) -> dict[str, float]:
    found = {}
    for side in _SIDES:
      names = look.weights.get(side, ())
      total = sum(look.squares[name] for name in names)
      if names:
        found[f"weights_{side}"] = math.sqrt(total)
      sigmas = [look.sigmas[name] for name in names if name in look.sigmas]
      if sigmas:
        found[f"sigma_{side}"] = max(sigmas)
      if f"grad_norm/{side}" in look.scalars:
        found[f"gradient_{side}"] = look.scalars[f"grad_norm/{side}"]
    if look.scores:
      scores = np.concatenate([look.scores.real, look.scores.fake])
      found["scores"] = float(np.sqrt(np.mean(np.square(scores))))
    return found

  def judge(
    self, curve: signal.Curve, look: probe.Look
  ) -> Optional[states.Finding]:
    del look
    for reason in (*self._grown(curve), *self._large(curve)):
      return states.Finding(
        self.name,
        states.DIVERGED,
        1,
        reason,
        "Smaller rates (ModularGAN.g_lr, d_lr), D.spectral_norm = True, "
        "clipped gradients (optimizer.clip_norm), a smaller options.lamba.",
      )
    return None

  def _grown(self, curve):
    for stem, words in (
      ("weights", "The norm of the weights of {}"),
      ("sigma", "The largest singular value of {}"),
    ):
      for side in _SIDES:
        values = curve.values(f"{stem}_{side}")[-self._window - 1 :]
        if len(values) < 2 or not min(values) > 0:
          continue
        factor = values[-1] / min(values)
        if factor >= self._growth:
          yield (
            f"{words.format(side.upper())} grew {factor:.0f} "
            f"times within {len(values) - 1} looks, to {values[-1]:.3g}."
          )

  def _large(self, curve):
    scores = curve.last("scores")
    if scores and min(scores) >= self._scores:
      yield f"D's scores have a root mean square of {scores[-1]:.3g}."
    for side in _SIDES:
      now = curve.last(f"gradient_{side}")
      before = curve.values(f"gradient_{side}")[: -curve.patience]
      if not now or len(before) < curve.grace:
        continue
      if min(now) >= self._gradients * max(before) > 0:
        yield (
          f"The gradient of {side.upper()} has a norm of {now[-1]:.3g}, and "
          f"had at most {max(before):.3g} before."
        )


SIGNAL = Explosion
