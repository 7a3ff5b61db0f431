"""What happens between the loops of a training, on the host.

A hook is told when a training begins, after every loop, and when it ends.
"""

import math
import sys
import time

import numpy as np
import tensorflow as tf


class Hook:
  """Does nothing; override what you need."""

  def begin(self, model, step, max_steps):
    """The model stands at `step` and will be trained until `max_steps`."""

  def after_loop(self, step, steps, seconds, scalars):
    """`steps` steps led to `step` in `seconds`; `scalars` are of the last."""

  def end(self, step):
    """The training is over."""


class Progress(Hook):
  """Prints a line: step, losses, images per second, time that is left.

  Args:
    images_per_step: real images that D sees in one step.
    stream: where to; a terminal's line is written over.
  """

  def __init__(self, images_per_step, stream=None):
    self._images_per_step = images_per_step
    self._stream = stream or sys.stderr

  def begin(self, model, step, max_steps):
    del model
    self._max_steps = max_steps
    self._width = len(str(max_steps))
    self._rate = None
    print(f"Training from step {step} to {max_steps}.", file=self._stream)

  def after_loop(self, step, steps, seconds, scalars):
    if self._rate is None:
      self._rate = 0.0  # The first call built the graph: no rate.
      print(f"Built the graph in {seconds:.1f} s.", file=self._stream)
      return
    self._rate = steps / max(seconds, 1e-9)
    left = (self._max_steps - step) / self._rate
    losses = "  ".join(
      f"{name} {float(value):.4f}"
      for name, value in sorted(scalars.items())
      if name.startswith("loss/")
    )
    print(
      f"step {step:{self._width}d}/{self._max_steps}  {losses}  "
      f"{self._rate * self._images_per_step:.0f} images/s  {_time(left)} left",
      file=self._stream,
      flush=True,
    )


def _time(seconds):
  minutes, seconds = divmod(int(math.ceil(seconds)), 60)
  hours, minutes = divmod(minutes, 60)
  return f"{hours}:{minutes:02d}:{seconds:02d}"


class NanGuard(Hook):
  """Ends a training whose losses are no numbers any more."""

  def after_loop(self, step, steps, seconds, scalars):
    bad = [n for n, v in scalars.items() if not np.isfinite(float(v))]
    if bad:
      raise FloatingPointError(
        f"{', '.join(bad)} is not finite at step {step}: the training has "
        "diverged. The last checkpoint before it is good; a smaller learning "
        "rate (ModularGAN.g_lr, d_lr) or a penalty may help."
      )


class Summaries(Hook):
  """Writes scalars and pictures for TensorBoard.

  Args:
    model_dir: where to.
    every_steps: about how often.
    images: `images()` -> {name: uint8 [H, W, C]}, called each time.
  """

  def __init__(self, model_dir, every_steps=250, images=None):
    self._model_dir = model_dir
    self._every_steps = every_steps
    self._images = images
    self._writer = None
    self._next = 0

  def begin(self, model, step, max_steps):
    self._writer = tf.summary.create_file_writer(self._model_dir)
    self._next = step
    self._began = time.time()

  def after_loop(self, step, steps, seconds, scalars):
    if step < self._next:
      return
    self._next = step + self._every_steps
    with self._writer.as_default():
      for name, value in scalars.items():
        _write_scalar(name, value, step)
      _write_scalar("global_step/sec", steps / max(seconds, 1e-9), step)
      for name, picture in (self._images() if self._images else {}).items():
        _write_image(name, picture, step)
    self._writer.flush()

  def end(self, step):
    self._writer.close()


def _metadata(plugin):
  metadata = tf.compat.v1.SummaryMetadata()
  metadata.plugin_data.plugin_name = plugin
  return metadata


def _write_scalar(name, value, step):
  value = tf.cast(value, tf.float32)
  tf.summary.write(name, value, step, _metadata("scalars"))


def _write_image(name, picture, step):
  height, width = picture.shape[:2]
  png = tf.io.encode_png(picture)
  tensor = tf.stack([str(width), str(height), png])
  tf.summary.write(name, tensor, step, _metadata("images"))
