"""Names of datasets."""

import sys

from compare_gan import datasets
from compare_gan.checks import check
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


_NEW_FILE = """
from compare_gan.datasets import in_memory
import gin
import numpy as np

class Even(in_memory.InMemoryDataset):
  def load(self, split):
    return np.full([8, *self.image_shape], 128, np.uint8), np.zeros(8, int)

def grey4():
  return Even("grey4", (4, 4, 1), num_classes=0, eval_samples=8)

@gin.configurable("grey", module="compare_gan.datasets", denylist=["on_error"])
def open_grey(path=gin.REQUIRED, colors=3, on_error="raise"):
  '''Returns grey images.'''
  return Even("grey", (4, 4, colors), num_classes=0, eval_samples=8)

BUILT_IN = {"grey4": grey4}
READERS = {"grey": open_grey}
"""


@pytest.fixture
def new_file(tmp_path, monkeypatch):
  """Puts a file of its own into the room of datasets."""
  path = tmp_path / "grey_images.py"
  path.write_text(_NEW_FILE)
  monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path)])
  yield path
  sys.modules.pop("compare_gan.datasets.grey_images", None)
  gin.config._REGISTRY.pop("compare_gan.datasets.grey")


def test_a_new_file_is_all_that_a_dataset_needs(new_file):
  assert catalogue.names()["grey4"] == "4x4x1, no labels, built in"
  assert catalogue.names()["grey"] == "your own: grey.path; grey images."
  for name in ("grey4", "grey"):
    assert catalogue.module_of(name).__file__ == str(new_file)
  assert catalogue.dataset("grey4").image_shape == (4, 4, 1)
  gin.parse_config("grey.path = 'x'\ngrey.colors = 1")
  assert catalogue.dataset("grey").image_shape == (4, 4, 1)


def test_settings_of_a_new_reader_are_checked(new_file):
  def messages(*lines):
    found = check.find(["dcgan_shapes32.gin"], lines)
    return [one.message for one in found]

  catalogue.names()  # Makes grey known to gin.
  missing = "grey.path is not set, and has no default."
  assert missing in messages("dataset.name = 'grey'")
  path = "grey.path = 'x'"
  assert missing not in messages("dataset.name = 'grey'", path)
  assert any("grey.path" in text for text in messages(path))
