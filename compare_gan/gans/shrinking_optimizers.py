"""TF1's optimisers that pull weights to 0, by l1_regularization_strength.

No published GAN that we know of trains with them. Gin files refer to them as
`@tf.train.FtrlOptimizer` and so on; code finds them in optimizers.py.
"""

from typing import Any
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.gans.optimizer import Optimizer
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.schedules import Step
import gin
import tensorflow as tf


def _shrink(x: tf.Tensor, threshold: Any) -> tf.Tensor:
  """Returns argmin_w (w - x)^2 / 2 + threshold |w|."""
  return tf.sign(x) * tf.maximum(tf.abs(x) - threshold, 0.0)


@gin.configurable(module="tf.train")
class FtrlOptimizer(Optimizer):
  """Follow the regularised leader (McMahan et al., 2013).

  `l2_shrinkage_regularization_strength` adds 2 w times itself to the gradient.

  Args:
    learning_rate_power: a weight's rate falls with this power of its sum of
      squared gradients, 0 or less. 0 is a constant rate.
    initial_accumulator_value: first value of a weight's sum of squared
      gradients.
    l1_regularization_strength, l2_regularization_strength: factors of |w| and
      w^2, added to the loss.
    use_locking: has no effect.
    accum_name, linear_name: names of the two slots in checkpoints. None:
      `name`.
    l2_shrinkage_regularization_strength: factor of a second w^2, which acts
      through the gradient only.
    beta: adds beta / (2 learning_rate) to the l2 strength. None: 0.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    learning_rate_power: float = -0.5,
    initial_accumulator_value: accepted.NotNegative = 0.1,
    l1_regularization_strength: accepted.NotNegative = 0.0,
    l2_regularization_strength: accepted.NotNegative = 0.0,
    use_locking: bool = False,
    name: str = "Ftrl",
    accum_name: Optional[str] = None,
    linear_name: Optional[str] = None,
    l2_shrinkage_regularization_strength: accepted.NotNegative = 0.0,
    beta: Optional[float] = None,
  ) -> None:
    super().__init__(
      learning_rate,
      name,
      slots={"accum": initial_accumulator_value, "linear": 0.0},
    )
    self._accum_name = accum_name or name
    self._linear_name = linear_name or name
    self._power = -learning_rate_power
    self._l1 = l1_regularization_strength
    self._l2 = l2_regularization_strength
    self._l2_shrinkage = l2_shrinkage_regularization_strength
    self._beta = beta or 0.0
    self._require(
      learning_rate_power <= 0,
      "learning_rate_power",
      learning_rate_power,
      "0 or less",
    )
    for argument, value in (
      ("initial_accumulator_value", initial_accumulator_value),
      ("l1_regularization_strength", l1_regularization_strength),
      ("l2_regularization_strength", l2_regularization_strength),
      ("l2_shrinkage_regularization_strength", self._l2_shrinkage),
    ):
      self._require(value >= 0, argument, value, "0 or more")

  def _stems(self) -> list[str]:
    return [self._accum_name, self._linear_name]

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    lr, (accum, linear) = rate, slots
    old, accum = accum, accum + tf.square(g)
    # Per coordinate, 1 / rate = accum^power / lr.
    growth = (tf.pow(accum, self._power) - tf.pow(old, self._power)) / lr
    linear += g + 2.0 * self._l2_shrinkage * w - growth * w
    l2 = self._l2 + self._beta / (2.0 * lr)
    quadratic = tf.pow(accum, self._power) / lr + 2.0 * l2
    return -_shrink(linear, self._l1) / quadratic, accum, linear


@gin.configurable(module="tf.train")
class AdagradDAOptimizer(Optimizer):
  """Adagrad by dual averaging (Duchi et al., 2011).

  w is computed from the sums of all gradients, and the first step overwrites
  its first value: this is for linear models only. Unlike in TF1, `global_step`
  may be left out; it is then the `step` that `apply_gradients` gets.

  Args:
    global_step: number of the step, which counts the gradients in the sums.
      None: the one of the training.
    initial_gradient_squared_accumulator_value: first value of the sum of
      squared gradients.
    l1_regularization_strength, l2_regularization_strength: factors of |w| and
      w^2 / 2, in each step.
    use_locking: has no effect.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    global_step: Optional[Step] = None,
    initial_gradient_squared_accumulator_value: accepted.Positive = 0.1,
    l1_regularization_strength: accepted.NotNegative = 0.0,
    l2_regularization_strength: accepted.NotNegative = 0.0,
    use_locking: bool = False,
    name: str = "AdagradDA",
  ) -> None:
    accumulator = initial_gradient_squared_accumulator_value
    super().__init__(
      learning_rate,
      name,
      slots={
        "gradient_accumulator": 0.0,
        "gradient_squared_accumulator": accumulator,
      },
    )
    self._global_step = global_step
    self._l1 = l1_regularization_strength
    self._l2 = l2_regularization_strength
    self._require(
      accumulator > 0,
      "initial_gradient_squared_accumulator_value",
      accumulator,
      "a number above 0",
    )

  def _rate(self, lr: tf.Tensor, step: Step) -> Any:
    t = step if self._global_step is None else self._global_step
    return lr, tf.cast(t, tf.float32) + 1.0

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    (lr, t), (g_sum, g2_sum) = rate, slots
    g_sum += g
    g2_sum += tf.square(g)
    w = -lr * _shrink(g_sum, self._l1 * t)
    return w / (self._l2 * t * lr + tf.sqrt(g2_sum)), g_sum, g2_sum


