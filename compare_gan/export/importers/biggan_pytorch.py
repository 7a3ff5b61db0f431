"""BigGAN-PyTorch: BigGAN and BigGAN-deep, from G.pth, G_ema.pth and D.pth.

What their networks do otherwise, and what makes ours equal (the whole config is
in docs/export.md):

  gamma = 1 + W y                    conditional_batch_norm.use_bias = True
  nearest up-sampling                G.upsampling = "nearest"
  batch norms with epsilon 1e-5      standardize_batch.epsilon = 1e-5
  power iterations from u of the     spectral_norm.singular_value = "right", or
  outputs; of the rows in an         spectral_norm.iterate_in_eval = False for
  embedding                          a projection discriminator
  D sees [-1, 1]                     Discriminator.papers_pixels = True
  D adds its input where nothing     resnet_biggan.Discriminator.shortcuts =
  changes                            "identity"
  D's last blocks keep the size      resnet_biggan.Discriminator.halvings

[y, z] there is [z, y] here, and a map [C, H, W] is [H, W, C]: the rows and
columns of the matrices are put in our order. Activations other than ReLU
(`G_nl`, `D_nl`) leave no trace in the files; they are not supported.
"""

from compare_gan.export.importers import blocks
from compare_gan.export.importers import pairing as pairing_lib
from compare_gan.export.importers.pairing import Normed
from compare_gan.export.importers.pairing import Pairing
import numpy as np

NAME = "biggan_pytorch"
NORMED = Normed(weight=".weight", u=".u0")
EPSILON = 1e-5

_BLOCK = blocks.Names(("conv1", "conv2"), ("bn1", "bn2"), "conv_sc")
_DEEP_BLOCK = blocks.Names(
  ("conv1", "conv2", "conv3", "conv4"), ("bn1", "bn2", "bn3", "bn4"), "conv_sc"
)
_ATTENTION = blocks.AttentionNames("theta", "phi", "g", "o", "gamma")
_MEANS = ("{}.stored_mean", "{}.bn.stored_mean", "{}.bn.running_mean")
_VARIANCES = ("{}.stored_var", "{}.bn.stored_var", "{}.bn.running_var")


def recognises(names: set[str]) -> bool:
  """Returns whether these are names of one of its networks."""
  is_generator = {"output_layer.0.gain", "linear.weight"} <= names
  blocks_and_linear = {"blocks.0.0.conv1.weight", "linear.weight"} <= names
  return is_generator or blocks_and_linear


def generator(pairing: Pairing, epsilon: float) -> None:
  """Pairs G."""
  _common(pairing)
  deep = pairing.has_layer("blocks.0.0.conv4")
  title = "resnet_biggan_deep" if deep else "resnet_biggan"
  pairing.require_title(f"{title}.Generator")
  pairing.require(
    epsilon == EPSILON,
    f"its norms would all add {epsilon:g}, and the file's last one always adds "
    f"{EPSILON:g}",
    f"--batch_norm_epsilon={EPSILON:g}; files of another BN_eps cannot be "
    "imported",
  )
  pairing.require_epsilon(epsilon)
  blocks.require_upsampling(pairing, "nearest")
  y_dim = 0
  if pairing.has("shared.weight"):
    y_dim = pairing.shape_of("shared.weight")[1]
    pairing.embedding("embed_y", "shared")
  first = "blocks.0.0.conv1"
  channels = pairing.shape_of(pairing.weight_of(first))[1]
  if deep:
    z_dim = pairing.shape_of("linear.weight")[1] - y_dim
    order = pairing_lib.last_first(y_dim, z_dim)
    blocks.linear_to_map(pairing, "fc_noise", "linear", channels, order)
  else:
    blocks.linear_to_map(pairing, "fc_noise", "linear", channels)

  def norm(pairing: Pairing, ours: str, theirs: str) -> None:
    _conditional(pairing, ours, theirs, y_dim)

  for ours, theirs in _blocks(pairing, deep):
    if deep:
      blocks.deep_block(pairing, ours, theirs, _DEEP_BLOCK, norm)
    else:
      blocks.generator_block(pairing, ours, theirs, _BLOCK, norm)
  pairing.copy("final_norm/gamma", "output_layer.0.gain")
  pairing.copy("final_norm/beta", "output_layer.0.bias")
  _moments(pairing, "final_norm", "output_layer.0")
  pairing.conv("final_conv", "output_layer.2")


