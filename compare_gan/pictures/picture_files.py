"""Pictures as files."""

from collections.abc import Iterable
import io

from compare_gan.storage import files
import numpy as np


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
  """Writes pictures, uint8 [H, W, 3], as a gif that repeats forever."""
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
  # Not synced to the disk: there may be thousands, and they can be made again.
  with files.refusals(path, len(data)):
    with files.call(open, path, "wb") as file:
      files.call(file.write, data)
