"""All checks of a configuration, one after the other; see __init__.py."""

from collections.abc import Iterable
from collections.abc import Sequence
import sys

from compare_gan import console
from compare_gan.checks import bindings as bindings_lib
from compare_gan.checks import combinations
from compare_gan.checks import findings
from compare_gan.checks import known
from compare_gan.checks import made
from compare_gan.checks import names
from compare_gan.checks import reach
from compare_gan.checks import repeats
from compare_gan.checks import roles
from compare_gan.checks.findings import Finding
from compare_gan.checks.in_force import InForce
from compare_gan.configuration import gin_files

# What is said of a text that could not be read whole may follow from that.
_MAY_FOLLOW = ("missing", "unknown-name", "unknown-reference", "unknown-macro")


def find(
  files: Sequence[str] = (), lines: Iterable[str] = (), gan: bool = False
) -> list[Finding]:
  """Returns everything that is wrong with a configuration, errors first.

  Args:
    files: gin files, or names of cards in configs/.
    lines: such as "options.z_dim = 120", on top of files.
    gan: also makes the GAN, without memory for weights. Only for a process that
      trains nothing: TensorFlow then sets up its devices.
  """
  gin_files.register()
  return find_in(bindings_lib.read(files, lines), gan)


def find_in(read: bindings_lib.Read, gan: bool = False) -> list[Finding]:
  """Returns what `find` does, of bindings that are read already."""
  kinds = known.kinds()
  found = [
    *read.findings,
    *names.check(read, kinds),
    *roles.check(read, kinds),
    *repeats.check(read),
  ]
  return find_together(read, found, gan)


def find_together(
  read: bindings_lib.Read, found: list[Finding], gan: bool = False
) -> list[Finding]:
  """Returns findings on single bindings, and those on all of them together."""
  if any(one.code == "file" for one in read.findings):
    return findings.in_order(read.findings)  # The rest may be in that file.
  kinds = known.kinds()
  bound = InForce(read)
  running = reach.Running(bound, kinds)
  found += combinations.check(bound)
  if read.findings:
    found = [one for one in found if one.code not in _MAY_FOLLOW]
  found += running.unread()
  found += made.check_settings(bound, found)
  if gan:
    found += made.check_gan(bound, found, running)
  return findings.in_order(_each_binding_once(found))


def _each_binding_once(found):
  """Leaves out warnings on bindings that have a finding already."""
  seen = set()
  for one in findings.in_order(found):
    key = one.place, one.name
    if one.severity == findings.ERROR or key not in seen or not one.name:
      yield one
    seen.add(key)


def require(
  files: Sequence[str], lines: Iterable[str], strict: bool = False
) -> None:
  """Prints warnings; raises a ValueError with all errors, if there are any.

  Args:
    files, lines: as for `find`.
    strict: warnings are errors.
  """
  found = find(files, lines)
  if strict:
    found = findings.strict(found)
  errors = findings.errors(found)
  shown = [one for one in found if one.severity != findings.NOTE]
  if errors:
    raise ValueError(findings.refusal("The configuration is refused", shown))
  if shown:
    print(findings.to_text(shown), file=sys.stderr, flush=True)
    console.mark_shown(one.message for one in shown)
