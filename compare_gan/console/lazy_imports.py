"""Imports that wait until a module is used.

`--help` of a command imports its file, which imports TensorFlow and half of the
library for what the command does. Words of help need next to nothing of it, and
the import takes seconds.
"""

import __future__

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from importlib import machinery
from importlib.abc import Loader
import os
import sys
from types import CodeType
from types import ModuleType
from typing import Any
from typing import Optional


class _OwnFile(machinery.SourceFileLoader):
  """A file of this package, whose annotations are not evaluated.

  `def f(x: tf.Tensor)` would use TensorFlow. What is compiled so is not cached.
  """

  def get_code(self, fullname: str) -> CodeType:
    return compile(
      self.get_data(self.path),
      self.path,
      "exec",
      flags=__future__.annotations.compiler_flag,
      dont_inherit=True,
    )


class _Waiting(ModuleType):
  """A module that is executed when something in it is read."""

  def __getattribute__(self, name: str) -> Any:
    spec = super().__getattribute__("__spec__")
    if name in ("__spec__", "__class__"):  # Each further import reads them.
      return super().__getattribute__(name)
    self.__class__ = ModuleType  # type: ignore[assignment]
    spec.loader = self.__loader__ = spec.loader.loader
    spec.loader.exec_module(self)
    return getattr(self, name)


class _Loader(Loader):
  """Makes a module that waits for its own loader."""

  def __init__(self, loader: machinery.SourceFileLoader) -> None:
    self.loader = loader

  def exec_module(self, module: ModuleType) -> None:
    module.__class__ = _Waiting


class _Finder:
  """Finds modules as Python does; they are executed when they are used."""

  def find_spec(
    self, name: str, path: Optional[Sequence[str]] = None, target: Any = None
  ) -> Optional[machinery.ModuleSpec]:
    del target
    spec = machinery.PathFinder.find_spec(name, path)
    if spec is None or not isinstance(spec.loader, machinery.SourceFileLoader):
      return None
    if name.startswith("compare_gan."):
      spec.loader = _OwnFile(name, spec.loader.path)
    elif path is not None or _is_of_python(spec.loader.path):
      # A part of a package that is being used, or one that always is.
      return None
    spec.loader = _Loader(spec.loader)
    return spec


def _is_of_python(path):
  own = os.path.dirname(os.__file__) + os.sep
  return path.startswith(own) and "-packages" not in path


@contextlib.contextmanager
def waiting() -> Iterator[None]:
  """Makes modules that are imported inside wait until they are used."""
  finder: Any = _Finder()
  sys.meta_path.insert(0, finder)
  try:
    yield
  finally:
    sys.meta_path.remove(finder)
