"""Errors and warnings as sentences, without what gin and Python add."""

from collections.abc import Iterable
import os
import re
import sys
from types import TracebackType
from typing import Optional
from typing import TextIO
from typing import Union

from compare_gan.console import own_code

# A UserWarning is raised under --strict only.
_MENDABLE = (
  ValueError,
  OSError,
  FloatingPointError,
  SyntaxError,
  ImportError,
  UserWarning,
)

# "In call to configurable 'options' (<function options at 0x7f...>)", with
# "in scope '...'" if there is one: gin adds this to each error that passes it.
_TAIL = re.compile(r"\n\s*In call to configurable '([^']*)' .*")
# Objects as Python shows them, "<function hinge at 0x7f...>".
_OBJECT = re.compile(
  r"<(?:class '(?:\w+\.)*(\w+)'"
  r"|(?:bound method|function|built-in (?:function|method)) "
  r"(?:[\w<>]+\.)*(\w+)[^<>]*)>"
)
# What tf.function makes of an error in code that AutoGraph rewrote: the frames,
# then, four columns further right, the error.
_TRACED = re.compile(
  r"\s*in user code:\n(?:.*\n)*?\n    (?P<kind>\w+): (?P<message>(?:.|\n)*)"
)
# What TensorFlow writes around the message of an operation that ran at once.
_KERNEL = re.compile(r"\{\{function_node [^}]*\}\} | \[Op:\w+\](?: name: *)?")
_shown: set[str] = set()  # warnings, each of which users see once
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_mendable(error: BaseException) -> bool:
  """Returns whether an error comes from the user's input.

  This is a wrong value, a name that does not exist, a file, or any error in a
  function whose parameters gin has set. All other errors are bugs.
  """
  return _is_clear(error) or bool(_TAIL.search(str(error)))


def sentence(error: BaseException, place: bool = False) -> str:
  """Returns an error's message without gin's tails, addresses and frames.

  Args:
    error: the error, which ends a command.
    place: whether the line of the user's own code is named that it arose in.
  """
  text, notes = _parts(error, place)
  return _with_notes(text, [*notes, "--traceback shows more"] if notes else [])


def with_kind(error: BaseException) -> str:
  """Returns "TypeError: ... (mine.py, line 9)", for an error that ends nothing.

  Args:
    error: the error.
  """
  text, notes = _parts(error, place=True)
  kind = _untraced(str(error))[0] or type(error).__name__
  return _with_notes(f"{kind}: {text}" if text else kind, notes)


def _parts(error, place):
  """Returns the message, and notes on where the error arose."""
  text = _untraced(str(error))[1]
  if isinstance(error, OSError) and error.filename and error.strerror:
    text = f"{error.filename}: {error.strerror}."  # without "[Errno 2]"
  if isinstance(error, SyntaxError) and error.text:
    text = f"{error.msg.rstrip('.')}: {error.text.strip()}"
  callers = [match[1] for match in _TAIL.finditer(text)]
  text = _OBJECT.sub(lambda match: match[1] or match[2], _TAIL.sub("", text))
  notes = []
  if callers and not _is_clear(error):
    notes.append(f"in {callers[0]}, whose parameters gin sets")
  if place and (line := own_code.line_of(error)):
    notes.append(line)
  return _KERNEL.sub("", text).strip(), notes


def _with_notes(text, notes):
  return f"{text} ({'; '.join(notes)})" if notes else text


def _is_clear(error: BaseException) -> bool:
  """Returns whether the message was written for the one who gave the input."""
  kind, _ = _untraced(str(error))
  mendable = (each.__name__ for each in _MENDABLE)
  return isinstance(error, _MENDABLE) or kind in mendable


def _untraced(text: str) -> tuple[str, str]:
  """Returns the kind, "" if not traced, and the message of a traced error."""
  kind = ""
  while found := _TRACED.fullmatch(text):
    kind = found["kind"]
    text = found["message"].replace("\n    ", "\n")
  return kind, text


def show_warning(
  message: Union[Warning, str],
  category: type[Warning],
  filename: str,
  lineno: int,
  file: Optional[TextIO] = None,
  line: Optional[str] = None,
) -> None:
  """Prints a warning for users, once; replaces `warnings.showwarning`.

  Warnings of other libraries are for programmers, and are left out. Those of
  gin are printed: gin calls our functions, so a warning about their arguments
  seems to come from gin.
  """
  del lineno, line
  if not issubclass(category, (UserWarning, RuntimeWarning)):
    return
  if str(message) in _shown:
    return
  folder = os.path.abspath(filename)
  is_gins = os.path.basename(os.path.dirname(folder)) == "gin"
  is_installed = "site-packages" in folder or "dist-packages" in folder
  if folder.startswith(_OURS + os.sep) or is_gins or not is_installed:
    print(f"Warning: {message}", file=file or sys.stderr, flush=True)
    mark_shown([str(message)])


def mark_shown(texts: Iterable[str]) -> None:
  """Notes that users have seen these warnings."""
  _shown.update(texts)


def show_uncaught(
  kind: type[BaseException],
  error: BaseException,
  traceback: Optional[TracebackType],
) -> None:
  """Prints what ends the program; replaces `sys.excepthook`.

  After Ctrl-C, where it was is a page of TensorFlow's lines.
  """
  if issubclass(kind, KeyboardInterrupt) and "--traceback" not in sys.argv:
    print("compare_gan: interrupted", file=sys.stderr, flush=True)
  else:
    sys.__excepthook__(kind, error, traceback)
