"""TensorBoard's files, in a model_dir.

The tags of a training are those of google/compare_gan.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
from typing import Any
from typing import Optional

from compare_gan.storage import files
from compare_gan.trackers import abstract_tracker
import numpy as np
import tensorflow as tf


class TensorBoard(abstract_tracker.Tracker):
  """Writes what TensorBoard shows.

  Unlike with other trackers, a folder that cannot be written to is an error: it
  is that of the checkpoints.

  Args:
    folder: to write to.
  """

  def __init__(self, folder: str) -> None:
    self._folder = folder

  @property
  def name(self) -> str:
    return "TensorBoard"

  def open(self, run: abstract_tracker.Run) -> Optional[str]:
    del run
    with self._refusals():
      self._writer = files.call(tf.summary.create_file_writer, self._folder)
    return None

  def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    with self._writing():
      files.call(_write_scalars, step, scalars)

  def image(self, step: int, name: str, image: np.ndarray) -> None:
    with self._writing():
      files.call(_write_image, step, name, image)

  def text(self, step: int, name: str, text: str) -> None:
    with self._writing():
      files.call(_write_text, step, name, text)

  def table(
    self, step: int, name: str, rows: Sequence[Mapping[str, Any]]
  ) -> None:
    self.text(step, name, markdown(rows))

  def flush(self) -> None:
    with self._writing():
      files.call(self._writer.flush)

  def close(self, state: str) -> None:
    del state
    with self._refusals():
      files.call(self._writer.close)

  @contextlib.contextmanager
  def _writing(self) -> Iterator[None]:
    with self._writer.as_default(), self._refusals():
      yield

  @contextlib.contextmanager
  def _refusals(self):
    """Turns errors of TensorFlow's writer into an OSError with advice."""
    try:
      yield
    except (OSError, tf.errors.OpError) as error:
      reason = getattr(error, "message", None) or error.strerror or error
      raise OSError(
        f"The summaries in {self._folder} cannot be written: {reason}. The "
        "last checkpoint is good: free some space, or give another "
        "--model_dir, and start again."
      ) from error


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
  """Returns rows with the same columns as a table of Markdown."""
  if not rows:
    return ""
  columns = list(rows[0])
  lines = [columns, ["---"] * len(columns)]
  lines += [[str(row[column]) for column in columns] for row in rows]
  return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _metadata(plugin):
  metadata = tf.compat.v1.SummaryMetadata()
  metadata.plugin_data.plugin_name = plugin
  return metadata


def _write_scalars(step, scalars):
  for name, value in scalars.items():
    value = tf.cast(value, tf.float32)
    tf.summary.write(name, value, step, _metadata("scalars"))


def _write_text(step, name, text):
  tf.summary.write(name, tf.constant(text), step, _metadata("text"))


def _write_image(step, name, picture):
  height, width = picture.shape[:2]
  png = tf.io.encode_png(picture)
  tensor = tf.stack([str(width), str(height), png])
  tf.summary.write(name, tensor, step, _metadata("images"))
