"""Lines and files that scripts around the Ascend model cards look for.

Their shell scripts read throughput and losses from the log of a training, and
write <Case>.log, with which machines are compared. `card_log.style`, which
`zoo` sets, prints the same lines in addition to the usual ones:

  bigbigan  epoch : 1----Disc_loss : 2.1----Gen_loss : 0.4----sec/step : 0.31
  biggan    Iteration: 50, D_loss: 2.1, G_loss: 0.4, D_updata_time: ...
  dcgan     [      50 Epoch:[ 0/25] [  49/1562] time: 12.1, d_loss: 2.1, ...

At the end it prints `Final Performance images/sec : `, `Final Performance
sec/step : ` and `E2E Training Duration sec : `, and writes <Case>.log
(key = value), <Case>_Disc_loss.txt and <Case>_Gen_loss.txt in
`card_log.folder`.
"""

from collections.abc import Callable
import os
import platform
import statistics
import time
from typing import Any
from typing import Optional

from compare_gan.configuration import gin_roles
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
import gin

_LAST = 10  # The cards average this many lines.


gin_roles.declare_read_later("card_log")


@gin.configurable(
  "card_log", module="compare_gan.card_log", denylist=["batch_size", "out"]
)
def card_log(
  batch_size: int,
  style: Optional[str] = None,
  network: str = "compare_gan",
  steps_per_epoch: Optional[int] = None,
  folder: Optional[str] = None,
  case: Optional[str] = None,
  out: Callable[[str], Any] = print,
) -> list[hooks.Hook]:
  """Returns a list with the hook, an empty one without a style.

  Args:
    batch_size: images per D update, over all replicas.
    style: None, "bigbigan", "biggan" or "dcgan".
    network: the card's name for its network.
    steps_per_epoch: for the lines that count epochs.
    folder: of the files. None: test/output/$ASCEND_DEVICE_ID.
    case: name of the files. None: <network>_bs<batch size>_<ranks>p_perf.
    out: called with each line.
  """
  if style is None:
    return []
  if style not in _LINES:
    raise ValueError(
      f"card_log.style = {style!r} is unknown. It can be None, "
      f"{', '.join(map(repr, _LINES))}."
    )
  if style != "biggan" and not steps_per_epoch:
    raise ValueError(
      f"card_log.style = {style!r} counts epochs: set card_log.steps_per_epoch."
    )
  ranks = int(os.environ.get("RANK_SIZE", 1))
  if folder is None:
    device = os.environ.get("ASCEND_DEVICE_ID", "0")
    folder = os.path.join("test", "output", device)
  if case is None:
    case = f"{network}_bs{batch_size}_{ranks}p_perf"
  about = {
    "Network": network,
    "RankSize": ranks,
    "BatchSize": batch_size,
    "DeviceType": platform.machine(),
    "CaseName": case,
  }
  return [CardLog(about, _LINES[style], steps_per_epoch, folder, out)]


@hook_kinds.register
def _hooks_of_training(training: hook_kinds.Training) -> list[hooks.Hook]:
  return card_log(training.batch_size)


