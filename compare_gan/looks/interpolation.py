"""interpolation.gif: each cell goes to the next one's z."""

import argparse

from compare_gan.looks import views
from compare_gan.looks.subject import Subject

_CELLS = 64  # as many as a picture can show


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  frames = views.interpolation(subject.sampler, *subject.first(_CELLS))
  subject.write_gif("interpolation.gif", frames)
