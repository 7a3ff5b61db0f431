"""Gradient descent under TF1's names, by TF1's formulas.

Gin files say `@tf.train.AdamOptimizer`, and published numbers hang on its exact
form: where epsilon stands, what an accumulator starts with. The classes here
keep the constructors of `tf.compat.v1.train`, their defaults and their order;
`use_locking` is accepted and has no meaning.

  optimizer = AdamOptimizer(2e-4, beta1=0.0, name="d_opt")
  optimizer.build(discriminator.trainable_variables)
  optimizer.apply_gradients(zip(gradients, variables), step)

An algorithm is the one method `_update`, from (w, g, slots) to their new
values; the base class walks over the variables.

With several replicas, call `build` in the strategy's scope, and hand the same
gradients, already reduced, to `apply_gradients` on every replica: each updates
its own copy, no replica waits for another, and the copies stay equal.
"""

import abc
import numbers

from compare_gan.layers import scope
import numpy as np
import tensorflow as tf


def _float32(value):
  """Rounds to float32: as in TF1, 1 - beta is that of the rounded beta.

  1 - 0.999 and 1 - float32(0.999) differ in the fifth digit.
  """
  return float(np.float32(value))


class Optimizer(scope.Module, abc.ABC):
  """What all optimisers share: the learning rate, the slots, the walk.

  Args:
    learning_rate: a number, or a schedule: `learning_rate(step)` -> scalar.
    name: how checkpoints call the slots: `<variable>/<name>` is the first one,
      `<variable>/<name>_1` the second.
    slots: name -> first value; each variable gets one of each, of its shape.
    scalars: name -> first value of `<name>/<scalar>`, shared by all variables.
  """

  def __init__(self, learning_rate, name, slots=None, scalars=None):
    super().__init__()
    self._optimizer_name = name
    self._learning_rate = learning_rate
    self._slot_values = slots or {}
    self._scalar_values = scalars or {}
    self._scalars = None
    self._slots = None
    self._require(
      callable(learning_rate)
      or isinstance(learning_rate, (numbers.Real, tf.Tensor)),
      "learning_rate",
      learning_rate,
      "a number or a schedule, @tf.train.exponential_decay() say,",
    )
    self.learning_rate(tf.constant(0, tf.int64))  # Better now than in the loop.

  def _require(self, fits, argument, got, would_do):
    if not fits:
      raise ValueError(
        f"{type(self).__name__}.{argument} = {got!r}, but {would_do} would do."
      )

  @property
  def name(self):
    return self._optimizer_name

  def learning_rate(self, step):
    """Returns the learning rate of `step`, a float32 scalar."""
    rate = self._learning_rate
    if callable(rate):
      rate = rate(step)
      self._require(
        not callable(rate),
        "learning_rate",
        self._learning_rate,
        "a schedule that is called in the gin file, with () behind its name,",
      )
    return tf.cast(rate, tf.float32)

  def build(self, variables):
    """Makes all slots and scalars; call it once and outside of `scope`."""
    variables = list(variables)
    if self._slots is not None:
      raise ValueError(
        f"{self.name} has its slots already: build it only once."
      )
    with scope.scope(self.name):
      self._scalars = {
        scalar: _constant(scalar, [], value)
        for scalar, value in self._scalar_values.items()
      }
    self._slots = {scope.full_name(w): self._make_slots(w) for w in variables}

  def _make_slots(self, w):
    with scope.scope(scope.full_name(w)):
      return {
        slot: _constant(name, w.shape, self._slot_values[slot])
        for slot, name in zip(self._slot_values, self._names())
      }

  def _names(self):
    """Returns the last parts of the slots' names: name, name_1, name_2."""
    return [
      name if not before else f"{name}_{before}"
      for name, before in _with_count(self._stems())
    ]

  def _stems(self):
    return [self.name] * len(self._slot_values)

  def slot(self, w, name):
    """Returns the slot `name` ("m", "accum") of variable `w`."""
    return self._slots[scope.full_name(w)][name]

  def apply_gradients(self, grads_and_vars, step):
    """Moves the variables by one step, in place.

    Args:
      grads_and_vars: pairs (gradient, variable), the gradients equal on all
        replicas.
      step: how many steps the training has made, what schedules depend on.
    """
    grads_and_vars = list(grads_and_vars)
    self._check(grads_and_vars)
    lr = self._rate(self.learning_rate(step), step)
    before = []
    # One after the other, or a graph would scale all slots before it knows the
    # first gradient. The last layer's gradient is there first.
    for g, w in reversed(grads_and_vars):
      # Lookups have sparse gradients; the formulas are those of dense ones.
      g = tf.cast(tf.convert_to_tensor(g), tf.float32)
      with tf.control_dependencies([g, *before]):
        before = self._move(w, g, lr)
    self._finish()

  def _move(self, w, g, lr):
    """Moves w and its slots; returns their new values."""
    variables = [w, *(self.slot(w, name) for name in self._slot_values)]
    old_w, *slots = [tf.convert_to_tensor(variable) for variable in variables]
    new = self._update(old_w, g, lr, *slots)
    for variable, value in zip(variables, new):
      variable.assign(value)
    return new

  def _check(self, grads_and_vars):
    missing = [scope.full_name(w) for g, w in grads_and_vars if g is None]
    if missing:
      raise ValueError(
        f"{self.name} got no gradient for {', '.join(missing)}: the loss does "
        "not depend on it. Leave it out of the trained variables or use it in "
        "the network."
      )
    names = [scope.full_name(w) for _, w in grads_and_vars]
    unknown = [name for name in names if name not in (self._slots or {})]
    if unknown:
      raise ValueError(
        f"{self.name} lacks the slots of {', '.join(unknown)}. Hand them to "
        "build() before the first step."
      )

  def _rate(self, lr, step):
    """Returns what `_update` gets as its rate, computed once per step."""
    del step
    return lr

  @abc.abstractmethod
  def _update(self, w, g, lr, *slots):
    """Returns the new (w, *slots) for the gradient g, all of one shape."""

  def _finish(self):
    """Updates the scalars, after all variables."""


