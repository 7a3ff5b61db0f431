"""How a published network needs images prepared: crop, resize, clip, scale.

Scores depend on it as much as on the network, so every choice is named:

  arithmetic  "uint8": as if images were saved and opened by Pillow, which
              rounds and clips between its horizontal and its vertical pass, in
              this order (Pillow 13 reverses it for some tall pictures).
              "float": no rounding, clipped to 0 ... 255 after the resize. They
              differ by 0.3 of 255 on average on noise, by 25 at most.
  resize      "bicubic" (a = -0.5), "bilinear", or "tf1_bilinear", which aligns
              pixels at their corners as in TensorFlow 1.
  antialias   True: the filters of Pillow, wider where pictures shrink.
              False: those of TensorFlow, only with "float".
  crop        "none": resized to the size, without keeping the aspect ratio.
              "centre_square": the largest central square is cut, then resized.
              "shorter_side": the shorter side is resized to the size, then the
              central square is cut.
"""

import dataclasses

import numpy as np
import tensorflow as tf

_ARITHMETICS = ("uint8", "float")
_FILTERS = ("bicubic", "bilinear", "tf1_bilinear")
_CROPS = ("none", "centre_square", "shorter_side")
_LARGEST = 4096  # a mistyped number must not fill the memory


@dataclasses.dataclass(frozen=True)
class Preprocessing:
  """Images in [0, 1] -> a network's input; see above.

  Attributes:
    pixels: height and width of the result.
    resize, antialias, arithmetic, crop: see above.
    mean, std: of red, green and blue in [0, 1]; x becomes (x - mean) / std.
    round_pixels: rounds to integers in 0 ... 255 first, as "uint8" always does.
  """

  pixels: int
  resize: str
  antialias: bool
  arithmetic: str
  crop: str
  mean: tuple[float, ...]
  std: tuple[float, ...]
  round_pixels: bool = False

  def __post_init__(self) -> None:
    _check_whole("pixels", self.pixels)
    _check_among("resize", self.resize, _FILTERS)
    _check_among("arithmetic", self.arithmetic, _ARITHMETICS)
    _check_among("crop", self.crop, _CROPS)
    _check_among("antialias", self.antialias, (True, False))
    _check_among("round_pixels", self.round_pixels, (True, False))
    _check_three("mean", self.mean)
    _check_three("std", self.std)
    if not min(self.std) > 0:
      raise ValueError(
        f"std = {list(self.std)}. Pixels are divided by it, so it must be "
        "above 0."
      )
    if self.resize == "tf1_bilinear" and self.antialias:
      raise ValueError(
        "antialias = true, but resize = 'tf1_bilinear' has no antialiasing. "
        "Set antialias to false, or resize to 'bilinear'."
      )
    if self.arithmetic == "uint8" and not self.antialias:
      raise ValueError(
        "antialias = false, but arithmetic = 'uint8' is Pillow's, which always "
        "antialiases. Set antialias to true, or arithmetic to 'float'."
      )

  @property
  def rounds(self) -> bool:
    """Whether images become integers in 0 ... 255 first."""
    return self.round_pixels or self.arithmetic == "uint8"

  def __call__(self, images: np.ndarray) -> np.ndarray:
    """Returns float32 [N, pixels, pixels, 3].

    Args:
      images: floats in [0, 1], [N, H, W, C] of 1 or 3 colours; one is repeated
        three times.
    """
    pixels = 255.0 * _three_colors(np.asarray(images, np.float32))
    if self.rounds:
      pixels = np.rint(pixels)
    if self.crop == "centre_square":
      pixels = _centre(pixels, min(pixels.shape[1:3]), _floor_of_half)
    pixels = self._resized(pixels, self._size_before_crop(pixels))
    if self.crop == "shorter_side":
      pixels = _centre(pixels, self.pixels, _rounded_half)
    scaled = np.clip(pixels, 0, 255).astype(np.float32) / np.float32(255)
    return (scaled - np.array(self.mean, np.float32)) / np.array(
      self.std, np.float32
    )

  def _size_before_crop(self, pixels):
    """Returns the height and width that images are resized to."""
    if self.crop != "shorter_side":
      return self.pixels, self.pixels
    height, width = pixels.shape[1:3]
    longer = int(self.pixels * max(height, width) / min(height, width))
    return (longer, self.pixels) if height > width else (self.pixels, longer)

  def _resized(self, pixels, size):
    if pixels.shape[1:3] == size:
      return pixels
    if self.arithmetic == "uint8":
      return _by_pillow_in_uint8(pixels, size, self.resize)
    if self.antialias:
      return _by_pillow_in_floats(pixels, size, self.resize)
    return _by_tensorflow(pixels, size, self.resize)


# ---- Resizes, of pixels in 0 ... 255 -----------------------------------------


def _by_pillow_in_uint8(pixels, size, name):
  return np.stack(
    [_pillow(image, size, name) for image in pixels.astype(np.uint8)]
  )


def _by_pillow_in_floats(pixels, size, name):
  def resized(image: np.ndarray) -> np.ndarray:
    channels = [image[..., c] for c in range(image.shape[-1])]
    return np.stack([_pillow(x, size, name) for x in channels], axis=-1)

  return np.stack([resized(image) for image in pixels])


def _pillow(image, size, name):
  """Returns a picture, or one float channel, of another size."""
  from PIL import Image

  kind = {"bicubic": Image.BICUBIC, "bilinear": Image.BILINEAR}[name]
  height, width = size
  picture = Image.fromarray(np.ascontiguousarray(image))
  # One pass at a time: for both at once, Pillow 11 begins with the width, but
  # Pillow 13 with the height of a tall picture that shrinks, which rounds
  # differently.
  picture = picture.resize((width, picture.height), kind)
  return np.asarray(picture.resize((width, height), kind))


def _by_tensorflow(pixels, size, name):
  if name == "tf1_bilinear":
    return tf.compat.v1.image.resize_bilinear(
      pixels, size, align_corners=False, half_pixel_centers=False
    ).numpy()
  return tf.image.resize(pixels, size, name, antialias=False).numpy()


# ---- Crops and colours -------------------------------------------------------


def _centre(pixels, side, half):
  """Returns the central square; `half` says how odd margins are halved."""
  top, left = (half(length - side) for length in pixels.shape[1:3])
  return pixels[:, top : top + side, left : left + side]


def _floor_of_half(margin):
  return margin // 2


def _rounded_half(margin):
  return int(round(margin / 2))  # half to even, as torchvision does


def _three_colors(images):
  colors = images.shape[-1]
  if colors not in (1, 3):
    raise ValueError(
      f"Images have {colors} colours, but this network takes 1 or 3. "
      "evaluate.features = @classifier takes any number."
    )
  return np.repeat(images, 3 // colors, axis=-1)


# ---- Checks ------------------------------------------------------------------


def _check_among(key, value, accepted):
  # 1 == True, but 1 is not accepted as a bool.
  if not any(type(value) is type(x) and value == x for x in accepted):
    raise ValueError(
      f"{key} = {value!r}. It can be {' or '.join(map(repr, accepted))}."
    )


def _check_whole(key, value):
  if type(value) is not int or not 1 <= value <= _LARGEST:
    raise ValueError(
      f"{key} = {value!r}. It must be an int from 1 to {_LARGEST}."
    )


def _check_three(key, values):
  is_right = (
    isinstance(values, (list, tuple))
    and len(values) == 3
    and all(type(x) in (int, float) and np.isfinite(x) for x in values)
  )
  if not is_right:
    raise ValueError(
      f"{key} = {values!r}. It must be three numbers, for red, green and blue "
      "in [0, 1]."
    )
