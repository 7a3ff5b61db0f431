"""Two wavelets' low-pass filters, and images filtered along an axis."""

from collections.abc import Sequence
from typing import Union

import numpy as np
import tensorflow as tf

# Symlets of 2 and 6 vanishing moments (Daubechies, 1992); sums 1 and sqrt 2.
_ROOT_3 = 3.0**0.5
SYM2 = np.array([1 - _ROOT_3, 3 - _ROOT_3, 3 + _ROOT_3, 1 + _ROOT_3]) / 32**0.5
_SYM6 = np.array(
  [
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
  ]
)
SYM6 = _SYM6 / _SYM6.sum()


def correlate(
  x: tf.Tensor, taps: Union[Sequence[float], np.ndarray], axis: int
) -> tf.Tensor:
  """Returns y[m] = sum_k taps[k] x[m + k] along an axis, for full sums only.

  Args:
    x: [N, H, W, C].
    taps: [K], or [K, B] for B filters: then [..., C, B] is returned.
    axis: 1 or 2.
  """
  filters: np.ndarray = np.asarray(taps, np.float32)
  count = 1 if filters.ndim == 1 else filters.shape[1]
  channels = x.shape[3]
  kernel = np.tile(filters.reshape(-1, 1, count), [1, channels, 1])
  kernel = tf.constant(np.expand_dims(kernel, 2 - axis), x.dtype)
  y = tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "VALID")
  if filters.ndim == 1:
    return y
  return tf.reshape(y, [tf.shape(y)[0], *y.shape[1:3], channels, count])
