"""The choices of an experiment: `options.*`."""

from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan.configuration import gin_roles
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
  gen_iters: int = 1
  d_batches: str = "fresh"
  micro_batches: int = 1
  init_from: Optional[str] = None
  log_gradient_norms: bool = True
  recompute: bool = False


gin_roles.declare(
  "options",
  paths=["init_from"],
  first_values=["init_from"],
  code=["architecture", "encoder_architecture"],
)


@gin.configurable("options", module="compare_gan.runner_lib")
def options(
  batch_size: int = gin.REQUIRED,
  gan_class: Any = gin.REQUIRED,
  architecture: str = gin.REQUIRED,
  training_steps: int = gin.REQUIRED,
  discriminator_normalization: Any = None,
  lamba: float = 1,
  disc_iters: int = 1,
  z_dim: int = 128,
  encoder_architecture: Optional[str] = None,
  gen_iters: int = 1,
  d_batches: str = "fresh",
  micro_batches: int = 1,
  init_from: Optional[str] = None,
  log_gradient_norms: bool = True,
  recompute: bool = False,
) -> Options:
  """Returns the Options that a gin file sets.

  Args:
    batch_size: images per D update, over all replicas.
    gan_class: @ModularGAN or another class of compare_gan.gans.
    architecture: of generator and discriminator, see abstract_arch.
    training_steps: how often the D and G updates below come in turn.
    discriminator_normalization: never had an effect; D.batch_norm_fn,
      D.layer_norm and D.spectral_norm have.
    lamba: factor of the penalty.
    disc_iters: D updates per step.
    z_dim: length of z.
    encoder_architecture: of the encoder, for GANs that have one.
    gen_iters: G updates per step, all with the z and labels of the first one.
    d_batches: "fresh", each D update has images of its own; "same", all D
      updates of a step share theirs, each with new z (BigBiGAN).
    micro_batches: parts that each batch is cut into, to save memory; the
      optimisers get the parts' mean gradients, see gans/micro_batches.py.
    init_from: a checkpoint, a model_dir or an exported model, whose weights a
      new training starts with, see transfer.py.
    log_gradient_norms: logs the norms of the last D and G gradients.
    recompute: computes residual blocks again in the backward pass instead of
      keeping what is inside of them, to save memory, see layers/recompute.py.
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
    ("gen_iters", gen_iters),
    ("micro_batches", micro_batches),
  ):
    if not isinstance(value, int) or value < 1:
      raise ValueError(
        f"options.{name} = {value!r}; it is an int of 1 or more."
      )
  if batch_size % micro_batches:
    raise ValueError(
      f"options.micro_batches = {micro_batches} does not divide "
      f"options.batch_size = {batch_size}. Change one of them."
    )
  if d_batches not in ("fresh", "same"):
    raise ValueError(
      f"options.d_batches = {d_batches!r} is unknown. It can be 'fresh' or "
      "'same'."
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
    gen_iters,
    d_batches,
    micro_batches,
    init_from,
    log_gradient_norms,
    recompute,
  )
