"""Checks a study before its first run: its file, base, axes and cells."""

from collections.abc import Iterable
from collections.abc import Sequence
import sys

from compare_gan.checks import bindings as bindings_lib
from compare_gan.checks import check
from compare_gan.checks import findings
from compare_gan.checks import known
from compare_gan.checks import names
from compare_gan.checks import roles
from compare_gan.checks.findings import Finding
from compare_gan.configuration import gin_files
from compare_gan.study.define import bindings as lines_lib
from compare_gan.study.define import definition
from compare_gan.study.define import mistakes
from compare_gan.study.define import outline

_MOST_CELLS = 200  # that are checked; a study has seldom more


def is_study(path: str) -> bool:
  """Returns whether a gin file defines a study: it binds study.base."""
  read = bindings_lib.read([path])
  return any(b.plain.endswith("study.base") for b in read.bindings)


def find(path: str, lines: Sequence[str] = ()) -> list[Finding]:
  """Returns everything that is wrong with a study, errors first.

  An error of a cell is one of the study. A warning is shown if all cells have
  it: axes set what only some of their values use.

  Args:
    path: of the study file, or the name of one in configs/studies/.
    lines: on top of it.
  """
  gin_files.register()
  path = definition.find(path)
  read = bindings_lib.read([path], lines)
  kinds = known.kinds()
  found = [
    *read.findings,
    *names.check(read, kinds),
    *roles.check(read, kinds),
  ]
  if findings.errors(found):
    return findings.in_order(found)
  try:
    study = definition.load(path, lines)
    found += _of_parts(study)
    if not findings.errors(found):
      found += _of_cells(study)
  except (ValueError, OSError) as error:
    place = findings.Place(path, 1)
    found.append(
      findings.error("study", place, "study", lines_lib.sentence(error))
    )
  return findings.in_order(found)


def require(path: str, lines: Sequence[str] = (), strict: bool = False) -> None:
  """Prints warnings; raises a ValueError with all errors, if there are any."""
  found = find(path, lines)
  if strict:
    found = findings.strict(found)
  shown = [one for one in found if one.severity != findings.NOTE]
  if findings.errors(found):
    raise ValueError(findings.refusal("The study is refused", shown))
  if shown:
    print(findings.to_text(shown), file=sys.stderr, flush=True)


def _parts(study) -> Iterable[tuple[str, Sequence[str]]]:
  """Yields (title, lines) of everything that is laid over the base."""
  yield "study.common", study.common
  for axis, values in study.axes.items():
    for value, lines in values.items():
      yield _title(axis, value), lines
  for part, lines in study.overrides:
    yield f"study.overrides: {part}", lines


def _title(axis, value):
  return f"study.axes: {axis} = {value!r}"


def _of_parts(study):
  """Yields what is wrong with single bindings, each part by itself."""
  kinds = known.kinds()
  base = bindings_lib.read(study.files)
  _add(base, "study.common", study.common)
  for title, lines in [("", ()), *_parts(study)]:
    read = bindings_lib.Read(list(base.bindings), list(base.imports), [])
    _add(read, title, lines)
    yield from (*base.findings, *read.findings)
    yield from names.check(read, kinds)
    yield from roles.check(read, kinds)


def _add(read, title, lines):
  files = [line for line in lines if lines_lib.is_file(line)]
  read.bindings.extend(bindings_lib.read(files).bindings)
  lines = [line for line in lines if not lines_lib.is_file(line)]
  bindings_lib.add_lines(read, lines, title)


def _of_cells(study):
  """Returns what is wrong with cells as a whole."""
  cells = outline.make_or_reuse(study).cells[:_MOST_CELLS]
  found = [
    set(check.find_together(_read_cell(study, cell), [])) for cell in cells
  ]
  shared = set.intersection(*found) if found else set()
  refuses = study.on_impossible == "refuse"
  errors = {
    one if refuses else one._replace(severity=findings.WARNING)
    for of_cell in found
    for one in findings.errors(of_cell)
  }
  warned = {one for one in shared if one.severity == findings.WARNING}
  return errors | warned


def _read_cell(study, cell):
  read = bindings_lib.read(study.files)
  _add(read, "study.common", study.common)
  for axis, value in cell.values.items():
    _add(read, _title(axis, value), study.axes[axis][value])
  for part, lines in study.overrides:
    if all(
      cell.values[axis] in mistakes.values_of_slice(part, axis, study.axes)
      for axis in part
    ):
      _add(read, f"study.overrides: {part}", lines)
  return read
