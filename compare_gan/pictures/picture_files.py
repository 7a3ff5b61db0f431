"""Pictures as files: reading those of other programs, writing ours."""

from collections.abc import Iterable
import io
import os
import re
from typing import Optional

from compare_gan.datasets import arrays
from compare_gan.datasets import files as dataset_files
from compare_gan.datasets import image_file
from compare_gan.storage import files
import numpy as np


def read(
  path: str,
  colors: int = 3,
  background: str = "white",
  array_layout: Optional[str] = None,
  value_range: Optional[str] = None,
) -> np.ndarray:
  """Returns images [N, H, W, colors], uint8 or float32 in [0, 1].

  They are decoded as those of the datasets "folder" and "arrays" are, so that
  an image has the same pixels on both sides of a score.

  Args:
    path: a folder of pictures of one size, in it or in folders of it, in the
      natural order of their names, in which 2 comes before 10; or an npz, npy,
      mat or idx file of images.
    colors: 1 or 3, for pictures.
    background: "white" or "black", behind transparent pixels of pictures.
    array_layout, value_range: what an array file holds, as `arrays.layout` and
      `arrays.value_range`; None where shape and numbers tell.
  """
  if os.path.isdir(path):
    layout = image_file.Layout(None, colors, background=background)
    return _read_folder(path, layout)
  if not os.path.isfile(path):
    raise FileNotFoundError(f"There is no folder or file {path!r} of images.")
  return arrays.read_images(path, array_layout, value_range)


def natural_order(name: str) -> tuple:
  """Returns the key by which names are sorted with 2 before 10."""
  parts = re.split(r"([0-9]+)", name)
  # Texts and numbers take turns. The name itself tells 01 from 1.
  return [int(x) if i % 2 else x for i, x in enumerate(parts)], name


def _read_folder(path, layout):
  folder = dataset_files.Folder(path)
  numbers = [
    i for i, name in enumerate(folder.names) if image_file.is_named_as_one(name)
  ]
  if not numbers:
    raise FileNotFoundError(
      f"There is no picture ({', '.join(image_file.SUFFIXES)}) in {path!r}."
    )
  numbers.sort(key=lambda i: natural_order(folder.names[i]))
  images = None
  for place, number in enumerate(numbers):
    name = os.path.join(path, folder.names[number])
    try:
      pixels = image_file.decode(folder.read(number), layout)
    except image_file.BadImage as error:
      raise ValueError(f"{name} cannot be scored: {error}") from error
    if images is None:
      images = np.empty([len(numbers), *pixels.shape], np.uint8)
    elif pixels.shape != images.shape[1:]:
      raise ValueError(
        f"{name} has {pixels.shape[:2]} pixels, but the first picture has "
        f"{images.shape[1:3]}. Images that are scored have one size."
      )
    images[place] = pixels
  return images


def write_png(path: str, picture: np.ndarray) -> None:
  """Writes a picture, uint8 [H, W, 1 or 3]."""
  from PIL import Image

  if picture.shape[-1] == 1:
    picture = picture[..., 0]
  content = io.BytesIO()
  Image.fromarray(picture).save(content, "png")
  _write(path, content.getvalue())


def write_gif(
  path: str, pictures: Iterable[np.ndarray], seconds: float = 0.1
) -> None:
  """Writes pictures, uint8 [H, W, 3], one after the other, without end."""
  from PIL import Image

  frames = [Image.fromarray(picture) for picture in pictures]
  content = io.BytesIO()
  frames[0].save(
    content,
    "gif",
    save_all=True,
    append_images=frames[1:],
    duration=int(1000 * seconds),
    loop=0,
  )
  _write(path, content.getvalue())


def _write(path, data):
  # Not forced to the disk: there may be thousands, and they can be made again.
  with files.refusals(path, len(data)):
    with files.call(open, path, "wb") as file:
      files.call(file.write, data)
