"""StyleGAN2's layers from w to images (https://arxiv.org/abs/1912.04958).

A block has the layers of one size: modulated convolutions, each with noise of
its own, a bias and the activation. ToRGB makes the image of that size.
"""

from typing import Optional

from compare_gan.context import draws
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.activations import clamped
from compare_gan.layers.activations import scaled_lrelu
from compare_gan.layers.modulated_conv import ModulatedConv2D
import tensorflow as tf


class SynthesisLayer(Module):
  """A modulated convolution, noise, a bias and the activation."""

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    resolution: int,
    w_dim: int,
    doubles: bool,
    clamp: Optional[float],
    name: str,
  ) -> None:
    super().__init__()
    self._clamp = clamp
    with scope(name):
      self.conv = ModulatedConv2D(in_channels, out_channels, 3, w_dim, doubles)
      self.noise_const = variable(
        "noise_const",
        [resolution, resolution],
        initializers.normal(1.0),
        trainable=False,
      )
      self.noise_strength = variable("noise_strength", [], initializers.zeros)
      self.bias = variable("bias", [out_channels], initializers.zeros)

  def __call__(
    self,
    x: tf.Tensor,
    w: tf.Tensor,
    noise: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    """`noise` is [N or 1, H, W, 1] or None."""
    x = self.conv(x, w, is_training)
    if noise is not None:
      x += tf.cast(self.noise_strength * noise, x.dtype)
    x = tf.nn.bias_add(x, tf.cast(self.bias, x.dtype))
    return clamped(scaled_lrelu(x), self._clamp)


class SynthesisBlock(Module):
  """The layers of one size; called as a stage of recompute.py."""

  def __init__(self, layers: list[SynthesisLayer]) -> None:
    super().__init__()
    self.layers = layers

  def __call__(
    self,
    x: tf.Tensor,
    w: tf.Tensor,
    noise: Optional[tf.Tensor],
    is_training: bool,
  ) -> tf.Tensor:
    """`w` is [N, layers, w_dim], `noise` [N or 1, H, W, layers] or None."""
    for i, layer in enumerate(self.layers):
      own = None if noise is None else noise[..., i : i + 1]
      x = layer(x, w[:, i], own, is_training)
    return x

  def stored_noise(self) -> tf.Tensor:
    """Returns the noise of evaluation, [1, H, W, layers]."""
    constants = [layer.noise_const for layer in self.layers]
    return tf.stack(constants, axis=-1)[None]

  def drawn_noise(self, n: tf.Tensor) -> tf.Tensor:
    """Returns noise from N(0, 1), [N, H, W, layers]."""
    shapes = [[n, *layer.noise_const.shape, 1] for layer in self.layers]
    return tf.concat([draws.normal(shape) for shape in shapes], axis=-1)


class ToRGB(Module):
  """A 1x1 modulated convolution without demodulation, float32."""

  def __init__(
    self, in_channels: int, colors: int, w_dim: int, clamp: Optional[float]
  ) -> None:
    super().__init__()
    self._clamp = clamp
    with scope("torgb"):
      self.conv = ModulatedConv2D(
        in_channels, colors, 1, w_dim, demodulate=False
      )
      self.bias = variable("bias", [colors], initializers.zeros)

  def __call__(
    self, x: tf.Tensor, w: tf.Tensor, is_training: bool
  ) -> tf.Tensor:
    x = tf.cast(self.conv(x, w, is_training), tf.float32)
    return clamped(tf.nn.bias_add(x, self.bias), self._clamp)
