"""Roles of some gin parameters: paths, first values, code, speeds.

A module that registers a function with gin declares them next to it:

  gin_roles.declare("folder", paths=["path", "eval_path"])

paths         files and folders. A model_dir records them as absolute, so that
              its images are found from any directory.
first_values  used only to initialise the variables of a new training. A
              training that goes on has other values, whatever these say.
code          names of modules whose classes make the variables.
speeds        affect how fast a number is computed, not its value: blocks,
              batches, threads of a metric or an extractor. Protocol cards leave
              them out.

Your own dataset or extractor declares them in the same way.
"""

from collections.abc import Iterable
import os
from typing import Any

from compare_gan.configuration import gin_text
from compare_gan.storage import files
import gin

_PATHS: set[str] = set()
_FIRST_VALUES: set[str] = set()
_CODE: set[str] = set()
_SPEEDS: set[str] = set()
_READ_LATER: set[str] = set()


def declare(
  configurable: str,
  paths: Iterable[str] = (),
  first_values: Iterable[str] = (),
  code: Iterable[str] = (),
  speeds: Iterable[str] = (),
) -> None:
  """Declares the roles of a configurable's parameters; see above."""
  for known, parameters in (
    (_PATHS, paths),
    (_FIRST_VALUES, first_values),
    (_CODE, code),
    (_SPEEDS, speeds),
  ):
    known.update(f"{configurable}.{parameter}" for parameter in parameters)


def declare_read_later(configurable: str) -> None:
  """Declares that a configurable may be called after the first step, or never.

  A training then does not report that its bindings are unread.
  """
  _READ_LATER.add(configurable)


def is_read_later(selector: str) -> bool:
  """Returns whether `declare_read_later` was called for a selector."""
  return any(selector == k or selector.endswith(f".{k}") for k in _READ_LATER)


def is_path(binding: str) -> bool:
  """Returns whether "scope/selector.parameter" is a path."""
  return _is_among(_PATHS, binding)


def is_first_value(binding: str) -> bool:
  return _is_among(_FIRST_VALUES, binding)


def is_code(binding: str) -> bool:
  return _is_among(_CODE, binding)


def is_speed(binding: str) -> bool:
  return _is_among(_SPEEDS, binding)


def _is_among(known, binding):
  name = binding.rpartition("/")[2]  # without scopes
  return any(name == k or name.endswith(f".{k}") for k in known)


# ---- Paths -------------------------------------------------------------------


def expand_homes() -> None:
  """Puts the home directory in place of the "~" that begins a path."""
  bound, _ = gin_text.read(gin.config_str())
  for name, value in bound.items():
    value = gin_text.resolved(value, bound)
    if is_path(name) and isinstance(value, str) and value.startswith("~"):
      with gin.unlock_config():
        gin.bind_parameter(name, os.path.expanduser(value))


def make_paths_absolute(recorded: dict[str, Any]) -> None:
  """Makes all paths in gin's bindings absolute.

  A relative path that does not exist from here is looked up among the recorded
  ones, because the user may have been in another directory then.

  Args:
    recorded: {"scope/selector.parameter": value} of the same model_dir.
  """
  bound, _ = gin_text.read(gin.config_str())
  for name, value in bound.items():
    value = gin_text.resolved(value, bound)
    if not is_path(name) or not _is_relative(value):
      continue
    path = _absolute(value, gin_text.resolved(recorded.get(name), recorded))
    if path != value:
      with gin.unlock_config():
        gin.bind_parameter(name, path)


def is_same_path(first: Any, second: Any) -> bool:
  """Returns whether one path is the other, made absolute."""
  short, long = sorted((str(first), str(second)), key=len)
  return _is_relative(short) and _ends_with(long, short)


def _is_relative(value):
  return (
    isinstance(value, str)
    and not isinstance(value, gin_text.Word)
    and value != ""
    and "://" not in value
    and not os.path.isabs(value)
  )


def _absolute(path, recorded):
  if _matches_a_file(path):
    return os.path.abspath(path)
  if isinstance(recorded, str) and _ends_with(recorded, path):
    return recorded
  return path  # A callable's dotted path, or a mistake that its reader reports.


def _matches_a_file(path):
  # A pattern, the prefix of a checkpoint, or tfds_images.soft_labels.
  pattern = path.replace("{split}", "*")
  return any(map(os.path.exists, (path, f"{path}.index"))) or bool(
    files.matching(pattern)
  )


def _ends_with(path, end):
  parts = [x for x in os.path.normpath(end).split(os.sep) if x != os.pardir]
  return os.path.isabs(path) and path.endswith(os.path.join(os.sep, *parts))
