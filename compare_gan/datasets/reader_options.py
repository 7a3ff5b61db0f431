"""Options that several readers share, checked and converted."""

from collections.abc import Sequence
import logging
from typing import Annotated
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.datasets import image_decoding
import numpy as np

Resize = Annotated[str, accepted.OneOf(*image_decoding.RESIZES)]
Background = Annotated[str, accepted.OneOf(*image_decoding.BACKGROUNDS)]

_LOG = logging.getLogger(__name__)


def layout_of(
  gin_name: str,
  image_size: Optional[Union[int, Sequence[int]]],
  colors: int,
  resize: str,
  background: str,
  max_pixels: int,
  crop: Optional[Union[int, Sequence[int]]] = None,
) -> image_decoding.Layout:
  """Returns the Layout of gin parameters, or raises and says which is wrong."""
  size = two_sides(f"{gin_name}.image_size", image_size)
  crop = two_sides(f"{gin_name}.crop", crop)
  for name, value, choices in (
    ("colors", colors, (1, 3)),
    ("resize", resize, image_decoding.RESIZES),
    ("background", background, tuple(image_decoding.BACKGROUNDS)),
  ):
    if value not in choices:
      raise ValueError(
        f"{gin_name}.{name} = {value!r}. It can be one of {choices}."
      )
  return image_decoding.Layout(
    size, colors, resize, background, max_pixels, crop=crop
  )


def two_sides(
  gin_name: str, value: Optional[Union[int, Sequence[int]]]
) -> Optional[tuple[int, int]]:
  """Returns the (height, width) that a gin file gives, or None."""
  if value is None:
    return None
  sides = (value, value) if isinstance(value, int) else tuple(value)
  if len(sides) != 2 or not all(isinstance(s, int) and s > 0 for s in sides):
    raise ValueError(
      f"{gin_name} = {value!r}. It can be a number of pixels, or (height, "
      "width)."
    )
  return sides


def held_out(
  n: int, fraction: float, gin_name: str
) -> tuple[np.ndarray, np.ndarray]:
  """Returns which of n examples train and which are for evaluation.

  A fraction of 0 holds nothing out: all of them are used for both.
  """
  if not 0.0 <= fraction < 1.0:
    raise ValueError(
      f"{gin_name}.eval_fraction = {fraction}. It must be a fraction below 1, "
      "such as 0.1; 0 holds nothing out."
    )
  if not fraction:
    _LOG.warning(
      "%s.eval_fraction = 0: nothing is held out, so scores compare with the "
      "training images.",
      gin_name,
    )
    return np.arange(n), np.arange(n)
  order = np.random.RandomState(0).permutation(n)
  count = max(1, round(n * fraction)) if n > 1 else 0
  return np.sort(order[count:]), np.sort(order[:count])
