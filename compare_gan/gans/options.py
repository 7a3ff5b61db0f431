"""The choices of an experiment: `options.*`."""

from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

import gin


class Options(NamedTuple):
  """See `options`."""

  batch_size: int
  gan_class: Any
  architecture: str
  training_steps: int
  lamba: float
  disc_iters: int
  z_dim: int
  encoder_architecture: Optional[str]


@gin.configurable("options", module="compare_gan.runner_lib")
def options(
  batch_size=gin.REQUIRED,
  gan_class=gin.REQUIRED,
  architecture=gin.REQUIRED,
  training_steps=gin.REQUIRED,
  discriminator_normalization=None,
  lamba=1,
  disc_iters=1,
  z_dim=128,
  encoder_architecture=None,
):
  """Returns the Options that a gin file sets.

  Args:
    batch_size: images per D update, over all replicas.
    gan_class: @ModularGAN or another class of compare_gan.gans.
    architecture: of generator and discriminator, see abstract_arch.
    training_steps: number of G updates.
    discriminator_normalization: never had an effect; D.batch_norm_fn,
      D.layer_norm and D.spectral_norm have.
    lamba: factor of the penalty.
    disc_iters: D updates per G update.
    z_dim: length of z.
    encoder_architecture: of the encoder, for GANs that have one.
  """
  if discriminator_normalization is not None:
    warnings.warn(
      "options.discriminator_normalization = "
      f"{discriminator_normalization!r} has no effect, nor had it in "
      "google/compare_gan: D.batch_norm_fn, D.layer_norm and D.spectral_norm "
      "have.",
      stacklevel=2,
    )
  for name, value in (
    ("batch_size", batch_size),
    ("disc_iters", disc_iters),
    ("z_dim", z_dim),
  ):
    if not isinstance(value, int) or value < 1:
      raise ValueError(
        f"options.{name} = {value!r}; it is an int of 1 or more."
      )
  return Options(
    batch_size,
    gan_class,
    architecture,
    training_steps,
    lamba,
    disc_iters,
    z_dim,
    encoder_architecture,
  )
