"""The linear layer, and the embedding of class labels."""

from collections.abc import Iterator
import contextlib
import threading
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.kernel import bias_scale
from compare_gan.layers.kernel import scaled_bias
import tensorflow as tf


class Call(NamedTuple):
  """A call of a linear layer."""

  layer: "Linear"
  x: tf.Tensor
  output: tf.Tensor


class _Recorder(threading.local):
  def __init__(self) -> None:
    self.calls: Optional[list[Call]] = None


_recorder = _Recorder()


@contextlib.contextmanager
def recorded_calls() -> Iterator[list[Call]]:
  """Lists the calls that linear layers get inside, in their order."""
  outer = _recorder.calls
  calls: list[Call] = []
  _recorder.calls = calls
  try:
    yield calls
  finally:
    _recorder.calls = outer


class Linear(Module):
  """x K + b for x [N, in_channels]."""

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    use_bias: bool = True,
    bias_start: float = 0.0,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    init: Optional[Callable] = None,
    name: str = "linear",
  ) -> None:
    super().__init__()
    with scope(name):
      self.kernel = kernel_fn([in_channels, out_channels], init)
      self.bias = None
      if use_bias:
        self.bias = variable(
          "bias",
          [out_channels],
          initializers.constant(bias_start / bias_scale(self.kernel)),
        )

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    output = tf.matmul(x, tf.cast(self.kernel(is_training), x.dtype))
    if self.bias is not None:
      output += tf.cast(scaled_bias(self.kernel, self.bias), x.dtype)
    if _recorder.calls is not None:
      _recorder.calls.append(Call(self, x, output))
    return output


class Embedding(Linear):
  """Rows of a table: y K for labels y.

  `y` is [N, num_classes], one-hot or with soft weights, or ints [N]. A label
  outside of [0, num_classes), -1 for "unknown", gives a row of zeros.
  """

  def __init__(
    self,
    num_classes: int,
    channels: int,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    init: Optional[Callable] = None,
    name: str = "embedding",
  ) -> None:
    super().__init__(
      num_classes, channels, False, kernel_fn=kernel_fn, init=init, name=name
    )
    self._num_classes = num_classes

  def __call__(self, y: tf.Tensor, is_training: bool) -> tf.Tensor:
    y = tf.convert_to_tensor(y)
    if y.dtype.is_integer:
      y = tf.one_hot(y, self._num_classes)
    return super().__call__(y, is_training)
