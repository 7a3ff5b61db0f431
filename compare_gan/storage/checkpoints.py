"""Checkpoints: all variables by their full names, in TensorFlow's own format.

The files are those that tf.train.load_checkpoint (and TensorFlow 1) reads:

  model.ckpt-<step>.data-00000-of-00001, model.ckpt-<step>.index, checkpoint

A checkpoint appears whole or not at all: it is written beside its place, forced
to the disk, and moved in with the index last, without which it does not count.

A checkpoint that cannot be read is not the same as a damaged one. Whoever finds
one that the system refuses gets an OSError, and nothing is changed: the disk
may be back tomorrow. One whose bytes can be read, and are not those that were
written, is a DamagedError; a training sets it aside under the name
`damaged-model.ckpt-<step>`, and goes on from the one before.
"""

import contextlib
import os
import re
import shutil
import socket
import tempfile
from typing import Any
from typing import Callable
from typing import Optional
import warnings
import weakref

from compare_gan.storage import files
import tensorflow as tf

_PREFIX = "model.ckpt-"
_STATE = "checkpoint"  # TensorFlow's name for the file that points to the last
_WRITING = ".writing-"
_DAMAGED = "damaged-"
_INSTEAD = "give another --model_dir"
_BLOCK = 2**24  # bytes

# Of a checkpoint whose files can be read, what does not mean damage.
_REFUSALS = (
  tf.errors.AbortedError,
  tf.errors.CancelledError,
  tf.errors.DeadlineExceededError,
  tf.errors.PermissionDeniedError,
  tf.errors.ResourceExhaustedError,
  tf.errors.UnauthenticatedError,
  tf.errors.UnavailableError,
)


class DamagedError(OSError):
  """A checkpoint whose files can be read, and are not what was written."""


write_text = files.write_text  # The name that other modules know it by.


# ---- Writing -----------------------------------------------------------------


def write(model_dir: str, step: int, tensors: dict[str, Any]) -> str:
  """Writes {name: tensor} as the checkpoint of `step`; returns its prefix.

  What the system refuses (a full disk, say) is an OSError that says how many
  bytes are needed; the checkpoints before are as they were.
  """
  prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
  names = sorted(tensors)
  tensors = [tf.convert_to_tensor(tensors[name]) for name in names]
  size = sum(
    tensor.shape.num_elements() * tensor.dtype.size for tensor in tensors
  )
  with _refusals(prefix, size):
    files.call(os.makedirs, model_dir, exist_ok=True)
    with _folder_beside(model_dir) as folder:
      files.call(
        tf.raw_ops.SaveV2,
        prefix=os.path.join(folder, os.path.basename(prefix)),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=tensors,
      )
      _move(folder, model_dir, f"{os.path.basename(prefix)}.index")
    _point_to(model_dir, step, all_steps(model_dir))
  return prefix


@contextlib.contextmanager
def _folder_beside(model_dir):
  """A folder of this process; if it cannot be removed, the next start does."""
  folder = files.call(tempfile.mkdtemp, prefix=f"{_writer()}-", dir=model_dir)
  try:
    yield folder
  finally:
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _refusals(path, size=0):
  """Makes what goes wrong in writing `size` bytes one OSError with a sentence.

  TensorFlow's own writer has other errors for it than Python.
  """
  try:
    with files.refusals(path, size, _INSTEAD):
      yield
  except tf.errors.InvalidArgumentError:
    raise  # A fault of the caller's.
  except tf.errors.OpError as error:
    reason = OSError(_reason(error))
    raise files.unwritable(path, reason, size, _INSTEAD) from error


def _reason(error):
  return str(error).split(" [Op:")[0]


# ---- Folders of killed processes ---------------------------------------------


def _writer(host=None, process=None):
  return f"{_WRITING}{host or socket.gethostname()}-{process or os.getpid()}"


def remove_leftovers(model_dir: str) -> None:
  """Removes what killed processes of this host have left half written.

  Call it before this process writes anything: a folder under its own number is
  that of a process before it.
  """
  own = re.escape(_writer(process="@")).replace("@", r"(\d+)-.*")
  for name in files.names(model_dir):
    match = re.fullmatch(own, name)
    if match and not _is_another(int(match[1])):
      shutil.rmtree(os.path.join(model_dir, name), ignore_errors=True)


def _is_another(process):
  """Returns whether a process lives and is not this one."""
  if process == os.getpid():
    return False
  try:
    os.kill(process, 0)
  except ProcessLookupError:
    return False
  except PermissionError:  # It is somebody else's.
    return True
  return True


# ---- Moving in ---------------------------------------------------------------


