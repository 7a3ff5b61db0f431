"""grid.png: all images as one picture."""

from compare_gan import image_grid


def make(subject, args):
  del args
  subject.write_png("grid.png", image_grid.grid(subject.images))
