"""Group normalisation (https://arxiv.org/abs/1803.08494) and instance
normalisation (https://arxiv.org/abs/1607.08022).

  y = (x - m) / sqrt(v + epsilon) gamma + beta

m and v (biased) are the moments of one image over its pixels and the C / groups
consecutive channels of a group. Instance normalisation has a group for each
channel. Images do not depend on each other, so D can use both with penalties on
its slope, and replicas or small batches change nothing. Training and evaluation
are the same.

Chosen by `G.batch_norm_fn = @group_norm` and so on.
"""

from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.gin_names import NORM_INPUTS
from compare_gan.layers.kernel import Kernel
import gin
import tensorflow as tf


def normalize_groups(x: tf.Tensor, groups: int, epsilon: float) -> tf.Tensor:
  """Returns x [N, H, W, C] or [N, C], each group with mean 0 and variance 1.

  Computed in float32 from the deviations from the mean: E[x^2] - E[x]^2 would
  lose digits where the mean is large.
  """
  x = tf.cast(x, tf.float32)
  channels = x.shape[-1]
  grouped = tf.reshape(
    x, [tf.shape(x)[0], *x.shape[1:-1], groups, channels // groups]
  )
  axes = [*range(1, x.shape.rank - 1), x.shape.rank]
  mean, variance = tf.nn.moments(grouped, axes, keepdims=True)
  y = (grouped - mean) * tf.math.rsqrt(variance + epsilon)
  return tf.reshape(y, tf.shape(x))


class _GroupNorm(Module):
  """What both have in common.

  Args:
    gin_name: for messages.
    groups: of the channels.
    channels, name: see batch_norm.py.
    epsilon: added to the variance.
  """

  def __init__(
    self, gin_name: str, groups: int, channels: int, name: str, epsilon: float
  ) -> None:
    super().__init__()
    self._gin_name = gin_name
    self._groups = groups
    self._epsilon = epsilon
    with scope(name):
      self.gamma = variable("gamma", [channels], initializers.ones)
      self.beta = variable("beta", [channels], initializers.zeros)

  def __call__(
    self,
    x: tf.Tensor,
    z: Optional[tf.Tensor],
    y: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    del z, y, is_training
    self._require_several(x)
    normal = normalize_groups(x, self._groups, self._epsilon)
    return tf.cast(normal * self.gamma + self.beta, x.dtype)

  def _require_several(self, x):
    numbers = x.shape[-1] // self._groups
    for size in x.shape[1:-1]:
      numbers *= size
    if numbers < 2:
      raise ValueError(
        f"{self._gin_name} got activations of shape {x.shape}, where each of "
        f"its {self._groups} groups is a single number, which normalisation "
        "turns into 0. Choose fewer groups with group_norm.groups, or another "
        "G.batch_norm_fn or D.batch_norm_fn."
      )


@gin.configurable("group_norm", module=ARCH_OPS, denylist=NORM_INPUTS)
class GroupNorm(_GroupNorm):
  """Group normalisation.

  Args:
    channels, z_dim, y_dim, kernel_fn, name: see batch_norm.py.
    groups: of the channels, a divisor of their number; the paper's is 32.
    epsilon: added to the variance; TF-GAN has 1e-6.
  """

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
    groups: accepted.Count = 32,
    epsilon: accepted.Positive = 1e-5,
  ) -> None:
    del z_dim, y_dim, kernel_fn
    if groups < 1 or channels % groups:
      raise ValueError(
        f"group_norm.groups = {groups}, but {name} has {channels} channels. "
        "Set group_norm.groups to a divisor of the channels of every layer, "
        "or change the network's ch."
      )
    super().__init__("group_norm", groups, channels, name, epsilon)


@gin.configurable("instance_norm", module=ARCH_OPS, denylist=NORM_INPUTS)
class InstanceNorm(_GroupNorm):
  """Instance normalisation.

  Args:
    channels, z_dim, y_dim, kernel_fn, name: see batch_norm.py.
    epsilon: added to the variance; TF-GAN has 1e-6.
  """

  def __init__(
    self,
    channels: int,
    z_dim: int = 0,
    y_dim: int = 0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "batch_norm",
    epsilon: accepted.Positive = 1e-5,
  ) -> None:
    del z_dim, y_dim, kernel_fn
    super().__init__("instance_norm", channels, channels, name, epsilon)
