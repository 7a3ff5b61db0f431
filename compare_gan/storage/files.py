"""Files that hold either the old content or the new, never a partial one.

Everything that is read from or written to a model_dir, a cache, a journal or a
table goes through `call`, the one place where tests make a disk fail.
"""

from collections.abc import Iterator
import contextlib
import fnmatch
import glob
import os
import shutil
import tempfile
from typing import Any
from typing import Callable
from typing import Optional

# Suffix of files that are being written; see `write_bytes`.
_WRITING = ".writing"

# What users can do if their file is refused, unless the caller knows better.
_INSTEAD = "choose another folder"

_IS_SENTENCE = "is_sentence"  # an attribute of errors that this file makes


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
  """Returns `function(*args, **kwargs)`, a call that touches the disk."""
  return function(*args, **kwargs)


# ---- Writing -----------------------------------------------------------------


def write_text(path: str, text: str, writer: str = "") -> None:
  """Writes a small UTF-8 file, which holds either the old text or the new.

  Args:
    path: of the file.
    text: all of it.
    writer: see `write_bytes`.
  """
  write_bytes(path, text.encode("utf-8"), writer)


def write_bytes(path: str, data: bytes, writer: str = "") -> None:
  """Writes a file under a temporary name, syncs it and moves it into place.

  Args:
    path: of the file.
    data: all of it.
    writer: a name for this process, if several may write the file at once.
  """
  path = os.fspath(path)
  beside = f"{path}{_WRITING}{writer}"
  with refusals(path, len(data)):
    try:
      with call(open, beside, "wb") as file:
        call(file.write, data)
        call(file.flush)
        call(os.fsync, file.fileno())
      call(os.replace, beside, path)
    except OSError:
      _remove_quietly(beside)
      raise
    sync_folder(path)


def append_text(path: str, text: str) -> None:
  """Appends text to a file, which is created if it is missing.

  A process that is killed here leaves part of the text.
  """
  data = text.encode("utf-8")
  with refusals(path, len(data)):
    with call(open, path, "ab") as file:
      call(file.write, data)
      call(file.flush)


def move(source: str, target: str) -> None:
  """Renames a file and syncs its folder to the disk."""
  with refusals(target):
    call(os.replace, source, target)
    sync_folder(target)


def remove(path: str) -> None:
  """Removes a file, if there is one."""
  with refusals(path):
    with contextlib.suppress(FileNotFoundError):
      call(os.remove, path)


def copy(source: str, target: str) -> None:
  """Copies a file; `target` is either the old one or the new."""
  beside = f"{os.fspath(target)}{_WRITING}"
  with refusals(target, _size(source)):
    try:
      call(shutil.copyfile, source, beside)
      sync(beside)
      call(os.replace, beside, target)
    except OSError:
      _remove_quietly(beside)
      raise
    sync_folder(target)


def make_folder(path: str) -> None:
  """Makes a folder and its parents where they are missing."""
  with refusals(path):
    call(os.makedirs, path, exist_ok=True)


def sync(path: str) -> None:
  """Syncs a file or the entries of a folder to the disk."""
  if os.name == "nt":
    return  # Windows cannot open folders or sync what is opened for reading.
  descriptor = call(os.open, path, os.O_RDONLY)
  try:
    call(os.fsync, descriptor)
  finally:
    os.close(descriptor)


def sync_folder(path: str) -> None:
  """Syncs the entry of a file in its folder to the disk."""
  sync(os.path.dirname(os.path.abspath(path)))


def _remove_quietly(path: str) -> None:
  with contextlib.suppress(OSError):
    os.remove(path)


def _size(path: str) -> int:
  try:
    return os.path.getsize(path)
  except OSError:
    return 0


# ---- Reading -----------------------------------------------------------------


def read_text(path: str) -> str:
  """Returns the text of a UTF-8 file; an OSError says which one failed."""
  return read_bytes(path).decode("utf-8")


def read_bytes(path: str) -> bytes:
  """Returns the content of a file; an OSError says which one failed.

  FileNotFoundError, and only that, means that there is no such file.
  """
  try:
    with call(open, path, "rb") as file:
      return call(file.read)
  except FileNotFoundError:
    raise
  except OSError as error:
    raise unreadable(path, error) from error


def read_text_if_any(path: str) -> Optional[str]:
  """Returns the text of a file, None if there is none."""
  try:
    return read_text(path)
  except FileNotFoundError:
    return None


def names(folder: str) -> list[str]:
  """Returns the sorted names in a folder, none if there is no such folder."""
  try:
    return sorted(call(os.listdir, folder))
  except FileNotFoundError:
    return []
  except OSError as error:
    raise unreadable(folder, error) from error


# ---- Patterns ----------------------------------------------------------------


