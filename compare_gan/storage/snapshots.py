"""Snapshots of averaged weights, from which post-hoc averages are combined.

  post_hoc_ema/snapshot-<step>.npz    {variable's full name: float16 array}

They are small compared with checkpoints, and all of them are kept: run_config.
keep_checkpoint_max is for checkpoints. If float16 cannot hold a value, its
whole variable is stored in float32.
"""

import io
import os
import re
from typing import Any
import zipfile

from compare_gan.storage import files
import numpy as np

FOLDER = "post_hoc_ema"
_NAME = "snapshot-{}.npz"
_INSTEAD = "give another --model_dir"


def write(model_dir: str, step: int, tensors: dict[str, Any]) -> None:
  """Writes {name: array} as the snapshot of a step, whole or not at all."""
  content = io.BytesIO()
  arrays = {name: _halved(np.asarray(x)) for name, x in tensors.items()}
  # numpy's annotations mistake every keyword for allow_pickle.
  np.savez(content, **arrays)  # type: ignore[arg-type]
  files.make_folder(os.path.join(model_dir, FOLDER))
  files.write_bytes(_path(model_dir, step), content.getvalue())


def steps(model_dir: str) -> list[int]:
  """Returns the steps that have a snapshot, in order."""
  pattern = re.escape(_NAME).replace(r"\{\}", r"(\d+)")
  matches = [
    re.fullmatch(pattern, name)
    for name in files.names(os.path.join(model_dir, FOLDER))
  ]
  return sorted(int(match[1]) for match in matches if match)


def read(model_dir: str, step: int) -> dict[str, np.ndarray]:
  """Returns {name: array} of a snapshot; raises OSError if it is damaged."""
  path = _path(model_dir, step)
  data = files.read_bytes(path)
  try:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
      return dict(arrays)
  except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
    raise files.unreadable(path, OSError(str(error)), _INSTEAD) from error


def remove_after(model_dir: str, step: int) -> None:
  """Removes snapshots of later steps, which the training will make again."""
  for later in steps(model_dir):
    if later > step:
      files.remove(_path(model_dir, later))


def _path(model_dir: str, step: int) -> str:
  return os.path.join(model_dir, FOLDER, _NAME.format(step))


def _halved(x: np.ndarray) -> np.ndarray:
  """Returns x in float16, or unchanged if that cannot hold its range."""
  if np.abs(x).max(initial=0.0) > np.finfo(np.float16).max:
    return x
  return x.astype(np.float16)
