"""What a check finds, and how it is shown."""

from collections.abc import Iterable
from collections.abc import Sequence
import json
from typing import Any
from typing import NamedTuple

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")


class Place(NamedTuple):
  """Where a binding stands."""

  file: str  # a path as the user wrote it, or "--gin_bindings"
  line: int  # from 1; of --gin_bindings, which of them

  def __str__(self) -> str:
    return f"{self.file}:{self.line}"


NOWHERE = Place("", 0)


class Finding(NamedTuple):
  """One thing that is wrong with a configuration, or without effect."""

  severity: str  # "error", "warning" or "note"
  code: str  # for programs: "unknown-name", "type", "range", "unread", ...
  place: Place
  name: str  # the binding, "ModularGAN.g_lr", or "" for a file
  message: str  # what was got, what is accepted

  def __str__(self) -> str:
    where = f"{self.place}: " if self.place != NOWHERE else ""
    return f"{where}{self.severity}: {self.message}"


def error(code: str, place: Place, name: str, message: str) -> Finding:
  return Finding(ERROR, code, place, name, message)


def warning(code: str, place: Place, name: str, message: str) -> Finding:
  return Finding(WARNING, code, place, name, message)


def note(code: str, place: Place, name: str, message: str) -> Finding:
  return Finding(NOTE, code, place, name, message)


def in_order(found: Iterable[Finding]) -> list[Finding]:
  """Returns findings, each once: errors first, then by file and line."""
  return sorted(
    dict.fromkeys(found),
    key=lambda one: (SEVERITIES.index(one.severity), one.place, one.message),
  )


def strict(found: Iterable[Finding]) -> list[Finding]:
  """Returns findings with warnings made errors."""
  return in_order(
    one._replace(severity=ERROR) if one.severity == WARNING else one
    for one in found
  )


def errors(found: Iterable[Finding]) -> list[Finding]:
  return [one for one in found if one.severity == ERROR]


def to_text(found: Sequence[Finding]) -> str:
  """Returns a line for each finding, as compilers write them."""
  return "\n".join(map(str, found))


def summary(found: Sequence[Finding]) -> str:
  """Returns "2 errors, 1 warning"; "Nothing wrong." without both."""
  counts = [
    (severity, sum(one.severity == severity for one in found))
    for severity in SEVERITIES
  ]
  words = [f"{n} {severity}{'s' * (n > 1)}" for severity, n in counts if n]
  is_good = not any(one.severity in (ERROR, WARNING) for one in found)
  return ", ".join(["nothing wrong"] * is_good + words)


def refusal(title: str, found: Sequence[Finding]) -> str:
  """Returns the message of an exception: one sentence, or all findings."""
  if len(found) > 1:
    return f"{title}: {summary(found)}.\n{to_text(found)}"
  [one] = found
  where = "" if one.place == NOWHERE else f" ({one.place})"
  return f"{one.message}{where}"


def to_json(found: Iterable[Finding]) -> str:
  """Returns a JSON list for editors: file, line, severity, code, message."""
  rows: list[dict[str, Any]] = [
    {
      "file": one.place.file,
      "line": one.place.line,
      "severity": one.severity,
      "code": one.code,
      "name": one.name,
      "message": one.message,
    }
    for one in found
  ]
  return json.dumps(rows, indent=2)
