"""Every parameter in force: its value, where it is set, and what it means."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import inspect
import os
from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan.checks import bindings as bindings_lib
from compare_gan.checks import known
from compare_gan.checks import made
from compare_gan.checks import meanings
from compare_gan.checks import values
from compare_gan.checks.in_force import InForce
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.configuration import gin_text
from compare_gan.configuration import late_names
from compare_gan.storage import model_dir as model_dir_lib
import gin

DEFAULT = "default"  # where a parameter is set that nothing binds


class Entry(NamedTuple):
  """One parameter."""

  name: str  # "scope/ModularGAN.g_lr"
  value: str  # as a gin file has it
  place: str  # "card.gin:12", or "default"
  default: str  # "" if it has none
  meaning: str  # "" if no docstring says it
  accepted: str
  papers: tuple[str, ...]  # of what has the parameter

  @property
  def owner(self) -> str:
    return self.name.rpartition(".")[0]

  def is_about(self, word: str) -> bool:
    """Returns whether its name or its meaning has a word."""
    texts = (self.name, self.meaning, *self.papers)
    return any(word.lower() in text.lower() for text in texts)


def files_of(path: str) -> list[str]:
  """Returns the gin files of a card, of a model_dir or of a study's run."""
  if not os.path.isdir(path):
    return [path]
  run = os.path.join(path, "run.gin")  # as the study wrote it
  return [run] if os.path.isfile(run) else [model_dir_lib.config_path(path)]


def explain(
  files: Sequence[str] = (), lines: Iterable[str] = ()
) -> list[Entry]:
  """Returns the parameters that a training or its evaluation uses.

  A GAN is made without memory for its weights, to see what its constructors
  read. If that is not possible, what bindings refer to is explained.

  Args:
    files: gin files, or names of cards in configs/.
    lines: on top of files.
  """
  gin_files.register()
  read = bindings_lib.read(files, lines)
  for one in read.findings:
    raise ValueError(str(one))
  bound = InForce(read)
  owners = dict.fromkeys([*_always(bound), *_referred(bound), *_made(bound)])
  return [
    entry
    for scope, selector in owners
    for entry in _entries(bound, scope, known.find(selector))
  ]


def search(
  word: str, files: Sequence[str] = (), lines: Iterable[str] = ()
) -> list[Entry]:
  """Returns all parameters that gin knows and that are about a word.

  Args:
    word: part of a name or of a meaning.
    files, lines: whose values are shown.
  """
  gin_files.register()
  late_names.load_all()
  bound = InForce(bindings_lib.read(files, lines))
  return [
    entry
    for name in known.all_names()
    for entry in _entries(bound, "", known.find(name))
    if entry.is_about(word)
  ]


def parameters_of(name: str) -> list[Entry]:
  """Returns all parameters of a configurable, as they are if nothing is bound.

  One without a default has the value "".

  Args:
    name: as gin files write it, "ModularGAN".
  """
  one = known.find(name)
  return [
    _entry(
      one,
      parameter,
      name=f"{one.name}.{parameter.name}",
      value=_in_gin(parameter.default) if parameter.has_default else "",
      place=DEFAULT,
    )
    for parameter in one.parameters.values()
  ]


class Difference(NamedTuple):
  """A parameter with two values; None where it is not in force."""

  name: str
  first: Optional[Entry]
  second: Optional[Entry]


def diff(first: Iterable[Entry], second: Iterable[Entry]) -> list[Difference]:
  """Returns the parameters whose values differ, by name."""
  one = {entry.name: entry for entry in first}
  two = {entry.name: entry for entry in second}
  return [
    Difference(name, one.get(name), two.get(name))
    for name in sorted({*one, *two})
    if _value(one.get(name)) != _value(two.get(name))
  ]


def _value(entry):
  return None if entry is None else entry.value


# ---- What is in force --------------------------------------------------------

_ALWAYS = (
  "options",
  "dataset",
  "run_config",
  "loss",
  "penalty",
  "g_penalty",
  "z",
  "evaluate",
)


def _always(bound) -> Iterator[tuple[str, str]]:
  for name in _ALWAYS:
    yield "", known.find(name).selector
  gan = bound.chosen("options.gan_class")
  for base in inspect.getmro(gan.made) if gan else ():
    one = known.of_object(base)
    if one is not None:
      yield "", one.selector
  for name in ("loss.fn", "penalty.fn", "evaluate.features"):
    one = bound.chosen(name)
    if one is not None and bound.binding(name) is None:
      yield "", one.selector


