"""StyleGAN2 (Karras et al., 2019, https://arxiv.org/abs/1912.04958).

G maps z to w, and w chooses the styles of all convolutions: there are no
normalisers and z enters nowhere else. Noise is added to each layer. D is a
residual network that sees how much its batch differs. As in
stylegan2-ada-pytorch, whose names of settings are used here:

  G   z -> w in 2 or 8 dense layers; 4x4 constant -> conv;
      then at each size: conv (doubles), conv, and an image that is added to the
      doubled one of the size before ("skip")
  D   1x1 from the image; at each size: conv, conv (halves), 1x1 beside both
      ("resnet"); at 4x4: deviations of the batch, conv, two dense layers

Channels at r pixels: min(channel_base / r, channel_max). 64 pixels with the
defaults but 2 mapping layers: 22.2 M + 23.4 M parameters.

What differs from other architectures:

  learning rates   are equalised; layers of the mapping learn 100 times slower
  pixels           G's are not bounded in training, and clipped to [0, 1] where
                   images are made; inside of both networks they are in [-1, 1]
  noise            is drawn in training, for each image and layer; afterwards G
                   has one stored noise, `eval_noise`
  styles           of a share of the images are mixed from two z in training
  truncation       moves w towards its average, `w_avg`, which training follows
  D's batch        real and fake images get passes of their own, whose size must
                   be a multiple of `mbstd_group`
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.context import pixels
from compare_gan.context import recompute
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import fir
from compare_gan.layers import initializers
from compare_gan.layers.activations import scaled_lrelu
from compare_gan.layers.filtered_residual import FilteredConv2D
from compare_gan.layers.filtered_residual import FilteredResidualBlock
from compare_gan.layers.linear import Linear
from compare_gan.layers.minibatch_stddev import append_stddev
from compare_gan.layers.modulated_conv import equalized
from compare_gan.layers.style_mapping import SLOW
from compare_gan.layers.style_mapping import Mapping
from compare_gan.layers.style_synthesis import SynthesisBlock
from compare_gan.layers.style_synthesis import SynthesisLayer
from compare_gan.layers.style_synthesis import ToRGB
import gin
import tensorflow as tf

_SIZES = [2**k for k in range(3, 12)]
_EVAL_NOISE = ("const", "random", "none")
_EQUALIZED = equalized()
_NO_PLACE = {
  "batch_norm_fn": "it has no normalisers: styles take their place",
  "spectral_norm": "its learning rates are equalised",
  "weight_norm": "its learning rates are equalised",
}


def _resolutions(size):
  """Returns [4, 8, ..., size]."""
  return [2**k for k in range(2, size.bit_length())]


def _channels(resolution, channel_base, channel_max):
  return min(channel_base // resolution, channel_max)


@gin.configurable(denylist=["z_dim", "image_shape", "num_classes"])
class Generator(abstract_arch.AbstractGenerator):
  """`synthesis` of `styles`, see above; z should be normal.

  Args:
    z_dim, image_shape, num_classes: as for every generator.
    w_dim: length of w.
    mapping_layers: dense layers from z to w.
    mapping_lr_multiplier: how fast they learn beside others.
    channel_base, channel_max: a layer at r pixels has min(channel_base / r,
      channel_max) channels.
    style_mixing: the share of images with styles from two z, in training.
    eval_noise: "const", stored and the same for all images; "random", drawn
      for each image, as the papers' FID has it; or "none".
    w_avg_decay: of the average of w.
    conv_clamp: limit of activations, None for none.
    truncation_psi: in evaluation w is w_avg + psi (w - w_avg).
    truncation_cutoff: for how many layers, from the smallest; None for all.
  """

  no_place_for = {**_NO_PLACE, "upsampling": "it doubles images by a filter"}
  draws_noise = True
  truncates_styles = True

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    w_dim: accepted.Count = 512,
    mapping_layers: accepted.Count = 8,
    channel_base: accepted.Count = 16384,
    channel_max: accepted.Count = 512,
    style_mixing: accepted.Share = 0.9,
    eval_noise: Annotated[str, accepted.OneOf(*_EVAL_NOISE)] = "const",
    w_avg_decay: accepted.Decay = 0.995,
    conv_clamp: Optional[accepted.Positive] = 256.0,
    truncation_psi: float = 1.0,
    truncation_cutoff: Optional[accepted.CountOrZero] = None,
    mapping_lr_multiplier: accepted.Positive = SLOW,
  ) -> None:
    super().__init__(z_dim, image_shape, num_classes)
    self.require_pixels(_SIZES)
    _require_widths(self, image_shape[0], channel_base, channel_max)
    self._require(
      w_dim=(w_dim >= 1, w_dim, "at least 1"),
      mapping_layers=(mapping_layers >= 1, mapping_layers, "at least 1"),
      style_mixing=(0 <= style_mixing <= 1, style_mixing, "from 0 to 1"),
      w_avg_decay=(0 <= w_avg_decay < 1, w_avg_decay, "at least 0, below 1"),
      eval_noise=(
        eval_noise in _EVAL_NOISE,
        repr(eval_noise),
        " or ".join(map(repr, _EVAL_NOISE)),
      ),
    )
    self._style_mixing = style_mixing
    self._eval_noise = eval_noise
    self.draws_in_evaluation = eval_noise == "random"
    self._psi, self._cutoff = truncation_psi, truncation_cutoff
    self.mapping = Mapping(
      z_dim,
      num_classes,
      w_dim,
      mapping_layers,
      w_avg_decay,
      mapping_lr_multiplier,
    )
    widths = {
      r: _channels(r, channel_base, channel_max)
      for r in _resolutions(image_shape[0])
    }
    with scope("synthesis"):
      with scope("b4"):
        self.const = variable(
          "const", [4, 4, widths[4]], initializers.normal(1.0)
        )
      self.stages = [self._stage(r, widths, w_dim, conv_clamp) for r in widths]
    # One for each convolution, and one for the last image.
    self.num_styles = 2 * len(self.stages)

  def _stage(self, resolution, widths, w_dim, clamp):
    """Returns the block of one size, and what makes an image of it."""
    width = widths[resolution]
    layers = []
    with scope(f"b{resolution}"):
      if resolution > 4:
        before = widths[resolution // 2]
        layers.append(
          SynthesisLayer(before, width, resolution, w_dim, True, clamp, "conv0")
        )
      layers.append(
        SynthesisLayer(width, width, resolution, w_dim, False, clamp, "conv1")
      )
      to_rgb = ToRGB(width, self.image_shape[2], w_dim, clamp)
    return SynthesisBlock(layers), to_rgb

  def _require(self, **checks):
    for name, (fits, got, want) in checks.items():
      self.require(fits, f"{name} = {got}", want, f"{self.title}.{name}")

  def __call__(
    self,
    z: tf.Tensor,
    y: Optional[tf.Tensor],
    is_training: bool,
    truncation: Optional[float] = None,
  ) -> tf.Tensor:
    """`truncation`: psi in place of `truncation_psi`."""
    w = self.styles(z, y, is_training, truncation)
    return self.synthesis(w, y, is_training)

  # ---- z -> w ----------------------------------------------------------------

  def styles(
    self,
    z: tf.Tensor,
    y: Optional[tf.Tensor],
    is_training: bool = True,
    truncation: Optional[float] = None,
  ) -> tf.Tensor:
    """Returns the styles [N, num_styles, w_dim]: mixed in training, truncated
    in evaluation."""
    w = self.mapping(z, y, is_training)
    if not is_training:
      psi = self._psi if truncation is None else truncation
      return self.truncated(self._for_all_layers(w), psi, self._cutoff)
    self.mapping.move_average(w)
    w = self._for_all_layers(w)
    if not self._style_mixing:
      return w
    other = self.mapping(draws.normal(tf.shape(z)), y, is_training)
    u = draws.uniform(tf.shape(z)[:1]) / self._style_mixing
    # Of those with u < 1, each has its own first layer of other styles.
    first = 1.0 + tf.floor(u * (self.num_styles - 1.0))
    first = tf.where(u < 1.0, first, float(self.num_styles))
    return mixed(w, self._for_all_layers(other), tf.cast(first, tf.int32))

  def _for_all_layers(self, w):
    return tf.tile(w[:, None], [1, self.num_styles, 1])

  def truncated(
    self, w: tf.Tensor, psi: float, cutoff: Optional[int] = None
  ) -> tf.Tensor:
    """Returns styles [N, num_styles, w_dim] moved towards the average one.

    Args:
      w: the styles.
      psi: 1 leaves them as they are, 0 makes them the average.
      cutoff: for how many layers, from the smallest; None for all.
    """
    if psi == 1.0:
      return w
    average = self.mapping.w_avg
    moved = average + psi * (w - average)
    if cutoff is None:
      return moved
    return tf.where(tf.range(self.num_styles)[:, None] < cutoff, moved, w)

  # ---- w -> image ------------------------------------------------------------

  def synthesis(
    self, w: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    """Returns the images of styles [N, num_styles, w_dim]."""
    del y  # It is a part of w.
    return pixels.from_papers(self.raw_images(w, is_training), is_training)

  def raw_images(self, w: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Returns images of any range, for which -1 is black and 1 is white."""
    x = tf.tile(self.const[None], [tf.shape(w)[0], 1, 1, 1])
    image, layer = None, 0
    for block, to_rgb in self.stages:
      count = len(block.layers)
      noise = self._noise(block, tf.shape(w)[0], is_training)
      styles = w[:, layer : layer + count]
      x = recompute.stage(block, None, x, styles, noise, is_training)
      layer += count
      # The next block's first layer has the same style.
      rgb = to_rgb(x, w[:, layer], is_training)
      image = rgb if image is None else fir.upsample(image) + rgb
    return image

  def _noise(self, block, n, is_training):
    if is_training or self._eval_noise == "random":
      return block.drawn_noise(n)
    return block.stored_noise() if self._eval_noise == "const" else None


