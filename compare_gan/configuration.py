"""gin files: which names they may use, and how they are read.

Python keeps no list of architectures, losses or penalties: importing a module
makes its names known to gin, and this is the place that imports them.
"""

import importlib
import os
import pkgutil

import gin

# Every module of these rooms may know names for gin.
_ROOMS = ("architectures", "features", "gans", "metrics")


def register():
  """Makes every name that a gin file may use known to gin."""
  from compare_gan import card_log  # noqa: F401
  from compare_gan import evaluation  # noqa: F401
  from compare_gan import gin_externals  # noqa: F401
  from compare_gan.datasets import catalogue  # noqa: F401
  from compare_gan.estimator import preflight  # noqa: F401
  from compare_gan.estimator import run_config  # noqa: F401
  from compare_gan.estimator import tpu  # noqa: F401

  for room in _ROOMS:
    package = importlib.import_module(f"{__package__}.{room}")
    for info in pkgutil.iter_modules(package.__path__):
      importlib.import_module(f"{package.__name__}.{info.name}")


# configs/ stands beside the package, and inside of an installed one.
_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_CARDS = [os.path.join(_PACKAGE, part) for part in ("configs", "../configs")]


def find(path, room="", flag="--gin_config="):
  """Returns the path of a gin file, or of the card in configs/ of its name.

  Args:
    path: of the file.
    room: folder in configs/, "studies" say.
    flag: how messages call the path.
  """
  if os.path.isfile(path):
    return path
  name = os.path.basename(path)
  for folder in _CARDS:
    card = os.path.normpath(os.path.join(folder, room, name))
    if os.path.isfile(card):
      if path != name:
        print(f"{path} does not exist; using {card}.")
      return card
  raise FileNotFoundError(
    f"{flag}{path}: there is no such file, nor a card of this name in "
    f"configs/{room}."
  )


def parse(files=(), bindings=()):
  """Reads gin files, then single bindings, later ones overriding earlier ones.

  Args:
    files: paths, or names of cards in configs/.
    bindings: lines such as "options.z_dim = 120".
  """
  register()
  gin.parse_config_files_and_bindings(
    [find(path) for path in files],
    list(bindings),
    finalize_config=False,  # It would lock out a second model.
  )
