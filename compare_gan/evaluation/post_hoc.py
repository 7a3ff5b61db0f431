"""Gives a GAN a power-function average that is chosen after the training.

See gans/power_ema.py. `evaluate.ema`, `evaluate --ema` and `sample --ema`
choose it by its relative width.
"""

from typing import Any
from typing import Optional

from compare_gan.context import scope
from compare_gan.gans import ema
from compare_gan.gans import power_ema
from compare_gan.storage import snapshots
import numpy as np


def use_average(
  gan: Any, model_dir: str, step: int, sigma_rel: Optional[float]
) -> None:
  """Gives G (and E) the reconstructed average of a width.

  It replaces the average that ModularGAN.ema_decay tracked or, without one, the
  weights themselves. Variables that are not trained keep the checkpoint's
  values. The average is taken at the checkpoint's step.

  Args:
    gan: holds the values of the checkpoint of `step`.
    model_dir: of the training, with its snapshots.
    step: of the checkpoint.
    sigma_rel: the width; None to leave the GAN unchanged.
  """
  if sigma_rel is None:
    return
  weights = averaged_weights(model_dir, step, sigma_rel)
  variables = {scope.full_name(v): v for v in gan.variables}
  for name, value in weights.items():
    averaged = variables.get(f"{name}{ema.SUFFIX}")
    target = variables[name] if averaged is None else averaged
    target.assign(value.astype(np.float32))


def averaged_weights(
  model_dir: str, step: int, sigma_rel: float
) -> dict[str, np.ndarray]:
  """Returns {full name of a weight: its average, float64}.

  Args:
    model_dir, step, sigma_rel: as for `use_average`.
  """
  require_snapshot(model_dir, step, sigma_rel)
  times = [time for time in snapshots.steps(model_dir) if time <= step]
  widths = _widths(snapshots.read(model_dir, step))
  profiles = [power_ema.Profile(t, width) for t in times for width in widths]
  x = power_ema.coefficients(profiles, power_ema.Profile(step, sigma_rel))
  totals: dict[str, np.ndarray] = {}
  for i, time in enumerate(times):
    tensors = snapshots.read(model_dir, time)
    if _widths(tensors) != widths:
      raise ValueError(
        f"The snapshots of steps {time} and {step} in {model_dir} have other "
        f"widths: {_widths(tensors)} and {widths}. post_hoc_ema.sigma_rel "
        "must not change during a training."
      )
    for j, width in enumerate(widths):
      _add(totals, tensors, width, x[i * len(widths) + j])
  return totals


def require_snapshot(
  model_dir: str, step: int, sigma_rel: Optional[float]
) -> None:
  """Raises FileNotFoundError if there is no snapshot for this average."""
  if sigma_rel is None:
    return
  power_ema.exponent(sigma_rel)  # refuses a width that no average has
  times = snapshots.steps(model_dir)
  if not times:
    raise FileNotFoundError(
      f"An average of sigma_rel = {sigma_rel:g} (--ema, evaluate.ema) needs "
      f"snapshots, but there are none in {model_dir}/{snapshots.FOLDER}. Train "
      "with post_hoc_ema.sigma_rel = [0.05, 0.10]."
    )
  if step not in times:
    raise FileNotFoundError(
      f"An average of sigma_rel = {sigma_rel:g} (--ema, evaluate.ema) at step "
      f"{step} needs a snapshot of this step, but those in {model_dir}/"
      f"{snapshots.FOLDER} are of steps {', '.join(map(str, times))}. Choose "
      "one of them."
    )


def _widths(tensors: dict[str, np.ndarray]) -> list[float]:
  """Returns the widths of a snapshot's averages, in order."""
  return sorted(
    {float(name.rpartition(power_ema.SUFFIX)[2]) for name in tensors}
  )


def _add(
  totals: dict[str, np.ndarray],
  tensors: dict[str, np.ndarray],
  width: float,
  factor: float,
) -> None:
  """Adds the averages of one width, times a factor, to the totals."""
  suffix = power_ema.suffix_of(width)
  for name, value in tensors.items():
    if name.endswith(suffix):
      weight = name[: -len(suffix)]
      totals[weight] = totals.get(weight, 0.0) + factor * value.astype(
        np.float64
      )
