"""The recorded networks, and the gin config that makes ours equal to each."""

import functools
import json
import pathlib

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.export import importers
import gin
import numpy as np
import tensorflow as tf

from tests.export.importers import rule
from tests.export.importers import torch_writer

RECORDED = pathlib.Path(__file__).parent / "recorded"
CLASSES = 3

_CONDITIONAL = """
G.batch_norm_fn = @conditional_batch_norm
conditional_batch_norm.use_bias = True
"""
_BIG = """
options.architecture = "resnet_biggan_arch"
resnet_biggan.Generator.ch = 2
resnet_biggan.Generator.embed_y_dim = 4
resnet_biggan.Generator.blocks_with_attention = ""
resnet_biggan.Discriminator.ch = 2
resnet_biggan.Discriminator.multipliers = [4, 4, 4, 4]
resnet_biggan.Discriminator.halvings = 2
resnet_biggan.Discriminator.papers_pixels = True
resnet_biggan.Discriminator.blocks_with_attention = ""
G.upsampling = "nearest"
"""
_DEEP = """
options.architecture = "resnet_biggan_deep_arch"
resnet_biggan_deep.Generator.ch = 4
resnet_biggan_deep.Generator.embed_y_dim = 4
resnet_biggan_deep.Discriminator.ch = 4
resnet_biggan_deep.Discriminator.papers_pixels = True
G.upsampling = "nearest"
"""
_NORMED = "G.spectral_norm = True\nD.spectral_norm = True\n"
_BOTH = "spectral_norm.iterate_in_eval = False\n"
_RIGHT = 'spectral_norm.singular_value = "right"\n'
_BGP = "standardize_batch.epsilon = 1e-5\n"
_STUDIO = "standardize_batch.epsilon = 1e-4\n"
_MIMICRY = """
standardize_batch.epsilon = 1e-5
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
"""
_PLAIN = "resnet_biggan.Generator.hierarchical_z = False\n"
_NO_EMBEDDING = "resnet_biggan.Generator.embed_y = False\n"
_ATTENTION = """
resnet_biggan.Generator.blocks_with_attention = "B2"
resnet_biggan.Discriminator.blocks_with_attention = "B1"
"""
_IDENTITY = 'resnet_biggan.Discriminator.shortcuts = "identity"\n'
_RELU = 'resnet_biggan.Discriminator.shortcuts = "relu"\n'
_BILINEAR = 'G.upsampling = "bilinear"\n'
_NO_PROJECTION = "resnet_biggan.Discriminator.project_y = False\n"

_BGP_BIG = _BIG + _ATTENTION + _BGP + _CONDITIONAL + _NORMED + _IDENTITY
_STUDIO_BIG = _BIG + _ATTENTION + _STUDIO + _NORMED + _BOTH + _RELU
_MIMICRY_BIG = _BIG + _PLAIN + _MIMICRY + _BILINEAR + _RELU

# {case: (gin config, size of images, classes)}; a case may occur twice.
CASES = {
  "biggan_pytorch/G": (_BGP_BIG + _RIGHT, 32, CLASSES),
  "biggan_pytorch/G both vectors": (_BGP_BIG + _BOTH, 32, CLASSES),
  "biggan_pytorch/D": (_BGP_BIG + _BOTH, 32, CLASSES),
  "biggan_pytorch/G_labels": (
    _BIG + _BGP + _CONDITIONAL + _PLAIN + _NO_EMBEDDING,
    32,
    CLASSES,
  ),
  "biggan_pytorch/deep_G": (
    _DEEP + _BGP + _CONDITIONAL + _NORMED + _RIGHT,
    64,
    CLASSES,
  ),
  "biggan_pytorch/deep_D": (_DEEP + _BGP + _NORMED + _BOTH, 128, CLASSES),
  "studiogan/G": (_STUDIO_BIG + _CONDITIONAL, 32, CLASSES),
  "studiogan/D": (_STUDIO_BIG, 32, CLASSES),
  "studiogan/resnet_G": (
    _BIG + _STUDIO + _PLAIN + "G.batch_norm_fn = @batch_norm\n",
    32,
    0,
  ),
  "studiogan/deep_G": (
    _DEEP + _STUDIO + _CONDITIONAL + _NORMED + _BOTH,
    64,
    CLASSES,
  ),
  "studiogan/dcgan_G": (
    _STUDIO
    + """
    options.architecture = "sndcgan_arch"
    sndcgan.Generator.ch = 2
    sndcgan.Generator.first_norm = False
    G.batch_norm_fn = @batch_norm
    """,
    32,
    0,
  ),
  "mimicry/G": (_MIMICRY_BIG, 32, 0),
  "mimicry/G in resnet_cifar": (
    _MIMICRY
    + _BILINEAR
    + 'options.architecture = "resnet_cifar_arch"\n'
    + "resnet_cifar.Generator.ch = 8\n",
    32,
    0,
  ),
  "mimicry/D": (_MIMICRY_BIG + _NO_PROJECTION + _RIGHT, 32, 0),
  "mimicry/G_48": (
    _MIMICRY
    + _BILINEAR
    + 'options.architecture = "resnet_stl_arch"\n'
    + "resnet_stl.Generator.ch = 2\n",
    48,
    0,
  ),
  "mimicry/G_classes": (
    _MIMICRY_BIG
    + _NO_EMBEDDING
    + "G.batch_norm_fn = @conditional_batch_norm\n",
    32,
    CLASSES,
  ),
  "mimicry/D_classes": (_MIMICRY_BIG + _BOTH, 32, CLASSES),
}


@functools.cache
def recorded():
  """Returns {case: {"shapes", "output"}}."""
  return json.loads((RECORDED / "recorded.json").read_text())


def name_of(case):
  """Returns a case's name in recorded.json and for its numbers."""
  return case.split(" ")[0]


def role_of(case):
  """Returns "generator" or "discriminator"."""
  part = name_of(case).split("/")[1]
  return "discriminator" if part.startswith(("D", "deep_D")) else "generator"


def arrays(case):
  """Returns {name: array} of a case's file."""
  return rule.values(recorded()[name_of(case)]["shapes"])


def make(case, role=None):
  """Returns the network that the gin config in force makes."""
  _, size, classes = CASES[case]
  architecture = gin.query_parameter("options.architecture")
  shape = (size, size, 3)
  if (role or role_of(case)) == "generator":
    return abstract_arch.make_generator(architecture, 8, shape, classes)
  return abstract_arch.make_discriminator(architecture, shape, classes)


def pair(case, folder, change=lambda arrays: arrays, epsilon=None):
  """Returns the Pairing of a case's network with its file."""
  path = str(folder / "network.pth")
  torch_writer.write(path, change(arrays(case)))
  weights = importers.open_weights(path)
  family = importers.family_of(weights, None)
  with scope.building(allocate=False):
    network = make(case)
  return importers.pair(weights, family, network, role_of(case), epsilon)


def output(case, network):
  """Returns what the network makes of the case's inputs, as in the record."""
  _, size, classes = CASES[case]
  y = tf.one_hot([0, 2], classes) if classes else None
  if role_of(case) == "generator":
    z = tf.constant(rule.inputs(name_of(case), (2, 8)))
    images = network(z, y, is_training=False).numpy()
    return rule.thinned(2.0 * images - 1.0)
  images = rule.inputs(name_of(case), (2, 3, size, size))
  images = 0.5 * images.transpose(0, 2, 3, 1) + 0.5
  return network(tf.constant(images), y, is_training=False).logits.numpy()


def expected(case):
  """Returns the recorded output."""
  return np.float32(recorded()[name_of(case)]["output"])
