"""Names that gin does not know: configurables, parameters, references."""

from collections.abc import Iterator

from compare_gan.checks import findings
from compare_gan.checks import known
from compare_gan.checks import suggestions
from compare_gan.checks.bindings import Binding
from compare_gan.checks.bindings import Read
from compare_gan.checks.findings import Finding
import gin


def check(read: Read, kinds: dict[str, known.Kind]) -> Iterator[Finding]:
  """Yields a finding for each name that gin would refuse."""
  macros = read.macros()
  for binding in read.bindings:
    if binding.parameter:
      yield from _check_name(binding)
    yield from _check_references(binding, kinds)
    for macro in known.macros_in(binding.value):
      if macro not in macros and not _is_constant(macro):
        close = [f"%{x}" for x in suggestions.alike(macro, macros)]
        yield findings.error(
          "unknown-macro",
          binding.place,
          binding.name,
          f"{binding}: nothing defines %{macro}. Write {macro} = <value> on a "
          f"line of its own.{suggestions.in_words(close)}",
        )


def _is_constant(name):
  return bool(gin.config._CONSTANTS.matching_selectors(name))


def _check_name(binding: Binding) -> Iterator[Finding]:
  try:
    one = known.find(binding.selector)
  except known.UnknownName as error:
    yield findings.error(
      "unknown-name",
      binding.place,
      binding.name,
      _unknown(binding, error.matches),
    )
    return
  parameter = binding.parameter
  if parameter in one.parameters or one.takes_all:
    return
  if parameter in one.denied:
    message = (
      f"{binding}: {one.name}.{parameter} is given by the program. gin can set "
      f"{_list(one)}."
    )
  else:
    close = suggestions.of_parameter(one, parameter)
    message = (
      f"{binding}: {one.name} has no parameter {parameter!r}."
      f"{suggestions.in_words(close)} It has {_list(one)}."
    )
  yield findings.error(
    "unknown-parameter", binding.place, binding.name, message
  )


def _unknown(binding, matches):
  if matches:
    full = [f"{name}.{binding.parameter}" for name in matches]
    return (
      f"{binding}: {binding.selector} can be any of {', '.join(full)}. Write "
      "one of them."
    )
  close = suggestions.of_configurable(binding.selector, binding.parameter)
  return (
    f"{binding}: nothing is called {binding.selector}."
    f"{suggestions.in_words(close)} A module of your own needs a line `import "
    "my_package.my_module` before."
  )


def _list(one):
  return ", ".join(one.parameters) or "nothing of it"


def _check_references(binding, kinds):
  kind = known.kind_of_parameter(binding.plain, kinds)
  for found in known.references_in(binding.value):
    try:
      known.find(found.name)
    except known.UnknownName as error:
      members = kind.members if kind else ()
      close = [f"@{x}" for x in error.matches] or suggestions.of_reference(
        found.name, members
      )
      yield findings.error(
        "unknown-reference",
        binding.place,
        binding.name,
        f"{binding}: nothing is called @{found.name}."
        f"{suggestions.in_words(close)} `compare_gan list` shows what there "
        "is.",
      )
