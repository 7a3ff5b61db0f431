"""Checkpoints: all variables by their full names, in TensorFlow's own format.

The files are those that tf.train.load_checkpoint (and TensorFlow 1) reads:

  model.ckpt-<step>.data-00000-of-00001, model.ckpt-<step>.index, checkpoint

A checkpoint appears whole or not at all: it is written to a temporary folder,
synced to the disk, and moved into place. The index is moved last; a checkpoint
without an index does not count.

A training renames a damaged checkpoint (see checkpoint_reader.py) to
`damaged-model.ckpt-<step>` and resumes from the one before.
"""

import contextlib
import os
import re
import shutil
import socket
import tempfile
from typing import Any
from typing import Optional
import warnings

from compare_gan.storage import checkpoint_reader
from compare_gan.storage import files
from compare_gan.storage import healthy_checkpoint
import tensorflow as tf

_PREFIX = "model.ckpt-"
_INSTEAD = checkpoint_reader.INSTEAD
_STATE = "checkpoint"  # TensorFlow's name for the pointer to the last one
_WRITING = ".writing-"
_DAMAGED = "damaged-"

# Other modules use them by these names.
DamagedError = checkpoint_reader.DamagedError
load = checkpoint_reader.load
write_text = files.write_text


# ---- Writing -----------------------------------------------------------------


def write(model_dir: str, step: int, tensors: dict[str, Any]) -> str:
  """Writes {name: tensor} as the checkpoint of `step`; returns its prefix.

  If the write fails, for example because the disk is full, an OSError says how
  many bytes are needed; earlier checkpoints stay unchanged.
  """
  prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
  names = sorted(tensors)
  values = [tf.convert_to_tensor(tensors[name]) for name in names]
  size = sum(value.shape.num_elements() * value.dtype.size for value in values)
  with _refusals(prefix, size):
    files.call(os.makedirs, model_dir, exist_ok=True)
    with _folder_beside(model_dir) as folder:
      files.call(
        tf.raw_ops.SaveV2,
        prefix=os.path.join(folder, os.path.basename(prefix)),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=values,
      )
      _move(folder, model_dir, f"{os.path.basename(prefix)}.index")
    _point_to(model_dir, step, all_steps(model_dir))
  return prefix


@contextlib.contextmanager
def _folder_beside(model_dir):
  """Makes a folder for this process; a later start removes it if it is left."""
  folder = files.call(tempfile.mkdtemp, prefix=f"{_writer()}-", dir=model_dir)
  try:
    yield folder
  finally:
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _refusals(path, size=0):
  """Turns a failure to write `size` bytes into an OSError with a clear message.

  TensorFlow's writer raises other errors for it than Python does.
  """
  try:
    with files.refusals(path, size, _INSTEAD):
      yield
  except tf.errors.InvalidArgumentError:
    raise  # The caller's fault.
  except tf.errors.OpError as error:
    reason = OSError(checkpoint_reader.reason_of(error))
    raise files.unwritable(path, reason, size, _INSTEAD) from error


# ---- Folders of killed processes ---------------------------------------------


def _writer(host=None, process=None):
  return f"{_WRITING}{host or socket.gethostname()}-{process or os.getpid()}"


def remove_leftovers(model_dir: str) -> None:
  """Removes what killed processes on this host have left half written.

  Call it before this process writes anything: a folder with its process number
  then belongs to an earlier process.
  """
  own = re.escape(_writer(process="@")).replace("@", r"(\d+)-.*")
  for name in files.names(model_dir):
    match = re.fullmatch(own, name)
    if match and not _is_another(int(match[1])):
      shutil.rmtree(os.path.join(model_dir, name), ignore_errors=True)


def _is_another(process):
  """Returns whether a process is running and is not this one."""
  if process == os.getpid():
    return False
  try:
    os.kill(process, 0)
  except ProcessLookupError:
    return False
  except PermissionError:  # It belongs to another user.
    return True
  return True


# ---- Moving in ---------------------------------------------------------------


