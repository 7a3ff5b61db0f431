"""Convolutions that double or halve an image with a low-pass filter.

StyleGAN2 (https://arxiv.org/abs/1912.04958, appendix B): filter and convolution
act as one, so no pixel is computed that the next layer would not see. `fir.py`
has the filter.

The kernel is the one of a convolution of stride 1, [k, k, in, out]. Where the
image grows, 3x3 kernels are applied without the flip of a plain convolution, as
in the paper's code.
"""

from compare_gan.layers import fir
import tensorflow as tf


def convolve(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Returns the plain convolution, of stride 1 and zeros around the image."""
  return tf.nn.conv2d(x, kernel, 1, "SAME")


def convolve_doubled(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Returns images [N, 2 H, 2 W, out] of [N, H, W, in]."""
  _require_3x3(kernel, "double")
  size = [2 * x.shape[1] + 1, 2 * x.shape[2] + 1, kernel.shape[3]]
  y = tf.nn.conv2d_transpose(
    x,
    tf.transpose(kernel, [0, 1, 3, 2]),
    [tf.shape(x)[0], *size],
    2,
    "VALID",
  )
  y.set_shape([None, *size])
  return fir.smooth(y, 1, 1, gain=2.0)


def convolve_halved(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Returns images [N, H / 2, W / 2, out] of [N, H, W, in]."""
  if kernel.shape[0] == 1:
    return convolve(fir.downsample(x), kernel)
  _require_3x3(kernel, "halve")
  return tf.nn.conv2d(fir.smooth(x, 2, 2), kernel, 2, "VALID")


def _require_3x3(kernel, verb):
  if kernel.shape[:2] != (3, 3):
    raise ValueError(
      f"A kernel of shape {list(kernel.shape)} cannot {verb} an image: one of "
      "3x3 pixels can, and one of 1x1 can halve it."
    )
