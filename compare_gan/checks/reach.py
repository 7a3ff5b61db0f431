"""Bindings that nothing of a run reads, as far as the text alone shows it.

A loss, a penalty, an optimiser and so on run only if something refers to them:
a binding, a default, or the code of what runs. An architecture runs with the
modules whose classes it uses. Everything else is taken to run, so what is
reported here is certain; what only a built GAN shows is in made.py.
"""

from collections.abc import Iterator
import functools
import inspect
import sys
from types import ModuleType
from typing import Any
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.checks import findings
from compare_gan.checks import in_force
from compare_gan.checks import known
from compare_gan.checks import suggestions
from compare_gan.checks.findings import Finding
from compare_gan.checks.in_force import InForce
from compare_gan.configuration import gin_text
from compare_gan.datasets import catalogue

# Kinds of which nothing runs that nothing refers to.
_BY_REFERENCE = (
  "losses",
  "penalties",
  "heads",
  "gans",
  "optimizers",
  "schedules",
  "features",
  "metrics",
)
# What decides about other names than those of a kind.
_CHOICES = (
  *known.ARCHITECTURES,
  "dataset.name",
)
_ARCHITECTURES = "compare_gan.architectures."


class Running:
  """What runs, as far as bindings and defaults say.

  Args:
    bound: the bindings.
    kinds: what `known.kinds` returns.
  """

  def __init__(self, bound: InForce, kinds: dict[str, known.Kind]) -> None:
    self._bound = bound
    self._kinds_of = {
      made: kind
      for name in _BY_REFERENCE
      for kind in [kinds[name]]
      for made in known.members(kind).values()
    }
    self._term = known.find("compare_gan.gans.term")
    self._kinds_of[self._term.made] = kinds["penalties"]
    self._modules = _modules_of_architectures(bound)
    self._readers = catalogue.readers()
    self._scopes: dict[Any, set[str]] = {}  # of references to what runs
    self._by_code: set[Any] = set()  # what runs without a reference
    self._of_users: set[Any] = set()  # functions of theirs with a reference
    self._find()

  def unread(self) -> Iterator[Finding]:
    """Yields a warning for each binding that nothing reads."""
    yield from _unused_macros(self._bound)
    for key, binding in self._bound:
      reason = self.why_not(key) if key.parameter else ""
      if reason:
        yield self._severity(key, binding)(
          "unread",
          binding.place,
          binding.name,
          f"{binding} has no effect: {reason}",
        )

  def _severity(self, key, binding):
    """Returns `findings.note` if a later file made the choice, else `warning`.

    A preset that takes the place of a card's penalty leaves the settings of
    that one where they are.
    """
    one = known.find(key.selector)
    kind = self._kinds_of.get(one.made)
    names = kind.parameters if kind else _CHOICES
    is_later = any(self._bound.is_of_later_file(x, binding) for x in names)
    return findings.note if is_later else findings.warning

  def is_function_by_reference(self, key: in_force.Key) -> bool:
    """Returns whether a step, not a constructor, reads a binding."""
    one = known.find_or_none(key.selector)
    return (
      one is not None
      and (one.made in self._scopes or one.made in self._of_users)
      and not inspect.isclass(one.made)
    )

  def why_not(self, key: in_force.Key) -> str:
    """Returns why nothing reads a binding, "" if something may."""
    one = known.find(key.selector)
    architecture = self._other_architecture(one)
    if architecture:
      return architecture
    if one.name in self._readers:
      return self._other_dataset(one)
    kind = self._kinds_of.get(one.made)
    if kind is None or one.made in self._by_code:
      return ""
    if one.made not in self._scopes:
      return f"nothing refers to @{one.name}.{self._instead(kind)}"
    scope = key.scope.rpartition("/")[2]
    scopes = self._scopes[one.made]
    if scope and scope not in (*scopes, "G", "D", "E"):
      others = [f"@{x}/{one.name}" if x else f"@{one.name}" for x in scopes]
      return (
        f"nothing refers to @{key.scope}/{one.name}, only to "
        f"{', '.join(sorted(others))}."
      )
    return ""

  def runs(self, one: known.Configurable) -> bool:
    """Returns whether a configurable runs, or may."""
    if self._is_of_other_architecture(one):
      return False
    if one.name in self._readers:
      return not self._other_dataset(one)
    is_free = one.made not in self._kinds_of
    return is_free or one.made in self._by_code or one.made in self._scopes

  def _is_of_other_architecture(self, one):
    module = getattr(one.made, "__module__", "") or ""
    if self._modules is None or not module.startswith(_ARCHITECTURES):
      return False
    return module not in self._modules

  def _other_architecture(self, one):
    if not self._is_of_other_architecture(one):
      return ""
    chosen = self._bound.value("options.architecture")
    mine = sorted(
      name
      for name in known.all_names()
      if known.find(name).made.__module__ in self._modules
      and name.rpartition(".")[2] == one.name.rpartition(".")[2]
    )
    return (
      f"options.architecture is {chosen!r}, which has no "
      f"{one.name}.{suggestions.in_words(mine)}"
    )

  def _other_dataset(self, one):
    name = self._bound.value("dataset.name")
    if name == one.name or not isinstance(name, str) or "." in name:
      return ""
    return f"dataset.name is {name!r}."

  def _instead(self, kind):
    """Returns what the kind's parameters have instead."""
    for name in kind.parameters:
      found = self._bound.binding(name)
      if found is not None:
        return f" {found.name} is {found.value!r}."
    return ""

  # ---- What refers to what ---------------------------------------------------

  def _find(self):
    visited: set[Any] = set()
    reached: set[Any] = set()
    count = known.count()
    waiting = [
      one
      for one in map(known.find, known.all_names())
      if one.made not in self._kinds_of
      and not self._is_of_other_architecture(one)
    ]
    waiting += self._terms_that_add_themselves()
    while waiting:
      one = waiting.pop()
      if one.made in visited:
        continue
      visited.add(one.made)
      for other, scope in self._referred(one):
        if other.made in self._kinds_of:
          self._scopes.setdefault(other.made, set()).add(scope)
        reached.add(other.made)
        waiting.append(other)
      for other in _used_by_code(one.made, count):
        if other.made in self._kinds_of:
          self._by_code.add(other.made)
        reached.add(other.made)
        waiting.append(other)
    self._of_users = {
      made for made in reached - self._kinds_of.keys() if not _is_ours(made)
    }

  def _terms_that_add_themselves(self):
    """Returns [term], with the scopes that bind term.added_to; or []."""
    scopes = {
      key.scope.rpartition("/")[2]
      for key, binding in self._bound
      if (key.selector, key.parameter) == (self._term.selector, "added_to")
      and binding.value is not None
    }
    if not scopes:
      return []
    self._scopes[self._term.made] = scopes
    return [self._term]

  def _referred(self, one):
    """Yields (Configurable, scope) that bindings and defaults refer to."""
    bound = set()
    for key, binding in self._bound:
      if key.selector == one.selector and key.parameter:
        if not key.scope:
          bound.add(key.parameter)
        value = gin_text.resolved(binding.value, self._bound.macros)
        for found in known.references_in(value):
          other = known.find_or_none(found.name)
          if other is not None:
            yield from ((other, x) for x in found.scope.split("/"))
    for parameter in one.parameters.values():
      if parameter.name not in bound:
        for other in _configurables_in(parameter.default):
          yield other, ""


