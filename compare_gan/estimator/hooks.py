"""What happens between the loops of a training, on the host.

A hook is told when a training begins, after every loop, and when it ends.
"""

from collections.abc import Sequence
import csv
import dataclasses
import io
import math
import os
import re
import shutil
import sys
import time
from typing import Any
from typing import Callable
from typing import Optional
from typing import TextIO
from typing import Union

from compare_gan.storage import files
from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import tensorboard
import numpy as np


class Hook:
  """Does nothing; override what you need.

  Attributes:
    every_steps: loops of steps end at multiples of it; None for anywhere.
    comes_first: whether it is called before the built-in hooks that tell of
      the training and that end it.
    asks_to_stop: set it to end the training with a checkpoint of this step, as
      a signal does.
  """

  every_steps: Optional[int] = None
  comes_first = False
  asks_to_stop = False

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    """The model stands at `step` and will be trained until `max_steps`."""

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    """The last `steps` steps took `seconds`; `scalars` are those of `step`."""

  def end(self, step: int) -> None:
    """The training is over."""


@dataclasses.dataclass
class Notes:
  """What hooks have to say beside the scalars of a step.

  Attributes:
    words: {who says it: a word or two}, beside the losses in the progress line.
    scalars: {name: number}, which TensorBoard gets with the others.
    texts: {name: Markdown}, which TensorBoard gets once.
  """

  words: dict[str, str] = dataclasses.field(default_factory=dict)
  scalars: dict[str, float] = dataclasses.field(default_factory=dict)
  texts: dict[str, str] = dataclasses.field(default_factory=dict)


def clock() -> float:
  """Returns seconds, to measure what a hook takes."""
  return time.monotonic()


class Progress(Hook):
  """Prints a line: step, losses, images per second, time that is left.

  Args:
    images_per_step: real images that D sees in one step.
    stream: where to print; on a terminal each line overwrites the last.
    notes: its words stand beside the losses.
  """

  def __init__(
    self,
    images_per_step: int,
    stream: Optional[TextIO] = None,
    notes: Optional[Notes] = None,
  ) -> None:
    self._images_per_step = images_per_step
    self._notes = notes or Notes()
    self._stream = stream or sys.stderr

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    del model
    self._max_steps = max_steps
    self._width = len(str(max_steps))
    self._rate: Optional[float] = None  # steps per second
    self._print(f"Training from step {step} to {max_steps}.")

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    if self._rate is None:
      self._rate = 0.0  # The first call built the graph: no rate.
      self._print(f"Built the graph in {seconds:.1f} s.")
      return
    self._rate = steps / max(seconds, 1e-9)
    left = (self._max_steps - step) / self._rate
    losses = "  ".join([*_losses(scalars), *self._notes.words.values()])
    self._print(
      f"step {step:{self._width}d}/{self._max_steps}  {losses}  "
      f"{self._rate * self._images_per_step:.0f} images/s  {_time(left)} left",
      passing=True,
    )

  def end(self, step: int) -> None:
    if self._rate and self._stream.isatty():
      self._print("")  # Keeps the next output from overwriting the last line.

  def _print(self, text, passing=False):
    """Prints a line; on a terminal the next one overwrites a passing one."""
    if passing and self._stream.isatty():
      columns = shutil.get_terminal_size().columns
      # "Erase to the end": the line before may have been longer.
      self._stream.write(f"\r{text[: columns - 1]}\x1b[K")
    else:
      self._stream.write(f"{text}\n")
    self._stream.flush()


def _losses(scalars):
  """Returns words: the losses, and what terms of penalties add to them."""
  terms = [n for n in scalars if re.fullmatch("penalty/.*_weighted", n)]
  losses = [name for name in scalars if name.startswith("loss/")]
  if terms and not float(scalars.get("loss/penalty", 1.0)):
    losses.remove("loss/penalty")  # @no_penalty: the terms are all there is
  return [f"{n} {float(scalars[n]):.4f}" for n in sorted(losses + terms)]


def _time(seconds):
  minutes, seconds = divmod(int(math.ceil(seconds)), 60)
  hours, minutes = divmod(minutes, 60)
  return f"{hours}:{minutes:02d}:{seconds:02d}"


class NanGuard(Hook):
  """Ends a training with a loss that is not finite.

  A step that loss scaling skipped has changed nothing, so its losses do not
  matter. The training ends if many loops in a row end with such a step.
  """

  def __init__(self) -> None:
    self._skipped = 0.0  # steps so far, of all networks
    self._in_a_row = 0  # loops that ended with a loss that is not finite

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    bad = [
      name
      for name, value in scalars.items()
      # The gradients of a step that loss scaling skips may be infinite.
      if name.startswith("loss/") and not np.isfinite(float(value))
    ]
    skipped = sum(
      float(value)
      for name, value in scalars.items()
      if name.startswith("loss_scale/") and name.endswith("_skipped")
    )
    has_skipped, self._skipped = skipped > self._skipped, skipped
    self._in_a_row = self._in_a_row + 1 if bad else 0
    if bad and (not has_skipped or self._in_a_row >= _MOST_BAD_LOOPS):
      raise FloatingPointError(
        f"{', '.join(bad)} is not finite at step {step}: the training has "
        "diverged. The last checkpoint before it is good; a smaller learning "
        "rate (ModularGAN.g_lr, d_lr) or a penalty may help."
      )


