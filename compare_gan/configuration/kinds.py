"""What can be chosen, kind by kind: names, descriptions and files.

A kind is what one gin parameter or flag chooses. No name is listed here: names
are what gin knows once all modules are imported, or the files of a room.
"""

from collections.abc import Callable
import importlib
import inspect
import os
import sys
from typing import NamedTuple

import compare_gan
from compare_gan import looks
from compare_gan.architectures import abstract_arch
from compare_gan.bundles import shipped
from compare_gan.configuration import gin_files
from compare_gan.configuration import late_names
from compare_gan.datasets import catalogue
from compare_gan.estimator import devices
from compare_gan.estimator import hook_kinds
from compare_gan.export import formats
from compare_gan.gans import abstract_gan
from compare_gan.gans import loss_lib
from compare_gan.gans import optimizer
from compare_gan.gans import penalty_lib
from compare_gan.gans import schedules
from compare_gan.gans import terms
from compare_gan.gans import tf1_schedules
from compare_gan.gans import tfgan_losses
from compare_gan.gans.heads import class_head
from compare_gan.metrics import contract
from compare_gan.study.report import sections
from compare_gan.study.run import executors
from compare_gan.trackers import abstract_tracker
from compare_gan.watchdogs import signal
import gin

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(compare_gan.__file__)))


class Entry(NamedTuple):
  """One name that can be chosen."""

  name: str  # as written in a gin file or on a command line
  about: str  # one line
  source: str  # its file, relative to the folder that holds compare_gan


class Kind(NamedTuple):
  """What one parameter or flag chooses."""

  chosen_by: str
  entries: Callable[[], list[Entry]]
  are_references: bool = False  # @hinge; else all entries are strings


def kinds() -> dict[str, Kind]:
  """Returns all kinds by their names."""
  return {
    "architectures": Kind("options.architecture", _architectures),
    "bundles": Kind("--bundle", _bundles),
    "cards": Kind("--gin_config", lambda: _cards("")),
    "datasets": Kind("dataset.name", _datasets),
    "devices": Kind("--run_config", _devices),
    "executors": Kind("study run --executor", _executors),
    "exports": Kind("export --format", _exports),
    "features": _by_reference("evaluate.features", _is_extractor),
    "gans": _by_reference("options.gan_class", _is_gan),
    "heads": _by_reference("ModularGAN.class_head", _is_head),
    "kernels": _by_reference("G.kernel_fn, D.kernel_fn", _is_kernel),
    "hooks": Kind("run_config.hooks", _hooks),
    "looks": Kind("sample --make", _looks),
    "losses": _by_reference("loss.fn", _is_loss),
    "metrics": _by_reference("evaluate.metrics", _is_metric),
    "norms": _by_reference("G.batch_norm_fn, D.batch_norm_fn", _is_norm),
    "optimizers": _by_reference(
      "ModularGAN.g_optimizer_fn, d_optimizer_fn", _is_optimizer
    ),
    "penalties": _by_reference(
      "penalty.fn, penalty.terms, g_penalty.terms", _is_penalty
    ),
    "presets": Kind(
      "--gin_config, after a card's",
      lambda: _cards("regularisers", "regularisers/"),
    ),
    "report_sections": Kind("report.sections", _report_sections),
    "schedules": _by_reference("ModularGAN.g_lr, d_lr", _is_schedule),
    "studies": Kind("study", lambda: _cards("studies")),
    "trackers": _by_reference("run_config.trackers", _is_tracker),
    "watchdogs": _by_reference("watchdog.signals", _is_watchdog),
    "yours": Kind("gin's `import my_package.my_module`", _entries_of_the_user),
  }


def _by_reference(chosen_by, is_of_kind):
  return Kind(chosen_by, lambda: _gin_names(is_of_kind), are_references=True)


# ---- Names that gin knows ----------------------------------------------------


def _gin_names(is_of_kind):
  return [
    _entry(f"@{_shortest(selector)}", made)
    for selector, made in _registered()
    if is_of_kind(selector, made)
  ]


def _registered():
  """Returns sorted pairs of a full gin name and its function or class."""
  gin_files.register()
  late_names.load_all()
  # gin has no public way to ask for all names.
  selectors = sorted(name for name, _ in gin.config._REGISTRY.items())
  pairs = [(name, gin.get_configurable(name)) for name in selectors]
  return [(name, inspect.unwrap(made)) for name, made in pairs]


def _shortest(selector):
  """Returns a name as cards write it: @hinge, @tf.train.AdamOptimizer."""
  if selector.startswith(("tf.", "tfgan.")):
    return selector
  return gin.config._REGISTRY.minimal_selector(selector)


