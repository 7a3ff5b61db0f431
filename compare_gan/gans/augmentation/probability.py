"""How often images are changed: a number, a schedule, or what D's scores say.

ADA's controller (https://arxiv.org/abs/2006.06676, section 3) moves p by how
sure D is of real images, and so does APA's (https://arxiv.org/abs/2111.06849):

  r = mean of sign(D(x)) over all real logits since the last move
  p <- p + sign(r - target) * batch_size * interval / (1000 kimg)

after every `interval`-th update of D, kept in [0, 1]. The references have no
upper bound: there p may drift far beyond 1, which has no further effect, and
takes equally long to return.

  augmentation.p = @ada_controller()
  ada_controller.target = 0.6

It costs only the mean of the signs. p and the counts are variables, so a
resumed training finds them in its checkpoint.
"""

import dataclasses
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import scope
from compare_gan.gans import loss_lib
from compare_gan.gans.number_checks import is_number
from compare_gan.gans.number_checks import require_number
from compare_gan.layers import initializers
import gin
import numpy as np
import tensorflow as tf


@gin.configurable("ada_controller", module="compare_gan.gans")
@dataclasses.dataclass(frozen=True)
class AdaController:
  """How p is moved.

  Args:
    target: of r; 0.6 in the paper. A higher target lets D be surer.
    interval: D updates from one move to the next.
    kimg: thousands of real images in which p can go from 0 to 1; 500 in the
      paper, 100 in its transfer learning.
    start: p at the beginning.
    bounded: whether p stays at most 1; in the references it does not.
  """

  target: Annotated[float, accepted.Range(least=-1, most=1)] = 0.6
  interval: accepted.Count = 4
  kimg: accepted.Positive = 500.0
  start: accepted.Share = 0.0
  bounded: bool = True

  def __post_init__(self) -> None:
    name = "ada_controller"
    require_number(f"{name}.target", self.target, -1.0, 1.0)
    require_number(f"{name}.start", self.start, 0.0, 1.0)
    require_number(f"{name}.kimg", self.kimg, 1e-3)
    if not isinstance(self.interval, int) or self.interval < 1:
      raise ValueError(
        f"{name}.interval = {self.interval!r}. It must be an int of 1 or more."
      )

  def moved(self, p: Any, r: Any, batch_size: int) -> tf.Tensor:
    """Returns the next p.

    Args:
      p: the probability, a scalar.
      r: the mean sign of real logits.
      batch_size: real images of an update, over all replicas.
    """
    above = tf.cast(r, tf.float32) - self.target
    # A float32 mean may miss the target by a rounding error.
    direction = tf.where(tf.abs(above) < 1e-6, 0.0, tf.sign(above))
    p += direction * (batch_size * self.interval / (1000.0 * self.kimg))
    p = tf.maximum(p, 0.0)
    return tf.minimum(p, 1.0) if self.bounded else p


Chosen = Union[float, Callable, AdaController]