class CardLog(hooks.Hook):
  """Prints the lines of an Ascend model card, and writes its files.

  Args:
    about: the first entries of <Case>.log.
    line: `line(loop)` -> the line of a loop, or None.
    steps_per_epoch: or None.
    folder: of the files.
    out: called with each line.
  """

  def __init__(
    self,
    about: dict[str, Any],
    line: Callable[[dict[str, Any]], Optional[str]],
    steps_per_epoch: Optional[int],
    folder: str,
    out: Callable[[str], Any],
  ) -> None:
    self._about, self._line, self._out = about, line, out
    self._per_epoch, self._folder = steps_per_epoch, folder

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    del model
    self._start = self._last = time.monotonic()
    self._first_step, self._max_steps = step, max_steps
    self._step_seconds: list[float] = []
    self._d_losses: list[float] = []
    self._g_losses: list[float] = []

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    now = time.monotonic()
    between = max(now - self._last - seconds, 0.0)  # checkpoints, summaries
    self._last = now
    updates = [name for name in scalars if name.startswith("loss/d_")]
    d_loss, g_loss = float(scalars[max(updates)]), float(scalars["loss/g"])
    self._d_losses.append(d_loss)
    self._g_losses.append(g_loss)
    if step - steps > self._first_step:  # The first call built the graph.
      self._step_seconds.append(seconds / steps)
    line = self._line(
      {
        "step": step,
        "before": step - steps,
        "per_epoch": self._per_epoch,
        "epochs": self._per_epoch and -(-self._max_steps // self._per_epoch),
        "d_loss": d_loss,
        "g_loss": g_loss,
        "step_seconds": seconds / steps,
        "data_seconds": between / steps,
        "seconds": now - self._start,
      }
    )
    if line:
      self._out(line)

  def end(self, step: int) -> None:
    if not self._d_losses:
      return  # There was nothing left to do.
    whole = time.monotonic() - self._start
    per_step = whole / max(step - self._first_step, 1)
    if self._step_seconds:
      per_step = statistics.mean(self._step_seconds[-_LAST:])
    rate = self._about["BatchSize"] / per_step
    self._out(f"Final Performance images/sec : {rate:.2f}")
    self._out(f"Final Performance sec/step : {per_step:.4f}")
    self._out(f"E2E Training Duration sec : {whole:.0f}")
    self._write(
      {
        **self._about,
        "ActualFPS": f"{rate:.2f}",
        "TrainingTime": f"{1000 * per_step:.2f}",  # milliseconds of a step
        "TrainAccuracy": "None",  # which a GAN does not have
        "ActualLoss": self._g_losses[-1],
        "Actual_Disc_Loss": self._d_losses[-1],
        "Actual_Gen_Loss": self._g_losses[-1],
        "E2ETrainingTime": f"{whole:.0f}",
      }
    )

  def _write(self, values):
    os.makedirs(self._folder, exist_ok=True)
    base = os.path.join(self._folder, self._about["CaseName"])
    for path, lines in (
      (f"{base}.log", [f"{key} = {value}" for key, value in values.items()]),
      (f"{base}_Disc_loss.txt", self._d_losses),
      (f"{base}_Gen_loss.txt", self._g_losses),
    ):
      with open(path, "w") as file:
        file.writelines(f"{line}\n" for line in lines)


def _bigbigan(loop):
  """A line for each epoch, at the first loop that reaches its end."""
  epoch = loop["step"] // loop["per_epoch"]
  if epoch == loop["before"] // loop["per_epoch"]:
    return None
  return (
    f"epoch : {epoch}----Disc_loss : {loop['d_loss']}----"
    f"Gen_loss : {loop['g_loss']}----sec/step : {loop['step_seconds']}"
  )


def _biggan(loop):
  """D and G are updated in one call, whose time is given as D's."""
  return (
    f"Iteration: {loop['step']}, D_loss: {loop['d_loss']:f}, "
    f"G_loss: {loop['g_loss']:f}, D_updata_time: {loop['step_seconds']:f}(s), "
    f"G_updata_time: {0:f}(s), "
    f"data preprocess time: {loop['data_seconds']:f}(s)"
  )


def _dcgan(loop):
  epoch, place = divmod(loop["step"] - 1, loop["per_epoch"])
  return (
    f"[{loop['step']:8d} Epoch:[{epoch:2d}/{loop['epochs']:2d}] "
    f"[{place:4d}/{loop['per_epoch']:4d}] time: {loop['seconds']:4.4f}, "
    f"d_loss: {loop['d_loss']:.8f}, g_loss: {loop['g_loss']:.8f}"
  )


_LINES = {"bigbigan": _bigbigan, "biggan": _biggan, "dcgan": _dcgan}
