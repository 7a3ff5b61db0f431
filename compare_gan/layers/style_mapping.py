"""StyleGAN2's mapping of z and labels to w (https://arxiv.org/abs/1912.04958).

Dense layers that learn slower than others, and the moving average of w that
truncation aims at.
"""

from typing import Optional

from compare_gan.context import replica
from compare_gan.context import state
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.activations import scaled_lrelu
from compare_gan.layers.linear import Linear
from compare_gan.layers.modulated_conv import equalized
from compare_gan.layers.pixel_norm import unit_square
import tensorflow as tf

_EQUALIZED = equalized()
SLOW = 0.01  # of the paper: how fast the dense layers learn beside others


class Mapping(Module):
  """w [N, width] of z and y: both normalised, then dense layers.

  Args:
    z_dim: length of z; 0 for that of D, which maps labels alone.
    num_classes: width of y, 0 for None.
    width: of w and of all layers.
    layers: how many.
    decay: of `w_avg`, the moving average of w; None for no average.
    lr_multiplier: how fast the dense layers learn beside others.
  """

  def __init__(
    self,
    z_dim: int,
    num_classes: int,
    width: int,
    layers: int,
    decay: Optional[float] = None,
    lr_multiplier: float = SLOW,
  ) -> None:
    super().__init__()
    size = z_dim
    with scope("mapping"):
      self.embed = None
      if num_classes:
        self.embed = Linear(
          num_classes, width, kernel_fn=_EQUALIZED, name="embed"
        )
        size += width
      slow = equalized(lr_multiplier=lr_multiplier)
      self.layers = []
      for i in range(layers):
        self.layers.append(Linear(size, width, kernel_fn=slow, name=f"fc{i}"))
        size = width
      self.w_avg = None
      if decay is not None:
        self._gain = 1.0 - decay
        self.w_avg = variable(
          "w_avg", [width], initializers.zeros, trainable=False
        )

  def __call__(
    self, z: Optional[tf.Tensor], y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    parts = [] if z is None else [unit_square(tf.cast(z, tf.float32))]
    if self.embed:
      parts.append(unit_square(self.embed(y, is_training)))
    w = tf.concat(parts, axis=1)
    for layer in self.layers:
      w = scaled_lrelu(layer(w, is_training))
    return w

  def move_average(self, w: tf.Tensor) -> None:
    """Moves `w_avg` towards the mean of a batch, that of all replicas."""
    mean = tf.stop_gradient(tf.reduce_mean(w, axis=0))
    state.update(
      self.w_avg,
      lambda: self.w_avg + self._gain * (replica.all_mean(mean) - self.w_avg),
    )
