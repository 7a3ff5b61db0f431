"""3.png, ...: --n images of class 3, with the same z for each."""

from compare_gan import pictures
from compare_gan.looks import classes


def check(gan, args):
  classes.require(gan, "class_grids")
  if args.z is not None:
    raise ValueError(
      "--make=class_grids draws its z: --n and --seed say which; --z does not."
    )


def make(subject, args):
  del args
  labels = subject.classes or range(subject.gan.num_classes)
  for label in labels:
    grid = pictures.samples(subject.sampler, *subject.draw([label]))
    subject.write_png(f"{label}.png", grid)
  print(f"Wrote grids of {len(labels)} classes to {subject.folder}.")
