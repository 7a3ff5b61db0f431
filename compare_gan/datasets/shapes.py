"""shapes16 to shapes128: pictures of ten shapes, drawn by this file.

They let everything run without a download. The class is the shape; its colour,
texture, position, size and rotation and the background vary, and their values
are known. The four hold the same pictures in 16, 32, 64 and 128 pixels.

Image i of a split is a function of (split, i): its factors come from
RandomState([split, i]), and all drawing uses integers, so the bytes are the
same on any machine and in any version of numpy.

Shapes are drawn by distances: `d` is how far outside a shape's edge a pixel
lies, and edges are blurred over one pixel. Numbers are fixed-point: a picture
is 4096 wide, a shape has the radius 1024 in its own frame, blends are in
0 ... 256.
"""

from collections.abc import Sequence
import functools
import math
from typing import Union

from compare_gan.datasets import cache
from compare_gan.datasets import in_memory
import numpy as np

CLASSES = (
  "disc",
  "ring",
  "square",
  "triangle",
  "star",
  "cross",
  "heart",
  "crescent",
  "arrow",
  "hourglass",
)
TEXTURES = ("plain", "stripes", "checks", "dots", "shaded")
BACKGROUNDS = ("gradient", "stripes", "clouds", "tiles")
SIZES = {"train": 50000, "eval": 10000}

_VERSION = 1  # of the pictures; raise it when one bit of them changes
_WIDTH = 4096
_RADIUS = 1024
_RIM_COLOR = np.array([244, 244, 240], np.int32)
_LATTICE = 5  # clouds are smooth between this many random numbers a side

# Factors drawn uniformly for every image, from the first number up to, but not
# including, the second.
_RANGES = {
  "radius": (850, 1500),
  "hue": (0, 256),
  "texture": (0, len(TEXTURES)),
  "background": (0, len(BACKGROUNDS)),
  "x": (-256, 257),  # in 1/256 of the space that the radius leaves
  "y": (-256, 257),
  "angle": (0, 256),
  "background_hue": (52, 204),  # added to the shape's: never close to it
  "saturation": (150, 240),
  "light": (214, 256),
  "dark": (96, 160),
  "background_saturation": (40, 170),
  "background_dark": (60, 170),
  "background_contrast": (34, 74),
  "background_angle": (0, 256),
  "background_phase": (0, 1024),
}


class Shapes(in_memory.InMemoryDataset):
  """Ten classes in pictures of `pixels` x `pixels`, made at the first use."""

  known_sizes = SIZES
  classes = CLASSES

  def __init__(self, pixels: int) -> None:
    name = f"shapes{pixels}"
    super().__init__(name, (pixels, pixels, 3), len(CLASSES), SIZES["eval"])

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    indices = np.arange(SIZES[split])
    images = cache.array(
      f"{self.name}-{split}-v{_VERSION}",
      lambda: draw(split, indices, self.image_shape[0]),
    )
    return images, _labels(indices)


BUILT_IN = {
  f"shapes{pixels}": functools.partial(Shapes, pixels)
  for pixels in (16, 32, 64, 128)
}


def factors(
  split: str, indices: Union[np.ndarray, Sequence[int]]
) -> dict[str, np.ndarray]:
  """Returns the factors of images, a dict of int32 arrays [n].

  label, texture, background: numbers in CLASSES, TEXTURES and BACKGROUNDS.
  x, y, radius: centre and size of the shape, in 1/4096 of the width.
  angle: clockwise, in 1/256 of a turn.
  hue, background_hue: in 1/256 of the colour circle, from red over green.
  """
  f, _ = _random(split, indices)
  names = "label texture background x y radius angle hue background_hue"
  return {name: f[name] for name in names.split()}


def draw(
  split: str, indices: Union[np.ndarray, Sequence[int]], pixels: int
) -> np.ndarray:
  """Returns images uint8 [n, pixels, pixels, 3] of examples."""
  images = np.empty([len(indices), pixels, pixels, 3], np.uint8)
  # Few enough images at a time to keep intermediate results in the CPU's cache.
  step = 2**16 // pixels**2
  indices = np.asarray(indices)
  for label in range(len(CLASSES)):
    members = np.flatnonzero(_labels(indices) == label)
    for first in range(0, len(members), step):
      some = members[first : first + step]
      images[some] = _draw(label, split, indices[some], pixels)
  return images


def _labels(indices):
  return (np.asarray(indices) % len(CLASSES)).astype(np.int32)