def _is_in(made, *modules):
  return made.__module__ in [module.__name__ for module in modules]


def _is_loss(selector, made):
  del selector
  # get_losses, "loss" in gin, is no loss: it calls the chosen one.
  return _is_in(made, loss_lib, tfgan_losses) and made != inspect.unwrap(
    loss_lib.get_losses
  )


def _is_penalty(selector, made):
  del selector
  is_term = made.__module__.startswith(f"{terms.__name__}.")
  # get_configurable returns a wrapper; so is the module's own name.
  return is_term or made is inspect.unwrap(penalty_lib.no_penalty)


def _is_head(selector, made):
  del selector
  return inspect.isclass(made) and issubclass(made, class_head.ClassHead)


def _is_gan(selector, made):
  del selector
  return inspect.isclass(made) and issubclass(made, abstract_gan.AbstractGAN)


def _is_metric(selector, made):
  del selector
  return bool(contract.scores_of(made))


def _is_norm(selector, made):
  del selector
  return _is_layer(made) and "y_dim" in inspect.signature(made).parameters


def _is_kernel(selector, made):
  del selector
  return _is_layer(made) and "shape" in inspect.signature(made).parameters


def _is_layer(made):
  return inspect.isclass(made) and made.__module__.startswith(
    "compare_gan.layers."
  )


def _is_watchdog(selector, made):
  del selector
  return inspect.isclass(made) and issubclass(made, signal.Signal)


def _is_tracker(selector, made):
  del selector
  return inspect.isclass(made) and issubclass(made, abstract_tracker.Tracker)


def _is_optimizer(selector, made):
  del selector
  return inspect.isclass(made) and issubclass(made, optimizer.Optimizer)


def _is_schedule(selector, made):
  del selector
  return _is_in(made, schedules, tf1_schedules)


def _is_extractor(selector, made):
  del made
  return selector.startswith("compare_gan.features.")


def _entries_of_the_user():
  """Returns what modules outside of compare_gan have registered with gin."""
  return _gin_names(_is_from_the_user)


def _is_from_the_user(selector, made):
  known = ("compare_gan.", "gin.", "tf.", "tfgan.")
  return not selector.startswith(known) and not _is_in(made, gin.config)


# ---- Names of files ----------------------------------------------------------


def _architectures():
  return [
    _entry(name, abstract_arch.load_module(name))
    for name in abstract_arch.names()
  ]


def _devices():
  return [
    _entry(name, importlib.import_module(f"{devices.__name__}.{name}"))
    for name in devices.names()
  ]


def _hooks():
  """Returns the hooks that gin knows as @name, and the built-in ones."""
  gin_names = {made: f"@{_shortest(name)}" for name, made in _registered()}
  return [
    _entry(gin_names.get(each, each.__name__), each)
    for each in hook_kinds.classes()
  ]


def _executors():
  return [
    _entry(name, importlib.import_module(f"{executors.__name__}.{name}"))
    for name in executors.names()
  ]


def _exports():
  return [_entry(name, formats.find(name)) for name in formats.names()]


def _bundles():
  return [
    Entry(name, shipped.about(name), _shown(shipped.path_of(name)))
    for name in shipped.names()
  ]


def _looks():
  return [_entry(name, module) for name, module in looks.kinds().items()]


def _report_sections():
  return [_entry(name, module) for name, module in sections.built_in().items()]


def _datasets():
  return [
    Entry(name, about, _shown(catalogue.module_of(name).__file__))
    for name, about in catalogue.names().items()
  ]


def _cards(room, prefix=""):
  found = []
  for path in gin_files.cards(room):
    with open(path, encoding="utf-8") as file:
      about = file.readline().lstrip("# ").strip()
    name = f"{prefix}{os.path.basename(path)}"
    found.append(Entry(name, about, _shown(path)))
  return found


# ---- Entries -----------------------------------------------------------------


def _entry(name, made):
  """Returns the Entry of a function, a class or a module.

  If a name is also the name of its file, the first line of the file describes
  it: the docstring of @fid is about its arguments, that of fid.py about FID.
  """
  described = made
  file = getattr(made, "__module__", "")
  if file.rpartition(".")[2].replace("_", "") == (
    made.__name__.replace("_", "").lower()
  ):
    described = sys.modules[file]
  about = inspect.getdoc(described) or inspect.getdoc(made) or ""
  path = inspect.getsourcefile(made)
  return Entry(name, about.partition("\n")[0], _shown(path))


def _shown(path):
  """Returns a path relative to compare_gan's folder, unchanged if outside."""
  short = os.path.relpath(path, _ROOT)
  return path if short.startswith(os.pardir) else short