def matching(pattern: str) -> list[str]:
  """Returns the sorted paths that match a pattern with *, ? and [abc].

  A part that exists exactly as it is written is taken literally: in
  `/data/run[1]/train-*`, `run[1]` is the folder of that name if there is one.
  Hidden files match no pattern.
  """
  pattern = os.fspath(pattern)
  found = [os.sep if pattern.startswith(os.sep) else ""]
  for part in pattern.split(os.sep):
    if part:
      found = [
        os.path.join(folder, name)
        for folder in found
        for name in _matching_in(folder, part)
      ]
  return sorted(found) if pattern.strip(os.sep) else []


def _matching_in(folder, part):
  if os.path.lexists(os.path.join(folder, part)):
    return [part]
  if not glob.has_magic(part) or not os.path.isdir(folder or os.curdir):
    return []
  found = fnmatch.filter(names(folder or os.curdir), part)
  return [n for n in found if part.startswith(".") or not n.startswith(".")]


def is_pattern(path: str) -> bool:
  """Returns whether TensorFlow's readers take a path for a pattern.

  To them, `lr[1]` stands for `lr1`.
  """
  return bool(set(os.fspath(path)) & set("*?[\\"))


@contextlib.contextmanager
def plain_name(path: str) -> Iterator[str]:
  """Links a file or folder under a plain name if its own name is a pattern.

  The link lasts as long as the context.
  """
  if not is_pattern(path):
    yield path
    return
  with plain_folder() as folder:
    link = os.path.join(folder, "link")
    call(os.symlink, os.path.abspath(path), link)
    yield link


@contextlib.contextmanager
def plain_folder() -> Iterator[str]:
  """Makes a folder whose name is not a pattern, for as long as the context.

  It is in $TMPDIR, unless the name of $TMPDIR is a pattern.
  """
  folder = make_plain_folder()
  try:
    yield folder
  finally:
    shutil.rmtree(folder, ignore_errors=True)


def make_plain_folder() -> str:
  """Returns a new folder with a plain name, which the caller has to remove."""
  chosen = tempfile.gettempdir()
  places = [chosen, "/tmp", "/var/tmp", os.path.expanduser("~"), os.getcwd()]
  for place in places:
    if is_pattern(place):
      continue
    with contextlib.suppress(OSError):
      return call(tempfile.mkdtemp, prefix="compare_gan-", dir=place)
  raise OSError(
    f"No folder can be made in {', '.join(dict.fromkeys(places))}, or their "
    "names are patterns to TensorFlow (* ? [ \\). Set TMPDIR to a folder that "
    "can be written to, whose name has other characters."
  )


# ---- What the system refuses -------------------------------------------------


@contextlib.contextmanager
def refusals(
  path: str, size: int = 0, instead: str = _INSTEAD
) -> Iterator[None]:
  """Turns a failure to write `size` bytes into an OSError with a clear message.

  It keeps the class and the errno of the system's error.

  Args:
    path: of the file.
    size: 0 if it is not known.
    instead: what else the user can do, such as "name another --model_dir".
  """
  try:
    yield
  except OSError as error:
    sentence = unwritable(path, error, size, instead)
    if sentence is error:
      raise
    raise sentence from error


def unwritable(
  path: str, error: OSError, size: int = 0, instead: str = _INSTEAD
) -> OSError:
  """Returns an error that says what could not be written, and what to do."""
  if _is_sentence(error):
    return error
  need = f" It needs {size:,} bytes; {_free(path)} are free there."
  sentence = (
    f"{path} cannot be written: {_reason(error)}.{need * bool(size)} Earlier "
    f"files are unchanged: fix this, or {instead}, and start again."
  )
  return _with_sentence(error, sentence)


def unreadable(path: str, error: OSError, instead: str = _INSTEAD) -> OSError:
  """Returns an error that says what could not be read, and what to do."""
  if _is_sentence(error):
    return error
  sentence = (
    f"{path} cannot be read: {_reason(error)}. Nothing was changed: make it "
    f"readable, or {instead}, and start again."
  )
  return _with_sentence(error, sentence)


def _is_sentence(error: OSError) -> bool:
  """Returns whether an error is one that this file has made."""
  return getattr(error, _IS_SENTENCE, False)


def _with_sentence(error: OSError, sentence: str) -> OSError:
  # With one argument, str() is the sentence alone. OSError itself would choose
  # the class by errno, which this call does not pass.
  made = type(error)(sentence)
  made.errno = error.errno
  setattr(made, _IS_SENTENCE, True)
  return made


def _reason(error: OSError) -> str:
  return (error.strerror or str(error) or type(error).__name__).rstrip(".")


def _free(path: str) -> str:
  """Returns, in words, how many bytes are free where `path` will be written."""
  folder = os.path.abspath(path)
  while not os.path.isdir(folder) and folder != os.path.dirname(folder):
    folder = os.path.dirname(folder)
  try:
    return f"{shutil.disk_usage(folder).free:,}"
  except OSError:
    return "an unknown number"