def _random(split, indices):
  """Returns factors, a dict of int32 [n], and lattices [n, 5, 5] of bytes."""
  stream = sorted(SIZES).index(split)
  random = np.random.RandomState()
  u = np.empty([len(indices), len(_RANGES) + _LATTICE**2], np.int32)
  for row, i in zip(u, indices):
    random.seed([stream, i])
    row[:] = random.randint(0, 2**16, len(row), np.uint16)
  f = {
    name: low + (column * (high - low) >> 16)
    for column, (name, (low, high)) in zip(u.T, _RANGES.items())
  }
  f["label"] = _labels(indices)
  f["background_hue"] = (f["hue"] + f["background_hue"]) % 256
  room = _WIDTH // 2 - (9 * f["radius"] >> 3)  # corners stay inside
  for axis in ("x", "y"):
    f[axis] = _WIDTH // 2 + (f[axis] * room >> 8)
  lattices = u[:, len(_RANGES) :] >> 8
  return f, lattices.reshape(-1, _LATTICE, _LATTICE)


def _draw(label, split, indices, pixels):
  """Returns images of one class."""
  f, lattices = _random(split, indices)
  f = {name: values[:, None, None] for name, values in f.items()}
  # Centres of pixels: x [1, 1, pixels], y [1, pixels, 1].
  half = _WIDTH // 2 // pixels
  centres = half * (2 * np.arange(pixels, dtype=np.int32) + 1)
  x, y = centres[None, None, :], centres[None, :, None]

  # In the shape's frame: (s, t), turned and scaled.
  scale = 2**14 * _RADIUS // f["radius"]
  cos = _cos(f["angle"]) * scale >> 14
  sin = _sin(f["angle"]) * scale >> 14
  dx, dy = x - f["x"], y - f["y"]
  s = dx * cos + dy * sin >> 14
  t = dy * cos - dx * sin >> 14
  per_pixel = 2**16 * f["radius"] // (_WIDTH // pixels * _RADIUS)
  d = np.clip(_DISTANCES[label](s, t), -4096, 4096)
  d = d * per_pixel >> 8  # in 1/256 of a pixel

  inside = _mix(
    _color(f["hue"], f["saturation"], f["light"]),
    _color(f["hue"] + 14, f["saturation"], f["dark"]),
    _texture(f["texture"], s, t, per_pixel),
  )
  hue, saturation = f["background_hue"], f["background_saturation"]
  dark = f["background_dark"]
  outside = _mix(
    _color(hue, saturation, dark),
    _color(hue + 18, saturation, dark + f["background_contrast"]),
    _background(f, x, y, lattices),
  )
  shadow = np.clip(112 - 8 * d // pixels, 0, 112)
  outside = _mix(outside, 0, shadow)
  rim = 6 * pixels  # sets the shape off its background
  image = _mix(_RIM_COLOR, inside, _covered(d + rim))
  return _mix(outside, image, _covered(d)).astype(np.uint8)


def _covered(d):
  """Returns how much of a pixel is inside an edge, 0 ... 256."""
  return np.clip(128 - d, 0, 256)


# The cosine of 1/256 turns, in 1/2^14. No entry is near a half, which one
# machine might round up and another down.
_COS = np.array(
  [round(2**14 * math.cos(math.pi * k / 128)) for k in range(256)], np.int32
)


def _cos(angle):
  return _COS[angle % 256]


def _sin(angle):
  return _COS[(angle - 64) % 256]


def _disc(s, t, radius):
  # (r^2 - radius^2) / (2 radius), which near the edge is r - radius.
  return (s * s + t * t - radius * radius >> 8) * (2**15 // radius) >> 8


def _half_plane(s, t, angle, distance):
  """Outside is beyond a line at this distance from the centre, at an angle."""
  return (s * int(_cos(angle)) + t * int(_sin(angle)) >> 14) - distance


def _ring(s, t):
  return np.maximum(_disc(s, t, 1000), -_disc(s, t, 540))


def _square(s, t):
  return np.maximum(np.abs(s), np.abs(t)) - 760


def _triangle(s, t):
  s, t = np.abs(s), t - 140
  return np.maximum(t - 500, _half_plane(s, t, -21, 540))


def _star(s, t):
  # Its five edges are lines: the middle is inside all of them, a tip is outside
  # one. So the line with the second largest distance decides.
  first = second = np.full(s.shape, -(2**30), np.int32)
  for angle in (64, 115, 166, 218, 269):
    d = _half_plane(s, t, angle, 350)
    second = np.maximum(second, np.minimum(first, d))
    first = np.maximum(first, d)
  return second


def _cross(s, t):
  s, t = np.abs(s), np.abs(t)
  return np.maximum(np.maximum(s, t) - 960, np.minimum(s, t) - 330)


def _heart(s, t):
  # A square on its corner, and a disc on each of the two upper sides.
  t = t + 130
  a, b = _half_plane(s, t, 32, 0), _half_plane(s, t, -32, 0)
  side = 560
  square = np.maximum(np.abs(a), np.abs(b)) - side
  return np.minimum(
    square, np.minimum(_disc(a + side, b, side), _disc(a, b - side, side))
  )


def _crescent(s, t):
  return np.maximum(_disc(s + 100, t, 1000), -_disc(s - 480, t, 860))


def _arrow(s, t):
  across = np.abs(s)
  head = np.maximum(t, _half_plane(across, t, -24, 640))
  shaft = np.maximum(np.abs(t - 400) - 560, across - 300)
  return np.minimum(head, shaft)


def _hourglass(s, t):
  s, t = np.abs(s), np.abs(t)
  return np.maximum(t - 900, _half_plane(s, t, -26, 60))


_DISTANCES = (
  lambda s, t: _disc(s, t, 960),
  _ring,
  _square,
  _triangle,
  _star,
  _cross,
  _heart,
  _crescent,
  _arrow,
  _hourglass,
)


def _wave(x, period):
  """Returns a triangle wave, from -period / 4 to period / 4."""
  return np.abs(x % period - period // 2) - period // 4


def _checks(x, y, period):
  """Returns the distance from the edges of a chessboard, < 0 on black."""
  x, y = _wave(x, period), _wave(y, period)
  d = np.minimum(np.abs(x), np.abs(y))
  return np.where((x < 0) ^ (y < 0), d, -d)


def _texture(kind, s, t, per_pixel):
  """Returns how much of the second colour a shape has, 0 ... 256."""
  pattern = np.zeros(s.shape, np.int32)
  for number, name in enumerate(TEXTURES):
    some = np.flatnonzero(kind == number)
    if name == "plain" or not some.size:
      continue
    a, b = s[some], t[some]
    if name == "shaded":
      level = (a + 400) ** 2 + (b + 400) ** 2 >> 13
    else:
      edge = {
        "stripes": lambda a, b: _wave(a + b, 640),
        "checks": lambda a, b: _checks(a, b, 1000),
        "dots": lambda a, b: 60 - _wave(a, 600) - _wave(b + 150, 600),
      }[name](a, b)
      level = 128 + (edge * per_pixel[some] >> 8)
    pattern[some] = np.clip(level, 0, 256)
  return pattern


def _background(f, x, y, lattices):
  """Returns how much of the second colour a background has, 0 ... 256."""
  angle, phase = f["background_angle"], f["background_phase"]
  along = x * _cos(angle) + y * _sin(angle) >> 14
  pattern = np.empty(along.shape, np.int32)
  for number, name in enumerate(BACKGROUNDS):
    some = np.flatnonzero(f["background"] == number)
    if not some.size:
      continue
    if name == "gradient":
      level = (along[some] >> 5) + (phase[some] >> 2)
    elif name == "stripes":
      level = 128 + (_wave(along[some], 700 + phase[some]) >> 1)
    elif name == "tiles":
      level = 128 + _checks(x, y, 1000 + phase[some])
    else:
      level = _clouds(x, y, lattices[some])
    pattern[some] = np.clip(level, 0, 256)
  return pattern


def _clouds(x, y, lattices):
  """Returns noise that is smooth between the points of lattices."""
  cell = _WIDTH // (_LATTICE - 1)
  column, row = x[0, 0] // cell, y[0, :, 0] // cell
  right, down = _smooth(x % cell), _smooth(y % cell)
  left = lattices[:, :, column]  # [n, _LATTICE, pixels]
  left = left + ((lattices[:, :, column + 1] - left) * right >> 8)
  top = left[:, row]
  return top + ((left[:, row + 1] - top) * down >> 8)


def _smooth(part):
  """Returns 0 ... 256 for 0 ... 1024, flat at both ends."""
  part = part >> 2
  return part * part * (768 - 2 * part) >> 16


def _color(hue, saturation, value):
  """Returns red, green, blue [..., 3], 0 ... 255."""
  sixths = 6 * hue  # of 1536
  offsets = np.array([0, 1024, 512], np.int32)
  pure = np.abs((sixths[..., None] + offsets) % 1536 - 768) - 256
  pure = np.clip(pure, 0, 256)
  faded = 256 - (saturation[..., None] * (256 - pure) >> 8)
  return value[..., None] * faded >> 8


def _mix(a, b, share):
  """Returns colours from a (share 0) to b (share 256)."""
  return a + ((b - a) * share[..., None] >> 8)
