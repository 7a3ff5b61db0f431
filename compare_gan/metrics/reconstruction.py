"""How well an encoder and a generator reconstruct an image: x and G(E(x)).

BigBiGAN (https://arxiv.org/abs/1907.02544) was not trained for small errors in
pixels, and shows what G and E agree on: pose and class rather than texture. So
the errors of a wrong pairing are returned too, each image with the
reconstruction of another one of its class: if E says nothing, both are equal.
"""

from collections.abc import Callable
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.metrics import codes
from compare_gan.metrics import contract
from compare_gan.metrics import pixels
import gin
import numpy as np

_INPUTS = ["real_images", "real_labels", "encode", "generate"]


@gin.configurable(denylist=_INPUTS)
@contract.declare(
  contract.Score(
    "reconstruction_mae", contract.LOWER, 0.0, 1.0, "pixels in [0, 1]"
  ),
  contract.Score(
    "reconstruction_mse", contract.LOWER, 0.0, 1.0, "squared pixels"
  ),
  contract.Score(
    "reconstruction_mae_permuted",
    contract.NEITHER,
    0.0,
    1.0,
    "pixels in [0, 1]",
  ),
  contract.Score(
    "reconstruction_mse_permuted", contract.NEITHER, 0.0, 1.0, "squared pixels"
  ),
)
def reconstruction(
  real_images: np.ndarray,
  real_labels: np.ndarray,
  encode: Callable[[np.ndarray], Any],
  generate: Callable[[np.ndarray, np.ndarray], Any],
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns mean absolute and squared errors of pixels in [0, 1].

  Args:
    real_images: [N, H, W, C] with N > 1, uint8 or floats in [0, 1].
    real_labels: ints [N]; G reconstructs each image in its own class.
    encode: images -> EncoderOutput, whose mean is the latent.
    generate: (z, labels) -> images.
    seed: of the wrong pairs.
  """
  pixels.check(real_images=real_images)
  labels = np.asarray(real_labels, np.int32)
  if len(real_images) < 2 or labels.shape != (len(real_images),):
    raise ValueError(
      f"{len(real_images)} real_images have labels of shape {labels.shape}. At "
      "least 2 with one label each are needed."
    )
  again = _decode(codes.codes(real_images, encode), labels, generate)
  other = again[_indices_of_others(labels, seed)]
  found = {}
  for suffix, images in (("", again), ("_permuted", other)):
    mae, mse = _errors(real_images, images)
    found[f"reconstruction_mae{suffix}"] = mae
    found[f"reconstruction_mse{suffix}"] = mse
  return found


def _decode(z, labels, generate):
  images = []
  for i in range(0, len(z), codes.BATCH):
    part = slice(i, i + codes.BATCH)
    images.append(np.asarray(generate(z[part], labels[part])))
  images = np.concatenate(images)
  if not np.isfinite(images).all():
    raise ValueError("The generator makes NaN or infinity of encoded images.")
  return images


def _indices_of_others(labels, seed):
  """Returns for each image the index of another, of its class if there is one.

  Images of a class form a circle; an image that is alone in its class gets its
  neighbour.
  """
  random = np.random.RandomState(seed).permutation(len(labels))
  circle = random[np.argsort(labels[random], kind="stable")]
  other = np.empty_like(circle)
  first = 0
  for size in np.unique(labels, return_counts=True)[1]:
    members = circle[first : first + size]
    if size == 1:
      other[members] = circle[(first + 1) % len(circle)]
    else:
      other[members] = np.roll(members, 1)
    first += size
  return other


def _errors(real, fake):
  """Returns the mean absolute and the mean squared difference."""
  absolute = squared = 0.0
  for i in range(0, len(real), codes.BATCH):
    part = slice(i, i + codes.BATCH)
    d = codes.floats(real[part]).astype(np.float64) - fake[part]
    absolute += np.sum(np.abs(d))
    squared += np.sum(d**2)
  return float(absolute / real.size), float(squared / real.size)
