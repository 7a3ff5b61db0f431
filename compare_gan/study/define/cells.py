"""The cells of a study: one value of each axis, and all that it binds."""

import itertools
from typing import Any
from typing import NamedTuple

from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import definition


class Cell(NamedTuple):
  """A base with what a value of each axis binds on top."""

  values: dict  # {axis: value}
  bindings: dict
  imports: tuple
  bundles: dict  # what its values bind, without base and common

  @property
  def title(self) -> str:
    return title(self.values)


def title(values: dict[str, Any]) -> str:
  return " ".join(f"{axis}={value}" for axis, value in values.items())


def of_study(made: definition.Study) -> tuple[list[Cell], list[list[int]]]:
  """Returns [Cell], each once, and for each slice the numbers of its cells."""
  base, imports = bindings_lib.canonical([made.base])
  common, more = bindings_lib.canonical_lines("study.common", made.common)
  base.update(common)
  imports += more
  bundles = {
    (axis, value): bindings_lib.canonical_lines(
      f"study.axes: {axis} = {value!r}", lines
    )
    for axis, values in made.axes.items()
    for value, lines in values.items()
  }
  overrides = [
    (part, bindings_lib.canonical_lines(f"study.overrides: {part}", lines))
    for part, lines in made.overrides
  ]
  cells, numbers, of_slices = [], {}, []
  for slice_ in made.slices or ({},):
    of_slice = []
    for values in itertools.product(
      *(definition.values(slice_, axis, made.axes) for axis in made.axes)
    ):
      values = dict(zip(made.axes, values))
      cell = _cell(values, base, imports, bundles)
      for part, (bindings, more) in overrides:
        if all(
          values[a] in definition.values(part, a, made.axes) for a in part
        ):
          cell = _overridden(cell, bindings, more)
      key = bindings_lib.digest(cell.bindings, cell.imports)
      if key not in numbers:
        numbers[key] = len(cells)
        cells.append(cell)
      of_slice.append(numbers[key])
    of_slices.append(of_slice)
  return cells, of_slices


def _cell(values, base, imports, bundles):
  """Returns the Cell of {axis: value}; its axes must not contradict."""
  own, owners, modules = {}, {}, list(imports)
  for pair in values.items():
    bindings, more = bundles[pair]
    modules += more
    for name, value in bindings.items():
      if own.get(name, value) != value:
        (axis, chosen), (other, its) = owners[name], pair
        raise ValueError(
          f"study.axes: {axis} = {chosen!r} binds {name} = {own[name]}, and "
          f"{other} = {its!r} binds it to {value}. Leave it to one axis, say "
          "it in study.overrides, or name no slice with both values."
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
