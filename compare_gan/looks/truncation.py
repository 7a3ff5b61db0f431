"""truncation.png: a row for each limit of |z|, or factor of w."""

import argparse

from compare_gan.looks import views
from compare_gan.looks.subject import Subject

_COLUMNS = 8


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  _, labels = subject.first(_COLUMNS)
  sheet = views.truncation_sheet(subject.sampler, labels, refill=subject.refill)
  subject.write_png("truncation.png", sheet)
