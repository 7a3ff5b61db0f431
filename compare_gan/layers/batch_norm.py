"""Batch normalisation (https://arxiv.org/abs/1502.03167) and what modulates it.

A normaliser is chosen by `G.batch_norm_fn` / `D.batch_norm_fn`: those here, of
group_norm.py, pixel_norm.py and virtual_batch_norm.py. It is made with the
sizes and called with the tensors. Your own `scope.Module` or `tf.Module` with
these two methods is accepted, once a gin file says `import my_package.my_norm`:

  norm = my_norm(channels, z_dim=0, y_dim=0, kernel_fn=Kernel, name="bn1")
  x = norm(x, z, y, is_training)    # z, y: None where the dimension is 0
"""

from collections.abc import Sequence
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.context import state
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import fused_batch_norm
from compare_gan.layers import initializers
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.gin_names import NORM_INPUTS
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Linear
from compare_gan.layers.moments import batch_moments
from compare_gan.layers.moments import cross_replica_moments
import gin
import tensorflow as tf


@gin.configurable("standardize_batch", module=ARCH_OPS, denylist=["channels"])
class StandardizeBatch(Module):
  """Mean 0 and variance 1 per channel, for x [N, C] or [N, H, W, C].

  Training uses the moments of the batch. Evaluation uses moving averages
  (`moving_mean`, `moving_variance`) or, without them, accumulated moments: sums
  over the batches seen while `update_accus` is 1, divided by their number.

  Args:
    channels: C.
    decay: of the moving averages, moved by 1 - decay towards each batch.
    epsilon: added to the variance.
    use_moving_averages: evaluation uses moving averages of the moments; False:
      means over batches that are passed for it.
    use_cross_replica_mean: moments of the global batch instead of this
      replica's. None: yes if there are several replicas.
  """

  couples_images = True  # In a pass in training.

  def __init__(
    self,
    channels: int,
    decay: accepted.Share = 0.999,
    epsilon: accepted.Positive = 1e-3,
    use_moving_averages: bool = True,
    use_cross_replica_mean: Optional[bool] = None,
  ) -> None:
    super().__init__()
    self._decay = decay
    self.epsilon = epsilon
    self._use_moving_averages = use_moving_averages
    self._use_cross_replica_mean = use_cross_replica_mean
    self._gin_scope = gin.current_scope()  # cross_replica_moments reads gin.

    def stored(
      name: str,
      shape: Sequence[int],
      value: float,
      dtype: tf.DType = tf.float32,
    ) -> Any:
      init = initializers.constant(value)
      return variable(name, shape, init, trainable=False, dtype=dtype)

    if use_moving_averages:
      self.moving_mean = stored("moving_mean", [channels], 0.0)
      self.moving_variance = stored("moving_variance", [channels], 1.0)
    else:
      with scope("accu"):
        self.accu_mean = stored("accu_mean", [channels], 0.0)
        self.accu_variance = stored("accu_variance", [channels], 0.0)
        # Not 0: unfilled accumulators must not divide by it.
        self.accu_counter = stored("accu_counter", [], 1e-12)
        self.update_accus = stored("update_accus", [], 0, tf.int32)

  def __call__(
    self,
    x: tf.Tensor,
    is_training: bool,
    gamma: Optional[tf.Variable] = None,
    beta: Optional[tf.Variable] = None,
  ) -> tf.Tensor:
    """Returns the standardised x, or gamma times it + beta, the two [C]."""
    if is_training and fused_batch_norm.is_usable(x) and not self._is_across():
      return self._fused(x, gamma, beta)
    x = self._standardized(x, is_training)
    if gamma is None or beta is None:
      return x
    return x * tf.cast(gamma, x.dtype) + tf.cast(beta, x.dtype)

  def _fused(self, x, gamma, beta):
    channels = x.shape[-1:]
    y, mean, variance = fused_batch_norm.normalize(
      x,
      tf.ones(channels) if gamma is None else gamma,
      tf.zeros(channels) if beta is None else beta,
      self.epsilon,
    )
    self._move_averages(mean, variance)
    return y

  def _standardized(self, x, is_training):
    inputs_dtype = x.dtype
    x = tf.cast(x, tf.float32)
    if is_training:
      mean, variance = self._moments(x)
      self._move_averages(mean, variance)
    elif self._use_moving_averages:
      mean, variance = self.moving_mean, self.moving_variance
    else:
      mean, variance = self._accumulated(x)
    scale = tf.math.rsqrt(variance + self.epsilon)
    return tf.cast(x * scale - mean * scale, inputs_dtype)

  def _moments(self, x):
    axes = list(range(x.shape.rank - 1))
    if not self._is_across():
      return batch_moments(x, axes)
    if not self._gin_scope:
      return cross_replica_moments(x, axes)
    with gin.config_scope(self._gin_scope):
      return cross_replica_moments(x, axes)

  def _is_across(self):
    """Returns whether moments are those of the global batch."""
    if self._use_cross_replica_mean is None:
      return replica.num_replicas() > 1
    return self._use_cross_replica_mean

  def _move_averages(self, mean, variance):
    if self._use_moving_averages:
      self._move(self.moving_mean, mean)
      self._move(self.moving_variance, variance)

  def _move(self, average, value):
    state.update(
      average, lambda: average - (1.0 - self._decay) * (average - value)
    )

  def _accumulated(self, x):
    filling = tf.equal(self.update_accus, 1)
    mean, variance = self._moments(x)

    def accumulate(total: tf.Variable, value: tf.Tensor) -> tf.Tensor:
      # `where`, not a product: a NaN batch must not reach closed accumulators.
      total_now = total + tf.where(filling, value, tf.zeros_like(value))
      state.update(total, lambda: total_now)
      return total_now

    mean = accumulate(self.accu_mean, mean)
    variance = accumulate(self.accu_variance, variance)
    count = accumulate(self.accu_counter, tf.ones([]))
    return mean / count, variance / count