def _move(folder, model_dir, index):
  """Moves a written checkpoint in, so that an index never lacks its data.

  An index of the same name goes first: with data of this checkpoint beside it,
  it would speak of another one.
  """
  names = sorted(files.names(folder), key=lambda name: name == index)
  for name in names:
    files.sync(os.path.join(folder, name))
  if os.path.lexists(os.path.join(model_dir, index)):
    files.call(os.remove, os.path.join(model_dir, index))
    files.sync(model_dir)
  for name in names:
    source = os.path.join(folder, name)
    files.call(os.replace, source, os.path.join(model_dir, name))
    files.sync(model_dir)


def _point_to(model_dir, step, steps):
  """Makes TensorFlow's pointer name `step` as the last one of `steps`."""
  path = os.path.join(model_dir, _STATE)
  lines = [f'model_checkpoint_path: "{_PREFIX}{step}"']
  lines += [
    f'all_model_checkpoint_paths: "{_PREFIX}{step}"' for step in sorted(steps)
  ]
  text = "\n".join(lines) + "\n"
  try:
    is_there = files.read_text_if_any(path) == text
  except ValueError:  # No UTF-8: it is not what we write.
    is_there = False
  if not is_there:
    files.write_text(path, text)


# ---- Finding -----------------------------------------------------------------


def all_steps(model_dir: str) -> list[int]:
  """Returns the steps that `model_dir` has a checkpoint of, in no order.

  A folder that cannot be looked into is an OSError: it may hold some.
  """
  if os.path.islink(model_dir) and not os.path.exists(model_dir):
    raise files.unreadable(model_dir, _dangling(model_dir), _INSTEAD)
  try:
    names = files.names(model_dir)
  except NotADirectoryError:
    return []
  matches = [
    re.fullmatch(re.escape(_PREFIX) + r"(\d+)\.index", name) for name in names
  ]
  return [int(match[1]) for match in matches if match]


def latest(model_dir: str) -> str:
  """Returns the prefix of the last checkpoint, or says that there is none."""
  steps = all_steps(model_dir)
  if not steps:
    raise FileNotFoundError(
      f"There is no checkpoint {_PREFIX}<step>.index in {model_dir!r}."
    )
  return os.path.join(model_dir, f"{_PREFIX}{max(steps)}")


# ---- Reading -----------------------------------------------------------------


def load(prefix: str) -> tuple[dict[str, list[int]], Callable[[str], Any]]:
  """Returns {name: shape} and `read(name)` -> array of the checkpoint.

  Raises:
    FileNotFoundError: there is no such checkpoint.
    DamagedError: see there.
    OSError: it cannot be read.
  """
  reader = _try_twice(prefix, lambda: _Reader(prefix))

  def read(name):
    return _try_twice(prefix, lambda: reader.read(name), f": {name}")

  return reader.shapes, read


def read(model_dir: str, step: int) -> dict[str, Any]:
  """Returns {name: array} of a checkpoint; a damaged one is an OSError."""
  shapes, value = load(os.path.join(model_dir, f"{_PREFIX}{step}"))
  return {name: value(name) for name in shapes}


def last_good(model_dir: str) -> Optional[tuple[int, dict[str, Any]]]:
  """Returns (step, {name: array}) of the last whole checkpoint, or None.

  TensorFlow stores a checksum with every variable: a file that was cut short or
  changed is found out, passed over with a warning, and the one before is read.

  Raises:
    DamagedError: there are checkpoints, and none is whole.
    OSError: one of them cannot be read, so nobody knows whether it is whole.
  """
  damaged = []
  for step in sorted(all_steps(model_dir), reverse=True):
    prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
    try:
      return step, read(model_dir, step)
    except FileNotFoundError:
      continue  # It was removed since.
    except DamagedError as error:
      damaged.append(error)
      warnings.warn(f"{prefix} is passed over. {error}", stacklevel=2)
  if damaged:
    raise DamagedError(
      f"There is no whole checkpoint in {model_dir}: "
      f"{' '.join(map(str, damaged))} Nothing was changed. Put back a copy of "
      f"one, or {_INSTEAD} to start anew."
    )
  return None


def _try_twice(prefix, function, part=""):
  """Returns `function()`; what goes wrong has the reason that the files have.

  TensorFlow's errors do not tell damage from a disk that failed for a moment.
  The second try does.
  """
  try:
    return function()
  except _READERS_ERRORS:
    _check_files(prefix)
  try:
    return function()
  except OSError as error:
    raise files.unreadable(f"{prefix}{part}", error, _INSTEAD) from error
  except _REFUSALS as error:
    reason = OSError(_reason(error))
    raise files.unreadable(f"{prefix}{part}", reason, _INSTEAD) from error
  except _READERS_ERRORS as error:
    reason = _reason(error).rstrip(".")
    if not os.path.lexists(f"{prefix}.index"):
      raise FileNotFoundError(
        f"{prefix!r} is no checkpoint that can be read: {reason}. There is no "
        f"{prefix}.index."
      ) from error
    raise DamagedError(f"{prefix} is damaged{part}: {reason}.") from error


