"""Adam by TF1's formula and under its name, and AdamW.

TF1's order of operations differs from Keras's and PyTorch's, see AdamOptimizer.
Both are also found in optimizers.py, with the other optimisers.
"""

import copy
from typing import Annotated
from typing import Any
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.gans import schedules
from compare_gan.gans.optimizer import Optimizer
from compare_gan.gans.optimizer import float32
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.schedules import Step
import gin
import tensorflow as tf


class _Rate(NamedTuple):
  """What the moves of all weights in a step share.

  They are tensors: in a graph a number becomes a constant wherever it is used,
  and with five for each weight these were a twelfth of a step's operations.
  """

  lr: tf.Tensor  # with the bias correction
  epsilon: tf.Tensor
  beta1: tf.Tensor
  beta2: tf.Tensor
  no_power: tf.Tensor  # 0, as `lr` has the powers of the betas


@gin.configurable(module="tf.train")
class AdamOptimizer(Optimizer):
  """Adam (Kingma & Ba, 2015, https://arxiv.org/abs/1412.6980).

  This is the form at the end of the paper's section 2: epsilon is outside the
  bias correction (the paper's epsilon-hat), unlike in Keras and PyTorch.

  beta1 and beta2 may be schedules, as in R3GAN (beta2 from 0.9 to 0.99). The
  bias correction is then 1 - beta(0) beta(1) ... beta(t), which makes the
  moments weighted means of all gradients exactly.

  `bias_correction` = "power" is the paper's algorithm 1, as in PyTorch: 1 -
  beta(t)^(t + 1), of the present beta, and epsilon is added afterwards. The two
  differ in the first tens of steps, and for gradients of about epsilon.

  Args:
    beta1: what the mean of the gradients keeps of itself in a step, from 0 to
      below 1, or a schedule of it. 0, usual for GANs, is no momentum.
    beta2: what the mean of the squared gradients keeps of itself in a step, or
      a schedule of it.
    epsilon: added to the root of the mean square: gradients that are small
      beside it make small steps.
    use_locking: has no effect.
    bias_correction: "product", of the betas so far, as in TF1; or "power", of
      the present one, as in PyTorch.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor] = 0.001,
    beta1: Schedule = 0.9,
    beta2: Schedule = 0.999,
    epsilon: accepted.NotNegative = 1e-08,
    use_locking: bool = False,
    name: str = "Adam",
    bias_correction: Annotated[
      str, accepted.OneOf("product", "power")
    ] = "product",
  ) -> None:
    super().__init__(learning_rate, name, slots={"m": 0.0, "v": 0.0})
    self._epsilon = epsilon
    self._require(
      bias_correction in ("product", "power"),
      "bias_correction",
      bias_correction,
      "'product' or 'power'",
    )
    self._takes_powers = bias_correction == "power"
    self._set_betas(beta1, beta2)

  def _set_betas(self, beta1: Schedule, beta2: Schedule) -> None:
    """Sets both, and the first values of the products that correct the bias."""
    for argument, beta in (("beta1", beta1), ("beta2", beta2)):
      schedules.require_schedule(f"{type(self).__name__}.{argument}", beta)
      first = tf.get_static_value(schedules.value_at(beta, 0))  # None in graphs
      fits = first is None or 0 <= first < 1
      self._require(fits, argument, beta, "a number in [0, 1)")
    self._betas = beta1, beta2
    if self._takes_powers:
      self._scalar_values = {"steps": 0.0}
      return
    # As in TF1, a product already includes the beta of the next step. For a
    # schedule that beta is not known yet, so its product begins with 1.
    self._scalar_values = {
      f"beta{i}_power": 1.0 if callable(beta) else beta
      for i, beta in enumerate(self._betas, start=1)
    }

  def corrected(self, c: float) -> "AdamOptimizer":
    """Returns Adam with lr c, beta1^c and beta2^c; epsilon stays.

    See Optimizer.corrected. For k = 16, c is 0.9411765; lr 0.0025 becomes
    0.00235294 and beta2 0.99 becomes 0.9905855.
    """
    if not 0 < c <= 1:
      raise ValueError(f"corrected(c = {c}): c must be in (0, 1].")
    if self._slots is not None:
      raise ValueError(f"{self.name} has its slots already: correct it before.")
    twin = copy.copy(self)
    twin._learning_rate = lambda step: c * self.learning_rate(step)
    twin._set_betas(*(_power(beta, c) for beta in self._betas))
    return twin

  def _betas_at(self, step: Step) -> list[Union[float, tf.Tensor]]:
    """Returns both betas, numbers where they are constant."""
    return [
      schedules.value_at(beta, step) if callable(beta) else float32(beta)
      for beta in self._betas
    ]

  def _rate(self, lr: tf.Tensor, step: Step) -> _Rate:
    beta1, beta2 = self._betas_at(step)
    beta1_t, beta2_t = self._corrections(beta1, beta2)
    root = tf.sqrt(1.0 - beta2_t)
    epsilon = self._epsilon * root if self._takes_powers else self._epsilon
    shared = (lr * root / (1.0 - beta1_t), epsilon, beta1, beta2, 0.0)
    return _Rate(*(tf.cast(x, tf.float32) for x in shared))

  def _corrections(self, *betas: Any) -> list[tf.Tensor]:
    """Returns beta1^t and beta2^t, t = 1 at the first step."""
    if self._takes_powers:
      t = self._scalars["steps"] + 1.0
      return [tf.pow(tf.cast(beta, tf.float32), t) for beta in betas]
    return [
      power * beta if callable(given) else tf.convert_to_tensor(power)
      for given, beta, power in zip(self._betas, betas, self._scalars.values())
    ]

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    m, v = slots
    m = rate.beta1 * m + (1.0 - rate.beta1) * g
    v = rate.beta2 * v + (1.0 - rate.beta2) * tf.square(g)
    return w - rate.lr * m / (tf.sqrt(v) + rate.epsilon), m, v

  def _move(
    self,
    w: tf.Variable,
    g: tf.Tensor,
    lr: tf.Tensor,
    rate: Any,
    when: Optional[tf.Tensor],
  ) -> list[tf.Tensor]:
    if when is not None or not self._can_fuse():
      return super()._move(w, g, lr, rate, when)
    # One operation for 19.
    tf.raw_ops.ResourceApplyAdam(
      var=w.handle,
      m=self.slot(w, "m").handle,
      v=self.slot(w, "v").handle,
      beta1_power=rate.no_power,
      beta2_power=rate.no_power,
      lr=rate.lr,
      beta1=rate.beta1,
      beta2=rate.beta2,
      epsilon=rate.epsilon,
      grad=g,
    )
    return []

  def _can_fuse(self) -> bool:
    """Returns whether TF1's own operation for Adam makes the same step.

    It makes it in place, so a class with another formula cannot use it.
    """
    cls = type(self)
    return (
      replica.device_kind() in ("cpu", "gpu")
      and cls._update is AdamOptimizer._update
      and cls._decayed is Optimizer._decayed
    )

  def _new_scalars(
    self, step: Step, *scalars: tf.Variable
  ) -> tuple[tf.Tensor, ...]:
    if self._takes_powers:
      return (scalars[0] + 1.0,)
    return tuple(
      power * beta for power, beta in zip(scalars, self._betas_at(step))
    )


def _power(beta: Schedule, c: float) -> Schedule:
  """Returns beta^c, a number or a schedule as beta is."""
  if callable(beta):
    return lambda step: tf.pow(schedules.value_at(beta, step), c)
  return beta**c


@gin.configurable(module="compare_gan.gans.optimizers")
class AdamWOptimizer(AdamOptimizer):
  """Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101).

  w <- w - lr (Adam's step + weight_decay w): as in PyTorch, the decay follows
  the schedule of the learning rate, and does not pass through the moments.

  Args:
    learning_rate: a number or a schedule.
    beta1, beta2, epsilon: None for those bound on AdamOptimizer:
      `tf.train.AdamOptimizer.beta1 = 0.0` acts on both.
    use_locking: has no effect.
    name: of the slots in checkpoints.
    weight_decay: share of a weight that is subtracted in each step, times the
      learning rate. PyTorch's default is 0.01 too.
    decayed: "kernels", those of linear layers, convolutions and embeddings; or
      "all", which adds biases and the gains of norms.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor] = 0.001,
    beta1: Optional[Schedule] = None,
    beta2: Optional[Schedule] = None,
    epsilon: Optional[accepted.NotNegative] = None,
    use_locking: bool = False,
    name: str = "AdamW",
    weight_decay: accepted.NotNegative = 0.01,
    decayed: Annotated[str, accepted.OneOf("kernels", "all")] = "kernels",
  ) -> None:
    own: dict[str, Any] = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    given = {key: value for key, value in own.items() if value is not None}
    super().__init__(learning_rate, name=name, **given)
    self._weight_decay = weight_decay
    self._decays_all = decayed == "all"
    self._require(weight_decay >= 0, "weight_decay", weight_decay, "0 or more")
    self._require(
      decayed in ("kernels", "all"), "decayed", decayed, "'kernels' or 'all'"
    )

  def _decayed(
    self, w: tf.Variable, old: tf.Tensor, new: tf.Tensor, lr: tf.Tensor
  ) -> tf.Tensor:
    is_kernel = scope.full_name(w).split("/")[-1] == "kernel"
    if not (self._decays_all or is_kernel):
      return new
    return new - lr * self._weight_decay * old
