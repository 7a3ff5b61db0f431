"""Images that other programs made, to be scored against a dataset's."""

import os
import re
from typing import Optional

from compare_gan.datasets import arrays
from compare_gan.datasets import image_decoding
from compare_gan.datasets import numbered_files
import numpy as np


def read(
  path: str,
  colors: int = 3,
  background: str = "white",
  array_layout: Optional[str] = None,
  value_range: Optional[str] = None,
) -> np.ndarray:
  """Returns images [N, H, W, colors], uint8 or float32 in [0, 1].

  They are decoded like those of the datasets "folder" and "arrays", so that an
  image has the same pixels on both sides of a score.

  Args:
    path: a folder of pictures of one size, in it or in its subfolders, in the
      natural order of their names (2 before 10); or an npz, npy, mat or idx
      file of images.
    colors: 1 or 3, for pictures.
    background: "white" or "black", behind transparent pixels of pictures.
    array_layout, value_range: what an array file holds, as `arrays.layout` and
      `arrays.value_range`; None to infer it from shape and numbers.
  """
  if os.path.isdir(path):
    layout = image_decoding.Layout(None, colors, background=background)
    return _read_folder(path, layout)
  if not os.path.isfile(path):
    raise FileNotFoundError(
      f"There is no folder or file {path!r}. Give the path of images."
    )
  return arrays.read_images(path, array_layout, value_range)


def natural_order(name: str) -> tuple[list, str]:
  """Returns the key that sorts names with 2 before 10."""
  parts = re.split(r"([0-9]+)", name)
  # Texts and numbers alternate. The name itself tells 01 from 1.
  return [int(x) if i % 2 else x for i, x in enumerate(parts)], name


def _read_folder(path, layout):
  folder = numbered_files.Folder(path)
  numbers = [
    i
    for i, name in enumerate(folder.names)
    if image_decoding.is_named_as_one(name)
  ]
  if not numbers:
    raise FileNotFoundError(
      f"There is no picture ({', '.join(image_decoding.SUFFIXES)}) in {path!r}."
    )
  numbers.sort(key=lambda i: natural_order(folder.names[i]))
  images = None
  for place, number in enumerate(numbers):
    name = os.path.join(path, folder.names[number])
    try:
      pixels = image_decoding.decode(folder.read(number), layout)
    except image_decoding.BadImage as error:
      raise ValueError(f"{name} cannot be scored: {error}") from error
    if images is None:
      images = np.empty([len(numbers), *pixels.shape], np.uint8)
    elif pixels.shape != images.shape[1:]:
      raise ValueError(
        f"{name} has {pixels.shape[:2]} pixels, but the first picture has "
        f"{images.shape[1:3]}. Images to score must all have one size."
      )
    images[place] = pixels
  return images