class Probability(scope.Module):
  """p, from [0, 1].

  Args:
    name: its gin name, "augmentation.p".
    chosen: a number, a schedule of the step, or an AdaController.
    step: returns the step at which a schedule is read.
    batch_size: real images of an update of D, which a controller counts.
  """

  def __init__(
    self,
    name: str,
    chosen: Chosen,
    step: Optional[Callable[[], Any]] = None,
    batch_size: Optional[int] = None,
  ) -> None:
    super().__init__()
    self.is_adaptive = isinstance(chosen, AdaController)
    self.is_fixed = is_number(chosen)
    if isinstance(chosen, AdaController):
      self._make_adaptive(name, chosen, batch_size)
    elif self.is_fixed:
      self._number = require_number(name, chosen, 0.0, 1.0)
    else:
      self._scheduled = scheduled_value(name, chosen, step, most=1.0)

  def _make_adaptive(
    self, name: str, controller: AdaController, batch_size: Optional[int]
  ) -> None:
    if batch_size is None:
      raise ValueError(
        f"{name} = @ada_controller() counts real images, so the GAN has to "
        "give its Augmentation a batch_size."
      )
    require_separating_zero(name)
    self._controller, self._batch_size = controller, batch_size
    start = np.asarray(controller.start, np.float32)
    zeros = initializers.zeros
    with scope.scope(name.partition(".")[0]):
      self.p = scope.variable(
        "p", [], lambda rng, shape: start, trainable=False
      )
      self.signs = scope.variable("signs", [], zeros, trainable=False)
      self.updates = scope.variable(
        "updates", [], zeros, trainable=False, dtype=tf.int32
      )

  @property
  def is_zero(self) -> bool:
    """Returns whether p is always 0."""
    return self.is_fixed and self._number == 0

  def value(self) -> Any:
    """Returns the present p: a number or a scalar tensor."""
    if self.is_fixed:
      return self._number
    if self.is_adaptive:
      return tf.convert_to_tensor(self.p)
    return tf.clip_by_value(self._scheduled(), 0.0, 1.0)

  def move(self, r: tf.Tensor) -> None:
    """Counts an update of D, and moves p if it is time.

    Args:
      r: the mean sign of its real logits, over all replicas.
    """
    signs, updates = self.signs + r, self.updates + 1
    is_time = updates >= self._controller.interval
    mean = signs / self._controller.interval
    p = tf.convert_to_tensor(self.p)
    moved = self._controller.moved(p, mean, self._batch_size)
    self.p.assign(tf.where(is_time, moved, p))
    self.signs.assign(tf.where(is_time, 0.0, signs))
    self.updates.assign(tf.where(is_time, 0, updates))


def scheduled_value(
  name: str,
  chosen: Any,
  step: Optional[Callable[[], Any]],
  most: Optional[float] = None,
) -> Callable[[], tf.Tensor]:
  """Returns a function that gives a schedule's present value, float32.

  Raises if `chosen`, whose gin name is `name`, is not a schedule, or if there
  is no step for it to follow.
  """
  if not callable(chosen) or isinstance(chosen, type):
    raise ValueError(
      f"{name} = {chosen!r}. It can be a number, a schedule such as "
      "@tf.train.polynomial_decay(), or @ada_controller() where it is a "
      "probability."
    )
  if step is None:
    raise ValueError(
      f"{name} is a schedule, so the GAN has to give its Augmentation a step."
    )
  with tf.init_scope():
    first = float(chosen(tf.zeros([], tf.int64)))
  require_number(f"{name}, at step 0,", first, 0.0, most)
  return lambda: tf.cast(chosen(tf.convert_to_tensor(step())), tf.float32)


# ---- Which losses it suits ---------------------------------------------------

_NEAR_0 = (
  0.3  # One-sided smoothing at 0.9 moves the logit of "undecided" by 0.2.
)


def require_separating_zero(name: str) -> None:
  """Raises unless a logit's sign says whether D takes an image for real.

  A D that cannot tell real from fake gives both the same score. If the loss is
  lowest where this score is about 0, the sign of a logit separates real from
  fake. If all scores are equally good, or another score is the best, signs mean
  nothing.
  """
  with tf.init_scope():
    scores = [0.1 * i for i in range(-40, 41)]
    losses = [_loss_of_equals(score) for score in scores]
  least = min(losses)
  is_best = [loss - least < 1e-4 for loss in losses]
  best = [score for score, good in zip(scores, is_best) if good]
  middle = sum(best) / len(best)
  if len(best) == len(scores) or abs(middle) > _NEAR_0:
    where = (
      "finds all scores equally good"
      if len(best) == len(scores)
      else f"puts the border between real and fake at about {middle:.1f}"
    )
    raise ValueError(
      f"{name} = @ada_controller() follows the signs of real logits, but "
      f"loss.fn{_chosen_loss()} {where}, not at 0. Use loss.fn = "
      f"@non_saturating or @hinge, or give {name} a number or a schedule."
    )


def _loss_of_equals(score):
  logits = tf.fill([4, 1], tf.constant(score, tf.float32))
  return float(loss_lib.get_losses(logits, logits).d_loss)


def _chosen_loss():
  try:
    return f" = {gin.query_parameter('loss.fn')}"
  except ValueError:  # Nothing is bound, so the default applies.
    return ""