# TensorFlow's reader says IndexError for a file that is too short.
_READERS_ERRORS = (tf.errors.OpError, LookupError, ValueError, OSError)


class _Reader:
  """TensorFlow's reader, of a path with any characters.

  One that is a pattern to TensorFlow is read through links of plain names. They
  last as long as the reader, which opens the data later.
  """

  def __init__(self, prefix: str) -> None:
    if files.is_pattern(prefix):
      prefix = self._link(prefix)
    self._reader = files.call(tf.train.load_checkpoint, prefix)
    self.shapes = self._reader.get_variable_to_shape_map()

  def read(self, name: str) -> Any:
    return files.call(self._reader.get_tensor, name)

  def _link(self, prefix):
    links = files.make_plain_folder()
    weakref.finalize(self, shutil.rmtree, links, ignore_errors=True)
    plain = os.path.join(links, "checkpoint")
    for path in _files_of(prefix):
      link = f"{plain}{path[len(prefix) :]}"
      files.call(os.symlink, os.path.abspath(path), link)
    return plain


def _files_of(prefix):
  """Returns the paths of a checkpoint's files, its index last.

  A checkpoint of TensorFlow 1's first format is the one file `prefix`.
  """
  folder, base = os.path.split(prefix)
  pattern = re.escape(base) + r"(\.index|\.data-\d+-of-\d+)?"
  names = [
    name for name in files.names(folder or ".") if re.fullmatch(pattern, name)
  ]
  names.sort(key=lambda name: name.endswith(".index"))
  return [os.path.join(folder, name) for name in names]


def _check_files(prefix):
  """Reads all files of a checkpoint; one that cannot be read is an OSError."""
  found = _files_of(prefix)
  if not {prefix, f"{prefix}.index"} & set(found):
    raise FileNotFoundError(
      f"{prefix!r} is no checkpoint that can be read: there is no "
      f"{prefix}.index."
    )
  for path in found:
    _check_file(path)


def _check_file(path):
  try:
    with files.call(open, path, "rb") as file:
      while files.call(file.read, _BLOCK):
        pass
  except OSError as error:
    leads_nowhere = os.path.islink(path) and not os.path.exists(path)
    reason = _dangling(path) if leads_nowhere else error
    raise files.unreadable(path, reason, _INSTEAD) from error


def _dangling(path):
  return OSError(f"it is a link to {os.readlink(path)}, which is not there")


# ---- Removing, and setting aside ---------------------------------------------


def set_aside(model_dir: str, after: int) -> list[str]:
  """Renames the checkpoints of later steps than `after`; returns their names.

  A training that goes on from `after` passed over them, for they are damaged.
  None is removed: there may be something to save yet.
  """
  named = []
  for step in sorted(step for step in all_steps(model_dir) if step > after):
    prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
    found = _files_of(prefix)
    into = _free_name(model_dir, [os.path.basename(path) for path in found])
    # The index last: without it the data would pass for half a checkpoint, and
    # be removed.
    for path in found:
      target = os.path.join(model_dir, f"{into}{os.path.basename(path)}")
      with _refusals(target):
        files.move(path, target)
    named.append(f"{into}{_PREFIX}{step}")
  return named


def _free_name(model_dir, names):
  """Returns what goes before `names`, so that no file is written over."""
  number, into = 1, _DAMAGED
  while any(
    os.path.lexists(os.path.join(model_dir, f"{into}{name}")) for name in names
  ):
    number += 1
    into = f"{_DAMAGED}{number}-"
  return into


def remove_old(model_dir: str, keep: Optional[int], written: int) -> None:
  """Removes all but the last `keep` checkpoints, indexes first.

  Also mends the pointer to the last one, where a killed process left another.

  Args:
    model_dir: where they are.
    keep: how many stay; 0 or None is all.
    written: the step of the last one. Later ones are not this training's, and
      stay; see `set_aside`.
  """
  steps = set(all_steps(model_dir))
  kept = sorted(step for step in steps if step <= written)
  if keep:
    kept = kept[-keep:]
  # First, so that the pointer never names what is gone.
  _point_to(model_dir, written, kept)
  if not keep:
    return
  staying = {None, *kept, *(step for step in steps if step > written)}
  gone = [
    name for name in files.names(model_dir) if _step_of(name) not in staying
  ]
  for name in sorted(gone, key=lambda name: not name.endswith(".index")):
    files.remove(os.path.join(model_dir, name))


def _step_of(name):
  """Returns the step of a checkpoint's file, also of one without its index."""
  pattern = re.escape(_PREFIX) + r"(\d+)\.(index|data-\d+-of-\d+)"
  match = re.fullmatch(pattern, name)
  return int(match[1]) if match else None
