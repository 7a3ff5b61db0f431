"""TF-GAN (tensorflow-gan 2.1.0) on every TensorFlow, also without tf.estimator.

`import tensorflow_gan` imports all of its parts, and `estimator` fails since
TensorFlow 2.16. `tfgan()` returns the package with its parts imported on first
use: `tfgan().losses`, `tfgan().eval`. After that `import tensorflow_gan` gives
the same package everywhere in this process.
"""

import importlib
import importlib.util
import sys
import types

_NAME = "tensorflow_gan"
_PARTS = f"{_NAME}.python"


def tfgan() -> types.ModuleType:
  """Returns TF-GAN; `losses`, `eval` and so on are imported at first use."""
  if _NAME not in sys.modules:
    outer = _import_without_running(_NAME)
    outer.python = _import_without_running(_PARTS)
    outer.__getattr__ = _import_part
  return sys.modules[_NAME]


def _import_without_running(name):
  """Imports a package without running its `__init__.py`; returns it."""
  spec = importlib.util.find_spec(name)  # Finding a package does not run it.
  if spec is None:
    raise ModuleNotFoundError(
      "TF-GAN is not installed. Run `pip install tensorflow-gan`."
    )
  package = types.ModuleType(name)
  package.__path__ = list(spec.submodule_search_locations)
  package.__spec__ = importlib.util.spec_from_loader(
    name, loader=None, is_package=True
  )
  sys.modules[name] = package
  return package


def _import_part(name):
  """Returns `tensorflow_gan.<name>` at its first use."""
  try:
    return importlib.import_module(f"{_PARTS}.{name}")
  except ModuleNotFoundError as error:
    if error.name != f"{_PARTS}.{name}":
      raise
    raise AttributeError(f"TF-GAN has no part {name}.") from error