def _referred(bound) -> Iterator[tuple[str, str]]:
  """Yields (scope, selector) of what bindings refer to."""
  for _, binding in bound:
    value = gin_text.resolved(binding.value, bound.macros)
    for found in known.references_in(value):
      one = known.find_or_none(found.name)
      if one is not None:
        yield found.scope, one.selector


def _made(bound) -> list[tuple[str, str]]:
  """Returns (scope, selector) of what the constructors of the GAN read."""
  with gin_state.own_gin(), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    made.try_gan(bound)
    used, _ = gin_text.read(gin.operative_config_str())
  owners = set()
  for name in used:
    scope, _, rest = name.rpartition("/")
    one = known.find_or_none(rest.rpartition(".")[0])
    if one is not None:
      owners.add((scope, one.selector))
  return sorted(owners)


def _entries(bound, scope, one) -> Iterator[Entry]:
  """Yields an Entry for each parameter that is bound or has a default."""
  for parameter in one.parameters.values():
    plain = f"{one.name}.{parameter.name}"
    binding = bound.in_scope(scope, plain)
    if binding is None and not parameter.has_default:
      continue
    value = parameter.default
    if binding is not None:
      value = gin_text.resolved(binding.value, bound.macros)
    yield _entry(
      one,
      parameter,
      name=f"{scope}/{plain}" if scope else plain,
      value=_in_gin(value),
      place=str(binding.place) if binding else DEFAULT,
    )


def _entry(one, parameter, name, value, place) -> Entry:
  return Entry(
    name,
    value,
    place,
    _in_gin(parameter.default) if parameter.has_default else "",
    meanings.of_parameter(one.made, parameter.name),
    _accepted(parameter.hint),
    tuple(meanings.papers(one.made)),
  )


def _accepted(hint: Any) -> str:
  text = values.in_words(hint)
  return "" if text == "anything" else text


def _in_gin(value: Any) -> str:
  """Returns a value as a gin file has it; @name of functions and classes."""
  if isinstance(value, (list, tuple)):
    items = ", ".join(map(_in_gin, value))
    return f"[{items}]" if isinstance(value, list) else f"({items})"
  if inspect.isclass(value) or inspect.isroutine(value):
    one = known.of_object(value)
    return f"@{one.name if one else value.__name__}"
  text = repr(value)
  return f"@{type(value).__name__}()" if text.startswith("<") else text


# ---- As text -----------------------------------------------------------------


def to_rows(entries: Iterable[Entry]) -> list[dict[str, Any]]:
  """Returns entries for JSON."""
  return [
    {**entry._asdict(), "papers": list(entry.papers)} for entry in entries
  ]


def to_text(entries: Sequence[Entry], words: bool = True) -> str:
  """Returns a block for each owner, a line for each parameter.

  Args:
    entries: those of an owner stand together.
    words: also meanings, ranges and papers.
  """
  lines: list[str] = []
  owner = None
  for entry in entries:
    if entry.owner != owner:
      owner = entry.owner
      lines += ["", *_title(owner, entry, words)]
    bound = "" if entry.place == DEFAULT else f"  {entry.place}"
    default = entry.default
    if bound and default and default != entry.value:
      bound += f", default {default}"
    parameter = entry.name.rpartition(".")[2]
    lines.append(f"  {parameter} = {entry.value}{bound}")
    if words and (entry.meaning or entry.accepted):
      lines.append(f"      {_meaning(entry)}")
  return "\n".join(lines[1:])


def _title(owner, entry, words):
  if not words:
    return [owner]
  one = known.find(owner.rpartition("/")[2])
  about = meanings.summary(one.made)
  papers = [x for x in entry.papers if x not in about]
  return [f"{owner}  {about}", *(f"  {paper}" for paper in papers)]


def _meaning(entry):
  accepted = f"[{entry.accepted}]" if entry.accepted else ""
  return " ".join(filter(None, [entry.meaning, accepted]))


def diff_to_text(found: Iterable[Difference]) -> str:
  """Returns a line for each difference; "-" where it is not in force."""
  lines = [
    f"{one.name}: {_cell(one.first)} | {_cell(one.second)}" for one in found
  ]
  return "\n".join(lines) or "Nothing differs."


def _cell(entry):
  if entry is None:
    return "-"
  return f"{entry.value} ({entry.place})"
