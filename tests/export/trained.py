"""Four kinds of small GANs, as training leaves them.

Their weights are random, their averages are others than the weights, and no
moment or image is black, white or gray.
"""

import zlib

from compare_gan.context import scope
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import tensorflow as tf

from tests.architectures import architectures_test
from tests.gans import tiny

_EMA = """
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 0
standardize_batch.decay = 0.0
"""
_CONDITIONAL = "ModularGAN.conditional = True\n"
_CONFIG = {
  "biggan": _EMA
  + _CONDITIONAL
  + """
G.batch_norm_fn = @conditional_batch_norm
G.spectral_norm = True
biggan.Generator.blocks_with_attention = "B2"
""",
  "bigbigan": _EMA + _CONDITIONAL,
  "dcgan": "standardize_batch.decay = 0.0\n",
  "r3gan": _EMA + _CONDITIONAL,
  "stylegan2": _EMA + _CONDITIONAL,
}
_CLASS = {"bigbigan": "BigBiGAN"}
_ARCHITECTURE = {
  "biggan": "biggan_arch",
  "bigbigan": "bigbigan_small_arch",
  "dcgan": "dcgan_arch",
  "r3gan": "r3gan_arch",
  "stylegan2": "stylegan2_arch",
}
_DATASET = {
  "biggan": DatasetShape((32, 32, 3), 5),
  "bigbigan": DatasetShape((32, 32, 1), 5),
  "dcgan": DatasetShape((16, 16, 3), 0),
  "r3gan": DatasetShape((32, 32, 3), 5),
  "stylegan2": DatasetShape((16, 16, 3), 5),
}
# Signatures have the names of kinds, but for these.
SIGNATURE = {kind: kind for kind in _DATASET} | dict.fromkeys(
  ("r3gan", "stylegan2"), "compare_gan"
)
Z_DIM = 20


def make(kind):
  """Returns the GAN, whose signature is `SIGNATURE` of the kind.

  It is made once, for no test changes it; gin gets its bindings every time.
  """
  configure(kind)
  if kind not in _made:
    _made[kind] = make_new(kind)
  return _made[kind]


_made = {}


def configure(kind):
  """Gives gin the bindings of a kind."""
  gin.parse_config(_CONFIG[kind])
  architectures_test._bind_width(_ARCHITECTURE[kind])


def make_new(kind):
  """Returns a GAN of what gin holds."""
  architecture = _ARCHITECTURE[kind]
  encoder = architecture if kind == "bigbigan" else None
  gan = tiny.gan(
    _CLASS.get(kind, "ModularGAN"),
    architecture,
    dataset=_DATASET[kind],
    z_dim=Z_DIM,
    encoder_architecture=encoder,
  )
  for network in filter(None, (gan.generator, gan.averaged_generator)):
    for v in network.trainable_variables:
      seed = zlib.crc32(scope.full_name(v).encode()) % 2**31
      noise = np.random.RandomState(seed).standard_normal(v.shape)
      v.assign_add(tf.constant(0.2 * noise, v.dtype))
  z, labels = latents(gan, 8)
  y = None if labels is None else tf.one_hot(labels, gan.num_classes)
  gan.generator(tf.constant(z), y, is_training=True)
  return gan


def latents(gan, n, seed=0):
  """Returns z [n, z_dim] and labels [n], or None."""
  rng = np.random.RandomState(seed)
  z = rng.uniform(-1, 1, [n, gan.options.z_dim]).astype(np.float32)
  labels = np.arange(n) % gan.num_classes if gan.num_classes else None
  return z, labels
