"""Gradient descent under TF1's names, by TF1's formulas.

Gin files say `@tf.train.AdamOptimizer`, and published numbers depend on its
exact form: where epsilon stands, what an accumulator starts with. The classes
keep the constructors of `tf.compat.v1.train`, their defaults and their order;
`use_locking` is accepted and has no meaning.

  optimizer = AdamOptimizer(2e-4, beta1=0.0, name="d_opt")
  optimizer.build(discriminator.trainable_variables)
  optimizer.apply_gradients(zip(gradients, variables), step)

What they share stands in optimizer.py. Those that shrink weights by themselves
are in shrinking_optimizers.py, under these names too.
"""

from typing import Callable
from typing import Union

from compare_gan.gans.optimizer import Optimizer
from compare_gan.gans.optimizer import float32
from compare_gan.gans.shrinking_optimizers import AdagradDAOptimizer
from compare_gan.gans.shrinking_optimizers import FtrlOptimizer
from compare_gan.gans.shrinking_optimizers import ProximalAdagradOptimizer
from compare_gan.gans.shrinking_optimizers import (
  ProximalGradientDescentOptimizer,
)
import tensorflow as tf

__all__ = [
  "AdadeltaOptimizer",
  "AdagradDAOptimizer",
  "AdagradOptimizer",
  "AdamOptimizer",
  "FtrlOptimizer",
  "GradientDescentOptimizer",
  "MomentumOptimizer",
  "Optimizer",
  "ProximalAdagradOptimizer",
  "ProximalGradientDescentOptimizer",
  "RMSPropOptimizer",
]


class GradientDescentOptimizer(Optimizer):
  """w <- w - lr g."""

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    use_locking: bool = False,
    name: str = "GradientDescent",
  ) -> None:
    super().__init__(learning_rate, name)

  def _update(self, w, g, lr):
    return (w - lr * g,)


class MomentumOptimizer(Optimizer):
  """Gradient descent that keeps going (Polyak, 1964).

  Nesterov's variant (Sutskever et al., 2013) is TF1's: w is kept at the point
  that the next gradient looks ahead to.
  """

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    momentum: float,
    use_locking: bool = False,
    name: str = "Momentum",
    use_nesterov: bool = False,
  ) -> None:
    super().__init__(learning_rate, name, slots={"momentum": 0.0})
    self._momentum = momentum
    self._use_nesterov = use_nesterov

  def _update(self, w, g, lr, accum):
    accum = self._momentum * accum + g
    if self._use_nesterov:
      return w - lr * (g + self._momentum * accum), accum
    return w - lr * accum, accum


class AdamOptimizer(Optimizer):
  """Adam (Kingma & Ba, 2015, https://arxiv.org/abs/1412.6980).

  In the form at the end of the paper's section 2: epsilon stands outside of the
  bias correction (the paper's epsilon-hat), unlike in Keras and PyTorch.
  """

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable] = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-08,
    use_locking: bool = False,
    name: str = "Adam",
  ) -> None:
    super().__init__(
      learning_rate,
      name,
      slots={"m": 0.0, "v": 0.0},
      scalars={"beta1_power": beta1, "beta2_power": beta2},
    )
    self._beta1, self._beta2 = float32(beta1), float32(beta2)
    self._epsilon = epsilon
    for argument, beta in (("beta1", beta1), ("beta2", beta2)):
      self._require(0 <= beta < 1, argument, beta, "a number in [0, 1)")

  def _rate(self, lr, step):
    beta1_t, beta2_t = self._scalars.values()  # beta^t, t = 1 at the first step
    return lr * tf.sqrt(1.0 - beta2_t) / (1.0 - beta1_t)

  def _update(self, w, g, lr, m, v):
    m = self._beta1 * m + (1.0 - self._beta1) * g
    v = self._beta2 * v + (1.0 - self._beta2) * tf.square(g)
    return w - lr * m / (tf.sqrt(v) + self._epsilon), m, v

  def _finish(self):
    beta1_t, beta2_t = self._scalars.values()
    beta1_t.assign(beta1_t * self._beta1)
    beta2_t.assign(beta2_t * self._beta2)


class RMSPropOptimizer(Optimizer):
  """RMSProp (Tieleman & Hinton, 2012), with momentum, epsilon under the root.

  `centered` divides by the deviation of the gradient, not by its size (Graves,
  2013, https://arxiv.org/abs/1308.0850). As in TF1 the mean square starts at 1.
  """

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
    decay: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-10,
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

  def _update(self, w, g, lr, ms, *slots):
    *mg, mom = slots
    ms = self._average(ms, tf.square(g))
    mg = [self._average(mean, g) for mean in mg]  # none if not centered
    variance = ms - tf.square(mg[0]) if mg else ms
    mom = self._momentum * mom + lr * g * tf.math.rsqrt(
      variance + self._epsilon
    )
    return w - mom, ms, *mg, mom

  def _average(self, mean, x):
    return mean + (1.0 - self._decay) * (x - mean)


class AdagradOptimizer(Optimizer):
  """Adagrad (Duchi et al., 2011)."""

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable],
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

  def _update(self, w, g, lr, accum):
    accum += tf.square(g)
    return w - lr * g * tf.math.rsqrt(accum), accum


class AdadeltaOptimizer(Optimizer):
  """Adadelta (Zeiler, 2012, https://arxiv.org/abs/1212.5701)."""

  def __init__(
    self,
    learning_rate: Union[float, tf.Tensor, Callable] = 0.001,
    rho: float = 0.95,
    epsilon: float = 1e-08,
    use_locking: bool = False,
    name: str = "Adadelta",
  ) -> None:
    super().__init__(
      learning_rate, name, slots={"accum": 0.0, "accum_update": 0.0}
    )
    self._rho = float32(rho)
    self._epsilon = epsilon

  def _update(self, w, g, lr, accum, accum_update):
    accum = self._average(accum, tf.square(g))
    update = g * tf.sqrt(accum_update + self._epsilon)
    update *= tf.math.rsqrt(accum + self._epsilon)
    accum_update = self._average(accum_update, tf.square(update))
    return w - lr * update, accum, accum_update

  def _average(self, mean, x):
    return self._rho * mean + (1.0 - self._rho) * x
