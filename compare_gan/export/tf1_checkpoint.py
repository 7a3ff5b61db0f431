"""Checkpoints of google/compare_gan, read into a GAN of ours.

Weights, moments, power iterations, EMA shadows and Adam's slots keep their
names. Only Adam's beta powers have other names: TensorFlow 1 named them after
the graph around them (`disc_step_1/beta1_power`, `gen_step/cond/...`).
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import re
from typing import Any
from typing import Callable
from typing import NamedTuple

from compare_gan.context import scope

_OPTIMIZER_OF = {"disc_step": "d_opt", "gen_step": "g_opt"}


class Match(NamedTuple):
  """Which variable gets which value of the checkpoint."""

  source: dict[str, str]  # our name -> the checkpoint's
  missing: list[str]  # ours, not in the checkpoint: they keep their first value
  skipped: list[str]  # the checkpoint's, with no variable of ours


def our_name(name: str) -> str:
  """Returns the name that a variable of google/compare_gan has here."""
  match = re.fullmatch(
    r"(disc_step|gen_step)(_\d+)?/(.*/)?(beta\d_power)", name
  )
  if match:
    return f"{_OPTIMIZER_OF[match[1]]}/{match[4]}"
  return name


def match(
  variables: Iterable[Any], shapes: Mapping[str, Sequence[int]]
) -> Match:
  """Pairs variables with the checkpoint's entries.

  Args:
    variables: of the GAN; `scope.VariableSpec`s are accepted.
    shapes: {name: shape} of the checkpoint.

  Returns:
    A Match.

  Raises:
    ValueError: shapes differ (it names them all), or all weights of G are
      missing.
  """
  named = {our_name(name): name for name in sorted(shapes)}
  source, missing, wrong = {}, [], []
  for variable in variables:
    name = scope.full_name(variable)
    if name not in named:
      missing.append(name)
    elif list(shapes[named[name]]) != list(variable.shape):
      wrong.append(
        f"{name} is {list(shapes[named[name]])} in the checkpoint and "
        f"{list(variable.shape)} in the network"
      )
    else:
      source[name] = named[name]
  if wrong:
    raise ValueError(
      "The checkpoint does not fit the configuration: "
      f"{'; '.join(wrong)}. Pass the operative config it was trained with."
    )
  if not any(name.startswith("generator/") for name in source):
    raise ValueError(
      "The checkpoint has none of the generator's variables, such as "
      f"{missing[0] if missing else 'generator/...'}; it has "
      f"{', '.join(sorted(shapes)[:3]) or 'no variables at all'} ..."
    )
  used = set(source.values())
  skipped = [name for name in sorted(shapes) if name not in used]
  return Match(source, missing, skipped)


def values(
  found: Match, read: Callable[[str], Any]
) -> Callable[[str, Any, Any], Any]:
  """Returns a `values` for `scope.building`, from a Match."""

  def value(name: str, shape: Any, dtype: Any) -> Any:
    del shape, dtype
    return read(found.source[name]) if name in found.source else None

  return value