def mixed(w: tf.Tensor, other: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
  """Returns styles [N, layers, w_dim]: from layer first[i] on, row i of other.

  Args:
    w, other: styles.
    first: ints [N].
  """
  layers = tf.range(w.shape[1])[None, :, None]
  return tf.where(layers < first[:, None, None], w, other)


def _require_widths(network, size, channel_base, channel_max):
  network.require(
    channel_max >= 1 and channel_base >= size,
    f"channel_base = {channel_base} and channel_max = {channel_max}",
    f"at least {size}, its pixels, and 1: a layer has min(channel_base / "
    "pixels, channel_max) channels",
    f"{network.title}.channel_base and .channel_max",
  )


@gin.configurable(denylist=["image_shape", "num_classes"])
class Discriminator(abstract_arch.AbstractDiscriminator):
  """See above; with labels, the logit is <features of x, those of y>.

  Args:
    image_shape, num_classes: as for every discriminator.
    architecture: "resnet", or "orig" without residual connections.
    channel_base, channel_max: as for stylegan2.Generator.
    mapping_layers: dense layers that labels go through.
    mapping_lr_multiplier: how fast they learn beside others.
    mbstd_group: images whose deviation is a feature, see
      layers/minibatch_stddev.py. In training it divides the images of a pass.
    mbstd_channels: how many features of deviations D gets.
    conv_clamp: limit of activations, None for none.
  """

  no_place_for = {**_NO_PLACE, "layer_norm": _NO_PLACE["batch_norm_fn"]}
  couples_images = True

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    architecture: Annotated[str, accepted.OneOf("resnet", "orig")] = "resnet",
    channel_base: accepted.Count = 16384,
    channel_max: accepted.Count = 512,
    mapping_layers: accepted.CountOrZero = 8,
    mbstd_group: accepted.Count = 4,
    mbstd_channels: accepted.Count = 1,
    conv_clamp: Optional[accepted.Positive] = 256.0,
    mapping_lr_multiplier: accepted.Positive = SLOW,
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.require_pixels(_SIZES)
    _require_widths(self, image_shape[0], channel_base, channel_max)
    self.require(
      architecture in ("resnet", "orig"),
      f"architecture = {architecture!r}",
      "'resnet' or 'orig'",
      f"{self.title}.architecture",
    )
    *sizes, smallest = _resolutions(image_shape[0])[::-1]
    widths = {
      r: _channels(r, channel_base, channel_max) for r in (*sizes, smallest)
    }
    last = widths[smallest]
    self.require(
      mbstd_group >= 1 and mbstd_channels >= 1 and not last % mbstd_channels,
      f"mbstd_group = {mbstd_group} and mbstd_channels = {mbstd_channels}",
      f"at least 1, and a divisor of the {last} channels at 4 pixels",
      f"{self.title}.mbstd_group and .mbstd_channels",
    )
    self._group, self._group_channels = mbstd_group, mbstd_channels
    self._width = last
    self.blocks = []
    for r in sizes:
      self.blocks.append(
        FilteredResidualBlock(
          image_shape[2] if r == sizes[0] else 0,
          widths[r],
          widths[r // 2],
          architecture == "resnet",
          conv_clamp,
          f"b{r}",
        )
      )
    self.mapping = None
    if num_classes:
      self.mapping = Mapping(
        0, num_classes, last, mapping_layers, None, mapping_lr_multiplier
      )
    with scope("b4"):
      self.conv = FilteredConv2D(
        last + mbstd_channels, last, 3, "conv", conv_clamp
      )
      self.fc = Linear(16 * last, last, kernel_fn=_EQUALIZED, name="fc")
      self.out = Linear(
        last, last if num_classes else 1, kernel_fn=_EQUALIZED, name="out"
      )

  @property
  def num_features(self) -> int:
    return self._width

  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> abstract_arch.DiscriminatorOutput:
    if is_training:
      self._require_groups(x.shape[0])
    x = pixels.to_papers(x)
    for block in self.blocks:
      x = recompute.stage(block, None, x, None, None, is_training)
    x = append_stddev(x, self._group, self._group_channels)
    x = self.conv(x, is_training)
    x = tf.reshape(tf.cast(x, tf.float32), [-1, 16 * self._width])
    features = scaled_lrelu(self.fc(x, is_training))
    logits = self.out(features, is_training)
    if self.mapping:
      wanted = self.mapping(None, y, is_training)
      logits = tf.reduce_sum(logits * wanted, axis=1, keepdims=True)
      logits *= self._width**-0.5
    return abstract_arch.DiscriminatorOutput(
      tf.sigmoid(logits), logits, features
    )

  def _require_groups(self, n):
    """Raises if a pass of training has no equal groups; n may be unknown."""
    group = self._group
    self.require(
      n is None or n % min(group, n) == 0,
      f"{n} images in a pass and mbstd_group = {group}",
      "passes of a multiple of mbstd_group images: those of a replica, or of "
      "one of its options.micro_batches",
      f"{self.title}.mbstd_group or options.batch_size",
    )
