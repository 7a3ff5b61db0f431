"""What gin knows: configurables, their parameters, and which kind they are."""

from collections.abc import Callable
import dataclasses
import functools
import inspect
import re
import typing
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import gin_text
from compare_gan.configuration import kinds as kinds_lib
import gin

# The settings that name a module of architectures.
ARCHITECTURES = (
  "options.architecture",
  "options.discriminator_architecture",
  "options.encoder_architecture",
)


class Parameter(NamedTuple):
  """A parameter that gin may set."""

  name: str
  hint: Any  # its annotation, Any if it has none
  default: Any  # inspect.Parameter.empty without one

  @property
  def is_required(self) -> bool:
    return self.default is gin.REQUIRED

  @property
  def has_default(self) -> bool:
    return self.default not in (inspect.Parameter.empty, gin.REQUIRED)


@dataclasses.dataclass(frozen=True)
class Configurable:
  """A function or class that gin knows.

  Args:
    selector: its full name, "compare_gan.gans.modular_gan.ModularGAN".
    name: the shortest name that is unique.
    made: the function or class.
    parameters: those that gin may set.
    denied: those that it may not.
    takes_all: it has **kwargs.
  """

  selector: str
  name: str
  made: Any
  parameters: dict[str, Parameter]
  denied: frozenset[str]
  takes_all: bool


class UnknownName(Exception):
  """gin knows no such name, or several."""

  def __init__(self, name: str, matches: list[str]) -> None:
    super().__init__(name)
    self.matches = matches  # shortest names, if there are several


def find(name: str) -> Configurable:
  """Returns the Configurable of a name as gin files write it, no scopes.

  Raises:
    UnknownName: there is none, or more than one.
  """
  registry = gin.config._REGISTRY
  matches = registry.matching_selectors(name)
  if not matches:
    raise UnknownName(name, [])
  if len(matches) > 1 and name not in matches:
    raise UnknownName(name, sorted(map(registry.minimal_selector, matches)))
  selector = name if name in matches else matches[0]
  entry = registry[selector]
  return _configurable(
    selector,
    _shortest(selector),
    entry.wrapper,
    tuple(entry.allowlist or ()),
    tuple(entry.denylist or ()),
  )


def _shortest(selector):
  """Returns a name as cards write it: "hinge", "tf.train.AdamOptimizer"."""
  if selector.startswith(("tf.", "tfgan.")):
    return selector
  return gin.config._REGISTRY.minimal_selector(selector)


def find_or_none(name: str) -> Optional[Configurable]:
  try:
    return find(name)
  except UnknownName:
    return None


@functools.cache
def _configurable(selector, name, wrapper, allowed, denied):
  made = inspect.unwrap(wrapper)
  hints = type_hints(made)
  parameters, refused, takes_all = {}, set(denied), False
  for key, one in _signature(made).items():
    if one.kind is one.VAR_KEYWORD:
      takes_all = True
    elif one.kind is one.VAR_POSITIONAL:
      continue
    elif key in denied or (allowed and key not in allowed):
      refused.add(key)
    else:
      hint = hints.get(key, Any)
      parameters[key] = Parameter(key, hint, one.default)
  return Configurable(
    selector, name, made, parameters, frozenset(refused), takes_all
  )


def _signature(made):
  try:
    return inspect.signature(made).parameters
  except (TypeError, ValueError):  # Some built-in functions have none.
    return {}


def type_hints(made: Any) -> dict[str, Any]:
  """Returns {parameter or "return": annotation}, with Annotated."""
  function = made.__init__ if inspect.isclass(made) else made
  try:
    return typing.get_type_hints(function, include_extras=True)
  except Exception:  # noqa: BLE001  Other people's annotations may be anything.
    return {}


def all_names() -> list[str]:
  """Returns the shortest names of all configurables of ours and of users."""
  return sorted(
    _shortest(selector)
    for selector, _ in gin.config._REGISTRY.items()
    if not selector.startswith("gin.")
  )


