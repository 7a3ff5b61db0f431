"""ADA's pipeline: up to 18 transformations, each behind a gate per image.

Training Generative Adversarial Networks with Limited Data (Karras et al., 2020,
https://arxiv.org/abs/2006.06676), appendix B:

  augmentation.policy = @ada()
  augmentation.p = @ada_controller()

A gate opens with probability p, times the multiplier of its transformation;
each image has its own draws. `draw` is random, and `apply` uses what was drawn.
Gradients of any order pass. An image whose gates are all closed stays the same
to the last bit.

It deviates from the paper in how images are resampled, see `geometry.py`;
`ada.resample = "sym6"` is the paper's way.
"""

import dataclasses
import math
from typing import Annotated
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.gans.augmentation import colors
from compare_gan.gans.augmentation import filter_bank
from compare_gan.gans.augmentation import geometry
from compare_gan.gans.augmentation import noise_and_cutout
from compare_gan.gans.augmentation import sym6
from compare_gan.gans.number_checks import require_number
import gin
import tensorflow as tf

_GROUPS = {
  "b": ("xflip", "rotate90", "xint"),
  "g": ("scale", "rotate", "aniso", "xfrac"),
  "c": ("brightness", "contrast", "lumaflip", "hue", "saturation"),
  "f": ("filter",),
  "n": ("noise",),
}
_CUTOUT = ("cutout",)
TRANSFORMATIONS = sum(_GROUPS.values(), ()) + _CUTOUT


def _transformations(letters):
  return sum((_GROUPS[letter] for letter in letters), ())


# In "bgcfnc" the second c is cutout.
PRESETS = {
  "blit": _transformations("b"),
  "geom": _transformations("g"),
  "color": _transformations("c"),
  "filter": _transformations("f"),
  "noise": _transformations("n"),
  "cutout": _CUTOUT,
  "bg": _transformations("bg"),
  "bgc": _transformations("bgc"),
  "bgcf": _transformations("bgcf"),
  "bgcfn": _transformations("bgcfn"),
  "bgcfnc": _transformations("bgcfn") + _CUTOUT,
}

_RESAMPLE = {"bilinear": geometry.bilinear, "sym6": sym6.resample}

# Columns of the draws of an image. They are drawn for all transformations at
# once, so that none depends on which others are in use.
_GATES = (
  "xflip",
  "rotate90",
  "xint",
  "scale",
  "rotate_pre",
  "aniso",
  "rotate_post",
  "xfrac",
  "brightness",
  "contrast",
  "lumaflip",
  "hue",
  "saturation",
  *(f"filter{band}" for band in range(filter_bank.BANDS)),
  "noise",
  "cutout",
)
_UNIFORM = {
  "xflip": 1,
  "rotate90": 1,
  "xint": 2,
  "rotate_pre": 1,
  "rotate_post": 1,
  "lumaflip": 1,
  "hue": 1,
  "cutout": 2,
}
_NORMAL = {
  "scale": 1,
  "aniso": 1,
  "xfrac": 2,
  "brightness": 1,
  "contrast": 1,
  "saturation": 1,
  "filter": filter_bank.BANDS,
  "noise": 1,
}


class _Columns(NamedTuple):
  """Numbers of the images, [N, columns], by name."""

  values: tf.Tensor
  widths: dict[str, int]

  def __getitem__(self, name: Any) -> tf.Tensor:
    """Returns [N], or [N, width] where it is more than 1."""
    first = 0
    for other, width in self.widths.items():
      if other == name:
        break
      first += width
    width = self.widths[name]
    if width == 1:
      return self.values[:, first]
    return self.values[:, first : first + width]


