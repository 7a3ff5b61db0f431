"""Weights & Biases: https://wandb.ai, offline unless asked otherwise.

Offline runs are in wandb/ of the model_dir and need no account; `wandb sync`
uploads them. Those of one training, which may have stopped and resumed, have
one id, so that they become one run.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import os
import secrets
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.trackers import abstract_tracker
import gin
import numpy as np

# The horizontal axis: wandb's own steps must not decrease, but a training that
# resumes and an evaluation go back.
_STEP = "step"
_MODES = ("offline", "online", "disabled")

gin_roles.declare("wandb_tracker", paths=["folder"])


@gin.configurable("wandb_tracker", module="compare_gan.trackers")
class WandbTracker(abstract_tracker.Tracker):
  """Weights & Biases, offline by default: no account, no network.

  Args:
    project: of the run.
    mode: "offline"; "online" uploads, and needs an account; "disabled".
    entity: a user or a team, for "online"; None for the account's default.
    run_name: None for the name of the model_dir.
    folder: gets a folder wandb/; None for the model_dir.
  """

  def __init__(
    self,
    project: str = "compare_gan",
    mode: Annotated[str, accepted.OneOf(*_MODES)] = "offline",
    entity: Optional[str] = None,
    run_name: Optional[str] = None,
    folder: Optional[str] = None,
  ) -> None:
    if mode not in _MODES:
      raise ValueError(
        f"wandb_tracker.mode = {mode!r} is unknown. It can be "
        f"{', '.join(map(repr, _MODES))}."
      )
    abstract_tracker.require_package("wandb", "wandb_tracker", "wandb")
    self._project, self._mode, self._entity = project, mode, entity
    self._run_name, self._folder = run_name, folder

  @property
  def name(self) -> str:
    return f"wandb_tracker, {self._project} {self._mode}"

  def open(self, run: abstract_tracker.Run) -> Optional[str]:
    import wandb

    self._wandb = wandb
    folder = os.path.abspath(run.model_dir)
    key = run.key or secrets.token_hex(4)
    self._run = wandb.init(
      project=self._project,
      entity=self._entity,
      mode=self._mode,
      id=key,
      resume="allow",
      name=self._run_name or os.path.basename(folder),
      dir=self._folder or folder,
      # It would take over stdout, which our progress line writes over itself.
      settings=wandb.Settings(silent=True, console="off"),
    )
    self._run.define_metric(_STEP)
    self._run.define_metric("*", step_metric=_STEP)
    return key

  def params(self, params: Mapping[str, str]) -> None:
    self._run.config.update(dict(params), allow_val_change=True)

  def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    numbers = {name: float(value) for name, value in scalars.items()}
    self._run.log({**numbers, _STEP: step})

  def image(self, step: int, name: str, image: np.ndarray) -> None:
    self._run.log({name: self._wandb.Image(image), _STEP: step})

  def text(self, step: int, name: str, text: str) -> None:
    self.table(step, name, [{"text": text}])

  def table(
    self, step: int, name: str, rows: Sequence[Mapping[str, Any]]
  ) -> None:
    columns = list(rows[0]) if rows else []
    data = [[row[column] for column in columns] for row in rows]
    table = self._wandb.Table(columns=columns, data=data)
    self._run.log({name: table, _STEP: step})

  def close(self, state: str) -> None:
    # Of wandb's own: 0 is "finished", all others "failed".
    is_failed = state == abstract_tracker.FAILED
    self._run.finish(exit_code=int(is_failed))
