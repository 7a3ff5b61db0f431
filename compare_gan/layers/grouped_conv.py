"""Convolutions in groups: each group of outputs sees its own group of inputs.

As in ResNeXt (https://arxiv.org/abs/1611.05431), whose `cardinality` is the
number of groups. Group j owns the j-th run of input channels and the j-th run
of output channels; the kernel is [k, k, in_channels / groups, out_channels].

TensorFlow convolves in groups by itself, but not everywhere with gradients: on
a CPU it lacks them before 2.15, and later ones without oneDNN. Where they work,
they are used; elsewhere each group is a convolution of its own, with the same
numbers and about twice as slow. `grouped_conv.native` overrides the choice.
"""

from collections.abc import Iterator
from concurrent import futures
import contextlib
import functools
import threading
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.kernel import Kernel
import gin
import numpy as np
import tensorflow as tf


class _Choice(threading.local):
  def __init__(self) -> None:
    self.splits = False


_choice = _Choice()


@contextlib.contextmanager
def splitting() -> Iterator[None]:
  """Makes all groups convolutions of their own inside, for other readers.

  A graph that other programs read, TensorFlow 1 or a browser, must not hold
  convolutions in groups: few know them.
  """
  outer = _choice.splits
  _choice.splits = True
  try:
    yield
  finally:
    _choice.splits = outer


@gin.configurable("grouped_conv", module=ARCH_OPS, allowlist=["native"])
class GroupedConv2D(Module):
  """A convolution with "SAME" padding that computes in the dtype of its input.

  Args:
    in_channels, out_channels: multiples of `groups`.
    kernel_size: height and width of the kernel.
    groups: 1 for a plain convolution.
    use_bias: adds a bias, which starts at 0.
    init: of the kernel; None: weights.initializer.
    name: scope of the variables.
    native: whether TensorFlow convolves in groups by itself. None: if it has
      right gradients there.
  """

  def __init__(
    self,
    in_channels: int,
    out_channels: int,
    kernel_size: int = 3,
    groups: int = 1,
    use_bias: bool = True,
    init: Optional[Callable] = None,
    name: str = "conv2d",
    native: Optional[bool] = None,
  ) -> None:
    super().__init__()
    if in_channels % groups or out_channels % groups:
      raise ValueError(
        f"GroupedConv2D got {in_channels} and {out_channels} channels for "
        f"{groups} groups. Both must be multiples of it."
      )
    self._groups = groups
    shape = [kernel_size, kernel_size, in_channels // groups, out_channels]
    with scope(name):
      self.kernel = Kernel(shape, init)
      self.bias = None
      if use_bias:
        self.bias = variable("bias", [out_channels], initializers.zeros)
    if native is None:
      native = groups > 1 and works_on(_device_type(self.kernel.kernel))
    self._native = native

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    kernel = tf.cast(self.kernel(is_training), x.dtype)
    if self._groups == 1:
      x = _convolve(x, kernel)
    elif self._native and not _choice.splits:
      x = _convolve(x, kernel)
    else:
      x = convolve_split(x, kernel, self._groups)
    if self.bias is None:
      return x
    # Not tf.nn.bias_add: TensorFlow would fuse the two, but not with groups.
    return x + tf.cast(self.bias, x.dtype)


def convolve_split(x: tf.Tensor, kernel: tf.Tensor, groups: int) -> tf.Tensor:
  """Returns the convolution of x with a kernel for groups, one by one."""
  pairs = zip(tf.split(x, groups, axis=3), tf.split(kernel, groups, axis=3))
  return tf.concat([_convolve(*pair) for pair in pairs], axis=3)


def _convolve(x, kernel):
  return tf.nn.conv2d(x, kernel, 1, "SAME")


# ---- Where TensorFlow's own groups work --------------------------------------


def _device_type(kernel):
  """Returns "CPU", "GPU" and so on of a variable; "" if it has no place."""
  device = getattr(kernel, "device", None)  # A VariableSpec has none.
  if not device:
    return ""
  return tf.DeviceSpec.from_string(device).device_type or ""


@functools.cache
def works_on(device_type: str) -> bool:
  """Returns whether a kind of device convolves in groups, with gradients.

  Tries it, on a CPU or GPU. The CPU of TensorFlow 2.6 is not tried: it ends the
  process, by a division by zero, if oneDNN is on.
  """
  if device_type == "TPU":
    return True  # XLA knows groups.
  version = tuple(int(part) for part in tf.__version__.split(".")[:2])
  if device_type not in ("CPU", "GPU"):
    return False
  if device_type == "CPU" and version < (2, 15):
    return False
  # A thread of its own has no graph, tape or strategy around it.
  with futures.ThreadPoolExecutor(1) as thread:
    return thread.submit(_works, device_type).result()


def _works(device_type):
  with tf.device(f"/device:{device_type}:0"):
    try:
      found = _second_gradient(_convolve)
    except (tf.errors.OpError, NotImplementedError):
      return False
    expected = _second_gradient(
      lambda x, kernel: convolve_split(x, kernel, _GROUPS)
    )
  return bool(np.allclose(found, expected, rtol=1e-3, atol=1e-3))


_GROUPS = 4


def _second_gradient(convolve: Callable[..., tf.Tensor]) -> Any:
  """Returns a gradient of the size of a gradient, as R1 has them."""
  rng = np.random.RandomState(0)
  x = tf.constant(rng.standard_normal([2, 8, 8, 32]), tf.float32)
  k = tf.constant(0.1 * rng.standard_normal([3, 3, 8, 32]), tf.float32)

  @tf.function(autograph=False)
  def gradient() -> tf.Tensor:
    with tf.GradientTape() as outer:
      outer.watch(k)
      with tf.GradientTape() as inner:
        inner.watch(x)
        y = convolve(x, k) + 1.0
        total = tf.reduce_sum(tf.square(tf.maximum(y, 0.2 * y)))
      slope = inner.gradient(total, x)
      size = tf.reduce_mean(tf.square(slope))
    return outer.gradient(size, k)

  return gradient().numpy()
