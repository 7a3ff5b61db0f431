"""Reads gin files without applying them: each binding with its file and line.

Imports are made, so that names of the user's own modules are known. A line that
is no gin is a finding, and reading goes on with the next one.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import importlib
import os
import re
import tokenize
from typing import Any
from typing import NamedTuple

from compare_gan import console
from compare_gan.checks import findings
from compare_gan.checks.findings import Finding
from compare_gan.checks.findings import Place
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_text
from gin import config_parser

LINES = "--gin_bindings"  # the "file" of bindings on a command line


class Binding(NamedTuple):
  """scope/selector.parameter = value, as it is written."""

  scope: str
  selector: str  # or the name of a macro
  parameter: str  # "" of a macro
  value: Any  # references and macros are gin_text.Words
  place: Place

  @property
  def name(self) -> str:
    dotted = f"{self.selector}.{self.parameter}"
    scope = f"{self.scope}/" if self.scope else ""
    return f"{scope}{dotted if self.parameter else self.selector}"

  @property
  def plain(self) -> str:
    """Returns the name without scopes."""
    return self.name.rpartition("/")[2]

  def __str__(self) -> str:
    return f"{self.name} = {self.value!r}"


class Read(NamedTuple):
  """What files and lines say, in the order in which gin applies it."""

  bindings: list[Binding]
  imports: list[str]
  findings: list[Finding]

  def macros(self) -> dict[str, Any]:
    """Returns {name: value} of the macros."""
    return {b.name: b.value for b in self.bindings if not b.parameter}


def read(files: Iterable[str] = (), lines: Iterable[str] = ()) -> Read:
  """Reads gin files, then lines.

  Args:
    files: paths, or names of cards in configs/.
    lines: such as "options.z_dim = 120".
  """
  result = Read([], [], [])
  for path in files:
    _read_file(path, result, Place("--gin_config", 0), ())
  add_lines(result, lines, LINES)
  return result


def add_lines(result: Read, lines: Iterable[str], title: str) -> None:
  """Reads lines, whose file is their title, into a Read."""
  for number, line in enumerate(lines, 1):
    _read_text(line, title, result, (), first=number, is_one_line=True)


def _read_file(path, result, place, outer):
  if path in outer:
    result.findings.append(
      findings.error("include", place, "", f"{path} includes itself.")
    )
    return
  try:
    find = gin_files.find_included if outer else gin_files.find_quietly
    found = find(path)
    text = gin_files.read_text(found)
  except (OSError, ValueError) as error:
    where = place if outer else findings.NOWHERE
    result.findings.append(
      findings.error("file", where, "", console.sentence(error))
    )
    return
  _read_text(text, _shown(found), result, (*outer, path))


def _shown(path):
  """Returns a path relative to the present folder, unchanged if outside."""
  short = os.path.relpath(path)
  return path if short.startswith(os.pardir) else short


def _read_text(text, file, result, outer, first=1, is_one_line=False):
  """Reads a text whose first line has the number `first`."""
  for statement, line in _statements(text, file, result, first, is_one_line):
    place = Place(file, first if is_one_line else line)
    if isinstance(statement, config_parser.BindingStatement):
      scope, selector, parameter, value, _ = statement
      result.bindings.append(
        Binding(scope, selector, parameter or "", value, place)
      )
    elif isinstance(statement, config_parser.ImportStatement):
      _import(statement.module, result, place)
    elif isinstance(statement, config_parser.IncludeStatement):
      _read_file(statement.filename, result, place, outer or ("",))


def _statements(text, file, result, first, is_one_line) -> Iterator[Any]:
  """Yields (statement, line); an unreadable line is a finding."""
  lines = text.splitlines(keepends=True)
  begin = 0  # how many lines were given up
  done = 0  # how many lines are behind the first one of the last statement
  while begin < len(lines):
    try:
      for statement in gin_text.statements("".join(lines[begin:])):
        done = begin + statement.location.line_num
        yield statement, first + begin + statement.location.line_num - 1
      return
    except (SyntaxError, tokenize.TokenError, ValueError) as error:
      number = error.lineno if isinstance(error, SyntaxError) else None
      at = begin + number - 1 if number else _next_binding(lines, done)
      place = Place(file, first if is_one_line else first + at)
      shown = lines[at].strip() if at < len(lines) else ""
      result.findings.append(
        findings.error("syntax", place, "", _in_words(error, shown))
      )
      if number is None:
        return
      begin = at + 1


def _next_binding(lines, first):
  """Returns the index of the next line with a "=", where a bracket is open."""
  behind = range(first, len(lines))
  return next((i for i in behind if "=" in lines[i]), first)


def _in_words(error, line):
  said = error.msg if isinstance(error, SyntaxError) else str(error.args[0])
  if said.startswith("malformed node"):  # What Python says of a bare name.
    said = "This is no value of gin"
  message = f"{said.rstrip('.')}: {line}"
  value = line.partition("=")[2].partition("#")[0].strip()
  if re.fullmatch(r"[A-Za-z_][\w.-]*", value):
    hint = {"true": "True", "false": "False", "none": "None", "null": "None"}
    other = hint.get(value.lower())
    message += (
      f". Write {other}."
      if other
      else f'. Write "{value}" for a text, or @{value} for a name.'
    )
  return message


def _import(module, result, place):
  if module.startswith("__gin__"):
    return
  result.imports.append(module)
  try:
    importlib.import_module(module)
  except ImportError as error:
    result.findings.append(
      findings.error(
        "import",
        place,
        "",
        f"import {module}: {error}. Is its folder the "
        "present one, or on PYTHONPATH?",
      )
    )
