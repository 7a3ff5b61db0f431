"""DCGAN, held to its model card."""

from compare_gan import runner_lib
from compare_gan.architectures import abstract_arch
from compare_gan.architectures import dcgan
from compare_gan.configuration import gin_files
from compare_gan.context import scope
from compare_gan.datasets import catalogue
from compare_gan.estimator import run_config
from compare_gan.gans import latents
from compare_gan.layers.kernel import Kernel
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401
from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")

_NARROW = ["dcgan.Generator.ch = 2", "dcgan.Discriminator.ch = 2"]


def _count(network):
  return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def _gan(card, bindings=(), shape=(64, 64, 3), classes=0, **building):
  gin_files.parse([card], bindings)
  with scope.building(**building):
    return model_dir.make_gan(model_dir.DatasetShape(shape, classes))


def test_parameters_of_the_card():
  gan = _gan("dcgan_celeba64.gin", allocate=False)
  assert _count(gan.generator) == 5135363
  assert _count(gan.discriminator) == 4316545


def test_kernels_start_as_on_the_card():
  """Truncated at 2 x 0.02 in convolutions, not so elsewhere."""
  gan = _gan(
    "dcgan_celeba64.gin",
    ["dcgan.Generator.ch = 8", "dcgan.Discriminator.ch = 8"],
    seed=1,
  )
  largest = {
    v.name.split("/")[1]: np.abs(v.numpy()).max()
    for v in [*gan.generator.variables, *gan.discriminator.variables]
    if "kernel" in v.name
  }
  assert len(largest) == 10
  for name, value in largest.items():
    if name.startswith("d_conv"):
      assert 0.03 < value <= 0.04, name
    else:
      assert value > 0.04, name


def test_without_an_initializer_kernels_start_as_all_others():
  assert dcgan.with_initializer(None, Kernel) is Kernel


def test_convolutions_of_d_only():
  gin.bind_parameter("dcgan.Discriminator.conv_initializer", "orthogonal")
  gin.bind_parameter("dcgan.Discriminator.ch", 2)
  with scope.building(seed=1):
    d = abstract_arch.make_discriminator("dcgan_arch", (16, 16, 3))
  rows = d.convs.conv1.kernel.kernel.numpy().reshape(-1, 2)
  np.testing.assert_allclose(rows.T @ rows, np.eye(2), atol=1e-5)
  assert np.abs(d.scores.linear.kernel.kernel.numpy()).max() < 0.1


@pytest.mark.parametrize(
  "card,shape,classes,narrow",
  [
    ("dcgan_celeba64.gin", (16, 16, 3), 0, _NARROW),
    (
      "dcgan_mnist.gin",
      (8, 8, 1),
      3,
      [f"dcgan_mnist.{k}.ch = 2" for k in ("Generator", "Discriminator")],
    ),
  ],
)
def test_g_is_updated_twice_for_each_update_of_d(card, shape, classes, narrow):
  gan = _gan(card, narrow, shape, classes, seed=1)
  dataset = model_dir.DatasetShape(shape, classes)
  asked = []
  generator = gan.generator

  class Recorder:
    variables = generator.variables
    trainable_variables = generator.trainable_variables
    draws_noise = False

    def __call__(self, z, y, is_training):
      asked.append(z.numpy())
      return generator(z, y, is_training)

  gan.generator = Recorder()
  gan.train_step(tiny.batches(1, dataset, 4))
  assert int(gan.global_step_disc) == 1
  assert len(asked) == 2  # one for D and G's first update, one for its second
  np.testing.assert_array_equal(asked[0], asked[1])


@pytest.mark.parametrize(
  "bindings,low,high",
  [
    ([], -1.0, 1.0),
    (["z.minval = 0.0", "eval_z.minval = 0.0"], 0.0, 1.0),
    (
      [
        "z.distribution_fn = @tf.random.normal",
        "eval_z.distribution_fn = @tf.random.normal",
      ],
      -6.0,
      6.0,
    ),
  ],
  ids=["uniform_signed", "uniform_unsigned", "normal01"],
)
def test_distributions_of_z(bindings, low, high):
  """What the card says to bind for each --z_dist."""
  gin_files.parse(["dcgan_celeba64.gin"], bindings)
  for draw in (latents.z, latents.eval_z):
    z = draw([1000, 10]).numpy()
    assert low <= z.min() and z.max() <= high
    if high == 6.0:
      assert z.max() > 2.0 and abs(z.std() - 1.0) < 0.05
    else:
      assert z.min() < low + 0.01 and z.max() > high - 0.01


_SMALL = [
  *_NARROW,
  "options.training_steps = 20",
  "options.batch_size = 4",
  "options.z_dim = 3",
  "folder.image_size = 16",
  "run_config.tf_random_seed = 1",
]


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_card_trains_on_a_folder_of_jpegs_and_goes_on_from_it(tmp_path):
  """Large, small, gray and colored ones."""
  rng = np.random.RandomState(0)
  files = {}
  for i in range(12):
    colors, height, width = (1, 3)[i % 2], 20 + i, 24 - i
    array = rng.randint(0, 256, (height, width, colors)).astype(np.uint8)
    files[f"{i}.jpg"] = pictures.encode(array, "JPEG")
  folder = pictures.write_tree(tmp_path / "images", files)
  bindings = [*_SMALL, f"folder.path = {str(folder)!r}"]
  first, second = str(tmp_path / "first"), str(tmp_path / "second")
  _train(first, bindings)
  last = checkpoints.read(first, 20)
  assert int(last["global_step"]) == 20 and int(last["global_step_disc"]) == 20
  start = [*bindings, f"options.init_from = {first!r}"]
  _train(
    second, [*start, "options.training_steps = 1", "ModularGAN.g_lr = 0.0"]
  )
  moved = checkpoints.read(second, 1)
  name = "generator/g_fc1/kernel"
  np.testing.assert_array_equal(moved[name], last[name])


def _train(folder, bindings):
  gin.clear_config()
  gin_files.parse(["dcgan_folder64.gin"], bindings)
  runner_lib.run_with_schedule(
    "train", catalogue.dataset, run_config.run_config(), folder, "cpu"
  )


@pytest.mark.parametrize("size", [28, 33])
def test_any_size(size):
  gin.bind_parameter("dcgan.Generator.ch", 1)
  with scope.building(seed=1):
    g = abstract_arch.make_generator("dcgan_arch", 3, (size, size, 3))
  assert g(tf.zeros([1, 3]), None, False).shape == (1, size, size, 3)
