"""Random features of images, for metrics that train a model.

max(0, w.x + b) of standardised pixels with Gaussian w and b: a linear map of
many of these approximates any function of the pixels (Rahimi & Recht, 2008).
Models on them have a closed form, so the result depends only on the data and
the seed. It is a lower bound: networks that train for hours learn more.
"""

from compare_gan.metrics import pixels
import numpy as np

_SIDE = 16  # larger images are averaged to about this many pixels a side
_BLOCK = 1024


class RandomRelu:
  """Images -> rows of the pixels and `count` random features.

  Args:
    images: [N, H, W, C], which give the pixels' mean and scale.
    count: how many.
    seed: of w and b.
  """

  def __init__(self, images: np.ndarray, count: int, seed: int) -> None:
    rows = _small(images)
    self._mean = rows.mean(axis=0)
    # One scale for all pixels: pixels that hardly vary stay unimportant.
    self._scale = max(np.sqrt(np.mean((rows - self._mean) ** 2)), 1e-12)
    rng = np.random.RandomState(seed)
    width = rows.shape[1]
    self._weights = rng.standard_normal([width, count]) / np.sqrt(width)
    self._bias = rng.standard_normal(count)

  def __call__(self, images: np.ndarray) -> np.ndarray:
    """Returns float64 rows [N, pixels + count]."""
    x = (_small(images) - self._mean) / self._scale
    return np.concatenate(
      [x, np.maximum(x @ self._weights + self._bias, 0.0)], axis=1
    )


def _small(images):
  """Returns rows of averaged pixels, [N, about 16 * 16 * C]."""
  return np.concatenate(
    [
      _pool(pixels.to_255(images[i : i + _BLOCK]) / 255.0)
      for i in range(0, len(images), _BLOCK)
    ]
  )


def _pool(x):
  n, height, width, colors = x.shape
  a, b = max(1, height // _SIDE), max(1, width // _SIDE)
  x = x[:, : height // a * a, : width // b * b]
  x = x.reshape(n, height // a, a, width // b, b, colors)
  return x.mean(axis=(2, 4)).reshape(n, -1)


class Ridge:
  """Least squares with a penalty on the weights, for many penalties.

  Minimises |x w + b - y|^2 / N + penalty |w|^2. One decomposition of the
  covariance of x [N, D] serves all penalties.
  """

  def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
    self._x_mean, self._y_mean = x.mean(axis=0), y.mean(axis=0)
    x = x - self._x_mean
    values, self._axes = np.linalg.eigh(x.T @ x / len(x))
    self._values = np.maximum(values, 0.0)
    self._target = self._axes.T @ (x.T @ (y - self._y_mean) / len(x))

  def predict(self, x: np.ndarray, penalty: float) -> np.ndarray:
    """Returns the predictions [M, K] for rows x [M, D]."""
    weights = self._target / (self._values + penalty)[:, None]
    return (x - self._x_mean) @ (self._axes @ weights) + self._y_mean
