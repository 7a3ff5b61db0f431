"""Pairs of whole blocks, which the families call by other names.

Our side is architectures/resnet_biggan.py, resnet_biggan_deep.py and those with
the same names of layers.
"""

from collections.abc import Callable
from collections.abc import Sequence
import re
from typing import NamedTuple
from typing import Optional

from compare_gan.export.importers import pairing as pairing_lib
from compare_gan.export.importers.pairing import Pairing
from compare_gan.layers import resample
import numpy as np

Norm = Callable[[Pairing, str, str], None]  # (pairing, ours, theirs)


class Names(NamedTuple):
  """How a family calls the layers of a residual block."""

  convs: Sequence[str]
  norms: Sequence[str]
  shortcut: str


class AttentionNames(NamedTuple):
  """How a family calls the layers of attention."""

  theta: str
  phi: str
  g: str
  out: str
  scale: str


def require_upsampling(pairing: Pairing, name: str) -> None:
  """Refuses a generator that doubles the size in another way."""
  pairing.require(
    pairing.network.upsample is resample.UPSAMPLING[name],
    f"the file's network makes images larger by {name!r} interpolation",
    f'G.upsampling = "{name}"',
  )


def count(pairing: Pairing, pattern: str) -> int:
  """Returns 1 + the largest number that `pattern` finds in the file's names."""
  found = [re.match(pattern, name) for name in pairing.shapes]
  return max((1 + int(match[1]) for match in found if match), default=0)


def require_blocks(pairing: Pairing, ours: int, theirs: int) -> None:
  """Refuses another number of blocks."""
  pairing.require(
    ours == theirs,
    f"it has {ours} blocks, and the file's network {theirs}",
    "--image_shape or dataset.name to the size of the file's images",
  )


def require_attention(pairing: Pairing, theirs: Sequence[int]) -> None:
  """Refuses attention after other blocks than the file's.

  Args:
    pairing: its network has `stages`.
    theirs: numbers of the blocks that attention follows in the file, from 0 on.
  """
  ours = [
    i
    for i, (_, block) in enumerate(pairing.network.stages)
    if block is not None
  ]
  names = ",".join(f"B{i + 1}" for i in theirs)
  pairing.require(
    len(theirs) < 2,
    f"the file has attention after {names}, each with weights of its own, "
    "which are shared here",
    "another network; this one cannot be imported",
  )
  pairing.require(
    ours == list(theirs),
    f"it has attention after {[f'B{i + 1}' for i in ours]}, and the file's "
    f"network after {[f'B{i + 1}' for i in theirs]}",
    f'{pairing.network.title}.blocks_with_attention = "{names}"',
  )
  pairing.require_max_pooling()


def attention(pairing: Pairing, theirs: str, names: AttentionNames) -> None:
  """Pairs the non-local block."""
  ours = "non_local_block"
  pairing.conv(f"{ours}/conv2d_theta", f"{theirs}.{names.theta}")
  pairing.conv(f"{ours}/conv2d_phi", f"{theirs}.{names.phi}")
  pairing.conv(f"{ours}/conv2d_g", f"{theirs}.{names.g}")
  pairing.copy(f"{ours}/sigma", f"{theirs}.{names.scale}")
  pairing.conv(f"{ours}/conv2d_attn_g", f"{theirs}.{names.out}")


def generator_block(
  pairing: Pairing, ours: str, theirs: str, names: Names, norm: Norm
) -> None:
  """Pairs a residual block that doubles the size."""
  for i in (0, 1):
    norm(pairing, f"{ours}/bn{i + 1}", f"{theirs}.{names.norms[i]}")
  pairing.conv(f"{ours}/up_conv1", f"{theirs}.{names.convs[0]}")
  pairing.conv(f"{ours}/same_conv2", f"{theirs}.{names.convs[1]}")
  pairing.conv(f"{ours}/up_conv_shortcut", f"{theirs}.{names.shortcut}")


def discriminator_block(
  pairing: Pairing, ours: str, theirs: str, names: Names, halves: bool
) -> None:
  """Pairs a residual block that halves the size or keeps it."""
  scale = "down" if halves else "same"
  pairing.conv(f"{ours}/same_conv1", f"{theirs}.{names.convs[0]}")
  pairing.conv(f"{ours}/{scale}_conv2", f"{theirs}.{names.convs[1]}")
  shortcut = f"{theirs}.{names.shortcut}"
  if pairing.has_layer(shortcut):
    pairing.conv(f"{ours}/{scale}_conv_shortcut", shortcut)


def require_discriminator(pairing: Pairing, shortcuts: str) -> None:
  """Refuses a resnet_biggan.Discriminator in another form."""
  title = "resnet_biggan.Discriminator"
  pairing.require_title(title)
  network = pairing.network
  pairing.require(
    network.papers_pixels,
    "the file's network sees pixels in [-1, 1], and its first block begins "
    "with a convolution",
    f"{title}.papers_pixels = True",
  )
  pairing.require(
    network.shortcuts == shortcuts,
    f"its shortcuts are {network.shortcuts!r}, and the file's {shortcuts!r}",
    f'{title}.shortcuts = "{shortcuts}"',
  )


def require_halvings(pairing: Pairing, halvings: int) -> None:
  """Refuses a resnet_biggan.Discriminator that ends at another size."""
  pairing.require(
    pairing.network.halvings == halvings,
    f"{pairing.network.halvings} of its blocks halve the size, and {halvings} "
    "of the file's network do",
    f"resnet_biggan.Discriminator.halvings = {halvings}",
  )


def deep_block(
  pairing: Pairing,
  ours: str,
  theirs: str,
  names: Names,
  norm: Optional[Norm] = None,
) -> None:
  """Pairs a block of BigGAN-deep."""
  for i, size in enumerate((1, 3, 3, 1)):
    scope = f"{ours}/conv{i + 1}"
    if norm:
      norm(pairing, f"{scope}/bn", f"{theirs}.{names.norms[i]}")
    pairing.conv(f"{scope}/{size}x{size}_conv", f"{theirs}.{names.convs[i]}")
  shortcut = f"{theirs}.{names.shortcut}"
  if pairing.has_layer(shortcut):
    pairing.conv(f"{ours}/shortcut/add_channels", shortcut)


def linear_to_map(
  pairing: Pairing,
  ours: str,
  theirs: str,
  channels: int,
  inputs: Optional[np.ndarray] = None,
) -> None:
  """Pairs the linear layer that makes the first map."""
  outputs = pairing.shape_of(pairing.weight_of(theirs))[0]
  order = pairing_lib.map_order(channels, outputs // channels)
  pairing.linear(ours, theirs, inputs=inputs, outputs=order)


def one_plus_linear(
  pairing: Pairing,
  ours: str,
  theirs: str,
  inputs: Optional[np.ndarray],
  is_embedding: bool = False,
) -> None:
  """Pairs the two maps of a conditional norm, gamma = 1 + W y, beta = V y.

  Here gamma = W y + b, with the 1 as bias.
  """
  pairing.require(
    pairing.wants(f"{ours}/condition/gamma/bias"),
    f"the file's gamma of {theirs} is 1 + a linear map of y, which takes a "
    "bias here",
    "G.batch_norm_fn = @conditional_batch_norm and "
    "conditional_batch_norm.use_bias = True",
  )
  for part, name, start in (("gamma", "gain", 1.0), ("beta", "bias", 0.0)):
    scope, layer = f"{ours}/condition/{part}", f"{theirs}.{name}"
    if is_embedding:
      pairing.embedding(scope, layer, bias=start)
    else:
      pairing.linear(scope, layer, inputs, bias=start)