def _unused_macros(bound):
  used = {
    macro for _, binding in bound for macro in known.macros_in(binding.value)
  }
  for key, binding in bound:
    if not key.parameter and binding.name not in used:
      close = suggestions.of_word(binding.name)
      yield findings.warning(
        "unread",
        binding.place,
        binding.name,
        f"{binding} is a macro, and no binding refers to %{binding.name}."
        f"{suggestions.in_words(close)}",
      )


def _is_ours(made):
  """Returns whether it is of this library, which knows when it calls what."""
  return (getattr(made, "__module__", None) or "").startswith("compare_gan.")


def _configurables_in(value):
  """Returns the Configurables among a default: a function, or a tuple."""
  values = value if isinstance(value, (list, tuple)) else [value]
  found = [
    known.of_object(x)
    for x in values
    if inspect.isroutine(x) or inspect.isclass(x)
  ]
  return [one for one in found if one is not None]


@functools.cache
def _used_by_code(made, count):
  """Returns the Configurables that a function calls, or a class extends.

  Args:
    made: the function or class.
    count: how many names gin knows; the cache ends when it changes.
  """
  del count
  functions, used = [made], []
  if inspect.isclass(made):
    used = list(made.__mro__[1:])
    functions = list(filter(inspect.isfunction, vars(made).values()))
  for function in map(inspect.unwrap, functions):
    code = getattr(function, "__code__", None)
    for name in sorted(_names_in(code)) if code else ():
      value = _value_of(function, name)
      if inspect.isroutine(value) or inspect.isclass(value):
        used.append(value)
  return tuple(filter(None, map(known.of_object, used)))


def _value_of(function, name):
  """Returns what a name in a function's code may be: also module.name."""
  names = function.__globals__
  if name in names:
    return names[name]
  for module in _names_in(function.__code__):
    if isinstance(names.get(module), ModuleType):
      if hasattr(names[module], name):
        return getattr(names[module], name)
  return None


# ---- Architectures -----------------------------------------------------------


def _modules_of_architectures(bound) -> Optional[set[str]]:
  """Returns the names of the modules that the chosen architectures use.

  None if one of them is not known.
  """
  found = {abstract_arch.__name__}
  for name in known.ARCHITECTURES:
    value = bound.value(name)
    if value is None:
      continue
    if not in_force.is_text(value):
      return None
    try:
      module = abstract_arch.load_module(value)
    except (ValueError, ImportError):
      return None
    found |= _with_used(module, set())
  return found


def _with_used(module, seen):
  """Returns the names of a module and of those whose classes it uses."""
  if module.__name__ in seen:
    return seen
  seen.add(module.__name__)
  for made in _classes_used_by(module):
    if made.__module__.startswith(_ARCHITECTURES):
      _with_used(sys.modules[made.__module__], seen)
  return seen


def _classes_used_by(module):
  """Yields the classes that a module imports, extends or names in its code."""
  for value in list(vars(module).values()):
    functions = [value] if inspect.isfunction(value) else []
    if inspect.isclass(value):
      yield from value.__mro__
      functions = list(filter(inspect.isfunction, vars(value).values()))
    for function in map(inspect.unwrap, functions):
      if function.__module__ == module.__name__:
        names = _names_in(function.__code__)
        values = [_value_of(function, name) for name in names]
        yield from filter(inspect.isclass, values)


def _names_in(code):
  """Returns the names in a function's code, and in functions inside it."""
  inner = [x for x in code.co_consts if inspect.iscode(x)]
  return {*code.co_names, *(name for x in inner for name in _names_in(x))}
