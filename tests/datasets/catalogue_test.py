"""Names of datasets."""

from compare_gan.datasets import catalogue
import gin
import pytest

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


@pytest.mark.parametrize(
  "name,shape,classes,samples",
  [
    ("shapes16", (16, 16, 3), 10, 10000),
    ("shapes32", (32, 32, 3), 10, 10000),
    ("shapes64", (64, 64, 3), 10, 10000),
    ("shapes128", (128, 128, 3), 10, 10000),
    ("ring8", (1, 1, 2), 8, 10000),
    ("grid25", (1, 1, 2), 25, 10000),
    ("mnist", (28, 28, 1), 10, 10000),
    ("cifar10", (32, 32, 3), 10, 10000),
    ("celeb_a", (64, 64, 3), 0, 10000),
    ("lsun-bedroom", (128, 128, 3), 0, 30000),
    ("imagenet_256", (256, 256, 3), 1000, 50000),
    ("single_class_imagenet_128", (128, 128, 3), 1, 50000),
  ],
)
def test_facts(name, shape, classes, samples):
  gin.bind_parameter("dataset.name", name)
  info = catalogue.dataset()
  assert info.image_shape == shape
  assert info.num_classes == classes
  assert info.eval_samples == samples


def test_bindings_reach_the_dataset():
  gin.parse_config("""
    dataset.name = "ring8"
    dataset.seed = 3
    dataset.flip = True
  """)
  dataset = catalogue.dataset()
  assert (dataset.name, dataset.seed, dataset.flip) == ("ring8", 3, True)


def test_own_class_by_its_dotted_path():
  dataset = catalogue.dataset("tests.datasets.tiny.Tiny")
  assert dataset.size("train") == 6


def test_unknown_name_lists_what_would_do():
  gin.bind_parameter("dataset.name", "cifar-10")
  with pytest.raises(
    ValueError, match="'cifar-10' is unknown.*shapes32.*cifar10"
  ):
    catalogue.dataset()


@pytest.mark.parametrize("name", ["no_such_package.Data", "tests.no_such.Data"])
def test_unknown_module(name):
  with pytest.raises(ValueError, match=f"{name}' is unknown.*dotted path"):
    catalogue.dataset(name)


@pytest.mark.parametrize("name", ["NotADataset", "Missing", "np"])
def test_what_is_no_dataset_is_refused(name):
  with pytest.raises(ValueError, match=f"has no dataset {name}"):
    catalogue.dataset(f"tests.datasets.tiny.{name}")


def test_data_that_are_not_there_say_what_to_do(tmp_path):
  dataset = catalogue.dataset("cifar10", tfds_data_dir=str(tmp_path))
  with pytest.raises(FileNotFoundError) as raised:
    dataset.batches("train", 64)
  for part in (
    "'cifar10'",
    str(tmp_path / "cifar10"),
    "datasets prepare --name cifar10",
    "--tfds_data_dir",
    "'shapes32'",
  ):
    assert part in str(raised.value)
