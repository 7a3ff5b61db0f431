"""What a generator can be exported as: the formats of `export --format`.

A file of this folder is a format, and its name is the file's. The first line of
its docstring is its line in `compare_gan list exports`. It may import what
export/ may. Your own module is a format by its dotted path:
--format=my_package.my_format. A format has

  write(gan, signature, batch, path, averaged)  writes the file or folder, and
                         returns lines to print, or None. `batch` is how many
                         images are made at once, None for any number
  read(path, signature)  optional: returns the written generator, a function of
                         arrays in the order of the inputs, so that it can be
                         compared with the model
  check()                optional: raises ValueError if a package is missing
  ANY_BATCH              optional: True if files take any number of images
                         unless --batch says otherwise
"""

import importlib
import pkgutil
from types import ModuleType

from compare_gan.configuration import dotted_path


def names() -> list[str]:
  """Returns the names of the formats in this folder."""
  return sorted(info.name for info in pkgutil.iter_modules(__path__))


def find(name: str) -> ModuleType:
  """Returns the format of this name or dotted path."""
  if name in names():
    return importlib.import_module(f"{__name__}.{name}")
  module = dotted_path.module(name) if "." in name else None
  if module is None or not hasattr(module, "write"):
    raise ValueError(
      f"--format={name} is unknown. It can be {', '.join(names())}, or the "
      "dotted path of a module of your own with a function write(gan, "
      "signature, batch, path, averaged)."
    )
  return module
