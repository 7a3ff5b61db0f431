"""3.png, ...: --n images of class 3, with the same z for each."""

import argparse

from compare_gan.gans import abstract_gan
from compare_gan.looks import views
from compare_gan.looks.subject import Subject
from compare_gan.looks.subject import require_classes


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  require_classes(gan, "class_grids")
  if args.z is not None:
    raise ValueError(
      "--make=class_grids draws its own z from --n and --seed, and takes no "
      "--z."
    )


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  labels = subject.classes or range(subject.gan.num_classes)
  for label in labels:
    grid = views.samples(subject.sampler, *subject.draw([label]))
    subject.write_png(f"{label}.png", grid)
  print(f"Wrote grids of {len(labels)} classes to {subject.folder}.")