def _constant(name, shape, value):
  return scope.variable(
    name,
    shape,
    lambda rng, shape: np.full(shape, value, np.float32),
    trainable=False,
  )


def _with_count(names):
  """Pairs each name with the number of times it came before."""
  return [(name, names[:i].count(name)) for i, name in enumerate(names)]


def _shrink(x, threshold):
  """Returns argmin_w (w - x)^2 / 2 + threshold |w|."""
  return tf.sign(x) * tf.maximum(tf.abs(x) - threshold, 0.0)


class GradientDescentOptimizer(Optimizer):
  """w <- w - lr g."""

  def __init__(self, learning_rate, use_locking=False, name="GradientDescent"):
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
    learning_rate,
    momentum,
    use_locking=False,
    name="Momentum",
    use_nesterov=False,
  ):
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
    learning_rate=0.001,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-08,
    use_locking=False,
    name="Adam",
  ):
    super().__init__(
      learning_rate,
      name,
      slots={"m": 0.0, "v": 0.0},
      scalars={"beta1_power": beta1, "beta2_power": beta2},
    )
    self._beta1, self._beta2 = _float32(beta1), _float32(beta2)
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
    learning_rate,
    decay=0.9,
    momentum=0.0,
    epsilon=1e-10,
    use_locking=False,
    centered=False,
    name="RMSProp",
  ):
    mean = {"mg": 0.0} if centered else {}
    super().__init__(
      learning_rate, name, slots={"rms": 1.0, **mean, "momentum": 0.0}
    )
    self._decay = _float32(decay)
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
    learning_rate,
    initial_accumulator_value=0.1,
    use_locking=False,
    name="Adagrad",
  ):
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
    learning_rate=0.001,
    rho=0.95,
    epsilon=1e-08,
    use_locking=False,
    name="Adadelta",
  ):
    super().__init__(
      learning_rate, name, slots={"accum": 0.0, "accum_update": 0.0}
    )
    self._rho = _float32(rho)
    self._epsilon = epsilon

  def _update(self, w, g, lr, accum, accum_update):
    accum = self._average(accum, tf.square(g))
    update = g * tf.sqrt(accum_update + self._epsilon)
    update *= tf.math.rsqrt(accum + self._epsilon)
    accum_update = self._average(accum_update, tf.square(update))
    return w - lr * update, accum, accum_update

  def _average(self, mean, x):
    return self._rho * mean + (1.0 - self._rho) * x


class FtrlOptimizer(Optimizer):
  """Follow the regularised leader (McMahan et al., 2013).

  `l2_shrinkage_regularization_strength` adds 2 w times it to the gradient.
  """

  def __init__(
    self,
    learning_rate,
    learning_rate_power=-0.5,
    initial_accumulator_value=0.1,
    l1_regularization_strength=0.0,
    l2_regularization_strength=0.0,
    use_locking=False,
    name="Ftrl",
    accum_name=None,
    linear_name=None,
    l2_shrinkage_regularization_strength=0.0,
    beta=None,
  ):
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
    learning_rate,
    global_step=None,
    initial_gradient_squared_accumulator_value=0.1,
    l1_regularization_strength=0.0,
    l2_regularization_strength=0.0,
    use_locking=False,
    name="AdagradDA",
  ):
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
    learning_rate,
    name,
    l1_regularization_strength,
    l2_regularization_strength,
    slots=None,
  ):
    super().__init__(learning_rate, name, slots)
    self._l1 = l1_regularization_strength
    self._l2 = l2_regularization_strength

  def _proximal_step(self, w, g, lr):
    return _shrink(w - lr * g, lr * self._l1) / (1.0 + lr * self._l2)


class ProximalGradientDescentOptimizer(_Proximal):
  """Forward-backward splitting (Duchi & Singer, 2009)."""

  def __init__(
    self,
    learning_rate,
    l1_regularization_strength=0.0,
    l2_regularization_strength=0.0,
    use_locking=False,
    name="ProximalGradientDescent",
  ):
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
    learning_rate,
    initial_accumulator_value=0.1,
    l1_regularization_strength=0.0,
    l2_regularization_strength=0.0,
    use_locking=False,
    name="ProximalAdagrad",
  ):
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
