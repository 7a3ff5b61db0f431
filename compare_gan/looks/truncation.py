"""truncation.png: a row for each threshold of |z|."""

import argparse

from compare_gan import pictures
from compare_gan.looks.subject import Subject

_COLUMNS = 8


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  _, labels = subject.first(_COLUMNS)
  sheet = pictures.truncation_sheet(
    subject.sampler, labels, refill=subject.refill
  )
  subject.write_png("truncation.png", sheet)
