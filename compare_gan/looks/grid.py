"""grid.png: all images as one picture."""

import argparse

from compare_gan import image_grid
from compare_gan.looks.subject import Subject


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  subject.write_png("grid.png", image_grid.grid(subject.images))
