"""Which binding counts: the last one of each name, with gin's full names."""

from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.checks import known
from compare_gan.checks.bindings import Binding
from compare_gan.checks.bindings import Read
from compare_gan.configuration import gin_text

UNKNOWN = object()  # the value of what is not bound and has no default


def is_text(value: Any) -> bool:
  """Returns whether a value is a text in quotes: no reference, no macro."""
  return isinstance(value, str) and not isinstance(value, gin_text.Word)


class Key(NamedTuple):
  """What is bound, whichever way it is written."""

  scope: str
  selector: str  # the full name; that of a macro has no parameter
  parameter: str


def key_of(binding: Binding) -> Optional[Key]:
  """Returns the Key of a binding, None if gin does not know its name."""
  if not binding.parameter:
    return Key(binding.scope, binding.selector, "")
  one = known.find_or_none(binding.selector)
  if one is None:
    return None
  return Key(binding.scope, one.selector, binding.parameter)


class InForce:
  """The bindings that count.

  Args:
    read: what files and lines say.
  """

  def __init__(self, read: Read) -> None:
    self.macros = read.macros()
    self._by_key: dict[Key, Binding] = {}
    # Files of which another one overrides something, as presets do.
    self.overridden_files: set[str] = set()
    self._order = {
      file: i
      for i, file in enumerate(
        dict.fromkeys(binding.place.file for binding in read.bindings)
      )
    }
    for binding in read.bindings:
      key = key_of(binding)
      if key is not None:
        was = self._by_key.pop(key, None)  # The last one gives the order.
        if was is not None and was.place.file != binding.place.file:
          self.overridden_files.add(was.place.file)
        self._by_key[key] = binding

  def __iter__(self) -> Iterator[tuple[Key, Binding]]:
    return iter(self._by_key.items())

  def binding(self, name: str, scope: str = "") -> Optional[Binding]:
    """Returns the Binding of "selector.parameter", None if there is none."""
    selector, _, parameter = name.rpartition(".")
    one = known.find_or_none(selector)
    if one is None:
      return None
    return self._by_key.get(Key(scope, one.selector, parameter))

  def is_of_later_file(self, name: str, binding: Binding) -> bool:
    """Returns whether a file after a binding's binds "selector.parameter"."""
    other = self.binding(name)
    if other is None:
      return False
    return self._order[other.place.file] > self._order[binding.place.file]

  def in_scope(self, scope: str, name: str) -> Optional[Binding]:
    """Returns the Binding that a call in a scope reads, as gin looks it up."""
    parts = scope.split("/") if scope else []
    for length in range(len(parts), -1, -1):
      found = self.binding(name, "/".join(parts[:length]))
      if found is not None:
        return found
    return None

  def value(self, name: str) -> Any:
    """Returns the value of "selector.parameter": bound, or its default."""
    found = self.binding(name)
    if found is not None:
      return gin_text.resolved(found.value, self.macros)
    selector, _, parameter = name.rpartition(".")
    one = known.find_or_none(selector)
    if one is None or not one.parameters[parameter].has_default:
      return UNKNOWN
    return one.parameters[parameter].default

  def chosen(self, name: str) -> Optional[known.Configurable]:
    """Returns the Configurable that a parameter refers to, None if none."""
    value = self.value(name)
    found = known.reference(value)
    if found is not None:
      return known.find_or_none(found.name)
    is_made = callable(value) and hasattr(value, "__name__")
    return known.of_object(value) if is_made else None
