"""Errors and warnings as sentences, without what gin and Python add."""

from collections.abc import Iterable
import os
import re
import sys
from types import TracebackType
from typing import Optional
from typing import TextIO
from typing import Union

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
_shown: set[str] = set()  # warnings, each of which users see once
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_mendable(error: BaseException) -> bool:
  """Returns whether an error comes from the user's input.

  This is a wrong value, a name that does not exist, a file, or any error in a
  function whose parameters gin has set. All other errors are bugs.
  """
  return isinstance(error, _MENDABLE) or bool(_TAIL.search(str(error)))


def sentence(error: BaseException) -> str:
  """Returns the message of an error without gin's tails and addresses."""
  text = str(error)
  if isinstance(error, OSError) and error.filename and error.strerror:
    text = f"{error.filename}: {error.strerror}."  # without "[Errno 2]"
  if isinstance(error, SyntaxError) and error.text:
    text = f"{error.msg.rstrip('.')}: {error.text.strip()}"
  callers = [match[1] for match in _TAIL.finditer(text)]
  text = _OBJECT.sub(lambda match: match[1] or match[2], _TAIL.sub("", text))
  if callers and not isinstance(error, _MENDABLE):
    text += (
      f" (in {callers[0]}, whose parameters gin sets; --traceback shows more)"
    )
  return text.strip()


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
