"""interpolation.gif: each cell goes to the next one's z."""

from compare_gan import pictures

_CELLS = 64  # as many as a picture can show


def make(subject, args):
  del args
  frames = pictures.interpolation(subject.sampler, *subject.first(_CELLS))
  subject.write_gif("interpolation.gif", frames)