# Loops in a row whose last step float16 skipped because losses overflowed.
_MOST_BAD_LOOPS = 10


class ScalarTable(Hook):
  """Writes scalars.csv: step, seconds of training so far, and all scalars.

  It has a row for every loop, for programs that do not read TensorBoard's
  files. A training that goes on from a checkpoint first drops later rows.
  """

  def __init__(self, model_dir: str) -> None:
    self._path = os.path.join(model_dir, "scalars.csv")

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    rows = [row for row in read_scalars(self._path) if row["step"] <= step]
    self._rows = rows if step else []
    self._seconds = self._rows[-1]["seconds"] if self._rows else 0.0
    self._names = None

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    self._seconds += seconds
    row = {"step": step, "seconds": round(self._seconds, 3)}
    row.update((name, float(value)) for name, value in sorted(scalars.items()))
    if self._names is None:
      self._rewrite_with_columns(row)
    files.append_text(self._path, _csv_lines(self._names, [row]))

  def _rewrite_with_columns(self, row):
    """Writes the earlier rows again, with columns for new scalars as well."""
    before = {name: None for old in self._rows for name in old}
    self._names = list({**dict.fromkeys(row), **before})
    lines = _csv_lines(self._names, self._rows)
    header = _csv_lines(self._names, [{name: name for name in self._names}])
    files.write_text(self._path, header + lines)
    self._rows = []


def read_scalars(path: str) -> list[dict[str, Union[int, float]]]:
  """Returns the rows of a scalars.csv, {name: number}; none without a file.

  A process that was killed may leave half a last line, which is left out.
  """
  text = files.read_text_if_any(path) or ""
  whole = text[: text.rfind("\n") + 1]
  reader = csv.DictReader(io.StringIO(whole))
  return [
    {
      name: int(value) if name == "step" else float(value)
      for name, value in row.items()
      if value
    }
    for row in reader
  ]


def _csv_lines(names, rows):
  text = io.StringIO()
  writer = csv.DictWriter(text, names, lineterminator="\n")
  writer.writerows(rows)
  return text.getvalue()


class Summaries(Hook):
  """Gives scalars, pictures and texts to TensorBoard and to other trackers.

  The tags are those of google/compare_gan: the scalars' names, global_step/sec,
  examples/sec.

  Args:
    model_dir: the folder of TensorBoard's files.
    every_steps: about how many steps lie between two writes.
    images: `images()` -> {name: uint8 [H, W, C]}, called each time.
    images_per_step: real images that D sees in one step, for examples/sec.
    texts: `texts()` -> {name: Markdown}, called once, after the first steps,
      because gin then knows all parameters that are used.
    notes: its scalars and texts are written as well. A new text is written at
      once.
    params: `params()` -> {name: text}, called once like `texts`.
    trackers: others than TensorBoard, which are open.
  """

  def __init__(
    self,
    model_dir: str,
    every_steps: int = 250,
    images: Optional[Callable[[], dict[str, np.ndarray]]] = None,
    images_per_step: Optional[int] = None,
    texts: Optional[Callable[[], dict[str, str]]] = None,
    notes: Optional[Notes] = None,
    params: Callable[[], dict[str, str]] = dict,
    trackers: Sequence[abstract_tracker.Tracker] = (),
  ) -> None:
    self._tensorboard = tensorboard.TensorBoard(model_dir)
    self._trackers = [self._tensorboard, *trackers]
    self._run = abstract_tracker.Run(model_dir, None)
    self._notes = notes or Notes()
    self._every_steps = every_steps
    self._images = images
    self._images_per_step = images_per_step
    self._texts = texts
    self._params = params

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    self._tensorboard.open(self._run)
    self._next = step
    self._built = False

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    if step >= self._next:
      self._next = step + self._every_steps
      self._write(step, steps, seconds, scalars)
    if self._notes.texts:
      self._write_texts(step, self._notes.texts)
      self._notes.texts.clear()
    self._built = True

  def _write(self, step, steps, seconds, scalars):
    rates = self._rates(steps / max(seconds, 1e-9)) if self._built else {}
    numbers = {
      name: float(value)
      for name, value in (
        *scalars.items(),
        *self._notes.scalars.items(),
        *rates.items(),
      )
    }
    for tracker in self._trackers:
      tracker.scalars(step, numbers)
    if not self._built:
      params = self._params()
      for tracker in self._trackers:
        tracker.params(params)
      self._write_texts(step, self._texts() if self._texts else {})
    for name, picture in (self._images() if self._images else {}).items():
      for tracker in self._trackers:
        tracker.image(step, name, picture)
    for tracker in self._trackers:
      tracker.flush()

  def _rates(self, rate):
    # The first call built the graph: it has no rate.
    if not self._images_per_step:
      return {"global_step/sec": rate}
    examples = rate * self._images_per_step
    return {"global_step/sec": rate, "examples/sec": examples}

  def _write_texts(self, step, texts):
    for tracker in self._trackers:
      for name, text in texts.items():
        tracker.text(step, name, text)
      tracker.flush()

  def end(self, step: int) -> None:
    # The others may go on with an evaluation: who opened them closes them.
    self._tensorboard.close(abstract_tracker.FINISHED)
