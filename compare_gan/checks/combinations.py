"""Settings that make no sense together, seen before anything is made."""

from collections.abc import Iterator
from typing import Any
import warnings

from compare_gan.architectures import abstract_arch
from compare_gan.checks import findings
from compare_gan.checks import in_force
from compare_gan.checks import known
from compare_gan.checks import suggestions
from compare_gan.checks.findings import Finding
from compare_gan.checks.in_force import InForce
from compare_gan.configuration import gin_text
from compare_gan.configuration import unread
from compare_gan.datasets import catalogue
from compare_gan.gans import settings_checks


def check(bound: InForce) -> Iterator[Finding]:
  """Yields a finding for each combination without sense."""
  yield from _missing(bound)
  yield from _architectures(bound)
  yield from _dataset(bound)
  yield from _without_effect(bound)
  yield from _average_never_starts(bound)
  yield from _terms(bound)
  yield from _average_of_snapshots(bound)
  yield from _loss_scale(bound)


def _place(bound, *names):
  """Returns the place of the first of some names that is bound."""
  found = [bound.binding(name) for name in names]
  return next((x.place for x in found if x is not None), findings.NOWHERE)


def _number(value: Any) -> bool:
  return isinstance(value, (int, float)) and not isinstance(value, bool)


# ---- What is missing ---------------------------------------------------------

_ALWAYS_MADE = ("options", "dataset")


def _missing(bound):
  for name in _ALWAYS_MADE:
    yield from _missing_of(known.find(name), "", bound, findings.NOWHERE)
  for _, binding in bound:
    value = gin_text.resolved(binding.value, bound.macros)
    for found in known.references_in(value):
      one = known.find_or_none(found.name)
      if one is not None:
        yield from _missing_of(one, found.scope, bound, binding.place)
  reader = bound.value("dataset.name")
  if in_force.is_text(reader) and reader in catalogue.readers():
    place = _place(bound, "dataset.name")
    yield from _missing_of(known.find(reader), "", bound, place)


def _missing_of(one, scope, bound, place):
  for parameter in one.parameters.values():
    name = f"{one.name}.{parameter.name}"
    if parameter.is_required and not bound.in_scope(scope, name):
      full = f"{scope}/{name}" if scope else name
      yield findings.error(
        "missing", place, full, f"{full} is not set, and has no default."
      )


# ---- Names in texts ----------------------------------------------------------


def _architectures(bound):
  for name in known.ARCHITECTURES:
    value = bound.value(name)
    if not in_force.is_text(value):
      continue
    try:
      abstract_arch.load_module(value)
    except (ValueError, ImportError) as error:
      close = map(repr, suggestions.alike(value, abstract_arch.names(), 0.5))
      yield findings.error(
        "unknown-architecture",
        _place(bound, name),
        name,
        f"{error}{suggestions.in_words(close)}",
      )


def _dataset(bound):
  name = bound.value("dataset.name")
  if not in_force.is_text(name) or "." in name or name.startswith("tfds:"):
    return
  names = catalogue.names()
  if name not in names:
    close = map(repr, suggestions.alike(name, names, 0.5))
    yield findings.error(
      "unknown-dataset",
      _place(bound, "dataset.name"),
      "dataset.name",
      f"dataset.name = {name!r} is unknown.{suggestions.in_words(close)} It "
      f"can be one of {', '.join(names)}, or the dotted path of a class of "
      "your own.",
    )


# ---- What has no effect ------------------------------------------------------

# Old cards bind it with either choice, as the original's do.
_HARMLESS = ("standardize_batch.decay",)


def _without_effect(bound):
  for names, choice, value in unread.WITHOUT_EFFECT:
    if _in_gin(bound, choice) != value:
      continue
    for key, binding in bound:
      if binding.plain in names and not _is_default(key, binding, bound):
        yield _severity(bound, binding, choice)(
          "unread",
          binding.place,
          binding.name,
          f"{binding} has no effect: {choice} is {value}.",
        )


def _severity(bound, binding, choice):
  """Returns `findings.note` if a later file made the choice, else `warning`."""
  is_later = bound.is_of_later_file(choice, binding)
  is_harmless = is_later or binding.plain in _HARMLESS
  return findings.note if is_harmless else findings.warning


def _in_gin(bound, name):
  """Returns the value of a parameter as a gin file would have it."""
  value = bound.value(name)
  if known.reference(value) is None and callable(value):
    return f"@{value.__name__}"
  return repr(value)


def _is_default(key, binding, bound):
  parameter = known.find(key.selector).parameters[key.parameter]
  return gin_text.resolved(binding.value, bound.macros) == parameter.default


def _average_never_starts(bound):
  start = bound.value("ModularGAN.ema_start_step")
  steps = bound.value("options.training_steps")
  if bound.value("ModularGAN.g_use_ema") is not True:
    return
  if not (_number(start) and _number(steps)):
    return
  with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    settings_checks.warn_if_average_never_starts(int(start), int(steps))
  for one in said:
    names = ["ModularGAN.ema_start_step", "options.training_steps"]
    yield findings.warning(
      "combination", _place(bound, *names), names[0], str(one.message)
    )


def _terms(bound):
  term = known.find("compare_gan.gans.term").selector
  for key, binding in bound:
    is_weight = key.selector == term and key.parameter == "weight"
    value = gin_text.resolved(binding.value, bound.macros)
    if is_weight and _number(value) and value == 0:
      yield findings.warning(
        "combination",
        binding.place,
        binding.name,
        f"{binding}: the term is computed, and changes nothing. Leave it out "
        "of penalty.terms.",
      )


def _average_of_snapshots(bound):
  width = bound.value("evaluate.ema")
  if _number(width) and not bound.value("post_hoc_ema.sigma_rel"):
    yield findings.error(
      "combination",
      _place(bound, "evaluate.ema"),
      "evaluate.ema",
      f"evaluate.ema = {width!r} needs snapshots, and the training keeps none. "
      "Set post_hoc_ema.sigma_rel = [0.05, 0.10].",
    )


def _loss_scale(bound):
  precision = bound.value("run_config.precision")
  mode = bound.value("run_config.precision_mode")
  if precision == "float16" or mode is not None:
    return
  selector = known.find("loss_scale").selector
  for key, binding in bound:
    if key.selector == selector:
      yield findings.warning(
        "unread",
        binding.place,
        binding.name,
        f"{binding} has no effect: a loss is scaled with "
        f"run_config.precision = 'float16', which is {precision!r}.",
      )
