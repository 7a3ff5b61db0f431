"""grid.png: all images as one picture."""

import argparse

from compare_gan.looks.subject import Subject
from compare_gan.pictures import image_grid


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  subject.write_png("grid.png", image_grid.grid(subject.images))
