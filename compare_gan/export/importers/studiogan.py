"""PyTorch-StudioGAN: BigGAN, BigGAN-deep's G, ResNet (SNGAN) and DCGAN's G.

Files model=G-...pth, model=G_ema-...pth and model=D-...pth. What their networks
do otherwise, and what makes ours equal:

  gamma = 1 + W y                      conditional_batch_norm.use_bias = True
  nearest up-sampling                  G.upsampling = "nearest"
  batch norms with epsilon 1e-4        standardize_batch.epsilon = 1e-4
  torch.nn.utils.spectral_norm         spectral_norm.iterate_in_eval = False
  D sees [-1, 1]                       resnet_biggan.Discriminator.papers_pixels
                                       = True
  D's ReLUs work in place, so that     resnet_biggan.Discriminator.shortcuts =
  its shortcuts see relu(x)            "relu"
  64 pixels: widths 16, 8, 4, 2, 1     resnet_biggan.Generator.multipliers
  DCGAN: no norm after the linear      sndcgan.Generator.first_norm = False
  layer

Refused, because no setting of ours is equal: D of BigGAN-deep (its shortcuts
see relu(x), and ours x), D of DCGAN (sums over pixels instead of a linear layer
of all), networks with heads of their own (AC, contrastive, info), networks in
which attention occurs twice, StyleGANs.
"""

import re

from compare_gan.export.importers import blocks
from compare_gan.export.importers import pairing as pairing_lib
from compare_gan.export.importers.pairing import Normed
from compare_gan.export.importers.pairing import Pairing

NAME = "studiogan"
NORMED = Normed(weight=".weight_orig", u=".weight_u", v=".weight_v")
EPSILON = 1e-4

_BLOCK = blocks.Names(("conv2d1", "conv2d2"), ("bn1", "bn2"), "conv2d0")
_DEEP_BLOCK = blocks.Names(
  ("conv2d1", "conv2d2", "conv2d3", "conv2d4"),
  ("bn1", "bn2", "bn3", "bn4"),
  "conv2d0",
)
_ATTENTION = blocks.AttentionNames(
  "conv1x1_theta", "conv1x1_phi", "conv1x1_g", "conv1x1_attn", "sigma"
)


def recognises(names: set[str]) -> bool:
  """Returns whether these are names of one of its networks."""
  layers = {name.rsplit(".", 1)[0] for name in names}
  return bool({"linear0", "linear1"} & layers) and any(
    layer.startswith("blocks.0.0.") for layer in layers
  )


def generator(pairing: Pairing, epsilon: float) -> None:
  """Pairs G."""
  _common(pairing)
  if pairing.has_layer("blocks.0.0.deconv0"):
    _dcgan_generator(pairing, epsilon)
    return
  deep = pairing.has_layer("blocks.0.0.conv2d4")
  title = "resnet_biggan_deep" if deep else "resnet_biggan"
  pairing.require_title(f"{title}.Generator")
  pairing.require_epsilon(epsilon)
  blocks.require_upsampling(pairing, "nearest")
  y_dim = 0
  if pairing.has("shared.weight"):
    y_dim = pairing.shape_of("shared.weight")[1]
    pairing.embedding("embed_y", "shared")
  channels = pairing.shape_of(pairing.weight_of("blocks.0.0.conv2d1"))[1]
  order = None
  if deep:
    z_dim = pairing.shape_of(pairing.weight_of("linear0"))[1] - y_dim
    order = pairing_lib.last_first(y_dim, z_dim)
  blocks.linear_to_map(pairing, "fc_noise", "linear0", channels, order)

  def norm(pairing: Pairing, ours: str, theirs: str) -> None:
    _norm(pairing, ours, theirs, y_dim)

  for ours, theirs in _blocks(pairing):
    if deep:
      blocks.deep_block(pairing, ours, theirs, _DEEP_BLOCK, norm)
    else:
      blocks.generator_block(pairing, ours, theirs, _BLOCK, norm)
  _plain_norm(pairing, "final_norm", "bn4")
  pairing.conv("final_conv", "conv2d5")


