"""A hook that times the steps of a training, and measures its memory.

A gin file turns it on:

  import compare_gan.fit.stopwatch
  stopwatch.path = "/tmp/measured.json"
"""

import dataclasses
import json
import time
from typing import Any
from typing import Optional

from compare_gan.configuration import gin_state
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
from compare_gan.fit import child
from compare_gan.storage import files
import gin
import psutil
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Measured:
  """What a training of a few steps took.

  Attributes:
    peak_bytes: of the process, or of the GPU's allocator.
    steps: seconds of each loop of one step; the first one builds the graph.
    cpu: the same in seconds of all cores.
    start_s: from the start of the process to the end of the first step.
    checkpoint_s: what it takes to write a checkpoint.
    image_s: what it takes to sample an image.
  """

  peak_bytes: int
  steps: tuple[float, ...]
  cpu: tuple[float, ...]
  start_s: float
  checkpoint_s: float
  image_s: float

  @classmethod
  def read(cls, path: str) -> Optional["Measured"]:
    """Returns what a Stopwatch wrote; None if it did not come to the end."""
    text = files.read_text_if_any(path)
    return None if text is None else cls(**json.loads(text))


@gin.configurable("stopwatch", module="compare_gan.fit")
def chosen_path(path: str = gin.REQUIRED) -> str:
  """Returns the path of the file to write.

  Args:
    path: a JSON file for the seconds that `compare_gan fit` measures. It binds
      this in the trainings that it makes.
  """
  return path


@hook_kinds.register
def hooks_of_training(training: hook_kinds.Training) -> list[hooks.Hook]:
  """Returns a Stopwatch, if `stopwatch.path` is bound."""
  # gin records each call: without the question, each model_dir of a process
  # that has imported this module would need it.
  if not gin_state.is_bound("stopwatch.path"):
    return []
  return [Stopwatch(training, chosen_path())]


class Stopwatch(hooks.Hook):
  """Writes a `Measured` at the end of a training.

  Args:
    training: what hooks are made from.
    path: of the JSON file.
  """

  def __init__(self, training: hook_kinds.Training, path: str) -> None:
    self._training, self._path = training, path
    self._steps: list[float] = []
    self._cpu: list[float] = []
    self._start_s = 0.0

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    del step, max_steps
    self._on_gpu = "GPU" in model.variables[0].device
    self._before = time.process_time()

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    del step, scalars
    if not self._steps:
      self._start_s = time.time() - psutil.Process().create_time()
    self._steps.append(seconds / steps)
    self._cpu.append((time.process_time() - self._before) / steps)
    self._last = time.monotonic()
    self._before = time.process_time()

  def end(self, step: int) -> None:
    checkpoint_s = time.monotonic() - self._last
    measured = Measured(
      self._peak_bytes(),
      tuple(self._steps),
      tuple(self._cpu),
      self._start_s,
      checkpoint_s,
      self._image_s(),
    )
    files.write_text(self._path, json.dumps(dataclasses.asdict(measured)))

  def _peak_bytes(self):
    if self._on_gpu:
      return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return child.peak_bytes()

  def _image_s(self):
    """Returns the seconds of an image, of a sampler that is traced already."""
    began = time.monotonic()
    pictured = min(64, self._training.batch_size)
    self._training.images()
    return (time.monotonic() - began) / pictured
