"""GILBO, generative information lower bound (https://arxiv.org/abs/1802.04874).

How many nats of z can be read off an image: I(x; z) >= E log q(z|x) / p(z) for
every encoder q. It needs no data. It is 0 for a generator that ignores z, and
small for a generator that has memorised few images.

The paper trains a deep encoder. Here q is a Gaussian around a linear map of
random features, whose optimum has a closed form, so the value depends on the
generator and the seed alone. It is a true lower bound, measured on z that q was
not fitted to, but looser than a deep encoder's: compare values with each other,
not with the paper's.
"""

from collections.abc import Callable
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics.random_relu import RandomRelu
from compare_gan.metrics.random_relu import Ridge
import gin
import numpy as np

_BATCH = 64
_PENALTIES = 10.0 ** np.arange(-6, 3)


@gin.configurable(denylist=["generate", "latents"])
@contract.declare(
  contract.Score("gilbo", contract.NEITHER, unit="nats"),
  contract.Score("gilbo_std_error", contract.NEITHER, low=0.0, unit="nats"),
)
def gilbo(
  generate: Callable[[np.ndarray, Optional[np.ndarray]], Any],
  latents: Callable[
    [int, int], tuple[np.ndarray, np.ndarray, Optional[np.ndarray]]
  ],
  samples: accepted.Count = 4096,
  features: accepted.Count = 512,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns the bound in nats, and its standard error.

  Args:
    generate: (z [n, z_dim], labels [n] or None) -> images in [0, 1].
    latents: latents(n, seed) -> z [n, z_dim], the logarithms of the densities
      of its coordinates, and labels [n] or None.
    samples: number of z: half for q, a quarter each for its penalty and the
      bound.
    features: number of random features in addition to the pixels.
    seed: of everything random.
  """
  if samples < 8:
    raise ValueError(f"gilbo.samples = {samples}. At least 8 are needed.")
  z, log_p, labels = latents(samples, seed)
  z = z.astype(np.float64)
  images = _images(generate, z, labels)
  a, b = samples // 2, samples * 3 // 4
  x = RandomRelu(images[:a], features, seed)(images)
  ridge = Ridge(x[:a], z[:a])
  gains = []
  for penalty in _PENALTIES:
    errors = (z - ridge.predict(x, penalty)) ** 2
    # Errors of the rows that q was fitted to would be too small.
    variance = np.maximum(errors[a:b].mean(axis=0), 1e-300)
    log_q = -0.5 * (errors / variance + np.log(2.0 * np.pi * variance))
    gains.append(log_q - log_p)
  # For coordinates that cannot be read off, q = p, which gains nothing.
  table = np.stack([*gains, np.zeros_like(z)])  # [penalties + 1, N, z_dim]
  best = table[:, a:b].mean(axis=1).argmax(axis=0)
  best = np.take_along_axis(table[:, b:], best[None, None], axis=0)[0]
  best = best.sum(axis=1)
  return {
    "gilbo": float(best.mean()),
    "gilbo_std_error": float(best.std(ddof=1) / np.sqrt(len(best))),
  }


def _images(generate, z, labels):
  images = []
  for i in range(0, len(z), _BATCH):
    part = slice(i, i + _BATCH)
    y = None if labels is None else labels[part].astype(np.int32)
    images.append(np.asarray(generate(z[part].astype(np.float32), y)))
  images = np.concatenate(images)
  if not np.isfinite(images).all():
    raise ValueError("The generator makes NaN or infinity, which has no GILBO.")
  return images