def discriminator(pairing: Pairing, epsilon: float) -> None:
  """Pairs D."""
  del epsilon  # It has no batch norms.
  _common(pairing)
  deep = pairing.has_layer("blocks.0.0.conv4")
  if deep:
    title = "resnet_biggan_deep.Discriminator"
    pairing.require_title(title)
    pairing.require(
      pairing.network.papers_pixels,
      "the file's network sees pixels in [-1, 1]",
      f"{title}.papers_pixels = True",
    )
    pairing.conv("initial_conv", "input_conv")
  else:
    blocks.require_discriminator(pairing, "identity")

  pairs = _blocks(pairing, deep)
  if deep:
    for ours, theirs in pairs:
      blocks.deep_block(pairing, ours, theirs, _DEEP_BLOCK)
  else:
    halvings = _halvings(pairing, len(pairs))
    blocks.require_halvings(pairing, halvings)
    for i, (ours, theirs) in enumerate(pairs):
      blocks.discriminator_block(pairing, ours, theirs, _BLOCK, i < halvings)
  pairing.linear("final_fc", "linear")
  if pairing.has("embed.weight"):
    pairing.embedding("embedding_fc", "embed")


def _common(pairing):
  pairing.require_plain_kernels()
  pairing.leave_out(
    [name for name in pairing.shapes if name.endswith(".sv0")],
    "the singular value of the last training step",
  )
  pairing.leave_out(
    [name for name in pairing.shapes if name.endswith("num_batches_tracked")],
    "counts training steps",
  )


def _blocks(pairing: Pairing, deep: bool) -> list[tuple[str, str]]:
  """Pairs the attention; returns [(our block, their block)]."""
  each = 2 if deep else 1
  count = blocks.count(pairing, r"blocks\.(\d+)\.")
  blocks.require_blocks(pairing, len(pairing.network.stages), each * count)
  groups = [
    i for i in range(count) if pairing.has_layer(f"blocks.{i}.{each}.theta")
  ]
  blocks.require_attention(pairing, [each * i + each - 1 for i in groups])
  for group in groups:
    blocks.attention(pairing, f"blocks.{group}.{each}", _ATTENTION)
  return [
    (f"B{i + 1}", f"blocks.{i // each}.{i % each}") for i in range(each * count)
  ]


def _halvings(pairing, count):
  """Returns how many blocks of D halve the size.

  Each that does has a shortcut convolution, and so has one whose width changes.
  At 32 pixels, where all widths are equal, the shortcuts tell.
  """
  if pairing.network.image_shape[0] != 32:
    return count - 1
  return sum(
    pairing.has_layer(f"blocks.{i}.0.{_BLOCK.shortcut}") for i in range(count)
  )


def _conditional(pairing: Pairing, ours: str, theirs: str, y_dim: int) -> None:
  """Pairs a conditional batch norm, of [y, chunk of z] or of the label."""
  gain = f"{theirs}.gain"
  if y_dim:
    chunk = pairing.shape_of(pairing.weight_of(gain))[1] - y_dim
    inputs = pairing_lib.last_first(y_dim, chunk)
    blocks.one_plus_linear(pairing, ours, theirs, inputs)
  else:
    blocks.one_plus_linear(pairing, ours, theirs, None, is_embedding=True)
  _moments(pairing, ours, theirs)


def _moments(pairing: Pairing, ours: str, theirs: str) -> None:
  """Pairs moments; those of `mybn` only if they are plain averages."""
  for name in (
    f"{theirs}.accumulation_counter",
    f"{theirs}.bn.accumulation_counter",
  ):
    if pairing.has(name):
      if float(np.max(pairing.read(name))) != 0.0:
        raise ValueError(
          f"The file's {name} is not 0: its moments are sums over batches or "
          "averages, and it does not say which. Save the network before its "
          "standing statistics are accumulated."
        )
      pairing.leave_out([name], "counts batches, 0")
  pairing.moments(
    ours,
    [name.format(theirs) for name in _MEANS],
    [name.format(theirs) for name in _VARIANCES],
  )
