"""Where an error arose in code that is the user's, not this library's."""

from collections.abc import Iterator
import os
import re
import sysconfig
import traceback

# `File "mine.py", line 9, in f`; before TensorFlow 2.7 `mine.py:9 f`.
_FRAME = re.compile(r'^ +(?:File ")?(\S.*?)(?:", line |:)(\d+)(?:, in)? ', re.M)
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_INSTALLED = ("site-packages", "dist-packages")


def line_of(error: BaseException) -> str:
  """Returns "my_loss.py, line 9", the innermost such place; "" if none is."""
  for path, line in _frames(error):
    if _is_own(path):
      return f"{_short(path)}, line {line}"
  return ""


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
  """Yields path and line of each frame, the innermost first."""
  # tf.function leaves the frames of what it traced in the message alone.
  for path, line in reversed(_FRAME.findall(str(error))):
    yield path, int(line)
  for frame in reversed(traceback.extract_tb(error.__traceback__)):
    yield frame.filename, frame.lineno or 0


def _is_own(path: str) -> bool:
  paths = sysconfig.get_paths()
  others = (_OURS, paths["stdlib"], paths["platstdlib"])
  return (
    os.path.isfile(path)
    and not any(path.startswith(other + os.sep) for other in others)
    and not any(name in path.split(os.sep) for name in _INSTALLED)
  )


def _short(path: str) -> str:
  short = os.path.relpath(path)
  return path if short.startswith(os.pardir) else short
