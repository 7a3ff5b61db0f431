"""Checks of ModularGAN's settings that do not fit together."""

from typing import Any
from typing import Callable
from typing import NoReturn
import warnings

from compare_gan.gans.augmentation import Augmentation


def require_unrolled_for_joint_fakes(joint: bool, unrolled: bool) -> None:
  """Raises for joint fakes without unrolling."""
  if joint and not unrolled:
    raise ValueError(
      "ModularGAN.experimental_joint_gen_for_disc = True needs "
      "ModularGAN.experimental_force_graph_unroll = True: otherwise the "
      "fakes of one update are made at a time."
    )


def require_no_pseudo_real(augmentation: Augmentation, gan: str) -> None:
  """Raises if fakes were to pass as real for a D that sees codes too.

  Args:
    augmentation: of the GAN.
    gan: the name of a GAN with an encoder.
  """
  if augmentation.mixes:
    raise ValueError(
      f"augmentation.pseudo_real = @apa(), but {gan} shows D images with "
      "their codes, which fakes that pass for real ones lack. Set it to None."
    )


def require_joint_scores(gan: Any, name: str) -> None:
  """Raises if D is to score real and fake images in two passes.

  Args:
    gan: a ModularGAN that scores them in one.
    name: of its class.
  """
  if gan.discriminator.couples_images:
    raise ValueError(
      f"{name} scores real and fake images in one pass, but the scores of "
      f"{gan.discriminator.title} depend on the other images of a pass. Choose "
      "another options.gan_class or options.architecture."
    )
  if gan.split_scores:
    raise ValueError(
      f"{name} scores real and fake images in one pass. Set "
      "ModularGAN.deprecated_split_disc_calls = False."
    )


def refuse_class_head(class_head: Callable, gan: str) -> NoReturn:
  """Raises: a GAN with its own heads does not use this one."""
  raise ValueError(
    f"ModularGAN.class_head = @{class_head.__name__}, but {gan} has heads of "
    "its own. Leave it at None."
  )


def warn_if_average_never_starts(start_step: int, training_steps: int) -> None:
  """Warns if the average of the weights starts after the training."""
  if start_step >= training_steps:
    warnings.warn(
      f"ModularGAN.ema_start_step = {start_step}, but the training ends "
      f"at options.training_steps = {training_steps}: the average of "
      "G's weights will be a copy of them. Choose a smaller start.",
      stacklevel=3,
    )
