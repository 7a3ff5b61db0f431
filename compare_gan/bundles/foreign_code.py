"""What a gin file would do beyond choosing among compare_gan's own names.

`import x` runs the module x. So does a dotted path, of an architecture or a
dataset say. A path or an address makes a program read what the bundle does not
hold. None of this happens to someone who only wants to see a shared model.
"""

from collections.abc import Iterator
import re
from typing import Any

from compare_gan.architectures import abstract_arch
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_roles
from compare_gan.configuration import gin_text
from gin import config_parser

_OWN = "compare_gan."
_DOTTED = re.compile(r"[^\W\d]\w*([.:][^\W\d]\w*)+")
_OUTSIDE = re.compile(r"(/|~|\\|[A-Za-z]:[\\/]|\.\.?[\\/])")
# Each item of these is a @name or the dotted path of a callable.
_LISTS_OF_CODE = ("run_config.hooks", "watchdog.signals")
_DATASET = "dataset.name"


def refusals(text: str) -> list[str]:
  """Returns why a gin text is not harmless, a line each; none if it is."""
  gin_files.register()  # Modules declare which of their names are paths.
  return [*_statements(text), *_values(text)]


def outside(text: str) -> list[str]:
  """Returns the names of bindings that name files or addresses."""
  gin_files.register()
  bindings, _ = gin_text.read(text)
  return [name for name, value in bindings.items() if _is_outside(name, value)]


def _statements(text: str) -> Iterator[str]:
  for statement in gin_text.statements(text):
    if isinstance(statement, config_parser.ImportStatement):
      module = statement.module
      if not module.startswith(_OWN):
        yield f"`import {module}` runs code outside compare_gan"
    elif isinstance(statement, config_parser.IncludeStatement):
      yield f"`include {statement.filename!r}` reads another file"


def _values(text: str) -> Iterator[str]:
  bindings, _ = gin_text.read(text)
  for name, value in bindings.items():
    try:
      value = gin_text.resolved(value, bindings)
    except RecursionError:
      yield f"{name} = {value!r} refers to itself"
      continue
    if _is_outside(name, value):
      yield f"{name} = {value!r} is a file or an address outside the bundle"
    elif _runs_code(name, value):
      yield f"{name} = {value!r} runs code outside compare_gan"


def _is_outside(name, value):
  words = list(_texts(value))
  if gin_roles.is_path(name):
    return any(words)
  return any("://" in word or _OUTSIDE.match(word) for word in words)


def _runs_code(name, value):
  """Returns whether a value names a module or a callable of other packages."""
  words = [word for word in _texts(value) if not word.startswith(_OWN)]
  if gin_roles.is_code(name):
    return _is_made_later(value) or not {*words} <= {*abstract_arch.names()}
  if _is_one_of(_LISTS_OF_CODE, name):
    return _is_made_later(value) or bool(words)
  if _is_one_of([_DATASET], name):  # "tfds:mnist" is no module.
    return _is_made_later(value) or any("." in word for word in words)
  return any(_DOTTED.fullmatch(word) for word in words)


def _is_made_later(value):
  """Returns whether a value has parts that only gin computes, @a/macro()."""
  return any(word.endswith(")") or word[0] == "%" for word in _words(value))


def _is_one_of(known, name):
  plain = name.rpartition("/")[2]
  return any(plain == k or plain.endswith(f".{k}") for k in known)


def _texts(value):
  """Returns the strings in a value, without references."""
  return [x for x in _leaves(value) if not isinstance(x, gin_text.Word)]


def _words(value):
  """Returns the references in a value."""
  return [x for x in _leaves(value) if isinstance(x, gin_text.Word)]


def _leaves(value: Any) -> Iterator[str]:
  if isinstance(value, dict):
    value = list(value.items())
  if isinstance(value, (list, tuple)):
    for item in value:
      yield from _leaves(item)
  elif isinstance(value, str):
    yield value
