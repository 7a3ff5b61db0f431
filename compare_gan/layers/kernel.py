"""The weights of a linear map or convolution, as they are.

A kernel is made by `kernel_fn(shape, init)` inside the layer's scope and called
for its value: `Kernel` here, one from the files below, or your own class with
the same two methods. `G.kernel_fn` and `D.kernel_fn` choose it:

  D.kernel_fn = @weight_standardization      weight_standardization.py
  D.kernel_fn = @scaled_weight_standardization
  G.kernel_fn = @equalized_learning_rate     equalized_learning_rate.py
  G.kernel_fn = @forced_weight_norm          forced_weight_norm.py
  D.weight_norm = True                       weight_norm.py
  D.spectral_norm = True                     spectral_norm.py, after the others
"""

from collections.abc import Sequence
import functools
import inspect
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.context import scope
from compare_gan.layers import initializers
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.layers.weight_norm import WeightNorm
import tensorflow as tf


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
  spectral_norm: bool,
  weight_norm: bool,
  owner: str,
  kernel_fn: Optional[Callable[..., scope.Module]] = None,
) -> Callable[..., scope.Module]:
  """Returns the `kernel_fn` of a network; `owner` is its gin name.

  A kernel that `kernel_fn` parametrises is divided by its spectral norm last.
  """
  if spectral_norm and weight_norm:
    raise ValueError(
      f"{owner}.spectral_norm and {owner}.weight_norm are both True, but a "
      "kernel can be divided by one norm only. Set one of them to False."
    )
  if weight_norm and kernel_fn:
    raise ValueError(
      f"{owner}.weight_norm = True and {owner}.kernel_fn are two ways to write "
      "one kernel. Set one of them to its default, False or None."
    )
  if weight_norm:
    return WeightNorm
  if not spectral_norm:
    return kernel_fn or Kernel
  if not kernel_fn:
    return SpectralNorm
  if _is_spectral_norm(kernel_fn):
    raise ValueError(
      f"{owner}.spectral_norm = True and {owner}.kernel_fn = @spectral_norm "
      "divide each kernel twice. Set one of them to its default."
    )
  return functools.partial(SpectralNorm, kernel_fn=kernel_fn)


def _is_spectral_norm(kernel_fn):
  made = inspect.unwrap(kernel_fn)  # The function behind @scope/spectral_norm.
  return inspect.isclass(made) and issubclass(made, SpectralNorm)


def bias_scale(kernel: tf.Module) -> float:
  """Returns the lr_multiplier of a kernel, see equalized_learning_rate.py."""
  return getattr(kernel, "bias_scale", 1.0)


def scaled_bias(kernel: tf.Module, bias: tf.Variable) -> Any:
  """Returns the bias as a layer uses it: times its kernel's `bias_scale`."""
  scale = bias_scale(kernel)
  return bias if scale == 1.0 else bias * scale
