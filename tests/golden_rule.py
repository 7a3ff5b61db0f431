"""The rule behind tests/golden: weights and inputs from names and shapes alone.

The numbers there are google/compare_gan's, run under TensorFlow 1.15.5 with
weights made by this rule.
"""

import zlib

import numpy as np

_LIKE_ONE = ("gamma", "sigma", "moving_variance", "accu_variance", "g")
_LIKE_KERNEL = ("kernel", "V", "v")


def value(name, shape, dtype=np.float32):
  """Returns the value of a variable, from its full name and its shape."""
  name = name.split(":")[0]
  last = name.split("/")[-1]
  dtype = np.dtype(getattr(dtype, "as_numpy_dtype", dtype))
  if dtype.kind == "i":
    return np.zeros(shape, dtype)
  if last == "accu_counter":
    return np.ones(shape, dtype)
  seed = zlib.crc32(name.encode()) & 0x7FFFFFFF
  r = np.random.RandomState(seed).randn(*shape)
  if last in _LIKE_ONE:
    r = 1.0 + 0.05 * r
  elif last in _LIKE_KERNEL:
    r = r / np.sqrt(np.prod(shape[:-1]))
  else:
    r = 0.05 * r
  return np.asarray(r, dtype)


def inputs(batch, z_dim, image_shape, num_classes):
  """Returns z, images, labels: one RandomState(0), drawn in this order."""
  rng = np.random.RandomState(0)
  z = rng.randn(batch, z_dim).astype(np.float32)
  x = rng.uniform(size=(batch, *image_shape)).astype(np.float32)
  labels = rng.randint(0, num_classes or 10, size=batch).astype(np.int32)
  return z, x, labels


def normal(seed, *shape):
  """R(seed, shape) of the facts."""
  return np.random.RandomState(seed).randn(*shape).astype(np.float32)


def one_hot(labels, num_classes):
  return np.eye(num_classes, dtype=np.float32)[labels]


def assert_close(actual, recorded, tolerance, what):
  """`recorded` is a list of numbers, or statistics and a sample of an array.

  Errors count relative to the array's largest value.
  """
  actual = np.asarray(actual, np.float64)
  if not isinstance(recorded, dict):
    recorded = np.asarray(recorded, np.float64)
    scale = np.abs(recorded).max() or 1.0
    error = np.abs(actual.ravel()[: recorded.size] - recorded.ravel()).max()
    assert error <= tolerance * scale, (what, error / scale)
    return
  assert list(actual.shape) == recorded["shape"], what
  scale = max(abs(recorded["min"]), abs(recorded["max"]))
  sample = np.asarray(recorded["sample"])
  errors = {
    "sample": np.abs(
      actual.ravel()[:: recorded["stride"]][: sample.size] - sample
    ).max(),
    "mean": abs(actual.mean() - recorded["mean"]),
    "std": abs(actual.std() - recorded["std"]),
    "min": abs(actual.min() - recorded["min"]),
    "max": abs(actual.max() - recorded["max"]),
    "l2": abs(np.sqrt((actual**2).sum()) - recorded["l2"])
    / np.sqrt(actual.size),
  }
  worst = max(errors, key=errors.get)
  assert errors[worst] <= tolerance * scale, (
    what,
    worst,
    errors[worst] / scale,
  )
