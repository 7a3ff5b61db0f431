"""The rule behind golden/metrics.json, and its values.

The sets come from RandomState and elementwise arithmetic alone, so that every
numpy makes the same bits; hashes of them are recorded beside the values, which
are those of the packages that papers have used.
"""

import functools
import json
import pathlib
import re

import numpy as np

_RECORDED = json.loads(
  (pathlib.Path(__file__).parent / "golden" / "metrics.json").read_text()
)
VALUES = _RECORDED["values"]
HASHES = {k: v["sha256_16"] for k, v in _RECORDED["sets"].items()}


def keys(pattern, count):
  """Returns the names of the values that match; there must be `count`."""
  found = [key for key in VALUES if re.fullmatch(pattern, key)]
  assert len(found) == count, f"{pattern}: {len(found)} values, not {count}"
  return found


def value(key):
  """Returns the main number (or numbers) recorded under the name."""
  recorded = VALUES[key]
  return recorded["value"] if isinstance(recorded, dict) else recorded


def _features(seed, n, d, scale=1.0, shift=0.0):
  x = np.random.RandomState(seed).standard_normal((n, d))
  rho = 0.6  # Between neighbouring columns.
  for j in range(1, d):
    x[:, j] = rho * x[:, j - 1] + np.sqrt(1.0 - rho * rho) * x[:, j]
  widths = 1.0 / np.sqrt(1.0 + np.arange(d))
  return (scale * np.abs(x * widths) + shift * widths).astype(np.float32)


def _logits(seed, n, c):
  rng = np.random.RandomState(seed)
  z = 2.0 * rng.standard_normal((n, c))
  z[np.arange(n), rng.randint(0, c, size=n)] += 8.0
  return z.astype(np.float32)


def _images(seed, n, size, noise=24):
  rng = np.random.RandomState(seed)
  x = rng.randint(0, 256, size=(n, 8, 8, 3))
  x = x.repeat(size // 8, axis=1).repeat(size // 8, axis=2)
  return _clip(x + rng.randint(-noise, noise + 1, size=x.shape))


def _clip(x):
  return np.clip(x, 0, 255).astype(np.uint8)


def noisy(images, seed):
  rng = np.random.RandomState(seed)
  return _clip(images + rng.randint(-40, 41, size=images.shape))


@functools.cache
def get(name):
  """Returns the set of this name."""
  return {
    "A64": lambda: _features(1001, 2000, 64),
    "B64": lambda: _features(1002, 2000, 64, scale=1.2, shift=0.1),
    "C64": lambda: _features(1003, 2000, 64),
    "A2048": lambda: _features(2001, 5000, 2048),
    "B2048": lambda: _features(2002, 5000, 2048, scale=1.2, shift=0.1),
    "L1008": lambda: _logits(3001, 5000, 1008),
    "L10": lambda: _logits(3002, 5000, 10),
    "Lhot": lambda: _logits(3003, 5000, 10) * np.float32(60),
    "I64a": lambda: _images(4001, 64, 64),
    "I64b": lambda: _images(4002, 64, 64, noise=60),
    "I32": lambda: _images(4003, 64, 32),
    "I256": lambda: _images(4004, 8, 256),
  }[name]()


@functools.cache
def pair(name):
  """Returns the real and the fake set of a pair such as A64_B64."""
  if name == "R500_rankdef":
    # The first rows of 5000 are not those of 500, but the same draws.
    return _features(2001, 500, 2048), _features(
      2002, 500, 2048, scale=1.2, shift=0.1
    )
  if name == "A64_B64u_unequalN":
    return get("A64"), get("B64")[:1500]
  real, fake = name.split("_")[:2]
  return get(real), get(fake)
