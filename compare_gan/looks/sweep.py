"""sweep.png, .gif: a row, or cell, for each coordinate of z.

A coordinate goes from its small values to its large ones.
"""

import argparse

from compare_gan.gans import abstract_gan
from compare_gan.looks import views
from compare_gan.looks.subject import Subject

_VALUES = 9
_DEFAULT = list(range(8))


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument(
    "--sweep",
    default=",".join(map(str, _DEFAULT)),
    help="for --make=sweep: coordinates of z, or 'all'; the rest stays at the "
    "first image's",
  )


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  coordinates(args.sweep, gan.options.z_dim)


def make(subject: Subject, args: argparse.Namespace) -> None:
  z, labels = subject.latents
  label = None if labels is None else labels[0]
  chosen = coordinates(args.sweep, subject.gan.options.z_dim)
  what = subject.sampler, z[0], label, chosen, views.sweep_values(_VALUES)
  subject.write_png("sweep.png", views.sweep_sheet(*what))
  subject.write_gif("sweep.gif", views.sweep_frames(*what))


def coordinates(text: str, z_dim: int) -> list[int]:
  """Returns the numbers of --sweep; of the default ones, those that z has."""
  if text == "all":
    return list(range(z_dim))
  try:
    numbers = [int(number) for number in text.split(",")]
  except ValueError:
    numbers = [-1]
  if min(numbers) < 0:
    raise ValueError(f"--sweep={text}: it can be numbers such as 0,1,2 or all.")
  if numbers == _DEFAULT:
    return numbers[:z_dim]
  if max(numbers) >= z_dim:
    raise ValueError(f"--sweep={text}: z has the coordinates 0 to {z_dim - 1}.")
  return numbers
