"""Finds cells that cannot be built, or whose binding has no effect."""

from collections.abc import Iterable

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import cells as cells_lib
from compare_gan.study.define import scores

_NORMS = (
  "batch_norm_fn",
  "layer_norm",
  "spectral_norm",
  "weight_norm",
  "kernel_fn",
)


def impossible_cells(
  cells: Iterable[cells_lib.Cell], flags: Iterable[str] = ()
) -> dict[str, str]:
  """Returns {"axis=value axis=value": reason} of cells that cannot be built.

  Each cell is built as its runs will be, but without memory for weights.

  Args:
    cells: the cells of a study.
    flags: the flags of its trainings.
  """
  found = {}
  lines = scores.lines_of_flags(flags)
  for cell in cells:
    reason = _why_impossible(cell, lines)
    if reason is not None:
      found[cell.title] = reason
  return found


def _why_impossible(cell, lines):
  """Returns why a cell cannot be trained, or None if it can."""
  try:
    built = _build(cell.bindings, cell.imports, lines)
  # gin raises RuntimeError for a required parameter without a binding.
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
      continue  # The cell needs the binding, so it has an effect.
    if without == built:
      architecture = cell.bindings["options.architecture"]
      return (
        f"{name} = {value} changes no variable: options.architecture = "
        f"{architecture} ignores it. Leave it out of this cell."
      )
  return None


def _build(bindings, imports, lines):
  """Returns the variables and layers of a cell's GAN, to be compared.

  Args:
    bindings, imports: those of the cell.
    lines: lines of gin that are added to them.
  """
  from compare_gan.context import scope
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import run_config
  from compare_gan.evaluation import settings as settings_lib
  from compare_gan.storage import model_dir

  with gin_state.own_gin():
    gin_files.parse(
      bindings=[*bindings_lib.text(bindings, imports).splitlines(), *lines]
    )
    settings_lib.check_best_by(settings_lib.Settings())
    run_config.run_config()
    with scope.building(allocate=False):
      gan = model_dir.make_gan(catalogue.dataset())
    networks = gan.generator, gan.discriminator
    # Pixel norms and some kernels add no variables, so layers are compared too.
    layers = [type(m).__name__ for net in networks for m in net.submodules]
    variables = {(v.name, v.shape) for net in networks for v in net.variables}
    return variables, sorted(layers)
