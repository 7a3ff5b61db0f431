"""images/00000.png, ...: each image as a picture of its own."""

import argparse
import os

from compare_gan.looks.subject import Subject
from compare_gan.pictures import image_grid


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  os.makedirs(subject.path("images"), exist_ok=True)
  for i, image in enumerate(subject.images):
    subject.write_png(f"images/{i:05d}.png", image_grid.grid(image[None]))
