"""Where the runs of a study are run: one file each.

A file has a class `Executor(jobs=None, folder=None, memory_mb=None,
timeout_s=None, **options)`:

  jobs       how many runs it has at once; None lets it choose
  folder     of the study, where it may keep files of its own
  memory_mb  what a run may need at most, None if nobody knows
  timeout_s  what a run may take at most, None if nobody knows
  options    strings, from --executor_option name=value

with the attributes `jobs` and `threads`, how many cores a run may use, and

  submit(task)   begins with a process.Task, and does not wait
  wait(seconds)  returns [(task id, process.Outcome)] of tasks that have ended;
                 it waits for the first of them, but no longer than that
  cancel()       ends all tasks; `wait` returns them as "interrupted"
  close()        is the last call
"""

from collections.abc import Iterable
import importlib
import pkgutil
from typing import Any
from typing import Union

from compare_gan.configuration import dotted_path


def names() -> list[str]:
  """Returns the executors there are."""
  return sorted(info.name for info in pkgutil.iter_modules(__path__))


def make(name: str, options: Iterable[str] = (), **given: Any) -> Any:
  """Returns an Executor.

  Args:
    name: of its file, or the dotted path of a module of your own.
    options: ["name=value"] of --executor_option.
    **given: jobs, folder, memory_mb, timeout_s.
  """
  module = _module(name)
  own = {}
  for option in options:
    key, equals, value = option.partition("=")
    if not equals:
      raise ValueError(
        f"--executor_option={option} must be name=value, such as address=auto."
      )
    own[key] = value
  try:
    return module.Executor(**given, **own)
  except TypeError as error:
    if "unexpected keyword" not in str(error):
      raise
    raise ValueError(f"--executor={name}: {error}.") from error


def _module(name):
  if name in names():
    return importlib.import_module(f"{__name__}.{name}")
  module = dotted_path.module(name) if "." in name else None
  if not hasattr(module, "Executor"):
    raise ValueError(
      f"--executor={name} is unknown. It can be {', '.join(names())}, or the "
      "dotted path of a module of your own with a class Executor."
    )
  return module


def whole_number(name: str, text: Union[int, str]) -> int:
  """Returns an option as an int of 1 or more."""
  if not str(text).isdigit() or not int(text):
    raise ValueError(
      f"--executor_option={name}={text}: a number of 1 or more would do."
    )
  return int(text)