@gin.configurable("no_batch_norm", module=ARCH_OPS, denylist=NORM_INPUTS)
class NoBatchNorm(Module):
  """The identity."""

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
  ) -> None:
    super().__init__()
    del channels, z_dim, y_dim, kernel_fn, name

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y, is_training
    return x


@gin.configurable("batch_norm", module=ARCH_OPS, denylist=NORM_INPUTS)
class BatchNorm(Module):
  """gamma standardised + beta, with one gamma and beta per channel."""

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
  ) -> None:
    super().__init__()
    del z_dim, y_dim, kernel_fn
    with scope(name):
      self.standardize = StandardizeBatch(channels)
      self.gamma = variable("gamma", [channels], initializers.ones)
      self.beta = variable("beta", [channels], initializers.zeros)

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y
    return self.standardize(x, is_training, self.gamma, self.beta)


def _modulate(x, gamma, beta):
  """gamma x + beta, the two being [N, C] and x [N, C] or [N, H, W, C]."""
  if x.shape.rank == 4:
    gamma, beta = gamma[:, None, None, :], beta[:, None, None, :]
  return x * tf.cast(gamma, x.dtype) + tf.cast(beta, x.dtype)


@gin.configurable(
  "conditional_batch_norm", module=ARCH_OPS, denylist=NORM_INPUTS
)
class ConditionalBatchNorm(Module):
  """Gamma and beta are linear in y (https://arxiv.org/abs/1707.00683).

  y is a one-hot label or whatever the architecture makes of it, [N, y_dim].
  As in the original gamma is y W, not 1 + y W, and without a bias by default.

  Args:
    channels, z_dim, y_dim, kernel_fn, name: what an architecture gives to its
      normalisers.
    use_bias: adds a bias to gamma and to beta, which no label changes.
  """

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
    use_bias: bool = False,
  ) -> None:
    super().__init__()
    del z_dim
    if not y_dim:
      raise ValueError(
        "conditional_batch_norm needs labels, but this network gets none. Set "
        "ModularGAN.conditional = True on a dataset with labels, or choose "
        "another batch_norm_fn, such as @batch_norm."
      )
    with scope(name):
      self.standardize = StandardizeBatch(channels)
      with scope("condition"):
        self.gamma = Linear(
          y_dim, channels, use_bias, kernel_fn=kernel_fn, name="gamma"
        )
        self.beta = Linear(
          y_dim, channels, use_bias, kernel_fn=kernel_fn, name="beta"
        )

  def __call__(
    self, x: tf.Tensor, z: Optional[tf.Tensor], y: tf.Tensor, is_training: bool
  ) -> tf.Tensor:
    del z
    x = self.standardize(x, is_training)
    return _modulate(x, self.gamma(y, is_training), self.beta(y, is_training))


@gin.configurable(
  "self_modulated_batch_norm", module=ARCH_OPS, denylist=NORM_INPUTS
)
class SelfModulatedBatchNorm(Module):
  """Gamma and beta are functions of z (https://arxiv.org/abs/1810.01365).

  A hidden layer of `num_hidden` units (none if 0) is shared by the two.

  Args:
    channels, z_dim, y_dim, kernel_fn, name: what an architecture gives to its
      normalisers.
    num_hidden: units of the hidden layer between z and gamma and beta.
  """

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
    num_hidden: accepted.Count = 32,
  ) -> None:
    super().__init__()
    del y_dim
    if not z_dim:
      raise ValueError(
        "self_modulated_batch_norm needs z, which discriminators do not get. "
        "Choose another D.batch_norm_fn, such as @batch_norm."
      )
    with scope(name):
      self.standardize = StandardizeBatch(channels)
      with scope("sbn"):
        self.hidden = None
        if num_hidden > 0:
          self.hidden = Linear(
            z_dim, num_hidden, kernel_fn=kernel_fn, name="hidden"
          )
          z_dim = num_hidden
        self.gamma = Linear(
          z_dim, channels, bias_start=1.0, kernel_fn=kernel_fn, name="gamma"
        )
        self.beta = Linear(z_dim, channels, kernel_fn=kernel_fn, name="beta")

  def __call__(
    self, x: tf.Tensor, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    del y
    x = self.standardize(x, is_training)
    if self.hidden:
      z = tf.nn.relu(self.hidden(z, is_training))
    return _modulate(x, self.gamma(z, is_training), self.beta(z, is_training))