def _move(folder, model_dir, index):
  """Moves a written checkpoint in, so that an index never lacks its data.

  An index of the same name is removed first: it would not describe the data of
  this checkpoint.
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
  except ValueError:  # Not UTF-8: we did not write it.
    is_there = False
  if not is_there:
    files.write_text(path, text)


# ---- Finding -----------------------------------------------------------------


def all_steps(model_dir: str) -> list[int]:
  """Returns the steps that have a checkpoint in `model_dir`, unordered.

  An unreadable folder raises OSError: it may hold checkpoints.
  """
  if os.path.islink(model_dir) and not os.path.exists(model_dir):
    raise files.unreadable(
      model_dir,
      checkpoint_reader.dangling_link(model_dir),
      _INSTEAD,
    )
  try:
    names = files.names(model_dir)
  except NotADirectoryError:
    return []
  matches = [
    re.fullmatch(re.escape(_PREFIX) + r"(\d+)\.index", name) for name in names
  ]
  return [int(match[1]) for match in matches if match]


# ---- Reading -----------------------------------------------------------------


def read(model_dir: str, step: int) -> dict[str, Any]:
  """Returns {name: array} of a checkpoint; raises OSError if it is damaged."""
  shapes, value = load(os.path.join(model_dir, f"{_PREFIX}{step}"))
  return {name: value(name) for name in shapes}


def last_good(model_dir: str) -> Optional[tuple[int, dict[str, Any]]]:
  """Returns (step, {name: array}) of the last whole checkpoint, or None.

  TensorFlow stores a checksum with every variable, so a truncated or changed
  file is detected. It is skipped with a warning, and the checkpoint before it
  is read.

  Raises:
    DamagedError: there are checkpoints, but none is whole.
    OSError: one of them cannot be read, but may be whole.
  """
  damaged = []
  for step in sorted(all_steps(model_dir), reverse=True):
    prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
    try:
      return step, read(model_dir, step)
    except FileNotFoundError:
      continue  # It has been removed since.
    except DamagedError as error:
      damaged.append(error)
      warnings.warn(f"Skipping {prefix}. {error}", stacklevel=2)
  if damaged:
    raise DamagedError(
      f"There is no intact checkpoint in {model_dir}: "
      f"{' '.join(map(str, damaged))} Nothing was changed. Restore a copy of "
      f"one, or {_INSTEAD} to start over."
    )
  return None


# ---- Removing, and setting aside ---------------------------------------------


def set_aside(model_dir: str, after: int) -> list[str]:
  """Renames the checkpoints of steps later than `after`; returns their names.

  A training that resumes from `after` skipped them because they are damaged.
  None is removed: some of their data may still be recoverable.
  """
  named = []
  for step in sorted(step for step in all_steps(model_dir) if step > after):
    prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
    found = checkpoint_reader.files_of(prefix)
    into = _free_name(model_dir, [os.path.basename(path) for path in found])
    # The index comes last: data without one counts as half a checkpoint and is
    # removed.
    for path in found:
      target = os.path.join(model_dir, f"{into}{os.path.basename(path)}")
      with _refusals(target):
        files.move(path, target)
    named.append(f"{into}{_PREFIX}{step}")
  return named


def _free_name(model_dir, names):
  """Returns a prefix for `names` with which no file is overwritten."""
  number, into = 1, _DAMAGED
  while any(
    os.path.lexists(os.path.join(model_dir, f"{into}{name}")) for name in names
  ):
    number += 1
    into = f"{_DAMAGED}{number}-"
  return into


def remove_old(model_dir: str, keep: Optional[int], written: int) -> None:
  """Removes all but the last `keep` checkpoints, indexes first.

  One that is marked as healthy stays as well, see healthy_checkpoint.py.
  Also repairs the pointer to the last one if a killed process left it wrong.

  Args:
    model_dir: where they are.
    keep: how many stay; 0 or None keeps all.
    written: the step of the last one. Later ones do not belong to this training
      and stay; see `set_aside`.
  """
  steps = set(all_steps(model_dir))
  kept = sorted(step for step in steps if step <= written)
  if keep:
    healthy = healthy_checkpoint.read(model_dir)
    kept = [step for step in kept[:-keep] if step == healthy] + kept[-keep:]
  # First, so that the pointer never names a removed checkpoint.
  _point_to(model_dir, written, kept)
  if not keep:
    return
  staying = {None, *kept, *(step for step in steps if step > written)}
  gone = [
    name for name in files.names(model_dir) if _step_of(name) not in staying
  ]
  for name in sorted(gone, key=lambda name: not name.endswith(".index")):
    files.remove(os.path.join(model_dir, name))


def remove_after(model_dir: str, step: int) -> None:
  """Removes the checkpoints of later steps, indexes first.

  The training goes on from `step` in another way.
  """
  steps = all_steps(model_dir)
  _point_to(model_dir, step, [each for each in steps if each <= step])
  later = {each for each in steps if each > step}
  gone = [name for name in files.names(model_dir) if _step_of(name) in later]
  for name in sorted(gone, key=lambda name: not name.endswith(".index")):
    files.remove(os.path.join(model_dir, name))


def _step_of(name):
  """Returns the step of a checkpoint's file, even if the index is missing."""
  pattern = re.escape(_PREFIX) + r"(\d+)\.(index|data-\d+-of-\d+)"
  match = re.fullmatch(pattern, name)
  return int(match[1]) if match else None
