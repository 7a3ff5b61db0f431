"""7to1.gif, ...: from a class to the next one; morph.gif: all."""

import argparse

from compare_gan.gans import abstract_gan
from compare_gan.looks import views
from compare_gan.looks.subject import Subject
from compare_gan.looks.subject import require_classes

_CELLS = 64  # as many as a picture can show


def check(gan: abstract_gan.AbstractGAN, args: argparse.Namespace) -> None:
  del args
  require_classes(gan, "morph")


def make(subject: Subject, args: argparse.Namespace) -> None:
  z, _ = subject.first(_CELLS)
  _, labels = subject.latents
  chosen = subject.classes
  if labels is not None and (args.z is not None or not chosen):
    chosen = list(dict.fromkeys(labels.tolist()))
  assert chosen, "check() refuses a model without classes"
  frames = []
  for first, second in zip(chosen, chosen[1:] or chosen):
    way = views.morph(subject.sampler, z, first, second)
    # Two frames a second.
    subject.write_gif(f"{first}to{second}.gif", way, seconds=0.5)
    frames += way
  subject.write_gif("morph.gif", frames)
