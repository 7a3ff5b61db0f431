"""Numbers of any layout and range -> images [N, H, W, C].

The meaning of axes and values follows from the shape, the number of labels and
the values. If it is ambiguous, the error names the binding that decides.
"""

import re
from typing import Any
from typing import Optional

from compare_gan.datasets import array_formats
from compare_gan.datasets import in_memory
import numpy as np

LAYOUTS = ("NHWC", "NCHW", "HWCN", "NHW", "HWN", "flat_NHWC", "flat_NCHW")
VALUE_RANGES = ("0..255", "0..65535", "0..1", "-1..1")
_MATLABS = {"HWCN": "NHWC", "HWN": "NHW"}  # images are counted by the last axis
_COLORS = (1, 3)
_TOP_BIT = 2**15  # of uint16: if it is set, all 16 bits are used


def check_choices(layout: Optional[str], value_range: Optional[str]) -> None:
  """Refuses invalid values of `arrays.layout` and `arrays.value_range`."""
  if layout is not None and layout not in LAYOUTS:
    raise ValueError(f"arrays.layout = {layout!r}. It can be one of {LAYOUTS}.")
  if value_range is not None:
    _ends(value_range)


def images_first(
  numbers: Any, layout: Optional[str], labels: Optional[np.ndarray]
) -> tuple[Any, str]:
  """Returns the Numbers with images along the first axis, and their layout.

  Args:
    numbers: as in the file.
    layout: one of LAYOUTS, or None to infer it from shape and labels.
    labels: an array with a label for each image, or None.
  """
  shape = tuple(numbers.shape)
  if 0 in shape:
    raise ValueError(f"arrays: an array of shape {shape} holds no images.")
  layout = layout or _layout(shape, _count(labels))
  if layout not in _MATLABS:
    return numbers, layout
  if len(shape) != len(layout):
    raise _wrong_rank(layout, shape)
  moved = np.moveaxis(array_formats.read_all(numbers), -1, 0)
  return array_formats.Whole(moved), _MATLABS[layout]


def images_of(
  splits: dict[str, tuple[Any, str]], value_range: Optional[str]
) -> dict[str, np.ndarray]:
  """Returns {split: images [N, H, W, C]}, uint8 or float32 in [0, 1].

  Args:
    splits: {split: (Numbers, layout)}, images first.
    value_range: one of VALUE_RANGES or "0..N"; None to infer it.
  """
  seen = {
    split: _seen(numbers, split)
    for split, (numbers, _) in splits.items()
    if not _is_clear_by_type(numbers.dtype, value_range)
  }
  images = {}
  for split, (numbers, layout) in splits.items():
    # Numbers of the same type have the same meaning in all splits.
    alike = [s for s in seen if splits[s][0].dtype == numbers.dtype]
    convert, dtype = _conversion(
      numbers.dtype, [seen[s] for s in alike], value_range, split
    )
    images[split] = _filled(numbers, layout, convert, dtype)
    if numbers.dtype == np.uint8 and value_range is None:
      _refuse_bits(images[split], split)
  return images


def _filled(numbers, layout, convert, dtype):
  shape = tuple(numbers.shape)
  arrange, image_shape = _arrangement(shape, layout)
  images = in_memory.empty([shape[0], *image_shape], dtype)
  first = 0
  for block in numbers.blocks():
    images[first : first + len(block)] = convert(arrange(block))
    first += len(block)
  return images


# ---- Axes --------------------------------------------------------------------


def _count(labels):
  """Returns how many images the labels are for, None if that is unknown."""
  if labels is None:
    return None
  shape = np.shape(labels)
  return shape[0] if len(shape) == 2 and 1 not in shape else np.size(labels)


def _layout(shape, count):
  readings = {2: _if_flat, 3: _if_gray, 4: _if_in_color}
  found = readings.get(len(shape), lambda _: [])(shape)
  if len(found) > 1 and count is not None:
    found = [
      layout
      for layout in found
      if layout and shape[-1 if layout in _MATLABS else 0] == count
    ]
  if len(found) == 1:
    return found[0]
  raise ValueError(
    f"arrays: images of shape {shape} have ambiguous axes. Set arrays.layout "
    f"to one of {LAYOUTS}."
  )


# Each returns the layouts that a shape can have; None stands for one image.


def _if_in_color(shape):
  found = (("NHWC", 3), ("NCHW", 1), ("HWCN", 2))
  return [layout for layout, axis in found if shape[axis] in _COLORS]


def _if_gray(shape):
  n, height, width = shape
  if (width <= 4 and height != width) or n == 3:
    return ["NHW", None]
  return ["NHW", "HWN"] if n == height != width else ["NHW"]


def _if_flat(shape):
  n, numbers = shape
  found = [None] if n == numbers else []
  if _side(numbers, 1):
    return ["flat_NHWC", *found]
  return ["flat_NCHW", *found] if _side(numbers, 3) else []  # CIFAR's planes


def _side(pixels, colors):
  """Returns the side of square images with this many numbers, or None."""
  side = round((pixels / colors) ** 0.5)
  return side if side * side * colors == pixels else None


