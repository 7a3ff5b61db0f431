"""The weights of a linear map or convolution, as they are.

A kernel is made by `kernel_fn(shape, init)` inside the layer's scope and called
for its value: `Kernel` here, `SpectralNorm` and `WeightNorm` next door, or
anyone's own class with the same two methods.
"""

from compare_gan.context import scope
from compare_gan.layers import initializers
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.layers.weight_norm import WeightNorm


class Kernel(scope.Module):
  """The variable `kernel` itself."""

  def __init__(self, shape, init=None):
    super().__init__()
    self.kernel = scope.variable(
      "kernel", shape, init or initializers.weights()
    )

  def __call__(self, is_training):
    del is_training
    return self.kernel


def choose(spectral_norm, weight_norm, owner):
  """Returns the `kernel_fn` of a network, `owner` being its gin name."""
  if spectral_norm and weight_norm:
    raise ValueError(
      f"{owner}.spectral_norm and {owner}.weight_norm are both True, but a "
      "kernel can be divided by one norm only. Set one of them to False."
    )
  if spectral_norm:
    return SpectralNorm
  return WeightNorm if weight_norm else Kernel
