"""Checks the score of a study before anything is trained.

The bindings of a cell name its metrics, and each metric declares its scores.
This tells beforehand whether every cell will have study.score, and whether
lower or higher is better.
"""

from collections.abc import Iterable
import dataclasses
from typing import Any

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.features import inception_network
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import cells as cells_lib
from compare_gan.study.define import definition

_BETTER = {True: "lower", False: "higher", None: None}


def with_declared_direction(
  study: definition.Study, cells: Iterable[cells_lib.Cell]
) -> definition.Study:
  """Returns the study with `minimize` as the metric of its score declares it.

  The study file takes precedence; a note is printed if it contradicts the
  metric.

  Args:
    study: its `score` is looked up.
    cells: its cells. Those that cannot be built are skipped.

  Raises:
    ValueError: a cell will not have the score, or lower is better in one cell
      and higher in another.
  """
  found: dict[Any, cells_lib.Cell] = {}  # {Choice: cell}
  for cell in cells:
    choice = _choice(study, cell)
    if choice is not None:
      found.setdefault(choice, cell)
  if not found:
    return study
  directions = {choice.better: cell for choice, cell in found.items()}
  if len(directions) > 1:
    ways = (f"{way} in {cell.title}" for way, cell in directions.items())
    raise ValueError(
      f"study.score = {study.score!r} is better {', but '.join(ways)}. Set "
      "study.minimize, or give all cells the same metric."
    )
  for note in filter(None, {choice.note for choice in found}):
    print(note, flush=True)
  [better] = directions
  return dataclasses.replace(study, minimize=better == "lower")


def _choice(study, cell):
  """Returns the Choice that a cell's metrics allow; None if it has none."""
  from compare_gan.evaluation import settings as settings_lib

  with gin_state.own_gin():
    try:
      gin_files.parse(
        bindings=[
          *bindings_lib.text(cell.bindings, cell.imports).splitlines(),
          *lines_of_flags(study.flags),
        ]
      )
      chosen = settings_lib.Settings()
    except (ValueError, OSError, TypeError, ImportError):
      return None  # possible.py refuses such a cell, with its reason.
    try:
      return settings_lib.choose_score(
        chosen, "study.score", study.score, _BETTER[study.minimize]
      )
    except ValueError as error:
      where = f" (cell {cell.title})" if cell.title else ""
      raise ValueError(f"{error}{where}") from None


def lines_of_flags(flags: Iterable[str]) -> list[str]:
  """Returns the lines of gin that flags of compare_gan.main add, in order."""
  given: dict[str, list[str]] = {
    "gin_config": [],
    "tfds_data_dir": [],
    "myevalinception": [],
    "gin_bindings": [],
  }
  fake = False
  words = iter(flags)
  for word in words:
    name, equals, value = word.lstrip("-").partition("=")
    if word.startswith("-") and name in given:
      given[name].append(value if equals else next(words, ""))
    elif name == "data_fake_dataset":
      fake = value.lower() in ("", "true", "1")
  lines = [f"include {path!r}" for path in given["gin_config"]]
  lines += [f"dataset.tfds_data_dir = {p!r}" for p in given["tfds_data_dir"]]
  for path in given["myevalinception"]:
    lines += inception_network.bindings(path)
  return [*lines, *given["gin_bindings"], *["dataset.fake = True"] * fake]
