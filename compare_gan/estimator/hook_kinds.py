"""Which hooks a training has: the built-in ones, and those that gin names.

A hook of your own is a class that extends `hooks.Hook`. Its constructor takes a
`Training`. A gin file names it by its gin name or by its dotted path:

  run_config.hooks = [@MyHook, "my_package.my_hook.MyOtherHook"]
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import sys
from typing import Any
from typing import NamedTuple
from typing import Union

from compare_gan.configuration import dotted_path
from compare_gan.estimator import hooks
from compare_gan.trackers import abstract_tracker
import numpy as np


class Training(NamedTuple):
  """What a hook is made from."""

  model_dir: str
  batch_size: int  # images of one D update, over all replicas
  images_per_step: int  # real images that D sees in one step
  images: Callable[[], dict[str, np.ndarray]]  # {name: picture}, made on demand
  texts: Callable[[], dict[str, str]]  # {name: Markdown}, after the first step
  dataset: Any = None  # an AbstractDataset, whose train images are seen
  notes: hooks.Notes = hooks.Notes()  # told to the user; `make` has its own
  # {name: text} of all that was chosen, after the first step
  params: Callable[[], dict[str, str]] = dict
  # Open ones, others than TensorBoard; none on other hosts than the chief.
  trackers: Sequence[abstract_tracker.Tracker] = ()


HookMaker = Callable[[Training], Union[hooks.Hook, Iterable[hooks.Hook]]]

_registered: list[HookMaker] = []


def register(maker: HookMaker) -> HookMaker:
  """Registers a function that each training asks for hooks; it may return none.

  This is for a file whose own gin parameters turn its hook on: they then work
  without `run_config.hooks`.
  """
  if maker not in _registered:
    _registered.append(maker)
  return maker


def make(named: Iterable[Any], training: Training) -> list[hooks.Hook]:
  """Returns all hooks of a training, in the order in which they are called.

  Args:
    named: `run_config.hooks`.
    training: what they are made from.
  """
  training = training._replace(notes=hooks.Notes())
  added = [
    hook
    for maker in (*_registered, *find(named))
    for hook in _hooks_of(maker, training)
  ]
  return [
    hooks.ScalarTable(training.model_dir),
    *(hook for hook in added if hook.comes_first),
    hooks.NanGuard(),
    hooks.Progress(training.images_per_step, notes=training.notes),
    hooks.Summaries(
      training.model_dir,
      images=training.images,
      images_per_step=training.images_per_step,
      texts=training.texts,
      notes=training.notes,
      params=training.params,
      trackers=training.trackers,
    ),
    *(hook for hook in added if not hook.comes_first),
  ]


def find(named: Any) -> list[HookMaker]:
  """Returns the functions that make the hooks of `run_config.hooks`.

  Raises:
    ValueError: an item is not a callable or the path of one.
  """
  return dotted_path.callables(
    "run_config.hooks", named, "[@MyHook, 'my_package.my_hook.MyHook']"
  )


def _hooks_of(maker, training):
  made = maker(training)
  found = [made] if isinstance(made, hooks.Hook) else made
  if not isinstance(found, (list, tuple)) or not all(
    isinstance(hook, hooks.Hook) for hook in found
  ):
    raise ValueError(
      f"run_config.hooks: {maker!r} returned {made!r}. It must return "
      f"a {hooks.__name__}.Hook, or a list of them."
    )
  return found


def classes() -> list[type[hooks.Hook]]:
  """Returns all imported classes of hooks, sorted by name."""
  found = {
    (each.__module__, each.__qualname__): each
    for each in _subclasses()
    if each.__module__ in sys.modules  # A module that is gone has no file.
  }
  return [found[key] for key in sorted(found, key=lambda key: key[::-1])]


def _subclasses(
  parent: type[hooks.Hook] = hooks.Hook,
) -> Iterator[type[hooks.Hook]]:
  for child in parent.__subclasses__():
    yield child
    yield from _subclasses(child)
