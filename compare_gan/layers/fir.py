"""Doubling and halving images with a low-pass filter (StyleGAN2, R3GAN).

Each axis is filtered with four taps, (1, 3, 3, 1) / 8; outside of the image
there are zeros (https://arxiv.org/abs/1912.04958, appendix A; Zhang, 2019,
https://arxiv.org/abs/1904.11486). Along one axis:

  upsample    out[2 i] = (x[i-1] + 3 x[i]) / 4
              out[2 i + 1] = (3 x[i] + x[i+1]) / 4
  downsample  out[i] = (x[2i-1] + 3 x[2i] + 3 x[2i+1] + x[2i+2]) / 8

These are sums of slices, so gradients of every order exist on every device, and
nothing is multiplied by the zeros that other forms of `upsample` insert. An
image of one value keeps it inside, but not at the border: there 1/4 of it is
lost.
"""

from collections.abc import Sequence

from compare_gan.layers import slices
import numpy as np
import tensorflow as tf

TAPS = (1.0, 3.0, 3.0, 1.0)  # of an axis, before they are divided by their sum


def taps_of(low_pass: Sequence[float]) -> tuple[float, ...]:
  """Returns the taps of R3GAN's `filter`: [1, 2, 1] gives (1, 3, 3, 1)."""
  return tuple(np.convolve(low_pass, [1.0, 1.0]).tolist())


def upsample(x: tf.Tensor, taps: Sequence[float] = TAPS) -> tf.Tensor:
  """Returns images [N, H, W, C] doubled to [N, 2 H, 2 W, C] and filtered."""
  return _doubled(_doubled(x, taps, 1), taps, 2)


def downsample(x: tf.Tensor, taps: Sequence[float] = TAPS) -> tf.Tensor:
  """Returns images [N, H, W, C] filtered and halved to [N, H / 2, W / 2, C].

  Pixels are dropped, not averaged: of 5 rows 2 remain, as of 4.
  """
  before, after = (len(taps) - 1) // 2, (len(taps) - 2) // 2
  return smooth(x, before, after, taps=taps, stride=2)


def smooth(
  x: tf.Tensor,
  before: int,
  after: int,
  gain: float = 1.0,
  taps: Sequence[float] = TAPS,
  stride: int = 1,
) -> tf.Tensor:
  """Returns filtered images of H + before + after - 3 rows for four taps.

  Args:
    x: [N, H, W, C].
    before, after: rows and columns of zeros at the top and left, and at the
      bottom and right.
    gain: factor of the result along each axis; 2 follows a convolution that
      doubled the image.
    taps: of each axis; they are divided by their sum.
    stride: of the rows and columns that are kept.
  """
  for axis in (1, 2):
    x = _smooth(x, axis, before, after, gain, taps, stride)
  return x


def _smooth(x, axis, before, after, gain, taps, stride):
  kept = (x.shape[axis] + before + after - len(taps)) // stride + 1
  x = _padded(x, axis, before, after)
  return _sum_of_slices(
    x, axis, list(enumerate(_flipped(taps, gain))), kept, stride
  )


def _doubled(x, taps, axis):
  """Returns `x` twice as long, without its inserted zeros.

  With p zeros in front, even pixels see only every second tap, and odd ones
  the others: pixel 2 i + r gets tap k of x[i + (r + k - p) / 2].
  """
  size, front = x.shape[axis], (len(taps) + 1) // 2
  weights = _flipped(taps, 2.0)
  phases = [
    [
      ((r + k - front) // 2, weight)
      for k, weight in enumerate(weights)
      if (r + k - front) % 2 == 0
    ]
    for r in range(2)
  ]
  offsets = [offset for phase in phases for offset, _ in phase]
  before, after = max(0, -min(offsets)), max(0, *offsets)
  x = _padded(x, axis, before, after)
  rows = [
    _sum_of_slices(x, axis, [(before + at, w) for at, w in phase], size, 1)
    for phase in phases
  ]
  shape = [tf.shape(x)[0], *x.shape[1:]]
  shape[axis] = 2 * size
  return tf.reshape(tf.stack(rows, axis=axis + 1), shape)


def _flipped(taps, gain):
  """Returns the weights of a correlation: the references convolve."""
  weights = gain * np.asarray(taps, np.float64)[::-1] / np.sum(taps)
  return weights.tolist()


def _padded(x, axis, before, after):
  if not before and not after:
    return x
  edges = [[0, 0] for _ in range(4)]
  edges[axis] = [before, after]
  return tf.pad(x, edges)


def _sum_of_slices(x, axis, weighted, count, stride):
  """Returns the sum of weight x[first], x[first + stride] ..., `count` rows."""
  rows = slices.every(x, axis, stride)
  return tf.add_n(
    [
      weight * slices.part(rows[first % stride], axis, first // stride, count)
      for first, weight in weighted
    ]
  )
