"""The program that reads what a command prints, as in `| head`."""

import io
import os
import select
import sys
from typing import Optional

# The exit code that a shell shows of a process that SIGPIPE ended.
READER_GONE = 141


def reader_is_gone(error: Optional[BaseException] = None) -> bool:
  """Returns whether something could not be printed, because nobody reads it.

  From then on this process prints into nothing; Python would complain at its
  exit.

  Args:
    error: what ended the command; None if nothing did.
  """
  gone = isinstance(error, BrokenPipeError) and _has_no_reader(sys.stdout)
  try:
    sys.stdout.flush()
  except BrokenPipeError:
    gone = True
  if gone:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
  return gone


def _has_no_reader(stream):
  """Returns whether a stream is a pipe that was closed at its other end."""
  if not hasattr(select, "poll"):  # Windows.
    return True
  poll = select.poll()
  try:
    poll.register(stream, 0)  # Errors are always reported.
  except io.UnsupportedOperation:  # A notebook's stream is no file.
    return False
  return bool(poll.poll(0))
