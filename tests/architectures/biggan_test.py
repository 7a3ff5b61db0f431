"""BigGAN of the model card: what it weighs, and where it differs."""

import pathlib

from compare_gan.architectures import biggan
from compare_gan.configuration import gin_files
from compare_gan.context import scope
from compare_gan.layers import batch_norm
from compare_gan.layers import kernel
from compare_gan.layers import spectral_norm
from compare_gan.layers.batch_norm import ConditionalBatchNorm
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_CARD = str(pathlib.Path(__file__).parents[2] / "configs" / "biggan_cifar.gin")


def _size(network):
  return sum(int(np.prod(w.shape)) for w in network.trainable_variables)


def _names(network):
  return [scope.full_name(v) for v in network.variables]


def _networks(size, ch=8, z_dim=40, num_classes=3, **chosen):
  """Returns G and D in the style of the card, narrow and unallocated."""
  gin.bind_parameter("G.spectral_norm", True)
  gin.bind_parameter("G.batch_norm_fn", ConditionalBatchNorm)
  gin.bind_parameter("D.spectral_norm", True)
  with scope.building(allocate=False):
    shape = (size, size, 3)
    return (
      biggan.Generator(z_dim, shape, num_classes, ch=ch, **chosen),
      biggan.Discriminator(shape, num_classes, ch=ch),
    )


def test_weights_of_the_card():
  gin_files.parse([_CARD])
  with scope.building(allocate=False):
    gan = model_dir.make_gan(model_dir.DatasetShape((32, 32, 3), 10))
  assert _size(gan.generator) == 10315428
  assert _size(gan.discriminator) == 9937442


@pytest.mark.parametrize(
  "size,g_blocks,d_blocks,g_attention,d_attention,halvings",
  [
    (32, 3, 4, 1, 0, 2),
    (64, 4, 5, 2, 0, 4),
    (128, 5, 6, 3, 0, 5),
    (256, 6, 7, 3, 1, 6),
  ],
)
def test_blocks_and_attention(
  size, g_blocks, d_blocks, g_attention, d_attention, halvings
):
  generator, discriminator = _networks(size)
  for network, blocks, attention in (
    (generator, g_blocks, g_attention),
    (discriminator, d_blocks, d_attention),
  ):
    assert len(network.stages) == blocks
    assert [bool(after) for _, after in network.stages] == [
      i == attention for i in range(blocks)
    ]
    assert all(block.shortcut for block, _ in network.stages)
  downs = [n for n in _names(discriminator) if "/down_conv2/kernel" in n]
  assert len([n for n in downs if not n.endswith("u_var")]) == halvings


def test_the_last_chunk_of_z_has_the_rest():
  assert biggan._chunk_sizes(120, 5) == [24] * 5
  assert biggan._chunk_sizes(11, 4) == [2, 2, 2, 5]
  generator, _ = _networks(32, z_dim=11)
  # Chunk and embedding condition every batch norm, gamma of bn1 of each block.
  sizes = [b.path.bn1.gamma.kernel.kernel.shape[0] for b, _ in generator.stages]
  assert sizes == [2 + 128, 2 + 128, 5 + 128]
  assert generator.fc_noise.kernel.kernel.shape[0] == 2 + 128


def test_too_little_z_is_refused():
  with pytest.raises(ValueError, match="options.z_dim = 3.*at least 4"):
    _networks(32, z_dim=3)


def test_what_has_a_spectral_norm():
  generator, discriminator = _networks(32)
  free = [
    name
    for network in (generator, discriminator)
    for name in _names(network)
    if name.endswith("/kernel") and f"{name}/u_var" not in _names(network)
  ]
  assert free == ["embed_y/kernel", "fc_noise/kernel"]
  assert isinstance(generator.fc_noise.kernel, kernel.Kernel)
  assert isinstance(
    discriminator.scores.embedding.kernel, spectral_norm.SpectralNorm
  )
  assert isinstance(generator.final_norm, batch_norm.BatchNorm)


def test_embeddings_start_orthogonal():
  with scope.building(seed=1):
    generator = biggan.Generator(
      8, (32, 32, 3), 3, ch=2, blocks_with_attention=""
    )
    discriminator = biggan.Discriminator(
      (32, 32, 3), 3, ch=2, blocks_with_attention=""
    )
  for layer in (generator.embed_y, discriminator.scores.embedding):
    table = layer.kernel.kernel.numpy()  # [num_classes, ...]
    np.testing.assert_allclose(table @ table.T, np.eye(3), atol=1e-5)


def test_attention_averages_and_has_biases():
  [attention] = [a for _, a in _networks(32)[0].stages if a]
  assert attention.theta.bias is not None
  assert attention.attn_g.bias is not None
  cell = tf.reshape(tf.constant([1.0, 2.0, 3.0, 6.0]), [1, 2, 2, 1])
  assert attention._pool(cell).numpy().item() == 3.0


def test_d_sees_pixels_between_minus_one_and_one():
  """Then a gray image, 0.5, is a zero, and without biases so are its scores."""
  with scope.building(seed=1):
    discriminator = biggan.Discriminator((32, 32, 3), 0, 2, "")
  gray = discriminator(tf.fill([1, 32, 32, 3], 0.5), None, False)
  white = discriminator(tf.ones([1, 32, 32, 3]), None, False)
  assert gray.logits.numpy().item() == 0.0
  assert white.logits.numpy().item() != 0.0


def test_without_labels_the_chunks_alone_condition():
  generator, discriminator = _networks(32, num_classes=0)
  assert generator.embed_y is None
  assert discriminator.scores.embedding is None
  assert generator.fc_noise.kernel.kernel.shape[0] == 10
  assert generator.stages[0][0].path.bn1.gamma.kernel.kernel.shape[0] == 10
