"""The states of a training in words, and which of several findings names it."""

from collections.abc import Iterable
from typing import NamedTuple
from typing import Optional

HEALTHY = "healthy"
D_WINNING = "D winning"
COLLAPSED = "collapsed"
DIVERGED = "diverged"
ASLEEP = "asleep"


class Finding(NamedTuple):
  """What a signal has found."""

  signal: str
  state: str  # one of the above
  # Of several findings the one with the lowest rank names the state: a cause
  # before what follows from it. 0 numbers that are gone, 1 numbers that go,
  # 2 D does not take part, 3 D is given too much, 4 G's images, 5 the rest.
  rank: int
  reason: str  # one sentence, with numbers
  advice: str  # what usually helps in this case


def name_of(finding: Optional[Finding]) -> str:
  """Returns the state of a training with this finding; None: healthy."""
  return finding.state if finding else HEALTHY


def most_telling(findings: Iterable[Finding]) -> Optional[Finding]:
  """Returns the finding that names the state, None without any."""
  return min(findings, key=lambda one: one.rank, default=None)


# What usually helps, for diagnosis.json. docs/watchdogs.md says more.
ADVICE = {
  HEALTHY: "Nothing needs to be done.",
  D_WINNING: (
    "Weaken D, or give G more: a penalty (penalty.fn = @r1_penalty, or a "
    "gradient penalty), D.spectral_norm = True, a smaller ModularGAN.d_lr, "
    "fewer options.disc_iters. With few images, D learns them by heart: "
    "augmentation helps (augmentation.policy = @ada()). A minimax loss gives G "
    "no gradient here; @non_saturating or @hinge do."
  ),
  COLLAPSED: (
    "Train on from an earlier checkpoint with smaller rates (watchdog.action = "
    "'go_back' does so). Against it happening again: a larger batch, "
    "D.spectral_norm = True or a gradient penalty, a smaller ModularGAN.g_lr, "
    "more options.disc_iters."
  ),
  DIVERGED: (
    "Smaller rates (ModularGAN.g_lr, d_lr), normalised weights "
    "(D.spectral_norm = True), clipped gradients (optimizer.clip_norm), a "
    "smaller options.lamba. In float16, look at loss_scale/ in TensorBoard."
  ),
  ASLEEP: (
    "Look at what a network gets: a rate that is 0 or too small "
    "(ModularGAN.d_lr, g_lr), a penalty that outweighs the loss "
    "(options.lamba), first weights that are all 0, ReLUs that no image "
    "reaches."
  ),
}
