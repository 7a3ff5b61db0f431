"""The subject of a look: a model with its latents, images and real images."""

from collections.abc import Iterable
from collections.abc import Sequence
import csv
import functools
import io
import os
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.evaluation import sampling
from compare_gan.gans import abstract_gan
from compare_gan.looks import real
from compare_gan.pictures import picture_files
from compare_gan.storage import files
import numpy as np

Latents = tuple[np.ndarray, Optional[np.ndarray]]


class Subject:
  """A model and what kinds need of it, made on demand; writes files.

  Args:
    gan: an AbstractGAN.
    folder: of the files; it must exist.
    draw: draw(classes) -> z [N, z_dim] and labels [N] or None.
    classes: labels to draw in turn, None for all.
    averaged: whether to use the moving average of G's weights, if any.
    real_images: returns a real.RealImages; called if a kind compares images.
    refill: refill(truncation) recomputes accumulated moments for truncated z;
      None if there are none to fill.
    truncation: of styles, see sampling.py.
  """

  def __init__(
    self,
    gan: abstract_gan.AbstractGAN,
    folder: str,
    draw: Callable[[Optional[Sequence[int]]], Latents],
    classes: Optional[Sequence[int]] = None,
    averaged: bool = True,
    real_images: Optional[Callable[[], real.RealImages]] = None,
    refill: Optional[Callable[[float], Any]] = None,
    truncation: Optional[float] = None,
  ) -> None:
    self.gan = gan
    self.folder = folder
    self.draw = draw
    self.classes = classes
    self.averaged = averaged
    self.refill = refill
    self.sampler = sampling.Sampler(gan, averaged, truncation=truncation)
    self._real_images = real_images

  @functools.cached_property
  def latents(self) -> Latents:
    """z [N, z_dim] and labels [N], None if the model is not conditional."""
    return self.draw(self.classes)

  @functools.cached_property
  def images(self) -> np.ndarray:
    """The images of `latents`, float32 [N, H, W, C] in [0, 1]."""
    return np.concatenate(list(self.sampler.batches(*self.latents)))

  @property
  def finite_images(self) -> np.ndarray:
    """The same, for comparisons; raises ValueError if a pixel is not finite."""
    bad = ~np.isfinite(self.images).all(axis=(1, 2, 3))
    if bad.any():
      raise ValueError(
        f"{int(bad.sum())} of {len(bad)} images have NaN or infinity: they "
        "cannot be compared with real images. Look at an earlier checkpoint."
      )
    return self.images

  @functools.cached_property
  def real(self) -> real.RealImages:
    """The real images with which the images are compared."""
    if self._real_images is None:
      raise ValueError("This subject has no real images to compare with.")
    return self._real_images()

  def first(self, n: int) -> Latents:
    """Returns the first n latents, or all if there are fewer."""
    z, labels = self.latents
    return z[:n], None if labels is None else labels[:n]

  def path(self, name: str) -> str:
    """Returns the path of a file in the folder."""
    return os.path.join(self.folder, name)

  def write_png(self, name: str, picture: np.ndarray) -> None:
    """Writes a picture, uint8 [H, W, 1 or 3]."""
    picture_files.write_png(self.path(name), picture)

  def write_gif(
    self, name: str, frames: Iterable[np.ndarray], seconds: float = 0.1
  ) -> None:
    """Writes pictures, uint8 [H, W, 3], as the frames of a gif."""
    picture_files.write_gif(self.path(name), frames, seconds)

  def write_csv(
    self, name: str, header: Sequence[str], rows: Iterable[Sequence]
  ) -> None:
    """Writes a table: floats have seven digits, None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    files.write_text(self.path(name), text.getvalue())


def _cell(value):
  return f"{value:.7g}" if isinstance(value, (float, np.floating)) else value


def require_pictures(gan: abstract_gan.AbstractGAN, kind: str) -> None:
  """Raises ValueError if images are points, such as those of ring8, grid25."""
  height, width, colors = gan.image_shape
  if min(height, width) < 2 or colors not in (1, 3):
    raise ValueError(
      f"--make={kind} needs images of 2 x 2 pixels or more in one color or "
      f"three, but this model makes {height} x {width} x {colors}. For "
      "points, use --make=grid."
    )


def require_classes(gan: abstract_gan.AbstractGAN, kind: str) -> None:
  """Raises ValueError unless the model is conditional."""
  if not gan.num_classes:
    raise ValueError(
      f"--make={kind} needs a conditional model; this model has no classes."
    )
