"""Bindings that a later one overrides: in one file, a mistake."""

from collections.abc import Iterator

from compare_gan.checks import bindings as bindings_lib
from compare_gan.checks import findings
from compare_gan.checks import in_force
from compare_gan.checks.bindings import Binding
from compare_gan.checks.bindings import Read
from compare_gan.checks.findings import Finding


def check(read: Read) -> Iterator[Finding]:
  """Yields a finding for each binding that has no effect.

  Within a file this is a warning. That a file or a line overrides what comes
  before it is what presets and --gin_bindings are for, so it is only a note.
  """
  last: dict[in_force.Key, Binding] = {}
  for binding in read.bindings:
    key = in_force.key_of(binding)
    if key is None:
      continue
    if key in last:
      yield _finding(last[key], binding)
    last[key] = binding


def _finding(was: Binding, now: Binding) -> Finding:
  is_same_file = was.place.file == now.place.file != bindings_lib.LINES
  make = findings.warning if is_same_file else findings.note
  other = (
    "the same value" if repr(was.value) == repr(now.value) else repr(now.value)
  )
  return make(
    "repeated",
    was.place,
    was.name,
    f"{was} has no effect: {now.place} binds it to {other}."
    f"{' Remove one of them.' if is_same_file else ''}",
  )
