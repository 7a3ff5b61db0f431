"""The weights of a linear map or convolution, as they are.

A kernel is made by `kernel_fn(shape, init)` inside the layer's scope and called
for its value: `Kernel` here, `SpectralNorm` and `WeightNorm` next door, or
anyone's own class with the same two methods.
"""

from collections.abc import Sequence
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.context import scope
from compare_gan.layers import initializers
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.layers.weight_norm import WeightNorm


class Kernel(scope.Module):
  """The variable `kernel` itself."""

  def __init__(
    self, shape: Sequence[int], init: Optional[Callable] = None
  ) -> None:
    super().__init__()
    self.kernel = scope.variable(
      "kernel", shape, init or initializers.weights()
    )

  def __call__(self, is_training: bool) -> Any:
    del is_training
    return self.kernel


def choose(
  spectral_norm: bool, weight_norm: bool, owner: str
) -> type[scope.Module]:
  """Returns the `kernel_fn` of a network, `owner` being its gin name."""
  if spectral_norm and weight_norm:
    raise ValueError(
      f"{owner}.spectral_norm and {owner}.weight_norm are both True, but a "
      "kernel can be divided by one norm only. Set one of them to False."
    )
  if spectral_norm:
    return SpectralNorm
  return WeightNorm if weight_norm else Kernel
