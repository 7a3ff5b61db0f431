"""Datasets by name: `dataset.name`.

A name is that of a built-in dataset, of a dataset in google/compare_gan's gin
files (with the number of images that its scores were computed on) or of a
reader of your own images; "tfds:<name>"; or a dotted path. Shape and classes of
built-in and known datasets are available before anything is read.
"""

import inspect
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.configuration import dotted_path
from compare_gan.configuration import gin_roles
from compare_gan.datasets import abstract_dataset
from compare_gan.datasets import arrays
from compare_gan.datasets import damage
from compare_gan.datasets import dataset_json
from compare_gan.datasets import folder
from compare_gan.datasets import hdf5
from compare_gan.datasets import noise
from compare_gan.datasets import shapes
from compare_gan.datasets import tfds_crops
from compare_gan.datasets import tfds_images
from compare_gan.datasets import tfrecord
from compare_gan.datasets import toys
from compare_gan.datasets.tfds_info import DatasetInfo
import gin


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

_BUILT_IN = {
  "shapes16": lambda: shapes.Shapes(16),
  "shapes32": lambda: shapes.Shapes(32),
  "shapes64": lambda: shapes.Shapes(64),
  "shapes128": lambda: shapes.Shapes(128),
  "ring8": toys.ring8,
  "grid25": toys.grid25,
}
_TFDS = {info.name: info for info in _KNOWN}
_READERS = {
  "folder": folder.open_images,
  "archive": folder.open_images,
  "arrays": arrays.open_arrays,
  "tfrecord": tfrecord.open_records,
  "dataset_json": dataset_json.open_listed,
  "hdf5": hdf5.open_hdf5,
}


gin_roles.declare("dataset", paths=["tfds_data_dir"])


@gin.configurable("dataset", module="compare_gan.datasets", denylist=["fake"])
def dataset(
  name: str = gin.REQUIRED,
  seed: int = 547,
  flip: bool = False,
  on_error: Annotated[str, accepted.OneOf("raise", "skip")] = "raise",
  tfds_data_dir: Optional[str] = None,
  fake: bool = False,
) -> abstract_dataset.AbstractDataset:
  """Returns the AbstractDataset of `dataset.name`.

  Built-in and known datasets are not read yet; your own images are checked.

  Args:
    name: a built-in one; one of tensorflow-datasets, by its name here or as
      "tfds:<name>[/<config>]"; "folder", "archive", "arrays", "tfrecord",
      "dataset_json" or "hdf5"; or the dotted path of your own class, which is
      called without arguments.
    seed: of the order of its images.
    flip: mirrors half of the images of `batches`, left to right.
    on_error: "raise" refuses a dataset with damaged files or wrong labels,
      "skip" leaves these out.
    tfds_data_dir: of tensorflow-datasets; the flag --tfds_data_dir.
    fake: whether to return noise of its shape instead; --data_fake_dataset.
  """
  damage.check_choice(on_error)
  found = _find(name, on_error, tfds_data_dir, fake)
  if fake:
    found = noise.Noise(found.name, found.image_shape, found.num_classes)
  found.seed, found.flip = seed, flip
  return found


def names() -> dict[str, str]:
  """Returns {name: what it is} of all names but dotted paths."""
  facts: dict[str, Any] = {name: make() for name, make in _BUILT_IN.items()}
  facts.update(_TFDS)
  described = {}
  for name, info in facts.items():
    size = "x".join(str(side) for side in info.image_shape)
    classes = f"{info.num_classes} classes" if info.num_classes else "no labels"
    source = "built in" if name in _BUILT_IN else f"tfds {info.tfds_name}"
    described[name] = f"{size}, {classes}, {source}"
  for name, reader in _READERS.items():
    first = (inspect.getdoc(reader) or "").split("\n")[0]
    described[name] = f"your own: {name}.path; {first[len('Returns ') :]}"
  described["tfds:<name>"] = "any image dataset of tensorflow-datasets"
  return described


def tfds_name(name: str) -> str:
  """Returns the name of a dataset in tensorflow-datasets."""
  if name.startswith("tfds:"):
    return name[len("tfds:") :]
  if name in _TFDS:
    return _TFDS[name].tfds_name
  raise ValueError(
    f"{name!r} is not a dataset of tensorflow-datasets. It can be "
    f"{', '.join(_TFDS)}, or tfds:<name>."
  )


def _find(name, on_error, tfds_data_dir, fake):
  if name in _BUILT_IN:
    return _BUILT_IN[name]()
  if name in _READERS:
    # Through gin, which knows how its parameters are bound.
    more = {"gin_name": name} if name in ("folder", "archive") else {}
    reader = gin.get_configurable(f"compare_gan.datasets.{name}")
    return reader(on_error=on_error, **more)
  if name in _TFDS or name.startswith("tfds:"):
    info = _TFDS[name] if name in _TFDS else tfds_name(name)
    return tfds_images.tfds_images(info, tfds_data_dir, on_error)
  return _own_class(name)()


def _own_class(path):
  module_name, _, class_name = path.rpartition(".")
  known = ", ".join([*_BUILT_IN, *_TFDS, *_READERS, "tfds:<name>"])
  module = dotted_path.module(module_name)
  if module is None:
    raise ValueError(
      f"dataset.name = {path!r} is unknown. It can be one of {known}, or the "
      "dotted path of a class of your own, my_package.my_module.MyDataset."
    )
  found = getattr(module, class_name, None)
  base = abstract_dataset.AbstractDataset
  if not (inspect.isclass(found) and issubclass(found, base)):
    raise ValueError(
      f"dataset.name = {path!r}: {module_name} has no dataset {class_name}. "
      "It must be a class that extends abstract_dataset.AbstractDataset or "
      "in_memory.InMemoryDataset."
    )
  return found
