"""The cells of a study: a value of each axis, and the resulting bindings."""

from collections.abc import Sequence
import itertools
from typing import Any
from typing import NamedTuple

from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import definition
from compare_gan.study.define import mistakes
from compare_gan.study.run import table


class Cell(NamedTuple):
  """The bindings of the base, of study.common and of a value of each axis."""

  values: dict[str, Any]  # {axis: value}
  bindings: dict[str, str]
  imports: tuple[str, ...]
  bundles: dict[str, str]  # bindings of its values, without base and common

  @property
  def title(self) -> str:
    return table.cell_title(self.values)


def make_cells(study: definition.Study) -> tuple[list[Cell], list[list[int]]]:
  """Returns [Cell], each once, and for each slice the indices of its cells."""
  make_cell = _CellMaker(study)
  cells: list[Cell] = []
  indices: dict[str, int] = {}  # {digest of a cell: its place in cells}
  cells_of_slices = []
  slices: Sequence[dict[str, Any]] = study.slices or ({},)
  for slice_ in slices:
    members = []
    for values in itertools.product(
      *(
        mistakes.values_of_slice(slice_, axis, study.axes)
        for axis in study.axes
      )
    ):
      cell = make_cell(dict(zip(study.axes, values)))
      key = bindings_lib.digest(cell.bindings, cell.imports)
      if key not in indices:
        indices[key] = len(cells)
        cells.append(cell)
      members.append(indices[key])
    cells_of_slices.append(members)
  return cells, cells_of_slices


class _CellMaker:
  """Returns the Cell of {axis: value}; reads each text of the study once."""

  def __init__(self, study: definition.Study) -> None:
    self._axes = study.axes
    self._base, self._imports = bindings_lib.canonical(study.files)
    common, more = bindings_lib.canonical_lines("study.common", study.common)
    self._base.update(common)
    self._imports += more
    self._bundles = {
      (axis, value): bindings_lib.canonical_lines(
        f"study.axes: {axis} = {value!r}", lines
      )
      for axis, values in study.axes.items()
      for value, lines in values.items()
    }
    self._overrides = [
      (part, bindings_lib.canonical_lines(f"study.overrides: {part}", lines))
      for part, lines in study.overrides
    ]

  def __call__(self, values: dict[str, Any]) -> Cell:
    cell = _make_cell(values, self._base, self._imports, self._bundles)
    for part, (bindings, imports) in self._overrides:
      if all(
        values[axis] in mistakes.values_of_slice(part, axis, self._axes)
        for axis in part
      ):
        cell = _overridden(cell, bindings, imports)
    return cell


def _make_cell(values, base, imports, bundles):
  """Returns the Cell of {axis: value}; axes must not contradict each other."""
  own, owners, modules = {}, {}, list(imports)
  for pair in values.items():
    bindings, more = bundles[pair]
    modules += more
    for name, value in bindings.items():
      if own.get(name, value) != value:
        (axis, chosen), (other, its) = owners[name], pair
        raise ValueError(
          f"study.axes: {axis} = {chosen!r} binds {name} = {own[name]}, and "
          f"{other} = {its!r} binds it to {value}. Bind it in one axis only, "
          "set it in study.overrides, or leave out slices with both values."
        )
      own[name] = value
      owners[name] = pair
  bindings = dict(sorted({**base, **own}.items()))
  return Cell(values, bindings, tuple(sorted(set(modules))), own)


def _overridden(cell, bindings, imports):
  return cell._replace(
    bindings=dict(sorted({**cell.bindings, **bindings}.items())),
    imports=tuple(sorted({*cell.imports, *imports})),
    bundles={**cell.bundles, **bindings},
  )
