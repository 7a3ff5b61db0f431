"""An image file's bytes -> uint8 pixels [H, W, colors], in small steps.

JPEG, PNG, WebP, GIF (its first frame) and BMP; gray, palette, RGBA, CMYK and 16
bit; turned as its EXIF tag says; of any size. An image that does not decode
completely raises BadImage with the reason: no step fills in zeros.
"""

import io
from typing import NamedTuple
from typing import Optional
import warnings

import numpy as np

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
RESIZES = ("center_crop", "resize", "pad")
BACKGROUNDS = {"white": 255, "black": 0}

_ORIENTATION = 0x0112  # the EXIF tag


class BadImage(ValueError):
  """An image that cannot be used."""


class Layout(NamedTuple):
  """The form into which images are brought.

  Attributes:
    size: (height, width); None leaves them as they are.
    colors: 1 or 3.
    resize: "center_crop" cuts the largest part with the new aspect ratio from
      the middle, "resize" stretches, "pad" shows all of it on the background.
    background: "white" or "black", behind transparent pixels too.
    max_pixels: an image that claims more is refused before it is unpacked.
    is_exact: refuses images of another size.
    crop: (height, width) of the middle part that is used; of a smaller image,
      as much of it as there is.
  """

  size: Optional[tuple]
  colors: int = 3
  resize: str = "center_crop"
  background: str = "white"
  max_pixels: int = 2**26
  is_exact: bool = False
  crop: Optional[tuple] = None


def is_named_as_one(name: str) -> bool:
  """Returns whether a file has the name of an image."""
  return name.lower().endswith(SUFFIXES)


def decode(data: bytes, layout: Layout) -> np.ndarray:
  """Returns uint8 [H, W, colors] of a file's bytes, or raises BadImage."""
  from PIL import Image

  try:
    with warnings.catch_warnings():
      # What PIL warns about (odd EXIF blocks, sizes) is handled here.
      warnings.simplefilter("ignore")
      image = Image.open(io.BytesIO(data), formats=FORMATS)
      _refuse_bombs(image.size, layout.max_pixels)
      image.load()
      image = _upright(image)
      image = _eight_bits(image)
      image = _middle(_plain(image, layout), layout.crop)
      if layout.is_exact:
        _refuse_other_sizes(image.size, layout.size)
      if layout.size is not None:
        image = _RESIZE[layout.resize](image, layout)
      pixels = np.asarray(image)
  except BadImage:
    raise
  # PIL's decoders raise almost anything on damaged bytes: SyntaxError,
  # struct.error, IndexError, zlib.error, EOFError, ...
  except Exception as error:
    raise BadImage(_reason(data, error)) from error
  return pixels.reshape(*pixels.shape[:2], layout.colors)


def is_plain_jpeg(data: bytes, layout: Layout) -> bool:
  """Returns whether a good file has to be decoded and nothing else.

  Then TensorFlow's op gives the same pixels as `decode` without Python.
  """
  from PIL import Image

  image = Image.open(io.BytesIO(data), formats=FORMATS)
  modes = ("L",) if layout.colors == 1 else ("L", "RGB")
  return (
    image.format == "JPEG"
    and image.mode in modes
    and layout.size is not None
    and image.size == tuple(layout.size)[::-1]
    and _middle(image, layout.crop) is image
    and not _is_turned(image)
  )


def _reason(data, error):
  from PIL import UnidentifiedImageError

  if not data:
    return "the file is empty"
  if isinstance(error, UnidentifiedImageError):
    return f"not an image that can be read ({', '.join(FORMATS)})"
  return f"{str(error) or type(error).__name__}"


def _refuse_bombs(size, max_pixels):
  width, height = size
  if width * height > max_pixels:
    raise BadImage(
      f"its header claims {width} x {height} pixels, more than max_pixels = "
      f"{max_pixels}"
    )
  if width * height < 1:
    raise BadImage(f"its header claims {width} x {height} pixels")


def _refuse_other_sizes(size, wanted):
  if size != wanted[::-1]:
    raise BadImage(
      f"it is {size[0]} x {size[1]}, others are {wanted[1]} x {wanted[0]}; "
      "set image_size to make them alike"
    )


def _upright(image):
  from PIL import ImageOps

  return ImageOps.exif_transpose(image) if _is_turned(image) else image


def _is_turned(image):
  # Looking for tags is slow if there are none.
  has_tags = "exif" in image.info or "xmp" in image.info
  has_tags = has_tags or "XML:com.adobe.xmp" in image.info
  return has_tags and image.getexif().get(_ORIENTATION, 1) != 1


def _eight_bits(image):
  """Returns an image of 8 bits; in PIL, only gray PNGs keep 16 bits."""
  from PIL import Image

  if not image.mode.startswith("I"):
    return image
  deep = np.asarray(image).astype(np.int64)
  return Image.fromarray(((deep * 255 + 32767) // 65535).astype(np.uint8))


def _plain(image, layout):
  """Returns an image of mode "L" or "RGB", opaque."""
  from PIL import Image

  mode = "L" if layout.colors == 1 else "RGB"
  if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or (
    "transparency" in image.info
  ):
    image = image.convert("RGBA")
    behind = Image.new("RGBA", image.size, _color(layout, 4))
    image = Image.alpha_composite(behind, image)
  return image if image.mode == mode else image.convert(mode)


def _color(layout, bands):
  """Returns the background as an opaque colour with this many bands."""
  value = BACKGROUNDS[layout.background]
  return value if bands == 1 else (value, value, value, 255)[:bands]


def _middle(image, crop):
  """Returns the middle part of size (height, width)."""
  height, width = crop or (image.height, image.width)
  width, height = min(width, image.width), min(height, image.height)
  if (width, height) == image.size:
    return image
  left, top = (image.width - width) // 2, (image.height - height) // 2
  return image.crop((left, top, left + width, top + height))


def _stretch(image, layout, box=None):
  from PIL import Image

  height, width = layout.size
  if box is None and image.size == (width, height):
    return image
  return image.resize((width, height), Image.BICUBIC, box)


def _center_crop(image, layout):
  height, width = layout.size
  scale = min(image.width / width, image.height / height)
  left = (image.width - scale * width) / 2
  top = (image.height - scale * height) / 2
  if not left and not top:
    return _stretch(image, layout)
  box = (left, top, image.width - left, image.height - top)
  return _stretch(image, layout, box)


def _pad(image, layout):
  from PIL import Image

  height, width = layout.size
  scale = min(width / image.width, height / image.height)
  size = [max(1, round(scale * side)) for side in (image.height, image.width)]
  small = _stretch(image, layout._replace(size=size))
  whole = Image.new(image.mode, (width, height), _color(layout, layout.colors))
  whole.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
  return whole


_RESIZE = {"center_crop": _center_crop, "resize": _stretch, "pad": _pad}


def encode_png(pixels: np.ndarray) -> bytes:
  """Returns a PNG of uint8 [H, W, 3]."""
  from PIL import Image

  file = io.BytesIO()
  Image.fromarray(pixels).save(file, "PNG")
  return file.getvalue()
