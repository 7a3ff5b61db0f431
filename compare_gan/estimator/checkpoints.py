"""Checkpoints: all variables by their full names, in TensorFlow's own format.

The files are those that tf.train.load_checkpoint (and TensorFlow 1) reads:

  model.ckpt-<step>.data-00000-of-00001, model.ckpt-<step>.index, checkpoint

A checkpoint appears whole or not at all: it is written beside its place, forced
to the disk, and moved in with the index last, without which it does not count.
"""

import contextlib
import os
import re
import shutil
import socket
import tempfile
import warnings

import tensorflow as tf

_PREFIX = "model.ckpt-"
_STATE = "checkpoint"  # TensorFlow's name for the file that points to the last
_WRITING = ".writing-"


def write(model_dir, step, tensors):
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
    os.makedirs(model_dir, exist_ok=True)
    with tempfile.TemporaryDirectory(
      prefix=f"{_writer()}-", dir=model_dir
    ) as folder:
      tf.raw_ops.SaveV2(
        prefix=os.path.join(folder, os.path.basename(prefix)),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=tensors,
      )
      _move(folder, model_dir, f"{os.path.basename(prefix)}.index")
    _point_to(model_dir, step, all_steps(model_dir))
  return prefix


@contextlib.contextmanager
def _refusals(path, size):
  """Makes what goes wrong in writing `size` bytes one OSError with a sentence.

  TensorFlow's own writer has other errors for it than Python.
  """
  try:
    yield
  except tf.errors.InvalidArgumentError:
    raise  # A fault of the caller's.
  except (OSError, tf.errors.OpError) as error:
    reason = getattr(error, "strerror", None) or str(error)
    reason = reason.split(" [Op:")[0].rstrip(".")
    raise OSError(
      f"{path} cannot be written: {reason}. It needs {size:,} bytes; "
      f"{_free(path)} are free there. What was written before is as it was: "
      "make room, or give another --model_dir, and start again."
    ) from error


def _free(path):
  """Returns how many bytes are free where `path` is to be, in words."""
  folder = os.path.abspath(path)
  while not os.path.isdir(folder):
    folder = os.path.dirname(folder)
  return f"{shutil.disk_usage(folder).free:,}"


# ---- Folders of killed processes ---------------------------------------------


def _writer(host=None, process=None):
  return f"{_WRITING}{host or socket.gethostname()}-{process or os.getpid()}"


def remove_leftovers(model_dir):
  """Removes what killed processes of this host have left half written.

  Call it before this process writes anything: a folder under its own number is
  that of a process before it.
  """
  if not os.path.isdir(model_dir):
    return
  own = re.escape(_writer(process="@")).replace("@", r"(\d+)-.*")
  for name in sorted(os.listdir(model_dir)):
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
  names = sorted(os.listdir(folder), key=lambda name: name == index)
  for name in names:
    _sync(os.path.join(folder, name))
  if os.path.lexists(os.path.join(model_dir, index)):
    os.remove(os.path.join(model_dir, index))
    _sync(model_dir)
  for name in names:
    os.replace(os.path.join(folder, name), os.path.join(model_dir, name))
    _sync(model_dir)


def _sync(path):
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


def _point_to(model_dir, step, steps):
  """Makes TensorFlow's pointer name `step` as the last one of `steps`."""
  path = os.path.join(model_dir, _STATE)
  lines = [f'model_checkpoint_path: "{_PREFIX}{step}"']
  lines += [
    f'all_model_checkpoint_paths: "{_PREFIX}{step}"' for step in sorted(steps)
  ]
  text = "\n".join(lines) + "\n"
  if not os.path.isfile(path) or _read_text(path) != text:
    write_text(path, text)


def _read_text(path):
  with open(path) as file:
    return file.read()


def write_text(path, text):
  """Writes a small file; it holds the old text or the new, never less."""
  beside = f"{path}.writing"
  with _refusals(path, len(text.encode())):
    with open(beside, "w") as file:
      file.write(text)
      file.flush()
      os.fsync(file.fileno())
    os.replace(beside, path)
    _sync(os.path.dirname(path) or ".")


def all_steps(model_dir):
  """Returns the steps that `model_dir` has a checkpoint of, in no order."""
  if not os.path.isdir(model_dir):
    return []
  matches = [
    re.fullmatch(re.escape(_PREFIX) + r"(\d+)\.index", name)
    for name in os.listdir(model_dir)
  ]
  return [int(match[1]) for match in matches if match]


def latest(model_dir):
  """Returns the prefix of the last checkpoint, or says that there is none."""
  steps = all_steps(model_dir)
  if not steps:
    raise FileNotFoundError(
      f"There is no checkpoint {_PREFIX}<step>.index in {model_dir!r}."
    )
  return os.path.join(model_dir, f"{_PREFIX}{max(steps)}")


def load(prefix):
  """Returns {name: shape} and `read(name)` -> array of the checkpoint."""
  try:
    reader = tf.train.load_checkpoint(prefix)
  except (tf.errors.OpError, ValueError) as error:
    raise FileNotFoundError(
      f"{prefix!r} is no checkpoint that can be read: {error}"
    ) from error

  def read(name):
    try:
      return reader.get_tensor(name)
    # TensorFlow's reader says IndexError for a file that is too short.
    except (LookupError, ValueError, tf.errors.OpError) as error:
      raise OSError(f"{prefix}: {name} cannot be read: {error}") from error

  return reader.get_variable_to_shape_map(), read


def read(model_dir, step):
  """Returns {name: array} of a checkpoint; a damaged one is an OSError."""
  shapes, value = load(os.path.join(model_dir, f"{_PREFIX}{step}"))
  return {name: value(name) for name in shapes}


def last_good(model_dir):
  """Returns (step, {name: array}) of the last whole checkpoint, or None.

  TensorFlow stores a checksum with every variable: a file that was cut short or
  changed is found out, passed over with a warning, and the one before is read.
  """
  for step in sorted(all_steps(model_dir), reverse=True):
    prefix = os.path.join(model_dir, f"{_PREFIX}{step}")
    try:
      return step, read(model_dir, step)
    except OSError as error:
      warnings.warn(
        f"{prefix} is damaged and passed over: {error}", stacklevel=2
      )
  return None


def remove_old(model_dir, keep, written):
  """Removes all but the last `keep` checkpoints, indexes first.

  Also mends the pointer to the last one, where a killed process left another.

  Args:
    model_dir: where they are.
    keep: how many stay; 0 or None is all.
    written: the step of the last one. Later ones are damaged ones that the
      training passed over, and go.
  """
  steps = set(all_steps(model_dir))
  kept = sorted(step for step in steps if step <= written)
  if keep:
    kept = kept[-keep:]
  # First, so that the pointer never names what is gone.
  _point_to(model_dir, written, kept)
  gone = [
    name
    for name in os.listdir(model_dir)
    if keep and _step_of(name) not in (None, *kept)
  ]
  for name in sorted(gone, key=lambda name: not name.endswith(".index")):
    os.remove(os.path.join(model_dir, name))


def _step_of(name):
  """Returns the step of a checkpoint's file, also of one without its index."""
  pattern = re.escape(_PREFIX) + r"(\d+)\.(index|data-\d+-of-\d+)"
  match = re.fullmatch(pattern, name)
  return int(match[1]) if match else None
