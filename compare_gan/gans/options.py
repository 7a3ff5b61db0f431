"""The choices of an experiment: `options.*`."""

import dataclasses
from typing import Annotated
from typing import Any
from typing import Optional
import warnings

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
import gin

_COUNTS = ("batch_size", "disc_iters", "z_dim", "gen_iters", "micro_batches")

gin_roles.declare(
  "options",
  paths=["init_from"],
  first_values=["init_from"],
  code=[
    "architecture",
    "discriminator_architecture",
    "encoder_architecture",
  ],
)


@gin.configurable("options", module="compare_gan.runner_lib")
@dataclasses.dataclass(frozen=True)
class Options:
  """What is trained, and how often; `Options()` is what a gin file sets.

  Attributes:
    batch_size: images per D update, over all replicas.
    gan_class: @ModularGAN or another class of compare_gan.gans.
    architecture: of generator and discriminator, see abstract_arch.
    training_steps: how many steps to train; a step is disc_iters D updates and
      gen_iters G updates.
    discriminator_normalization: never had an effect; use D.batch_norm_fn,
      D.layer_norm and D.spectral_norm. It is not stored.
    lamba: factor of the penalty.
    disc_iters: D updates per step.
    z_dim: length of z.
    encoder_architecture: of the encoder, for GANs that have one.
    discriminator_architecture: of the discriminator; None for `architecture`.
    gen_iters: G updates per step, all with the z and labels of the first one.
    d_batches: "fresh", each D update has its own images; "same", all D updates
      of a step share their images, each with new z (BigBiGAN).
    micro_batches: parts that each batch is cut into, to save memory; the
      optimisers get the parts' mean gradients, see gans/micro_batches.py.
    init_from: a checkpoint, a model_dir, a bundle or an exported model. A new
      training starts with its weights, see transfer.py.
    log_gradient_norms: logs the norms of the last D and G gradients.
    recompute: computes residual blocks again in the backward pass instead of
      keeping their activations, to save memory, see layers/recompute.py.
  """

  batch_size: accepted.Count = gin.REQUIRED
  gan_class: Any = gin.REQUIRED
  architecture: str = gin.REQUIRED
  training_steps: accepted.CountOrZero = gin.REQUIRED
  discriminator_normalization: dataclasses.InitVar[Any] = None
  lamba: accepted.NotNegative = 1
  disc_iters: accepted.Count = 1
  z_dim: accepted.Count = 128
  encoder_architecture: Optional[str] = None
  gen_iters: accepted.Count = 1
  d_batches: Annotated[str, accepted.OneOf("fresh", "same")] = "fresh"
  micro_batches: accepted.Count = 1
  init_from: Optional[str] = None
  log_gradient_norms: bool = True
  recompute: bool = False
  discriminator_architecture: Optional[str] = None

  def __post_init__(self, discriminator_normalization: Any) -> None:
    if discriminator_normalization is not None:
      warnings.warn(
        "options.discriminator_normalization = "
        f"{discriminator_normalization!r} has no effect, as in "
        "google/compare_gan. Set D.batch_norm_fn, D.layer_norm or "
        "D.spectral_norm instead.",
        stacklevel=3,  # of gin, which calls the generated __init__
      )
    for name in _COUNTS:
      value = getattr(self, name)
      if not isinstance(value, int) or value < 1:
        raise ValueError(
          f"options.{name} = {value!r}. It must be an int of 1 or more."
        )
    if self.batch_size % self.micro_batches:
      raise ValueError(
        f"options.micro_batches = {self.micro_batches} does not divide "
        f"options.batch_size = {self.batch_size}. Change one of them."
      )
    if self.d_batches not in ("fresh", "same"):
      raise ValueError(
        f"options.d_batches = {self.d_batches!r} is unknown. It can be 'fresh' "
        "or 'same'."
      )


options = Options  # its name in gin files