def _wrong_rank(layout, shape):
  rank = 2 if layout.startswith("flat") else len(layout)
  return ValueError(
    f"arrays.layout = {layout!r} has {rank} axes; the images have the shape "
    f"{shape}."
  )


def _arrangement(shape, layout):
  """Returns a function from stored rows to [n, H, W, C], and (H, W, C)."""
  if len(shape) != (2 if layout.startswith("flat") else len(layout)):
    raise _wrong_rank(layout, shape)
  if layout == "NHW":
    return lambda x: x[..., None], (*shape[1:], 1)
  if layout == "NHWC":
    return lambda x: x, shape[1:]
  if layout == "NCHW":
    c, h, w = shape[1:]
    return lambda x: x.transpose(0, 2, 3, 1), (h, w, c)
  colors = 1 if _side(shape[1], 1) else 3
  side = _side(shape[1], colors)
  if side is None:
    raise ValueError(
      f"arrays: {shape[1]} numbers cannot be a square image of 1 or 3 colors."
    )
  if layout == "flat_NHWC":
    return lambda x: x.reshape(-1, side, side, colors), (side, side, colors)
  return (
    lambda x: x.reshape(-1, colors, side, side).transpose(0, 2, 3, 1),
    (side, side, colors),
  )


# ---- Values ------------------------------------------------------------------


def _ends(value_range):
  """Returns (smallest, largest) of "0..255" and so on."""
  if value_range == "-1..1":
    return -1, 1
  match = re.fullmatch(r"0\.\.([1-9]\d*)", str(value_range))
  if match is None:
    raise ValueError(
      f"arrays.value_range = {value_range!r}. It can be one of {VALUE_RANGES}, "
      "or '0..4095' and so on for other numbers of bits."
    )
  return 0, int(match[1])


def _is_clear_by_type(dtype, value_range):
  """Returns whether the numbers' type alone says what they mean."""
  if dtype == np.uint8:
    return value_range in (None, "0..255")
  return dtype == np.bool_ and value_range in (None, "0..1")


def _conversion(dtype, seen, value_range, split):
  """Returns a function from blocks to images, and the images' dtype.

  Args:
    dtype: of the numbers.
    seen: [(smallest, largest, whether all are integers)] of the splits with
      this dtype.
    value_range: "0..1" and so on, or None.
    split: for messages.
  """
  if _is_clear_by_type(dtype, value_range):
    if dtype == np.bool_:
      return lambda x: x.astype(np.uint8) * np.uint8(255), np.uint8
    return lambda x: x, np.uint8
  lows, highs, wholes = zip(*seen)
  low, high, whole = min(lows), max(highs), all(wholes)
  value_range = value_range or _value_range(dtype, low, high, whole)
  least, most = _ends(value_range)
  if low < least or high > most:
    raise ValueError(
      f"arrays: split {split!r} has values from {low:g} to {high:g}, outside "
      f"of {value_range}. Set arrays.value_range to what they mean."
    )
  if value_range == "0..255" and whole:
    return lambda x: x.astype(np.uint8), np.uint8
  scale = np.float32(1.0 / (most - least))
  least = np.float32(least)
  return lambda x: (x.astype(np.float32) - least) * scale, np.float32


def _seen(numbers, split):
  """Returns the smallest and largest value, and whether all are integers."""
  if numbers.dtype.kind not in "biuf":
    raise ValueError(
      f"arrays: split {split!r} holds {numbers.dtype}, which cannot be "
      "pixels. Store bytes (uint8)."
    )
  low, high, whole = np.inf, -np.inf, True
  for block in numbers.blocks():
    if not block.size:
      continue
    least, most = float(block.min()), float(block.max())
    if not np.isfinite([least, most]).all():
      raise ValueError(f"arrays: split {split!r} holds NaN or infinity.")
    low, high = min(low, least), max(high, most)
    if numbers.dtype.kind == "f":
      whole = whole and bool((block == np.trunc(block)).all())
  return low, high, whole


def _value_range(dtype, low, high, whole):
  is_float = dtype.kind == "f"
  if whole and low >= 0 and 1 < high <= 255:
    return "0..255"
  if is_float and low >= 0 and high <= 1:
    return "0..1"
  if is_float and -1 <= low < 0 and high <= 1:
    return "-1..1"
  if dtype.kind == "u" and dtype.itemsize == 2 and high >= _TOP_BIT:
    return "0..65535"
  raise ValueError(
    f"arrays: images of {dtype.name} with values from {low:g} to {high:g} "
    "have an ambiguous range. Set arrays.value_range to one of "
    f"{VALUE_RANGES}, or '0..4095' and so on, or store bytes (uint8)."
  )


def _refuse_bits(images, split):
  """Refuses bytes of only 0 and 1: black, though 1 may be meant as white."""
  if images.size and images.max() == 1:
    raise ValueError(
      f"arrays: split {split!r} holds only the bytes (uint8) 0 and 1. Set "
      "arrays.value_range to '0..1' if 1 is white, or to '0..255'."
    )
