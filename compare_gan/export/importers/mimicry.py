"""mimicry (torch_mimicry): its ResNets of 32, 48, 64 and 128 pixels.

G of SNGAN, SSGAN, InfoMax-GAN, WGAN-GP, DCGAN and cGAN-PD, which are one
network, and D at 32 pixels. Files netG_<steps>_steps.pth, netD_<steps>_steps.
What their networks do otherwise, and what makes ours equal:

  bilinear up-sampling                 G.upsampling = "bilinear"
  batch norms with epsilon 1e-5        standardize_batch.epsilon = 1e-5
  shortcuts of one pixel               resnet_biggan_arch; in resnet_cifar_arch
                                       and resnet_stl_arch (48 pixels) in the
                                       middle of a kernel of 3x3
  the last activation is tanh          0.5 tanh(x) + 0.5 = sigmoid(2 x): those
                                       two get twice the last convolution
  D sees [-1, 1]                       resnet_biggan.Discriminator.papers_pixels
                                       = True
  D's ReLUs work in place, so that     resnet_biggan.Discriminator.shortcuts =
  its shortcuts see relu(x)            "relu"
  two of D's blocks halve the size     resnet_biggan.Discriminator.halvings = 2

Refused: D at 48 pixels and more, whose blocks are as wide inside as their input
and ours as their output; SAGAN, whose attention stands elsewhere.
"""

import functools
import re

from compare_gan.export.importers import blocks
from compare_gan.export.importers.pairing import Normed
from compare_gan.export.importers.pairing import Pairing
import numpy as np

NAME = "mimicry"
NORMED = Normed(weight=".weight", u=".sn_u")
EPSILON = 1e-5

_BLOCK = blocks.Names(("c1", "c2"), ("b1", "b2"), "c_sc")
_G_TITLES = (
  "resnet_biggan.Generator",
  "resnet_cifar.Generator",
  "resnet_stl.Generator",
)


def recognises(names: set[str]) -> bool:
  """Returns whether these are names of one of its networks."""
  is_generator = {"l1.weight", "block2.c1.weight"} <= names
  return is_generator or "block1.c1.weight" in names


def generator(pairing: Pairing, epsilon: float) -> None:
  """Pairs G."""
  _common(pairing)
  pairing.require_title(*_G_TITLES)
  pairing.require_epsilon(epsilon)
  blocks.require_upsampling(pairing, "bilinear")
  title = pairing.network.title
  last = blocks.count(pairing, r"block(\d+)\.")
  _refuse_attention(pairing)
  ours = getattr(pairing.network, "stages", None)
  if ours is None:
    ours = pairing.network.blocks
  else:
    blocks.require_attention(pairing, [])
  blocks.require_blocks(pairing, len(ours), last - 2)
  channels = pairing.shape_of("block2.c1.weight")[1]
  blocks.linear_to_map(pairing, "fc_noise", "l1", channels)
  for i in range(2, last):
    blocks.generator_block(pairing, f"B{i - 1}", f"block{i}", _BLOCK, _norm)
  final = "batch_norm" if title == "resnet_stl.Generator" else "final_norm"
  _norm(pairing, final, f"b{last}")
  has_tanh = title == "resnet_biggan.Generator"
  pairing.conv("final_conv", f"c{last}", scale=1.0 if has_tanh else 2.0)


def discriminator(pairing: Pairing, epsilon: float) -> None:
  """Pairs D."""
  del epsilon  # It has no batch norms.
  _common(pairing)
  _refuse_attention(pairing)
  count = blocks.count(pairing, r"block(\d+)\.") - 1
  wide = pairing.weight_of("block2.c1")
  if pairing.shape_of(wide)[0] != pairing.shape_of("block2.c2.weight")[0]:
    raise ValueError(
      "The file's discriminator cannot be imported: its blocks are as wide "
      "inside as their input, and those of resnet_biggan as their output. "
      "Import the generator alone."
    )
  blocks.require_discriminator(pairing, "relu")
  blocks.require_blocks(pairing, len(pairing.network.stages), count)
  blocks.require_attention(pairing, [])
  halvings = sum(pairing.has_layer(f"block{i + 1}.c_sc") for i in range(count))
  blocks.require_halvings(pairing, halvings)
  for i in range(count):
    blocks.discriminator_block(
      pairing, f"B{i + 1}", f"block{i + 1}", _BLOCK, i < halvings
    )
  pairing.linear("final_fc", f"l{count + 1}")
  _last_of_the_classes(pairing)


def _last_of_the_classes(pairing):
  """Pairs the projection of labels; SSGAN's l_y predicts rotations."""
  if pairing.has("l_y.bias"):
    pairing.leave_out(
      [name for name in pairing.shapes if name.startswith("l_y.")],
      "predicts rotations, which the score of an image does not use",
    )
  elif pairing.has_layer("l_y"):
    pairing.embedding("embedding_fc", "l_y")


def _common(pairing):
  pairing.require_plain_kernels()
  for pattern, why in (
    (r".*\.sn_sigma", "the singular value of the last training step"),
    (r".*num_batches_tracked", "counts training steps"),
    (r"(local|global)_nrkhs_.*", "InfoMax-GAN's task, not part of the score"),
  ):
    pairing.leave_out(
      [name for name in pairing.shapes if re.fullmatch(pattern, name)], why
    )


def _refuse_attention(pairing):
  if any(name.startswith("attn_block") for name in pairing.shapes):
    raise ValueError(
      "SAGAN of mimicry cannot be imported: its attention is another one than "
      "non_local_block."
    )


def _columns(pairing: Pairing, name: str, columns: slice) -> np.ndarray:
  return pairing.read(name)[:, columns]


def _norm(pairing: Pairing, ours: str, theirs: str) -> None:
  """Pairs a batch norm; conditional ones look gamma and beta up by label."""
  embedding = f"{theirs}.embed.weight"
  if not pairing.has(embedding):
    pairing.copy(f"{ours}/gamma", f"{theirs}.weight")
    pairing.copy(f"{ours}/beta", f"{theirs}.bias")
    pairing.moments(ours, [f"{theirs}.running_mean"], [f"{theirs}.running_var"])
    return
  classes, both = pairing.shape_of(embedding)
  for part, columns in (
    ("gamma", slice(0, both // 2)),
    ("beta", slice(both // 2, both)),
  ):
    scope = f"{ours}/condition/{part}"
    pairing.put(
      f"{scope}/kernel",
      [embedding],
      (classes, both // 2),
      functools.partial(_columns, pairing, embedding, columns),
      f"its {part} half",
    )
    pairing.require(
      not pairing.wants(f"{scope}/bias"),
      "its conditional norms have biases, and the file's none",
      "conditional_batch_norm.use_bias = False",
    )
  pairing.moments(
    ours, [f"{theirs}.bn.running_mean"], [f"{theirs}.bn.running_var"]
  )
