"""How `options.architecture` names an architecture: by its file.

"resnet_cifar_arch" is resnet_cifar.py of this folder, any other name is the
dotted path of a module. There is no list of names.
"""

import importlib
import pkgutil
from types import ModuleType

from compare_gan.configuration import dotted_path

_SUFFIX = "_arch"
_NOT_ARCHITECTURES = {"abstract_arch", "by_name", "outputs", "reference_batch"}


def load_architecture(name: str, kind: str) -> type:
  """Returns the class `kind` of an architecture.

  Args:
    name: `options.architecture`, "<file>_arch" for a file in this folder, or
      the dotted path of your own module.
    kind: "Generator", "Discriminator", "Encoder" or "JointDiscriminator".
  """
  module = load_module(name)
  if not hasattr(module, kind):
    raise ValueError(
      f"options.architecture = {name!r} has no class {kind}. It must be a "
      f"module with a class {kind} that extends abstract_arch.Abstract{kind}."
    )
  return getattr(module, kind)


def load_module(name: str) -> ModuleType:
  """Returns the module of an architecture, as `load_architecture` finds it."""
  if not name.endswith(_SUFFIX) or "." in name:
    return _own_module(name)
  if name not in names():
    raise ValueError(
      f"options.architecture = {name!r} is unknown. It can be one of "
      f"{', '.join(names())}, or the dotted path of a module of your own."
    )
  return importlib.import_module(f"{__package__}.{name[: -len(_SUFFIX)]}")


def _own_module(name):
  module = dotted_path.module(name)
  if module is None:
    raise ValueError(
      f"options.architecture = {name!r} is neither one of {', '.join(names())} "
      "nor a module that Python can find."
    )
  return module


def names() -> list[str]:
  """Returns the names of the architectures in this package, sorted."""
  package = importlib.import_module(__package__)
  return sorted(
    info.name + _SUFFIX
    for info in pkgutil.iter_modules(package.__path__)
    if info.name not in _NOT_ARCHITECTURES
  )