# ---- References --------------------------------------------------------------


class Reference(NamedTuple):
  """@scope/name or @scope/name()."""

  scope: str
  name: str
  is_called: bool


def reference(value: Any) -> Optional[Reference]:
  """Returns the Reference of a value, None if it is another value."""
  if not isinstance(value, gin_text.Word) or not value.startswith("@"):
    return None
  scope, _, name = value[1:].removesuffix("()").rpartition("/")
  return Reference(scope, name, value.endswith("()"))


def references_in(value: Any) -> list[Reference]:
  """Returns all references in a value, in lists and dicts too."""
  return [found for found in map(reference, _words(value)) if found is not None]


def macros_in(value: Any) -> list[str]:
  """Returns the names of all macros in a value."""
  return [word[1:] for word in _words(value) if word.startswith("%")]


def _words(value):
  if isinstance(value, gin_text.Word):
    return [value]
  if isinstance(value, dict):
    parts = [*value.keys(), *value.values()]
  elif isinstance(value, (list, tuple)):
    parts = list(value)
  else:
    parts = []
  return [word for part in parts for word in _words(part)]


# ---- Kinds -------------------------------------------------------------------


class Kind(NamedTuple):
  """A kind that gin parameters choose by reference: names of its members."""

  name: str  # "losses"
  members: dict[str, str]  # {"@hinge": what it is}
  parameters: list[str]  # "loss.fn"


def kinds() -> dict[str, Kind]:
  """Returns the kinds whose members are references."""
  return _kinds(count())


def count() -> int:
  """Returns how many names gin knows: a module may have registered more."""
  return len(list(gin.config._REGISTRY.items()))


@functools.lru_cache(maxsize=1)
def _kinds(count):
  del count  # Only so that the cache ends when it changes.
  found = {}
  for name, kind in kinds_lib.kinds().items():
    if kind.are_references:
      members = {entry.name: entry.about for entry in kind.entries()}
      found[name] = Kind(name, members, _parameters_of(kind.chosen_by))
  return found


def kind_of_parameter(name: str, all_kinds: dict[str, Kind]) -> Optional[Kind]:
  """Returns the kind that a parameter, "loss.fn", chooses; None if none."""
  for kind in all_kinds.values():
    if name in kind.parameters:
      return kind
  return None


# Parameters that choose as others do.
_LIKE = {
  "E.batch_norm_fn": "G.batch_norm_fn",
  "E.kernel_fn": "G.kernel_fn",
  "g_penalty.fn": "penalty.fn",
  "term.fn": "penalty.fn",
}


def _parameters_of(chosen_by):
  """Returns ["G.kernel_fn", "D.kernel_fn"] of a Kind's `chosen_by`."""
  parameters, selector = [], ""
  for name in re.findall(r"[\w.]+", chosen_by):
    if "." in name:
      selector = name.rpartition(".")[0]
    parameters.append(name if "." in name else f"{selector}.{name}")
  return parameters + [
    like for like, other in _LIKE.items() if other in parameters
  ]


def members(kind: Kind) -> dict[str, Callable]:
  """Returns {"hinge": function} of a kind's members."""
  found = {name[1:]: find_or_none(name[1:]) for name in kind.members}
  return {name: one.made for name, one in found.items() if one}


def of_object(made: Any) -> Optional[Configurable]:
  """Returns the Configurable of a function or class, None if gin lacks it."""
  made = inspect.unwrap(made)
  return _by_object(count()).get(made)


@functools.lru_cache(maxsize=1)
def _by_object(count):
  """Returns {function or class: its Configurable} of all `count` names."""
  del count  # As above.
  registry = gin.config._REGISTRY
  found = {}
  for selector, _ in registry.items():
    one = find(selector)
    try:
      found[one.made] = one
    except TypeError:  # Some callables have no hash.
      continue
  return found