@gin.configurable("ada", module="compare_gan.gans")
@dataclasses.dataclass(frozen=True)
class Ada:
  """Which transformations there are, how often and how strong.

  Args:
    preset: b for pixel blitting, g for geometry, c for colour, f for filter, n
      for noise, c for cutout, such as "bgc"; or the name of a group in PRESETS.
    resample: "bilinear", or "sym6" for the paper's, several times as expensive.
    xflip, rotate90, xint, scale, rotate, aniso, xfrac, brightness, contrast,
      lumaflip, hue, saturation, filter, noise, cutout: multipliers of p, 0 to
      1. None: 1 if the preset has the transformation, and 0 if not.
    xint_max: largest move by whole pixels, as a fraction of the image's size.
    scale_std: standard deviation of log2 of the zoom.
    rotate_max: largest rotation; 1 is half a turn.
    aniso_std: standard deviation of log2 of the stretch.
    xfrac_std: of the fractional move, as a fraction of the image's size.
    brightness_std: of the value added to pixels in [-1, 1].
    contrast_std: of log2 of the contrast.
    hue_max: largest rotation of hues; 1 is half a turn.
    saturation_std: of log2 of the saturation.
    filter_bands: multipliers of the four bands' gates, from low to high.
    filter_std: of log2 of the gain of a band.
    noise_std: of the standard deviation of the noise, in [-1, 1].
    cutout_size: sides of the hole, as a fraction of the image's.
  """

  preset: Annotated[str, accepted.OneOf(*PRESETS)] = "bgc"
  resample: Annotated[str, accepted.OneOf(*_RESAMPLE)] = "bilinear"
  xflip: Optional[float] = None
  rotate90: Optional[float] = None
  xint: Optional[float] = None
  scale: Optional[float] = None
  rotate: Optional[float] = None
  aniso: Optional[float] = None
  xfrac: Optional[float] = None
  brightness: Optional[float] = None
  contrast: Optional[float] = None
  lumaflip: Optional[float] = None
  hue: Optional[float] = None
  saturation: Optional[float] = None
  filter: Optional[float] = None
  noise: Optional[float] = None
  cutout: Optional[float] = None
  xint_max: float = 0.125
  scale_std: float = 0.2
  rotate_max: float = 1.0
  aniso_std: float = 0.2
  xfrac_std: float = 0.125
  brightness_std: float = 0.2
  contrast_std: float = 0.5
  hue_max: float = 1.0
  saturation_std: float = 1.0
  filter_bands: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
  filter_std: float = 1.0
  noise_std: float = 0.1
  cutout_size: float = 0.5

  def __post_init__(self) -> None:
    for name, choices in (("preset", PRESETS), ("resample", _RESAMPLE)):
      value = getattr(self, name)
      if value not in choices:
        raise ValueError(
          f"ada.{name} = {value!r} is unknown. It can be {', '.join(choices)}."
        )
    for name in TRANSFORMATIONS:
      if getattr(self, name) is not None:
        require_number(f"ada.{name}", getattr(self, name), 0.0, 1.0)
    for field in dataclasses.fields(self):
      if field.name.endswith("_std"):
        require_number(f"ada.{field.name}", getattr(self, field.name), 0.0)
    for name in ("xint_max", "rotate_max", "hue_max", "cutout_size"):
      require_number(f"ada.{name}", getattr(self, name), 0.0, 1.0)
    if len(self.filter_bands) != filter_bank.BANDS:
      raise ValueError(
        f"ada.filter_bands = {self.filter_bands!r}, but there are "
        f"{filter_bank.BANDS} bands, such as (1, 1, 1, 1)."
      )
    for band in self.filter_bands:
      require_number("each of ada.filter_bands", band, 0.0, 1.0)

  def multiplier(self, name: str) -> float:
    """Returns the multiplier of a transformation's gate; 0 if left out."""
    chosen = getattr(self, name)
    if chosen is None:
      return float(name in PRESETS[self.preset])
    return chosen

  # ---- What is random --------------------------------------------------------

  def draw(
    self, shape: Any, rows: Any, p: Any = 1.0
  ) -> tuple[Optional[tf.Tensor], dict[str, tf.Tensor]]:
    """Returns which images are changed, [N, 1, 1, 1], and the parameters.

    These are {name: [N, ...]} for each transformation in use; where a gate is
    closed, the values are those of the identity.

    Args:
      shape: of the images, [N, H, W, C].
      rows: has `uniform` and `normal`.
      p: the probability, a number or a scalar from [0, 1].
    """
    height, width, channels = (int(size) for size in shape[1:])
    used = self._used(height, width, channels)
    if not used:
      return tf.zeros([shape[0], 1, 1, 1], tf.bool), {}
    widths = {f"gate/{name}": 1 for name in _GATES}
    u = rows.uniform([shape[0], len(_GATES) + sum(_UNIFORM.values())])
    u = _Columns(u, {**widths, **_UNIFORM})
    n = _Columns(rows.normal([shape[0], sum(_NORMAL.values())]), _NORMAL)
    opened = {
      name: u[f"gate/{name}"] < chance
      for name, chance in self._chances(used, p).items()
    }
    open_values = self._open_values(u, n, height, width)
    parameters = {}
    for name in used:
      parameters.update(_behind_gate(name, opened, open_values))
    if "noise" in used:
      parameters["noise"] = rows.normal([shape[0], height, width, channels])
    is_changed = tf.reduce_any(tf.stack(list(opened.values())), axis=0)
    return is_changed[:, None, None, None], parameters

  def _used(self, height, width, channels):
    """Returns the transformations in use for images of this shape."""
    used = [name for name in TRANSFORMATIONS if self.multiplier(name) > 0]
    if any(name in colors.NAMES for name in used) and channels not in (1, 3):
      raise ValueError(
        f"ada.preset = {self.preset!r} changes colours of images of 1 or 3 "
        f"channels, but they have {channels}. Choose one that does not, such "
        "as 'bg'."
      )
    if channels == 1:
      used = [name for name in used if name not in colors.OF_COLORS]
    if "filter" in used:
      filter_bank.require_size(height, width)
    return used

  def _chances(self, used, p):
    """Returns {gate: its probability}, scalars."""
    p = tf.cast(p, tf.float32)
    chances = {}
    for name in used:
      chance = p * self.multiplier(name)
      if name == "rotate":  # Twice: at least one of them with probability p.
        each = 1.0 - tf.sqrt(tf.maximum(1.0 - chance, 0.0))
        chances.update(rotate_pre=each, rotate_post=each)
      elif name == "filter":
        for band, share in enumerate(self.filter_bands):
          chances[f"filter{band}"] = chance * share
      else:
        chances[name] = chance
    return chances

  def _open_values(self, u, n, height, width):
    """Returns {gate: parameter if it is open}, [N, ...] each.

    Args:
      u: uniform draws from (0, 1).
      n: normal draws.
      height, width: of the images.
    """
    signed = lambda name: 2.0 * u[name] - 1.0  # noqa: E731
    size = tf.constant([width, height], tf.float32)
    power = lambda std, name: tf.pow(2.0, std * n[name])  # noqa: E731
    return {
      "xflip": tf.floor(2.0 * u["xflip"]),
      "rotate90": tf.floor(4.0 * u["rotate90"]),
      "xint": tf.round(size * self.xint_max * signed("xint")),
      "scale": power(self.scale_std, "scale"),
      "rotate_pre": math.pi * self.rotate_max * signed("rotate_pre"),
      "aniso": power(self.aniso_std, "aniso"),
      "rotate_post": math.pi * self.rotate_max * signed("rotate_post"),
      "xfrac": size * self.xfrac_std * n["xfrac"],
      "brightness": self.brightness_std * n["brightness"],
      "contrast": power(self.contrast_std, "contrast"),
      "lumaflip": tf.floor(2.0 * u["lumaflip"]),
      "hue": math.pi * self.hue_max * signed("hue"),
      "saturation": power(self.saturation_std, "saturation"),
      "band_gain": power(self.filter_std, "filter"),
      "noise_sigma": self.noise_std * tf.abs(n["noise"]),
      "cutout_size": tf.fill(tf.shape(u["xflip"]), self.cutout_size),
      "cutout_centre": u["cutout"],
    }

  # ---- How it is applied -----------------------------------------------------

  def apply(self, x: tf.Tensor, parameters: dict[str, tf.Tensor]) -> tf.Tensor:
    """Returns the transformed images; these and x are in [-1, 1].

    Args:
      x: [N, H, W, C].
      parameters: {name: [N, ...]}, see `draw`, of any transformations.
    """
    dtype = x.dtype
    x = tf.cast(x, tf.float32)
    to_input = geometry.inverse_matrix(parameters)
    if to_input is not None:
      x = _RESAMPLE[self.resample](x, to_input)
    color_matrix = colors.matrix(parameters)
    if color_matrix is not None:
      x = colors.apply(x, color_matrix)
    if "band_gain" in parameters:
      x = filter_bank.apply(x, filter_bank.gains(parameters["band_gain"]))
    if "noise_sigma" in parameters:
      x = noise_and_cutout.add_noise(
        x, parameters["noise_sigma"], parameters["noise"]
      )
    if "cutout_size" in parameters:
      x = noise_and_cutout.cut_out(
        x, parameters["cutout_size"], parameters["cutout_centre"]
      )
    return tf.cast(x, dtype)


_FACTORS = ("scale", "aniso", "contrast", "saturation")  # 1 where closed


def _behind_gate(name, opened, values):
  """Returns {parameter: [N, ...]} of a transformation; identity if closed."""
  if name == "rotate":
    return {
      part: tf.where(opened[part], values[part], 0.0)
      for part in ("rotate_pre", "rotate_post")
    }
  if name == "filter":
    gates = [opened[f"filter{band}"] for band in range(filter_bank.BANDS)]
    gain = tf.where(tf.stack(gates, axis=1), values["band_gain"], 1.0)
    return {"band_gain": gain}
  if name == "noise":
    return {"noise_sigma": tf.where(opened[name], values["noise_sigma"], 0.0)}
  if name == "cutout":
    size = tf.where(opened[name], values["cutout_size"], 0.0)
    return {"cutout_size": size, "cutout_centre": values["cutout_centre"]}
  gate = opened[name]
  if values[name].shape.rank == 2:
    gate = gate[:, None]
  closed = 1.0 if name in _FACTORS else 0.0
  return {name: tf.where(gate, values[name], closed)}
