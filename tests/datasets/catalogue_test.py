"""Names of datasets."""

from compare_gan.datasets import catalogue
import gin
import pytest


@pytest.mark.parametrize(
  "name,shape,classes,samples",
  [
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


def test_unknown_name_lists_what_would_do():
  gin.bind_parameter("dataset.name", "cifar-10")
  with pytest.raises(ValueError, match="'cifar-10' is unknown.*cifar10"):
    catalogue.dataset()
