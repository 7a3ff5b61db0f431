"""The datasets of tensorflow-datasets that google/compare_gan's gin files name.

Each has the splits, the size and the number of images that its scores were
computed on.
"""

from compare_gan.datasets import tfds_crops
from compare_gan.datasets.tfds_info import DatasetInfo


def _small(name, tfds_name, image_shape, num_classes=10):
  return DatasetInfo(
    name,
    tfds_name,
    image_shape,
    num_classes,
    "train",
    "test",
    10000,
    eval_size=10000,
  )


def _imagenet(name, size, num_classes=1000, **more):
  return DatasetInfo(
    name,
    "imagenet2012",
    (size, size, 3),
    num_classes,
    "train",
    "validation",
    50000,
    tfds_crops.imagenet,
    is_random=True,
    eval_size=50000,
    **more,
  )


_KNOWN = (
  _small("mnist", "mnist", (28, 28, 1)),
  _small("fashion-mnist", "fashion_mnist", (28, 28, 1)),
  _small("cifar10", "cifar10", (32, 32, 3)),
  _small("cifar100", "cifar100", (32, 32, 3), 100),
  # The 100 000 images without labels, at half their size, as in the paper on
  # spectral normalization.
  DatasetInfo(
    "stl10",
    "stl10",
    (48, 48, 3),
    0,
    "unlabelled",
    "test",
    8000,
    tfds_crops.shrink,
    eval_size=8000,
  ),
  DatasetInfo(
    "celeb_a",
    "celeb_a",
    (64, 64, 3),
    0,
    "train",
    "test",
    10000,
    tfds_crops.celeb_a,
    eval_size=19962,
  ),
  DatasetInfo(
    "celeb_a_hq_128",
    "celeb_a_hq/128",
    (128, 128, 3),
    0,
    "train[:90%]",
    "train[90%:]",
    3000,
  ),
  DatasetInfo(
    "lsun-bedroom",
    "lsun/bedroom",
    (128, 128, 3),
    0,
    "train[:99%]",
    "train[99%:]",
    30000,
    tfds_crops.crop_or_pad,
  ),
  DatasetInfo(
    "imagenet_resized_32",
    "imagenet_resized/32x32",
    (32, 32, 3),
    1000,
    "train",
    "validation",
    50000,
  ),
  _imagenet("imagenet_64", 64),
  _imagenet("imagenet_128", 128),
  _imagenet("imagenet_256", 256),
  _imagenet("imagenet_512", 512),
  _imagenet("imagenet_512_hq400", 512, min_side=400),
  _imagenet("soft_labeled_imagenet_128", 128, labels="soft"),
  _imagenet("single_class_imagenet_128", 128, num_classes=1, labels="single"),
  _imagenet("random_class_imagenet_128", 128, labels="random"),
  _imagenet("labeled_only_imagenet_128", 128),
)

KNOWN = {info.name: info for info in _KNOWN}
