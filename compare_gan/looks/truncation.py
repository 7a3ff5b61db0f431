"""truncation.png: a row for each threshold of |z|."""

from compare_gan import pictures

_COLUMNS = 8


def make(subject, args):
  del args
  _, labels = subject.first(_COLUMNS)
  sheet = pictures.truncation_sheet(
    subject.sampler, labels, refill=subject.refill
  )
  subject.write_png("truncation.png", sheet)
