"""SeFa: eigenvectors of known matrices, and which layers get z."""

import inspect

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.layers import batch_norm
from compare_gan.layers import linear
from compare_gan.looks import directions
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny as tiny_gans
from tests.looks import tiny

pytestmark = pytest.mark.versions("TensorFlow runs the generators")

_MARKS = {"resnet30_arch": [pytest.mark.long]}
_Z_DIM = 120  # Divisible by the chunks of every hierarchical z up to 128 px.
_SIZES = {"resnet30_arch": 128, "resnet_stl_arch": 48}
_WIDTHS = {"bigbigan_arch": 4, "resnet_biggan_arch": 4, "resnet_cifar_arch": 8}


class _Gan:
  """What directions ask of a GAN, around a generator alone."""

  averaged_generator = None

  def __init__(self, generator):
    self.generator = generator
    self.num_classes = generator.num_classes
    self.options = tiny.Options(generator.z_dim)

  def generate(self, z, y, averaged):
    assert averaged
    y = None if y is None else tf.one_hot(y, self.num_classes)
    return self.generator(z, y, is_training=False)


def _gan(name, classes=3, **bindings):
  short = name[: -len("_arch")]
  parameters = inspect.signature(_generator_class(name).__init__).parameters
  if "ch" in parameters:
    bindings = {f"{short}.Generator.ch": _WIDTHS.get(name, 2), **bindings}
  if "widths" in parameters:
    bindings = {f"{short}.Generator.widths": [96, 96, 96, 96], **bindings}
  for parameter, value in bindings.items():
    gin.bind_parameter(parameter, value)
  size = _SIZES.get(name, 32)
  with scope.building(seed=1):
    return _Gan(
      abstract_arch.make_generator(name, _Z_DIM, (size, size, 3), classes)
    )


def _generator_class(name):
  return abstract_arch.load_architecture(name, "Generator")


def _names(gan):
  return [layer.name for layer in directions.layers_of_z(gan)]


def _coordinates(layer):
  used = np.flatnonzero(np.abs(layer.matrix).max(axis=0))
  return used[0], used[-1]


# ---- Eigenvectors ------------------------------------------------------------


def test_eigenvectors_of_a_known_matrix():
  # A^T A = [[5, 4], [4, 5]]: 9 along (1, 1), 1 along (1, -1).
  values, vectors = directions.eigenvectors(np.array([[2.0, 1.0], [1.0, 2.0]]))
  np.testing.assert_allclose(values, [9, 1])
  np.testing.assert_allclose(vectors * 2**0.5, [[1, 1], [1, -1]])


def test_the_largest_coefficient_is_positive():
  values, vectors = directions.eigenvectors(np.array([[-1.0, -3.0, 0.0]]))
  np.testing.assert_allclose(values, [10, 0, 0], atol=1e-12)
  np.testing.assert_allclose(vectors[0] * 10**0.5, [1, 3, 0], atol=1e-12)
  largest = np.abs(vectors).argmax(axis=1)
  assert (vectors[range(3), largest] > 0).all()


def test_steps_that_change_nothing_are_no_directions():
  values, _ = directions.eigenvectors(np.array([[3.0, 0, 0], [0, 2.0, 0]]))
  assert directions.rank(values) == 2
  assert directions.rank(np.zeros(3)) == 1


def test_steps_along_a_direction():
  z = np.array([[1.0, 1.0], [0.0, 5.0]])
  found = directions.moved(z, np.array([[0.0, 1.0]]), [-2.0, 0.0, 2.0])
  assert found.shape == (1, 2, 3, 2)
  np.testing.assert_array_equal(found[0, 0], [[1, -1], [1, 1], [1, 3]])
  np.testing.assert_array_equal(found[0, 1], [[0, 3], [0, 5], [0, 7]])


def test_a_generator_with_a_known_matrix_has_its_eigenvectors():
  gin.bind_parameter("ModularGAN.conditional", False)
  gan = tiny_gans.gan()
  kernel = gan.generator.hidden.kernel.kernel
  kernel.assign([[2.0, 1.0], [1.0, 2.0]])
  [layer] = directions.layers_of_z(gan)
  assert layer.name == "hidden"
  np.testing.assert_array_equal(layer.matrix, [[2, 1], [1, 2]])
  _, vectors = directions.eigenvectors(layer.matrix)
  np.testing.assert_allclose(vectors[0], [0.5**0.5] * 2)


def test_labels_beside_z_are_left_out():
  gin.bind_parameter("ModularGAN.conditional", True)
  gan = tiny_gans.gan()
  kernel = gan.generator.hidden.kernel.kernel
  kernel.assign(np.arange(10.0).reshape(5, 2))  # z has 2 of the 5 inputs.
  [layer] = directions.layers_of_z(gan)
  np.testing.assert_array_equal(layer.matrix, [[0, 2], [1, 3]])


# ---- Layers of every architecture --------------------------------------------


