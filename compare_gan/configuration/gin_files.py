"""gin files: which names they may use, and how they are read.

Python keeps no list of architectures, losses or penalties: importing a module
makes its names known to gin, and this is the place that imports them.
"""

from collections.abc import Iterable
import contextlib
import difflib
import functools
import glob
import importlib
import logging
import os
import pkgutil

from compare_gan.configuration import gin_roles
import gin

# Every module of these rooms may register names with gin.
_ROOMS = (
  "architectures",
  "datasets",
  "estimator.devices",
  "features",
  "gans",
  "gans.heads",
  "gans.terms",
  "layers",
  "metrics",
  "trackers",
  "watchdogs.signals",
)


def register() -> None:
  """Makes every name that a gin file may use, or include, known to gin.

  Rare ones become known when they are used, see late_names.py.
  """
  from compare_gan.ascend import card_log  # noqa: F401
  from compare_gan.configuration import gin_externals  # noqa: F401
  from compare_gan.configuration import late_names
  from compare_gan.estimator import run_config  # noqa: F401
  from compare_gan.evaluation import ddls  # noqa: F401
  from compare_gan.evaluation import rejection  # noqa: F401
  from compare_gan.evaluation import scoring  # noqa: F401
  from compare_gan.watchdogs import hook  # noqa: F401

  for room in _ROOMS:
    package = importlib.import_module(f"compare_gan.{room}")
    for info in pkgutil.iter_modules(package.__path__):
      module = f"{package.__name__}.{info.name}"
      if module not in late_names.modules():
        importlib.import_module(module)
  _add_cards_to_search_path()


@functools.cache  # gin would keep a second entry.
def _add_cards_to_search_path():
  """Lets files say `include 'biggan_cifar.gin'`, whatever the folder is."""
  for folder in _CARDS:
    gin.add_config_file_search_path(folder)


# configs/ is next to the package, and inside it once it is installed.
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CARDS = [os.path.join(_PACKAGE, part) for part in ("configs", "../configs")]


def cards(room: str = "") -> list[str]:
  """Returns the paths of all cards in configs/, or in a folder of it."""
  for folder in _CARDS:
    paths = sorted(glob.glob(os.path.join(glob.escape(folder), room, "*.gin")))
    if paths:
      return [os.path.normpath(path) for path in paths]
  return []


def find(path: str, room: str = "", flag: str = "--gin_config=") -> str:
  """Returns the path of a gin file, or of the card in configs/ of its name.

  Args:
    path: of the file, or the name of a card.
    room: folder in configs/, such as "studies".
    flag: what error messages put before the path.
  """
  found, shown = _locate(path, room, flag)
  if shown != path:
    print(f"{path} does not exist; using {found}.")
  return found


def find_quietly(path: str) -> str:
  """Returns what `find` does, and prints nothing."""
  return _locate(path, "", "--gin_config=")[0]


def find_included(path: str) -> str:
  """Returns where gin finds an included file; `path` if it is nowhere."""
  for folder in ("", *_CARDS):
    found = os.path.join(folder, path)
    if os.path.isfile(found):
      return os.path.normpath(found)
  return path


def _locate(path, room, flag):
  """Returns the path of a gin file, and the part of `path` that led there."""
  if os.path.isfile(path):
    return path, path
  name = os.path.basename(path)
  for folder in _CARDS:
    # First with its folder, as in regularisers/adamw.gin.
    for shown in dict.fromkeys([path, name]):
      card = os.path.normpath(os.path.join(folder, room, shown))
      if os.path.isfile(card):
        return card, shown
  raise FileNotFoundError(
    f"{flag}{path}: there is no such file, nor a card of this name in "
    f"configs/{room}.{_alike(name, room)}"
  )


def _alike(name, room):
  """Returns " Did you mean a or b?", "" if no card has such a name."""
  stem, *names = (
    os.path.basename(each).replace(".gin", "") for each in [name, *cards(room)]
  )
  close = difflib.get_close_matches(stem, names, n=2, cutoff=0.8)
  words = " or ".join(f"{one}.gin" for one in close)
  return f" Did you mean {words}?" if close else ""


def parse(files: Iterable[str] = (), bindings: Iterable[str] = ()) -> None:
  """Reads gin files, then single bindings, later ones overriding earlier ones.

  Args:
    files: paths, or names of cards in configs/.
    bindings: lines such as "options.z_dim = 120".
  """
  register()
  found = [find(path) for path in files]
  for path in found:
    read_text(path)
  with _quiet_search():
    gin.parse_config_files_and_bindings(
      found,
      list(bindings),
      finalize_config=False,  # Finalizing would prevent a second model.
    )
  gin_roles.expand_homes()


def read_text(path: str) -> str:
  """Returns the text of a gin file, if it is one that gin can read."""
  try:
    with open(path, encoding="utf-8") as file:
      text = file.read()
  except UnicodeDecodeError as error:
    raise ValueError(
      f"{path} is not UTF-8: {error.reason} at position {error.start}. Save it "
      "as UTF-8."
    ) from error
  if text.startswith("\ufeff"):
    raise ValueError(
      f"{path} begins with a byte order mark, which gin cannot read. Save it "
      "as UTF-8 without one."
    )
  return text


@contextlib.contextmanager
def _quiet_search():
  """Drops gin's line for each folder where an included file is not.

  If it is nowhere, gin's exception says where it was looked for.
  """

  def keeps(record):
    return not str(record.msg).startswith("Path not found")

  root = logging.getLogger()
  root.addFilter(keeps)
  try:
    yield
  finally:
    root.removeFilter(keeps)
