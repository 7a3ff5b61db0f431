"""Gradient descent under TF1's names, by TF1's formulas.

Gin files say `@tf.train.AdamOptimizer`, and published numbers depend on its
exact form: where epsilon is added, what an accumulator starts with. The classes
keep the constructors of `tf.compat.v1.train`, their defaults and their order;
`use_locking` is accepted and has no meaning.

  optimizer = AdamOptimizer(2e-4, beta1=0.0, name="d_opt")
  optimizer.build(discriminator.trainable_variables)
  optimizer.apply_gradients(zip(gradients, variables), step)

The classes are registered with gin in place: a binding applies to every
optimiser that is made, through gin or in Python, and to subclasses.

What they share is in optimizer.py. Adam and AdamW, of adam.py, are also found
here, and so are FtrlOptimizer, AdagradDAOptimizer, ProximalAdagradOptimizer and
ProximalGradientDescentOptimizer, which are loaded from shrinking_optimizers.py
on first use.
"""

import importlib
from typing import Any
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.gans.adam import AdamOptimizer
from compare_gan.gans.adam import AdamWOptimizer
from compare_gan.gans.optimizer import Optimizer
from compare_gan.gans.optimizer import float32
from compare_gan.gans.schedules import Schedule
import gin
import tensorflow as tf

# All optimisers are found here.
__all__ = [
  "AdadeltaOptimizer",
  "AdagradOptimizer",
  "AdamOptimizer",
  "AdamWOptimizer",
  "GradientDescentOptimizer",
  "MomentumOptimizer",
  "RMSPropOptimizer",
]

RARE_MODULE = "compare_gan.gans.shrinking_optimizers"
RARE = (
  "AdagradDAOptimizer",
  "FtrlOptimizer",
  "ProximalAdagradOptimizer",
  "ProximalGradientDescentOptimizer",
)


def __getattr__(name: str) -> Any:
  """Returns one of the optimisers that are not loaded with this file."""
  if name not in RARE:
    raise AttributeError(f"{__name__} has no {name}.")
  module = importlib.import_module(RARE_MODULE)
  return getattr(module, name)


@gin.configurable(module="tf.train")
class GradientDescentOptimizer(Optimizer):
  """w <- w - lr g.

  Args:
    use_locking: has no effect.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    use_locking: bool = False,
    name: str = "GradientDescent",
  ) -> None:
    super().__init__(learning_rate, name)

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    return (w - rate * g,)


@gin.configurable(module="tf.train")
class MomentumOptimizer(Optimizer):
  """Gradient descent with momentum (Polyak, 1964).

  Nesterov's variant (Sutskever et al., 2013) is TF1's: w is the point at which
  the next gradient is taken.

  Args:
    momentum: factor of the sum of past gradients, to which each new gradient is
      added.
    use_locking: has no effect.
    use_nesterov: Nesterov's variant: the step is the gradient plus `momentum`
      times the new sum, instead of the sum.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    momentum: accepted.Decay,
    use_locking: bool = False,
    name: str = "Momentum",
    use_nesterov: bool = False,
  ) -> None:
    super().__init__(learning_rate, name, slots={"momentum": 0.0})
    self._momentum = momentum
    self._use_nesterov = use_nesterov

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    [accum] = slots
    accum = self._momentum * accum + g
    if self._use_nesterov:
      return w - rate * (g + self._momentum * accum), accum
    return w - rate * accum, accum


@gin.configurable(module="tf.train")
class RMSPropOptimizer(Optimizer):
  """RMSProp (Tieleman & Hinton, 2012), with momentum, epsilon under the root.

  `centered` divides by the deviation of the gradient, not by its size (Graves,
  2013, https://arxiv.org/abs/1308.0850). As in TF1, the mean square starts at
  1.

  Args:
    decay: what the mean square keeps of itself in a step.
    momentum: factor of the last step, which is added to the new one; 0 for
      none.
    epsilon: added to the mean square, below the root.
    use_locking: has no effect.
    centered: subtracts the square of the gradient's mean from its mean square;
      costs another slot.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    decay: accepted.Decay = 0.9,
    momentum: accepted.Decay = 0.0,
    epsilon: accepted.NotNegative = 1e-10,
    use_locking: bool = False,
    centered: bool = False,
    name: str = "RMSProp",
  ) -> None:
    mean = {"mg": 0.0} if centered else {}
    super().__init__(
      learning_rate, name, slots={"rms": 1.0, **mean, "momentum": 0.0}
    )
    self._decay = float32(decay)
    self._momentum = momentum
    self._epsilon = epsilon

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    ms, *mg, mom = slots
    ms = self._average(ms, tf.square(g))
    mg = [self._average(mean, g) for mean in mg]  # none if not centered
    variance = ms - tf.square(mg[0]) if mg else ms
    mom = self._momentum * mom + rate * g * tf.math.rsqrt(
      variance + self._epsilon
    )
    return w - mom, ms, *mg, mom

  def _average(self, mean: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return mean + (1.0 - self._decay) * (x - mean)


@gin.configurable(module="tf.train")
class AdagradOptimizer(Optimizer):
  """Adagrad (Duchi et al., 2011).

  Args:
    initial_accumulator_value: first value of the sum of squared gradients,
      above 0.
    use_locking: has no effect.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor],
    initial_accumulator_value: float = 0.1,
    use_locking: bool = False,
    name: str = "Adagrad",
  ) -> None:
    super().__init__(
      learning_rate, name, slots={"accumulator": initial_accumulator_value}
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
    return w - rate * g * tf.math.rsqrt(accum), accum


@gin.configurable(module="tf.train")
class AdadeltaOptimizer(Optimizer):
  """Adadelta (Zeiler, 2012, https://arxiv.org/abs/1212.5701).

  Args:
    rho: what the averages of squared gradients and squared steps keep of
      themselves in a step.
    epsilon: added to both averages, below the roots; the first steps depend on
      it.
    use_locking: has no effect.
  """

  def __init__(
    self,
    learning_rate: Union[Schedule, tf.Tensor] = 0.001,
    rho: accepted.Decay = 0.95,
    epsilon: accepted.NotNegative = 1e-08,
    use_locking: bool = False,
    name: str = "Adadelta",
  ) -> None:
    super().__init__(
      learning_rate, name, slots={"accum": 0.0, "accum_update": 0.0}
    )
    self._rho = float32(rho)
    self._epsilon = epsilon

  def _update(
    self, w: tf.Tensor, g: tf.Tensor, rate: Any, *slots: tf.Tensor
  ) -> tuple[tf.Tensor, ...]:
    accum, accum_update = slots
    accum = self._average(accum, tf.square(g))
    update = g * tf.sqrt(accum_update + self._epsilon)
    update *= tf.math.rsqrt(accum + self._epsilon)
    accum_update = self._average(accum_update, tf.square(update))
    return w - rate * update, accum, accum_update

  def _average(self, mean: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return self._rho * mean + (1.0 - self._rho) * x