def discriminator(pairing: Pairing, epsilon: float) -> None:
  """Pairs D."""
  del epsilon  # It has no batch norms.
  _common(pairing)
  if pairing.has_layer("blocks.0.0.conv2d4"):
    raise ValueError(
      "The discriminator of BigGAN-deep in StudioGAN cannot be imported: its "
      "shortcuts see relu(x), since its ReLUs work in place, and those of "
      "resnet_biggan_deep see x. Import the generator alone."
    )
  if pairing.has_layer("blocks.0.0.conv0"):
    raise ValueError(
      "The discriminator of StudioGAN's deep_conv cannot be imported: it sums "
      "over pixels before its linear layer, and those of sndcgan and dcgan are "
      "linear in all pixels. Import the generator alone."
    )
  blocks.require_discriminator(pairing, "relu")
  pairs = _blocks(pairing)
  halvings = len(pairs) - 1
  if pairing.network.image_shape[0] == 32:
    # All widths are equal there: only blocks that halve have a shortcut.
    halvings = sum(pairing.has_layer(f"{name}.conv2d0") for _, name in pairs)
  blocks.require_halvings(pairing, halvings)
  for i, (ours, theirs) in enumerate(pairs):
    blocks.discriminator_block(pairing, ours, theirs, _BLOCK, i < halvings)
  pairing.linear("final_fc", "linear1")
  if pairing.has_layer("embedding"):
    pairing.embedding("embedding_fc", "embedding")


def _common(pairing):
  pairing.require_plain_kernels()
  pairing.leave_out(
    [name for name in pairing.shapes if name.endswith("num_batches_tracked")],
    "counts training steps",
  )


def _blocks(pairing: Pairing) -> list[tuple[str, str]]:
  """Pairs the attention; returns [(our block, their block)].

  Attention has a number of its own among their blocks.
  """
  count = blocks.count(pairing, r"blocks\.(\d+)\.")
  is_attention = [
    pairing.has_layer(f"blocks.{i}.0.{_ATTENTION.theta}") for i in range(count)
  ]
  numbers = [i for i in range(count) if not is_attention[i]]
  blocks.require_blocks(pairing, len(pairing.network.stages), len(numbers))
  after = [
    sum(not found for found in is_attention[:i]) - 1
    for i in range(count)
    if is_attention[i]
  ]
  blocks.require_attention(pairing, after)
  if after:
    place = is_attention.index(True)
    blocks.attention(pairing, f"blocks.{place}.0", _ATTENTION)
  return [(f"B{n + 1}", f"blocks.{i}.0") for n, i in enumerate(numbers)]


def _norm(pairing: Pairing, ours: str, theirs: str, y_dim: int) -> None:
  """Pairs a batch norm, plain or conditioned on [y, chunk of z] or a label."""
  gain = f"{theirs}.gain"
  if not pairing.has_layer(gain):
    _plain_norm(pairing, ours, theirs)
    return
  inputs = None
  if y_dim:
    chunk = pairing.shape_of(pairing.weight_of(gain))[1] - y_dim
    inputs = pairing_lib.last_first(y_dim, chunk)
  blocks.one_plus_linear(pairing, ours, theirs, inputs)
  _moments(pairing, ours, f"{theirs}.bn")


def _plain_norm(pairing: Pairing, ours: str, theirs: str) -> None:
  pairing.copy(f"{ours}/gamma", f"{theirs}.weight")
  pairing.copy(f"{ours}/beta", f"{theirs}.bias")
  _moments(pairing, ours, theirs)


def _moments(pairing: Pairing, ours: str, theirs: str) -> None:
  pairing.moments(ours, [f"{theirs}.running_mean"], [f"{theirs}.running_var"])


def _dcgan_generator(pairing: Pairing, epsilon: float) -> None:
  """Pairs deep_conv's G with sndcgan's: deconvolutions of 4x4 pixels."""
  pairing.require_title("sndcgan.Generator")
  pairing.require_epsilon(epsilon)
  pairing.require(
    pairing.network.bn1 is None,
    "it normalises after the linear layer, and the file's network does not",
    "sndcgan.Generator.first_norm = False",
  )
  count = blocks.count(pairing, r"blocks\.(\d+)\.")
  blocks.require_blocks(pairing, len(pairing.network.stages), count)
  if any(re.match(r"blocks\.\d+\.0\.conv1x1", name) for name in pairing.shapes):
    raise ValueError(
      "The file's network has attention, which sndcgan.Generator has not."
    )
  first = pairing.weight_of("blocks.0.0.deconv0")
  blocks.linear_to_map(pairing, "g_fc1", "linear0", pairing.shape_of(first)[0])
  for i in range(count):
    pairing.deconv(f"g_dc{i + 2}", f"blocks.{i}.0.deconv0")
    _norm(pairing, f"g_bn{i + 2}", f"blocks.{i}.0.bn0", 0)
  pairing.conv_as_deconv("g_dc5", "conv4")
