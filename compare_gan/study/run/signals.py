"""Ends a study in good order on SIGINT, SIGTERM or SIGHUP."""

from collections.abc import Iterator
import contextlib
import os
import signal
import threading
from typing import Any
from typing import Optional

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Signals:
  """Notes the first signal; a second one ends this process at once.

  `noted` is the number of the first one, None before it.
  """

  def __init__(self) -> None:
    self.noted: Optional[int] = None

  @contextlib.contextmanager
  def listening(self) -> Iterator[None]:
    """Handles signals inside the context, unless they are ignored outside."""
    if threading.current_thread() is not threading.main_thread():
      yield  # Python handles signals in the main thread only.
      return
    numbers = [
      getattr(signal, name) for name in _NAMES if hasattr(signal, name)
    ]
    before = {
      number: signal.signal(number, self._note)
      for number in numbers
      if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
      yield
    finally:
      for number, handler in before.items():
        signal.signal(number, handler)

  def _note(self, number: int, frame: Any) -> None:
    del frame
    if self.noted is not None:
      os._exit(128 + number)  # The runs end with this process, see follow.py.
    self.noted = number
