"""Datasets by name: `dataset.name`.

A name is that of a built-in dataset, of one in tfds_known.py or of a reader of
your own images; "tfds:<name>"; or a dotted path. Shape and classes of built-in
and known datasets are available before anything is read.

A file of this room offers what it has under these names:

  BUILT_IN = {name: function}    without arguments, returns an AbstractDataset
  READERS = {name: function}     known to gin as compare_gan.datasets.<name>,
                                 with `path` and `on_error`; `gin_name` says
                                 which of several names was meant
"""

from collections.abc import Callable
import importlib
import inspect
import pkgutil
import types
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan import datasets
from compare_gan.configuration import accepted
from compare_gan.configuration import dotted_path
from compare_gan.configuration import gin_roles
from compare_gan.datasets import abstract_dataset
from compare_gan.datasets import damage
from compare_gan.datasets import noise
from compare_gan.datasets import tfds_images
from compare_gan.datasets import tfds_known
import gin

gin_roles.declare("dataset", paths=["tfds_data_dir"])


@gin.configurable("dataset", module="compare_gan.datasets", denylist=["fake"])
def dataset(
  name: str = gin.REQUIRED,
  seed: accepted.Seed = 547,
  flip: bool = False,
  on_error: Annotated[str, accepted.OneOf("raise", "skip")] = "raise",
  tfds_data_dir: Optional[str] = None,
  fake: bool = False,
) -> abstract_dataset.AbstractDataset:
  """Returns the AbstractDataset of `dataset.name`.

  Built-in and known datasets are not read yet; your own images are checked.

  Args:
    name: a built-in one; one of tensorflow-datasets, by its name here or as
      "tfds:<name>[/<config>]"; a reader, such as "folder"; or the dotted path
      of your own class, which is called without arguments.
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


def built_in() -> dict[str, Callable[[], abstract_dataset.AbstractDataset]]:
  """Returns {name: function that makes it} of the built-in datasets."""
  return _offered("BUILT_IN")


def readers() -> dict[str, Callable[..., abstract_dataset.AbstractDataset]]:
  """Returns {name: function} of what reads your own images."""
  return _offered("READERS")


def module_of(name: str) -> types.ModuleType:
  """Returns the module that has a dataset, by its name."""
  for module in _modules():
    if any(
      name in getattr(module, kind, {}) for kind in ("BUILT_IN", "READERS")
    ):
      return module
  return tfds_known if name in tfds_known.KNOWN else tfds_images


def _offered(kind):
  """Returns what the files of this room offer of a kind, merged."""
  offered: dict[str, Any] = {}
  for module in _modules():
    offered.update(getattr(module, kind, {}))
  return offered


def _modules():
  for info in pkgutil.iter_modules(datasets.__path__):
    yield importlib.import_module(f"{datasets.__name__}.{info.name}")


def names() -> dict[str, str]:
  """Returns {name: what it is} of all names but dotted paths."""
  described = {}
  for name, make in built_in().items():
    described[name] = f"{_facts(make())}, built in"
  for name, info in tfds_known.KNOWN.items():
    described[name] = f"{_facts(info)}, tfds {info.tfds_name}"
  for name, reader in readers().items():
    first = (inspect.getdoc(reader) or "").split("\n")[0]
    described[name] = f"your own: {name}.path; {first[len('Returns ') :]}"
  described["tfds:<name>"] = "any image dataset of tensorflow-datasets"
  return described


def _facts(info):
  size = "x".join(str(side) for side in info.image_shape)
  classes = f"{info.num_classes} classes" if info.num_classes else "no labels"
  return f"{size}, {classes}"


def tfds_name(name: str) -> str:
  """Returns the name of a dataset in tensorflow-datasets."""
  if name.startswith("tfds:"):
    return name[len("tfds:") :]
  if name in tfds_known.KNOWN:
    return tfds_known.KNOWN[name].tfds_name
  raise ValueError(
    f"{name!r} is not a dataset of tensorflow-datasets. It can be "
    f"{', '.join(tfds_known.KNOWN)}, or tfds:<name>."
  )


def _find(name, on_error, tfds_data_dir, fake):
  if name in built_in():
    return built_in()[name]()
  if name in readers():
    # Through gin, which knows how its parameters are bound.
    has_names = "gin_name" in inspect.signature(readers()[name]).parameters
    more = {"gin_name": name} if has_names else {}
    reader = gin.get_configurable(f"compare_gan.datasets.{name}")
    return reader(on_error=on_error, **more)
  if name in tfds_known.KNOWN or name.startswith("tfds:"):
    info = tfds_known.KNOWN.get(name) or tfds_name(name)
    return tfds_images.tfds_images(info, tfds_data_dir, on_error)
  return _own_class(name)()


def _own_class(path):
  module_name, _, class_name = path.rpartition(".")
  known = ", ".join(names())
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
