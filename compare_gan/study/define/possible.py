"""Cells that an architecture cannot express, or would silently ignore."""

from collections.abc import Iterable
from typing import Any

from compare_gan.configuration import gin_files
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import scores

_NORMS = ("batch_norm_fn", "layer_norm", "spectral_norm", "weight_norm")


def impossible(
  cells: Iterable[Any], flags: Iterable[str] = ()
) -> dict[str, str]:
  """Returns {"axis=value axis=value": reason} of cells that cannot be built.

  Each of them is built as its runs would be, without memory for weights.

  Args:
    cells: [cells.Cell].
    flags: of the trainings.
  """
  found = {}
  lines = scores.lines_of_flags(flags)
  for cell in cells:
    reason = _why_not(cell, lines)
    if reason is not None:
      found[cell.title] = reason
  return found


def _why_not(cell, lines):
  try:
    built = _build(cell.bindings, cell.imports, lines)
  # The last one is gin's, for what has to be bound and is not.
  except (ValueError, OSError, TypeError, RuntimeError) as error:
    return bindings_lib.sentence(error)
  for name, value in cell.bundles.items():
    network, _, option = name.rpartition(".")
    if option not in _NORMS or value in ("None", "False"):
      continue
    if network not in ("G", "D"):
      continue
    bindings = {k: v for k, v in cell.bindings.items() if k != name}
    try:
      without = _build(bindings, cell.imports, lines)
    except (ValueError, TypeError):
      continue  # The binding is what makes it possible: it is not ignored.
    if without == built:
      architecture = cell.bindings["options.architecture"]
      return (
        f"{name} = {value} changes no variable: options.architecture = "
        f"{architecture} passes over it. Leave it out of this cell."
      )
  return None


def _build(bindings, imports, lines):
  """Returns the variables of a cell's GAN, {(name, shape)}.

  Args:
    bindings, imports: of the cell.
    lines: of gin, on top of them.
  """
  from compare_gan.context import scope
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import run_config
  from compare_gan.evaluation import settings as settings_lib
  from compare_gan.storage import model_dir

  with bindings_lib.own_gin():
    gin_files.parse(
      bindings=[*bindings_lib.text(bindings, imports).splitlines(), *lines]
    )
    settings_lib.check_best_by(settings_lib.Settings())
    run_config.run_config()
    with scope.building(allocate=False):
      gan = model_dir.make_gan(catalogue.dataset())
    networks = gan.generator, gan.discriminator
    return {(v.name, v.shape) for net in networks for v in net.variables}
