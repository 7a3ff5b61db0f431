"""The numbers of the recorded networks, a function of names and shapes alone.

The script that recorded outputs (record.py, with PyTorch) and the tests
(without it) fill the same networks with them.
"""

import zlib

import numpy as np


def _rng(name):
  return np.random.RandomState(zlib.crc32(name.encode()))


def value(name, shape):
  """Returns the numbers of a tensor."""
  rng, last = _rng(name), name.rsplit(".", 1)[-1]
  if last == "num_batches_tracked":
    return np.array(7, np.int64)
  if last.endswith(("_mean", "_var")):
    low = 0.5 if last.endswith("_var") else -0.3
    return rng.uniform(low, low + 0.6, shape).astype(np.float32)
  if last in ("gamma", "sigma", "sv0", "sn_sigma"):
    return np.full(shape, 0.7, np.float32)
  if len(shape) < 2 and last in ("gain", "weight"):
    return (1.0 + 0.2 * rng.randn(*shape)).astype(np.float32)
  if len(shape) < 2 and last == "bias":
    return (0.1 * rng.randn(*shape)).astype(np.float32)
  if last in ("u0", "sn_u", "weight_u", "weight_v"):
    u = rng.randn(*shape)
    return (u / np.linalg.norm(u)).astype(np.float32)
  scale = 1.0 / np.sqrt(np.prod(shape[1:]))
  return (scale * rng.randn(*shape)).astype(np.float32)


def values(shapes):
  """Returns {name: array} for {name: shape}.

  The vectors of torch.nn.utils.spectral_norm are those after one iteration.
  """
  found = {name: value(name, tuple(shape)) for name, shape in shapes.items()}
  for name in found:
    if name.endswith("weight_u"):
      w = found[name[:-1] + "orig"].astype(np.float64)
      w = w.reshape(w.shape[0], -1)
      v = found[name] @ w
      v /= np.linalg.norm(v)
      u = w @ v
      found[name] = (u / np.linalg.norm(u)).astype(np.float32)
      found[name[:-1] + "v"] = v.astype(np.float32)
  return found


def inputs(case, shape):
  """Returns latents, or images in [-1, 1] if the shape has four sides."""
  rng = _rng(case)
  if len(shape) == 4:
    return rng.uniform(-1.0, 1.0, shape).astype(np.float32)
  return rng.randn(*shape).astype(np.float32)


def thinned(images):
  """Returns the 4x4 pixels of each image [N, H, W, C] that are recorded."""
  step = images.shape[1] // 4
  return images[:, 1::step, 1::step]
