"""Disk and memory: where files can be written, and how much room there is."""

from collections.abc import Callable
import contextlib
import os
import pathlib
import shutil
import tempfile
from typing import Optional

from compare_gan.datasets import places
from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import ok
from compare_gan.doctor.finding import wrong
from compare_gan.memory import memory_limit
from compare_gan.storage import files

ORDER = 20

_GIB = 2**30
# TensorFlow takes half of it before the first step.
_LEAST_MEMORY = _GIB
_LEAST_DISK = 100 * 2**20


def look(asked: Asked) -> list[Finding]:
  """Returns findings about memory and the folders that are written to."""
  del asked
  return [
    memory(memory_limit.find()),
    folder(
      "this folder",
      pathlib.Path.cwd,
      absent,
      "Trainings cannot go to runs/ here: give --model_dir, or go to another "
      "folder.",
    ),
    folder(
      "temporary files",
      lambda: pathlib.Path(tempfile.gettempdir()),
      wrong,
      "Set TMPDIR to a folder with room that can be written to.",
    ),
    folder(
      "cache",
      places.cache_folder,
      absent,
      "What is made once will be made each time, such as the classifier behind "
      "scores: set COMPARE_GAN_CACHE to a folder that can be written to.",
    ),
  ]


def memory(found: memory_limit.Memory) -> Finding:
  """Returns the finding about the memory that may be used."""
  said = (
    f"{found.free / _GIB:.1f} of {found.total / _GIB:.1f} GiB are free, the "
    f"limit is the {found.owner}'s"
  )
  if found.free < _LEAST_MEMORY:
    advice = "End other programs, or give this one more: a step needs 1 GiB."
    if found.owner == "container":
      advice = "Raise the memory limit of the container: a step needs 1 GiB."
    return wrong("memory", said, advice)
  return ok("memory", said)


def folder(
  subject: str,
  find: Callable[[], pathlib.Path],
  make: Callable[[str, str, str], Finding],
  advice: str,
) -> Finding:
  """Returns the finding about a folder.

  Args:
    subject: what it is for.
    find: returns its path; it need not exist yet.
    make: `absent` or `wrong`, for a folder that cannot be used.
    advice: what to do then.
  """
  try:
    path = find()
    free = shutil.disk_usage(_existing(path)).free
  except (OSError, RuntimeError) as error:  # There is no home, say.
    return make(subject, f"cannot be found: {error}", advice)
  reason = _why_not_writable(_existing(path))
  if reason:
    return make(subject, f"{path} cannot be written to: {reason}", advice)
  said = f"{path}, {free / _GIB:.1f} GiB free"
  if free < _LEAST_DISK:
    return make(subject, said, f"There is hardly any room. {advice}")
  return ok(subject, said)


def _existing(path: pathlib.Path) -> pathlib.Path:
  """Returns a folder, or the nearest one around it that exists."""
  path = path.absolute()
  return next(one for one in (path, *path.parents) if os.path.lexists(one))


def _why_not_writable(path: pathlib.Path) -> Optional[str]:
  """Returns None if a file can be written in a folder, else why not.

  Permissions do not tell: root may write anywhere but to a read-only disk.
  """
  try:
    with contextlib.closing(
      files.call(tempfile.TemporaryFile, dir=path)
    ) as file:
      files.call(file.write, b"0" * 4096)
      files.call(file.flush)
    return None
  except OSError as error:
    return error.strerror or str(error)