@pytest.mark.parametrize(
  "name",
  [
    pytest.param(name, marks=_MARKS.get(name, ()))
    for name in abstract_arch.names()
    if name != "stylegan2_arch"  # It divides z by its length first.
  ],
)
def test_what_layers_return_moves_as_their_matrices_say(name):
  """In every architecture, with a normaliser that z modulates if it may."""
  takes_norms = "batch_norm_fn" not in _generator_class(name).no_place_for
  if takes_norms and name not in ("bigbigan_small_arch", "infogan_arch"):
    gin.bind_parameter("G.batch_norm_fn", batch_norm.SelfModulatedBatchNorm)
  gan = _gan(name)
  layers = directions.layers_of_z(gan)
  assert layers
  rng = np.random.RandomState(0)
  z, step = rng.randn(2, 1, _Z_DIM).astype(np.float32)
  outputs = []
  for place in (z, z + step):
    with linear.recorded_calls() as calls:
      gan.generate(tf.constant(place), tf.zeros([1], tf.int32), True)
    outputs.append(
      {directions._name(c.layer): c.output.numpy()[0] for c in calls}
    )
  for layer in layers:
    moved = outputs[1][layer.name] - outputs[0][layer.name]
    np.testing.assert_allclose(
      moved, layer.matrix @ step[0], atol=1e-4 * np.abs(moved).max()
    )


@pytest.mark.parametrize(
  "name,first",
  [
    ("dcgan_arch", "g_fc1"),
    ("dcgan_mnist_arch", "g_fc1"),
    ("infogan_arch", "g_fc1"),
    ("sndcgan_arch", "g_fc1"),
    ("resnet5_arch", "fc_noise"),
    ("resnet_cifar_arch", "fc_noise"),
    ("resnet_stl_arch", "fc_noise"),
  ],
)
def test_the_first_layer_alone_gets_z(name, first):
  gan = _gan(name)
  assert _names(gan) == [first]
  [layer] = directions.layers_of_z(gan)
  assert _coordinates(layer) == (0, _Z_DIM - 1)


@pytest.mark.parametrize("name", ["resnet_biggan_arch", "bigbigan_arch"])
def test_chunks_of_z_go_to_the_first_layer_and_the_blocks(name):
  gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  layers = directions.layers_of_z(_gan(name))
  found = [(layer.name.split("/")[0], *_coordinates(layer)) for layer in layers]
  blocks = [
    (f"B{i}", 30 * i, 30 * i + 29) for i in (1, 2, 3) for _ in range(4)
  ]  # gamma and beta of two batch norms each
  assert found == [("fc_noise", 0, 29), *blocks]


def test_biggan_deep_gives_all_of_z_to_every_block():
  gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  layers = directions.layers_of_z(_gan("resnet_biggan_deep_arch"))
  assert {_coordinates(layer) for layer in layers} == {(0, _Z_DIM - 1)}
  assert len(layers) == 1 + 7 * 4 * 2  # gamma and beta of four batch norms


def test_an_embedding_of_z_is_multiplied_with_what_gets_it():
  gan = _gan("resnet_cifar_arch", 0, **{"resnet_cifar.Generator.embed_z": True})
  [layer] = directions.layers_of_z(gan)
  assert layer.name == "fc_noise"
  first, second = (
    x.kernel.kernel.numpy()
    for x in (gan.generator.embed_z, gan.generator.fc_noise)
  )
  np.testing.assert_allclose(layer.matrix, (first @ second).T, atol=1e-5)


def test_a_kernel_with_a_norm_is_taken_as_it_is_applied():
  gan = _gan("resnet_biggan_arch", **{"G.spectral_norm": True})
  [layer] = directions.layers_of_z(gan)
  state = gan.generator.fc_noise.kernel.u_var.numpy()
  largest = np.linalg.svd(layer.matrix, compute_uv=False)[0]
  raw = gan.generator.fc_noise.kernel.kernel.numpy()
  assert largest > 1.2 * np.linalg.svd(raw, compute_uv=False)[0]
  np.testing.assert_array_equal(gan.generator.fc_noise.kernel.u_var, state)


class _Convolutional:
  """z becomes an image without any linear layer."""

  title = "mine.Generator"
  num_classes = 0
  z_dim = 4

  def __call__(self, z, y, is_training):
    return tf.reshape(z, [-1, 2, 2, 1])


def test_an_architecture_without_such_a_layer_is_refused_by_name():
  with pytest.raises(ValueError, match="mine.Generator has no linear layer"):
    directions.chosen_layers(_Gan(_Convolutional()), True, "")


def test_layers_are_chosen_by_a_text():
  gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  gan = _gan("resnet_biggan_arch")
  chosen = directions.chosen_layers(gan, True, "B2/")
  assert {layer.name[:3] for layer in chosen} == {"B2/"}
  with pytest.raises(ValueError, match="--directions_of=B9.*fc_noise, B1/"):
    directions.chosen_layers(gan, True, "B9")
