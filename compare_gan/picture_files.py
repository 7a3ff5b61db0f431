"""Pictures as files: reading those of other programs, writing ours."""

import io
import os

from compare_gan.storage import files
import numpy as np

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def read(path, colors=3):
  """Returns images [N, H, W, colors], uint8 or as an array file has them.

  Args:
    path: a folder of pictures of one size, in it or in folders of it, in the
      order of their names; or an npz (its "images", or its only array) or npy
      file of [N, H, W, C], uint8 or floats in [0, 1].
    colors: 1 or 3, for pictures.
  """
  if os.path.isdir(path):
    return _read_folder(path, colors)
  if not os.path.isfile(path):
    raise FileNotFoundError(f"There is no folder or file {path!r} of images.")
  images = _read_array(path)
  if images.ndim != 4 or images.shape[-1] not in (1, 3):
    raise ValueError(
      f"{path} holds {list(images.shape)}, but images are [N, H, W, 1 or 3]."
    )
  if images.dtype != np.uint8 and not _are_in_unit_range(images):
    raise ValueError(
      f"{path} holds {images.dtype} from {images.min()} to {images.max()}. "
      "uint8, or floats in [0, 1], would do."
    )
  return images


def _read_array(path):
  loaded = np.load(path, allow_pickle=False)
  if isinstance(loaded, np.ndarray):
    return loaded
  with loaded as arrays:
    names = arrays.files
    if "images" not in names and len(names) != 1:
      raise ValueError(f"{path} holds {names}, and none of them is 'images'.")
    return arrays["images" if "images" in names else names[0]]


def _are_in_unit_range(images):
  if not np.issubdtype(images.dtype, np.floating):
    return False
  # NaN is left to the evaluation, which has a row for it.
  return not (images.min() < 0.0 or images.max() > 1.0)


def _read_folder(path, colors):
  from PIL import Image

  paths = [
    os.path.join(folder, name)
    for folder, _, names in os.walk(path)
    for name in names
    if name.lower().endswith(_PICTURES)
  ]
  if not paths:
    raise FileNotFoundError(f"There is no picture ({_PICTURES}) in {path!r}.")
  images = []
  for file in sorted(paths):
    with Image.open(file) as picture:
      pixels = np.asarray(picture.convert("L" if colors == 1 else "RGB"))
    if images and pixels.shape[:2] != images[0].shape[:2]:
      raise ValueError(
        f"{file} has {pixels.shape[:2]} pixels, but the first picture has "
        f"{images[0].shape[:2]}. Images that are scored have one size."
      )
    images.append(pixels.reshape([*pixels.shape[:2], colors]))
  return np.stack(images)


def write_png(path, picture):
  """Writes a picture, uint8 [H, W, 1 or 3]."""
  from PIL import Image

  if picture.shape[-1] == 1:
    picture = picture[..., 0]
  content = io.BytesIO()
  Image.fromarray(picture).save(content, "png")
  _write(path, content.getvalue())


def write_gif(path, pictures, seconds=0.1):
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
