"""Executors, which start a study's runs: one per file; add one for your own.

A file has a class `Executor(jobs=None, folder=None, memory_mb=None,
timeout_s=None, **options)`:

  jobs       the largest number of runs at once; None lets it choose
  folder     of the study; the executor may keep its files there
  memory_mb  the largest memory of a run, None if unknown
  timeout_s  the longest duration of a run, None if unknown
  options    strings, from --executor_option name=value

Its attributes are `jobs` and `threads`, the number of cores for a run. Its
methods are

  submit(task)   starts a process.Task and does not wait for its end
  wait(seconds)  returns [(task id, process.Outcome)] of tasks that have ended;
                 it waits at most this long for the first of them
  cancel()       ends all tasks; `wait` returns them as "interrupted"
  close()        is called last
"""

from collections.abc import Iterable
import importlib
import pkgutil
from typing import Any
from typing import Union

from compare_gan.configuration import dotted_path


def names() -> list[str]:
  """Returns the names of all executors."""
  return sorted(info.name for info in pkgutil.iter_modules(__path__))


def make(name: str, options: Iterable[str] = (), **given: Any) -> Any:
  """Returns an Executor.

  Args:
    name: the name of its file, or the dotted path of your own module.
    options: ["name=value"], from --executor_option.
    **given: jobs, folder, memory_mb and timeout_s.
  """
  module = _module(name)
  own = {}
  for option in options:
    key, equals, value = option.partition("=")
    if not equals:
      raise ValueError(
        f"--executor_option={option}: it must be name=value, for example "
        "address=auto."
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
      f"--executor_option={name}={text}: it must be a number of 1 or more."
    )
  return int(text)


def yes_or_no(name: str, text: str) -> bool:
  """Returns an option as a bool."""
  if text not in ("yes", "no"):
    raise ValueError(f"--executor_option={name}={text}: it must be yes or no.")
  return text == "yes"
