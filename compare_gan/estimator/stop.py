"""Stopping a training from outside: Ctrl-C, `kill`, the end of a Slurm job.

After the first SIGINT or SIGTERM, the running steps end and a checkpoint is
written; the second one ends the process at once.
"""

import os
import signal
import socket
import sys
import threading
from typing import Any
from typing import Optional

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequested(Exception):
  """The training was asked to stop, and has saved its state."""


class Requests:
  """Notes signals while it is entered; `stop` says whether there was one.

  Python runs a signal handler between two of its instructions, and a loop of
  the graph is one instruction that takes seconds. So a thread learns of signals
  from a pipe, which the system's own handler writes to.
  """

  def __init__(self) -> None:
    self.stop = False
    self._handlers: Optional[dict[int, Any]] = None

  def __enter__(self) -> "Requests":
    if threading.current_thread() is not threading.main_thread():
      return self  # Python handles signals in the main thread only.
    self._told, self._teller = socket.socketpair()
    self._teller.setblocking(False)
    self._wakeup = signal.set_wakeup_fd(self._teller.fileno())
    self._handlers = {
      number: signal.signal(number, lambda *_: None)
      for number in _SIGNALS
      # A process in the background of a script ignores Ctrl-C.
      if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    threading.Thread(target=self._listen, daemon=True).start()
    return self

  def __exit__(self, *_: Any) -> None:
    if self._handlers is None:
      return
    for number, handler in self._handlers.items():
      signal.signal(number, handler)
    signal.set_wakeup_fd(self._wakeup)
    self._teller.close()  # Ends the thread.

  def _listen(self):
    while True:
      received = self._told.recv(1)
      if not received:
        self._told.close()
        return
      if received[0] in _SIGNALS:
        self._note(received[0])

  def _note(self, number):
    if self.stop:
      os._exit(128 + number)
    self.stop = True
    print(
      f"{signal.Signals(number).name}: stopping after these steps, with a "
      "checkpoint. Send it again to stop at once.",
      file=sys.stderr,
      flush=True,
    )
