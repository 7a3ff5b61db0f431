"""Decides which lines of TensorFlow's C++ part users see.

Some lines come before any setting of TensorFlow could silence them, so they are
filtered on their way: file descriptor 2 leads to a small process that passes on
the lines that matter. It is a process, not a thread, because the last lines
before a crash matter most. Python's own sys.stderr still leads to the screen
directly.
"""

import io
import os
import re
import select
import signal
import sys

# "I0000 00:00:1795698942.95 10635 port.cc:153] ..." and "2026-01-31
# 12:00:00.000001: W tensorflow/core/..."
_LOGGED = re.compile(
  rb"([IWEF])\d{4} \d\d:\d\d:\d"
  rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: ([IWEF]) "
)
# Lines without a level that belong to lines of low levels.
_UNLOGGED = re.compile(
  rb"WARNING: All log messages before absl::InitializeLog\(\)"
  rb"|To enable the following instructions: "
  rb"|Skipping registering GPU devices"
)
# Lines that TensorFlow logs as errors, but that change nothing.
_HARMLESS = re.compile(
  rb"failed call to cuInit"  # There is no GPU.
  rb"|Unable to register cu\w+ factory"  # It is registered already.
  rb"|meta_optimizer\.cc:\d+\] \w+ failed: "  # The graph stays as it was.
)
# Lines that say that TensorFlow cannot use the GPU of a machine.
_GPU_IS_LOST = re.compile(
  rb"Cannot dlopen some GPU|Could not load dynamic library"
)
_SECONDS = 0.1  # after which an incomplete line is shown as it is


def matters(line: bytes, has_gpu: bool = False) -> bool:
  """Returns whether a person should see a line of file descriptor 2."""
  match = _LOGGED.match(line)
  if not match:
    return not _UNLOGGED.match(line)
  level = match[1] or match[2]
  if level in b"IW":
    return has_gpu and bool(_GPU_IS_LOST.search(line))
  return level == b"F" or not _HARMLESS.search(line)


def filter_stderr() -> None:
  """Leads file descriptor 2 through a process that passes on what matters."""
  if not hasattr(os, "fork"):
    return
  try:
    screen = os.dup(2)
  except OSError:  # It is closed.
    return
  source, sink = os.pipe()
  child = os.fork()
  if not child:
    # A grandchild, so that code waiting for our children ignores it.
    if os.fork():
      os._exit(0)
    _pass_on_and_exit(source, sink, screen)
  os.waitpid(child, 0)
  os.close(source)
  os.dup2(sink, 2)
  os.close(sink)
  sys.stderr = io.TextIOWrapper(
    io.FileIO(screen, "w"),
    encoding=sys.stderr.encoding,
    errors="backslashreplace",
    line_buffering=True,
    write_through=True,
  )


def _pass_on_and_exit(source: int, sink: int, screen: int) -> None:
  os.close(sink)  # Otherwise the pipe would never end.
  for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)  # It ends when the pipe does.
  try:
    pass_on(source, screen)
  finally:
    os._exit(0)


def pass_on(source: int, screen: int) -> None:
  """Writes the lines that matter from one descriptor to another."""
  has_gpu = os.path.exists("/dev/nvidia0")
  rest, shown = b"", False  # of the last line; whether its start was shown
  while True:
    is_idle = rest and not select.select([source], [], [], _SECONDS)[0]
    if is_idle and (shown or matters(rest, has_gpu)):
      os.write(screen, rest)
      rest, shown = b"", True
    data = os.read(source, 65536)
    *lines, rest = (rest + data).split(b"\n")
    for line in lines:
      if shown or matters(line, has_gpu):
        os.write(screen, line + b"\n")
      shown = False
    if not data:
      if rest and (shown or matters(rest, has_gpu)):
        os.write(screen, rest)
      return
