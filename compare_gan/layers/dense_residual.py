"""Residual blocks of linear layers, as BigBiGAN's H, J and encoders have them.

Dropout (https://arxiv.org/abs/1207.0580) takes its numbers from `draws`: inside
`draws.seeded`, row i of the global batch loses the same units on any number of
replicas.
"""

from typing import Callable

from compare_gan.context import draws
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers.activations import lrelu
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Linear
from compare_gan.layers.spectral_norm import SpectralNorm
import tensorflow as tf


def dropout(x: tf.Tensor, rate: float, is_training: bool) -> tf.Tensor:
  """Returns x with each entry 0 with probability `rate`, else x / (1 - rate).

  In evaluation x is unchanged.
  """
  if not is_training or not rate:
    return x
  stays = tf.cast(draws.uniform(tf.shape(x)) >= rate, x.dtype)
  return x * stays / (1.0 - rate)


class DenseResidual(Module):
  """a(D K2 a(D K1 x)) + a(K3 x) with a leaky ReLU a and dropout D.

  Args:
    in_channels, units: x is [N, in_channels], the result [N, units].
    kernel_fn: of the three linear maps, which have biases.
    rate: of the dropout, 0 for none.
    name: of the scope.
  """

  def __init__(
    self,
    in_channels: int,
    units: int,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    rate: float = 0.2,
    name: str = "block",
  ) -> None:
    super().__init__()
    if not 0.0 <= rate < 1.0:
      raise ValueError(
        f"dropout = {rate}. It must be 0 or more and less than 1. The "
        "network's gin parameter `dropout` sets it."
      )
    self._rate = rate

    def linear(channels: int, name: str) -> Linear:
      return Linear(channels, units, kernel_fn=kernel_fn, name=name)

    with scope(name):
      self.linear1 = linear(in_channels, "linear1")
      self.linear2 = linear(units, "linear2")
      self.shortcut = linear(in_channels, "shortcut")

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    h = x
    for linear in (self.linear1, self.linear2):
      h = lrelu(dropout(linear(h, is_training), self._rate, is_training))
    return h + lrelu(self.shortcut(x, is_training))


class DenseResiduals(Module):
  """Several such blocks, one after the other, in scopes block1, block2, ..."""

  def __init__(
    self,
    in_channels: int,
    units: int,
    count: int,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    rate: float = 0.2,
  ) -> None:
    super().__init__()
    widths = [in_channels] + [units] * count
    self.blocks = [
      DenseResidual(widths[i], units, kernel_fn, rate, f"block{i + 1}")
      for i in range(count)
    ]

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    for block in self.blocks:
      x = block(x, is_training)
    return x


class ScoredResiduals(Module):
  """BigBiGAN's H or J: features [N, units] of a vector, and a score of it.

  Args:
    in_channels: length of the vector.
    units, count: width and number of the residual blocks.
    rate: of their dropout.
    kernel_fn: of their kernels.
    score_kernel_fn: of the last linear map.
  """

  def __init__(
    self,
    in_channels: int,
    units: int,
    count: int,
    rate: float,
    kernel_fn: Callable[..., tf.Module] = SpectralNorm,
    score_kernel_fn: Callable[..., tf.Module] = Kernel,
  ) -> None:
    super().__init__()
    self.blocks = DenseResiduals(in_channels, units, count, kernel_fn, rate)
    self.linear = Linear(units, 1, kernel_fn=score_kernel_fn, name="fc")

  def __call__(
    self, x: tf.Tensor, is_training: bool
  ) -> tuple[tf.Tensor, tf.Tensor]:
    features = self.blocks(x, is_training)
    return features, self.linear(features, is_training)
