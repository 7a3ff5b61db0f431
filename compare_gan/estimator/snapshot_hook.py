"""Keeps snapshots of averaged weights while a training runs."""

from typing import Any

from compare_gan.estimator import hooks
from compare_gan.storage import snapshots
import tensorflow as tf


class Snapshots(hooks.Hook):
  """Writes the variables with a marked name, see storage/snapshots.py.

  A training that goes on from a checkpoint removes the snapshots after it, so
  it ends with the same ones as a training that was never interrupted.

  Args:
    model_dir: the folder to write to.
    marker: a part of the names of these variables. A model without any leaves
      no snapshots.
    every_steps: steps between two snapshots; the last step of the training gets
      one, too. Use a multiple of run_config.save_checkpoints_steps, because
      loops end there.
  """

  def __init__(self, model_dir: str, marker: str, every_steps: int) -> None:
    self._model_dir = model_dir
    self._marker = marker
    self._every_steps = every_steps
    self._variables: dict[str, tf.Variable] = {}
    self._max_steps = 0

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    names = {v.name.split(":")[0]: v for v in model.variables}
    self._variables = {n: v for n, v in names.items() if self._marker in n}
    self._max_steps = max_steps
    if self._variables:
      snapshots.remove_after(self._model_dir, step)

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    is_due = step % self._every_steps == 0 or step == self._max_steps
    if not self._variables or not is_due:
      return
    tensors = {
      name: tf.convert_to_tensor(v).numpy()
      for name, v in self._variables.items()
    }
    snapshots.write(self._model_dir, step, tensors)
