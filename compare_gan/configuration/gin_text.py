"""Reads the bindings in a gin text without applying them."""

from collections.abc import Iterator
from typing import Any

from gin import config_parser


class Word(str):
  """A reference or a macro, @name() or %NAME, written without quotes."""

  __repr__ = str.__str__


class _Words(config_parser.ParserDelegate):
  def configurable_reference(
    self, scoped_configurable_name: str, evaluate: bool
  ) -> Word:
    return Word(f"@{scoped_configurable_name}{'()' if evaluate else ''}")

  def macro(self, macro_name: str) -> Word:
    return Word(f"%{macro_name}")


def statements(text: str) -> Iterator[Any]:
  """Yields gin's statements, each with a location; references are Words."""
  return config_parser.ConfigParser(text, _Words())


def read(text: str) -> tuple[dict[str, Any], list[str]]:
  """Returns ({"scope/selector.parameter": value}, [imported modules]).

  Names of macros have no dot. repr(value) is the value in gin's syntax.
  """
  bindings, imports = {}, []
  for statement in statements(text):
    if isinstance(statement, config_parser.ImportStatement):
      imports.append(statement.module)
    elif isinstance(statement, config_parser.BindingStatement):
      name = statement.selector
      if statement.arg_name:  # else a macro, NAME = value
        name = f"{name}.{statement.arg_name}"
      if statement.scope:
        name = f"{statement.scope}/{name}"
      bindings[name] = statement.value
  return bindings, imports


def resolved(value: Any, bindings: dict[str, Any]) -> Any:
  """Returns a value with its macros replaced by their values.

  Args:
    value: as `read` returns it.
    bindings: {name: value} of the same text.
  """
  if isinstance(value, (list, tuple)):
    return type(value)(resolved(item, bindings) for item in value)
  if isinstance(value, Word) and value.startswith("%"):
    name = value[1:]
    if name in bindings:
      return resolved(bindings[name], bindings)
  return value


def write(bindings: dict[str, Any]) -> str:
  """Returns the lines of {name: value}."""
  return "".join(f"{name} = {value!r}\n" for name, value in bindings.items())