class _Proximal(Optimizer):
  """A step of the loss, then the proximal step of l1 |w| + l2 w^2 / 2.

  Args:
    l1_regularization_strength: factor of |w|: each step moves weights towards 0
      by the rate times it, and those that arrive stay there.
    l2_regularization_strength: factor of w^2 / 2: each step divides weights by
      1 + the rate times it.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    name: str,
    l1_regularization_strength: float,
    l2_regularization_strength: float,
    slots: Optional[dict[str, float]] = None,
  ) -> None:
    super().__init__(learning_rate, name, slots)
    self._l1 = l1_regularization_strength
    self._l2 = l2_regularization_strength

  def _proximal_step(
    self, w: tf.Tensor, g: tf.Tensor, lr: tf.Tensor
  ) -> tf.Tensor:
    return _shrink(w - lr * g, lr * self._l1) / (1.0 + lr * self._l2)


@gin.configurable(module="tf.train")
class ProximalGradientDescentOptimizer(_Proximal):
  """Forward-backward splitting (Duchi & Singer, 2009).

  Args:
    use_locking: has no effect.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    l1_regularization_strength: accepted.NotNegative = 0.0,
    l2_regularization_strength: accepted.NotNegative = 0.0,
    use_locking: bool = False,
    name: str = "ProximalGradientDescent",
  ) -> None:
    super().__init__(
      learning_rate,
      name,
      l1_regularization_strength,
      l2_regularization_strength,
    )

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    return (self._proximal_step(w, g, rate),)


@gin.configurable(module="tf.train")
class ProximalAdagradOptimizer(_Proximal):
  """Adagrad with forward-backward splitting (Duchi et al., 2011).

  Args:
    initial_accumulator_value: as for AdagradOptimizer.
    use_locking: has no effect.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    initial_accumulator_value: accepted.NotNegative = 0.1,
    l1_regularization_strength: accepted.NotNegative = 0.0,
    l2_regularization_strength: accepted.NotNegative = 0.0,
    use_locking: bool = False,
    name: str = "ProximalAdagrad",
  ) -> None:
    super().__init__(
      learning_rate,
      name,
      l1_regularization_strength,
      l2_regularization_strength,
      slots={"accumulator": initial_accumulator_value},
    )
    self._require(
      initial_accumulator_value > 0,
      "initial_accumulator_value",
      initial_accumulator_value,
      "a number above 0",
    )

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    [accum] = slots
    accum += tf.square(g)
    return self._proximal_step(w, g, rate * tf.math.rsqrt(accum)), accum
