"""A bundle as a model_dir: what every reader of a model_dir takes.

A bundle is checked, and then its model is put into a folder of the cache, named
by the hash of its manifest: model.json, an operative config, the checkpoint in
TensorFlow's own format, the scores. Whatever reads a model_dir reads it like a
training's, and nothing else needs to know of bundles.
"""

import hashlib
import json
import os
import shutil
import tempfile
from typing import Optional

from compare_gan.bundles import archive
from compare_gan.bundles import foreign_code
from compare_gan.bundles import hub
from compare_gan.bundles import manifest as manifest_lib
from compare_gan.bundles import safetensors
from compare_gan.bundles import shipped
from compare_gan.bundles.manifest import BundleError
from compare_gan.datasets import cache
from compare_gan.gans import ema
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import parts
import numpy as np

TRUST_FLAG = "--trust_bundle_code"
_ROOM = "bundles"
_LAYOUT = "1"  # of an unpacked bundle; another layout has another folder


def find(path: str) -> Optional[str]:
  """Returns the zip or folder of a bundle; None if a path is of no bundle.

  Args:
    path: of a zip or of an unpacked bundle; an address, hf://user/name; or the
      name of a bundle that is shipped, unless there is a file of this name.
  """
  if hub.is_address(path):
    return hub.pull(path)
  if os.path.exists(path):
    return path if archive.is_bundle(path) else None
  if path in shipped.names():
    return shipped.path_of(path)
  if path.endswith(".zip"):
    raise FileNotFoundError(
      f"There is no bundle {path}. Those that are shipped are "
      f"{', '.join(shipped.names()) or 'none'}."
    )
  return None


def as_model_dir(path: str, trust_code: bool = False) -> str:
  """Returns a model_dir with a bundle's model; another path is unchanged.

  Args:
    path: see `find`.
    trust_code: accepts a gin config that imports modules outside compare_gan.
  """
  found = find(path)
  if found is None:
    return path
  folder = unpack(found)
  if not trust_code:
    _require_no_foreign_code(path, model_dir_lib.config_path(folder))
  return folder


def weights_of(path: str) -> str:
  """Returns what `as_model_dir` does, for readers of the weights alone.

  The gin config is not read, so it cannot do any harm.
  """
  return as_model_dir(path, trust_code=True)


def unpack(path: str) -> str:
  """Returns the folder of the cache that holds the model of a bundle."""
  manifest, contents = archive.read(path)
  digest = hashlib.sha256(contents[manifest_lib.NAME]).hexdigest()
  room = os.path.join(cache.writable_folder(), _ROOM)
  folder = os.path.join(room, f"{digest[:32]}-{_LAYOUT}")
  if os.path.isdir(folder):
    return folder
  files.make_folder(room)
  draft = files.call(tempfile.mkdtemp, prefix=".writing-", dir=room)
  try:
    _write(draft, path, manifest, contents)
    files.call(os.rename, draft, folder)
  except OSError:
    if not os.path.isdir(folder):  # else another process was faster
      raise
  finally:
    shutil.rmtree(draft, ignore_errors=True)
  return folder


def _write(folder, path, manifest, contents):
  """Writes a bundle as a model_dir."""
  step = manifest.step
  try:
    arrays = safetensors.decode(contents[manifest_lib.WEIGHTS])
  except safetensors.FormatError as error:
    raise BundleError(
      f"{path} is refused. {manifest_lib.WEIGHTS} is no safetensors file. "
      f"{error}"
    ) from error
  for name, target in (
    (manifest_lib.CONFIG, f"operative_config-{step}.gin"),
    (manifest_lib.MODEL, model_dir_lib.CARD),
    (manifest_lib.SCORES, "scores.jsonl"),
    (manifest_lib.README, manifest_lib.README),
  ):
    if name in contents:
      files.write_bytes(os.path.join(folder, target), contents[name])
  _require_shape(path, contents[manifest_lib.MODEL])
  parts.write(folder, manifest.parts)
  tensors = {name: _as_variable(array) for name, array in arrays.items()}
  for name in arrays:
    # Where the average alone is known, a new training begins with it.
    if name.endswith(ema.SUFFIX):
      tensors.setdefault(name[: -len(ema.SUFFIX)], tensors[name])
  checkpoints.write(folder, step, tensors)


def _require_shape(path, data):
  """Raises BundleError unless model.json says what a model_dir's does."""
  try:
    card = json.loads(data.decode("utf-8"))
    sizes = [*card["image_shape"], card["num_classes"], card["seed"]]
    is_good = len(sizes) == 5 and all(type(x) is int and x >= 0 for x in sizes)
  except (ValueError, TypeError, KeyError, RecursionError):
    is_good = False
  if not is_good:
    raise BundleError(
      f"{path} is refused. {manifest_lib.MODEL} does not say image_shape, "
      "num_classes and seed."
    )


def _as_variable(array):
  """Returns an array with the dtype of variables."""
  return array.astype(np.float32) if array.dtype.kind == "f" else array


def _require_no_foreign_code(path, config):
  """Raises BundleError if a bundle's gin config does more than choose names."""
  reasons = foreign_code.refusals(files.read_text(config))
  if reasons:
    raise BundleError(
      f"{path} is refused, because its {manifest_lib.CONFIG} does more than "
      f"choose among compare_gan's own names: {'; '.join(reasons)}. If you "
      f"trust whoever made it, add {TRUST_FLAG}."
    )
