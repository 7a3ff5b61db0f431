"""TF1's optimisers that pull weights to 0, `l1_regularization_strength` say.

Gin files and code find them in optimizers.py, as `@tf.train.FtrlOptimizer` say.
"""

from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.gans.optimizer import Optimizer
import tensorflow as tf


def _shrink(x, threshold):
  """Returns argmin_w (w - x)^2 / 2 + threshold |w|."""
  return tf.sign(x) * tf.maximum(tf.abs(x) - threshold, 0.0)


class FtrlOptimizer(Optimizer):
  """Follow the regularised leader (McMahan et al., 2013).

  `l2_shrinkage_regularization_strength` adds 2 w times it to the gradient.
  """

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    learning_rate_power: float = -0.5,
    initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
    use_locking: bool = False,
    name: str = "Ftrl",
    accum_name: Optional[str] = None,
    linear_name: Optional[str] = None,
    l2_shrinkage_regularization_strength: float = 0.0,
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
      "a number of at most 0",
    )
    for argument, value in (
      ("initial_accumulator_value", initial_accumulator_value),
      ("l1_regularization_strength", l1_regularization_strength),
      ("l2_regularization_strength", l2_regularization_strength),
      ("l2_shrinkage_regularization_strength", self._l2_shrinkage),
    ):
      self._require(value >= 0, argument, value, "a number of at least 0")

  def _stems(self):
    return [self._accum_name, self._linear_name]

  def _update(self, w, g, lr, accum, linear):
    old, accum = accum, accum + tf.square(g)
    # Per coordinate, 1 / rate = accum^power / lr.
    growth = (tf.pow(accum, self._power) - tf.pow(old, self._power)) / lr
    linear += g + 2.0 * self._l2_shrinkage * w - growth * w
    l2 = self._l2 + self._beta / (2.0 * lr)
    quadratic = tf.pow(accum, self._power) / lr + 2.0 * l2
    return -_shrink(linear, self._l1) / quadratic, accum, linear


class AdagradDAOptimizer(Optimizer):
  """Adagrad by dual averaging (Duchi et al., 2011).

  w follows from the sums of all gradients: the first step forgets its first
  value, so this is for linear models only. `global_step` may be left out,
  unlike in TF1: then it is the `step` that `apply_gradients` gets.
  """

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    global_step: Optional[Union[int, tf.Tensor, tf.Variable]] = None,
    initial_gradient_squared_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
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

  def _rate(self, lr, step):
    t = step if self._global_step is None else self._global_step
    return lr, tf.cast(t, tf.float32) + 1.0

  def _update(self, w, g, lr_and_t, g_sum, g2_sum):
    lr, t = lr_and_t
    g_sum += g
    g2_sum += tf.square(g)
    w = -lr * _shrink(g_sum, self._l1 * t)
    return w / (self._l2 * t * lr + tf.sqrt(g2_sum)), g_sum, g2_sum


class _Proximal(Optimizer):
  """A step of the loss, then the proximal step of l1 |w| + l2 w^2 / 2."""

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    name: str,
    l1_regularization_strength: float,
    l2_regularization_strength: float,
    slots: Optional[dict[str, float]] = None,
  ) -> None:
    super().__init__(learning_rate, name, slots)
    self._l1 = l1_regularization_strength
    self._l2 = l2_regularization_strength

  def _proximal_step(self, w, g, lr):
    return _shrink(w - lr * g, lr * self._l1) / (1.0 + lr * self._l2)


class ProximalGradientDescentOptimizer(_Proximal):
  """Forward-backward splitting (Duchi & Singer, 2009)."""

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
    use_locking: bool = False,
    name: str = "ProximalGradientDescent",
  ) -> None:
    super().__init__(
      learning_rate,
      name,
      l1_regularization_strength,
      l2_regularization_strength,
    )

  def _update(self, w, g, lr):
    return (self._proximal_step(w, g, lr),)


class ProximalAdagradOptimizer(_Proximal):
  """Adagrad with forward-backward splitting (Duchi et al., 2011)."""

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
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

  def _update(self, w, g, lr, accum):
    accum += tf.square(g)
    return self._proximal_step(w, g, lr * tf.math.rsqrt(accum)), accum
