"""Files of arrays: which of them hold images, and which hold labels.

  find(path, ...)   {split: (Numbers of images, labels or None)}

Numbers have `shape`, `dtype` and `blocks()` of their rows, so that no file is
in memory twice. array_formats.py reads the files.
"""

import fnmatch
import logging
import os
import re
from typing import Any
from typing import Optional

from compare_gan.datasets import array_formats
from compare_gan.datasets import class_folders
from compare_gan.datasets.array_formats import Parts
from compare_gan.datasets.array_formats import read_all
from compare_gan.storage import files
import numpy as np

_LOG = logging.getLogger(__name__)
_IMAGES = ("images", "x", "data", "X", "arr_0")
_LABELS = ("labels", "y", "label", "Y", "arr_1", "fine_labels")
_BOTH_SPLITS = (
  ("x_train", "y_train", "x_test", "y_test"),
  ("X_train", "y_train", "X_test", "y_test"),
  ("train_images", "train_labels", "test_images", "test_labels"),
)
_ONE_IN_A_FOLDER = (".npz", ".npy", ".mat")
_WORDS = re.compile("[a-z]+")


def find(
  path: str,
  labels_path: Optional[str],
  eval_path: Optional[str],
  eval_labels_path: Optional[str],
  labels: bool = True,
) -> dict[str, tuple[Any, Optional[np.ndarray]]]:
  """Returns {split: (Numbers of images, labels or None)}, not yet read.

  Args:
    path, labels_path, eval_path, eval_labels_path: of `arrays`.
    labels: whether labels are wanted. If none are found, an array that might
      hold labels is refused.
  """
  _refuse_missing("path", path)
  wanted = labels and labels_path is None
  if os.path.isdir(path):
    found = _find_in_folder(path, wanted)
  else:
    found = _open(path, wanted)
  if labels_path is not None:
    found["train"] = found["train"][0], _only(labels_path, "labels_path")
  if eval_path is not None:
    _refuse_missing("eval_path", eval_path)
    _refuse_folder("eval_path", eval_path)
    wanted = labels and eval_labels_path is None
    found["eval"] = _open(eval_path, wanted)["train"]
  if eval_labels_path is not None and "eval" in found:
    eval_labels = _only(eval_labels_path, "eval_labels_path")
    found["eval"] = found["eval"][0], eval_labels
  return found


def _only(path, name):
  """Returns the one array of a file of labels."""
  _refuse_missing(name, path)
  _refuse_folder(name, path)
  return read_all(_open(path, False)["train"][0])


def _refuse_missing(name, path):
  try:
    files.call(os.stat, path)
  except (FileNotFoundError, NotADirectoryError) as error:
    raise FileNotFoundError(
      f"arrays.{name} = {path!r}: there is no such file."
    ) from error
  except OSError as error:
    raise files.unreadable(path, error) from error


def _refuse_folder(name, path):
  if os.path.isdir(path):
    raise ValueError(
      f"arrays.{name} = {path!r} is a folder. Name one file of it."
    )


def _open(path, labels):
  """Returns {split: (Numbers, labels)} of a file."""
  members = array_formats.members_of(path)
  if isinstance(members, dict):
    return _pairs(members, path, labels)
  return {"train": (members, None)}


# ---- Names of arrays in a file -----------------------------------------------


def _pairs(members, path, labels):
  """Returns {split: (images, labels)}, picked from Numbers by their names."""
  for names in _BOTH_SPLITS:
    if names[0] in members:
      found = {"train": _pair(members, *names[:2])}
      if names[2] in members:
        found["eval"] = _pair(members, *names[2:])
      break
  else:
    images = next((name for name in _IMAGES if name in members), None)
    names = images, next((name for name in _LABELS if name in members), None)
    if images is None:
      raise ValueError(
        f"{path} holds {sorted(members)}. Call the images 'images' and their "
        "labels 'labels', or x_train, y_train, x_test, y_test."
      )
    found = {"train": _pair(members, *names)}
  others = sorted(set(members) - set(names))
  if "arr_2" in others:
    raise ValueError(
      f"{path} holds {sorted(members)}, whose roles are unclear: arr_0 would "
      "be images and arr_1 labels. Store them by name: numpy.savez(path, "
      "x_train=..., y_train=..., x_test=..., y_test=...)."
    )
  if labels and found["train"][1] is None:
    _refuse_other_labels(members, names[0], others, path)
  if others:
    _LOG.warning("%s: the arrays %s are not used.", path, ", ".join(others))
  return found


def _pair(members, images, labels):
  given = members.get(labels)
  return members[images], None if given is None else read_all(given)


def _refuse_other_labels(members, images, others, path):
  """Refuses an array that may hold labels though its name does not say so."""
  shape = members[images].shape
  counts = {shape[0], shape[-1] if len(shape) > 2 else shape[0]} - {1, 3}
  for name in others:
    other = members[name]
    count = int(np.prod(other.shape, dtype=np.int64))
    if other.dtype.kind in "iu" and count in counts:
      raise ValueError(
        f"{path} holds {sorted(members)}: are {name!r} the labels of "
        f"{images!r}? Call them 'labels', or leave labels out with "
        "arrays.labels = False."
      )


# ---- Folders -----------------------------------------------------------------


def _find_in_folder(path, labels):
  """Returns the content of a folder of CIFAR, MNIST or SVHN."""
  names = files.names(path)
  mats = fnmatch.filter(names, "data_batch_*.mat")
  if mats:
    return _cifar(path, names, mats, labels)
  found = {}
  for split, prefix in (("train", "train"), ("eval", "t10k")):
    images = _idx(path, names, prefix, "images")
    if images:
      given = _idx(path, names, prefix, "labels")
      found[split] = images, given and read_all(given)
  if "train" in found:
    return found
  if fnmatch.filter(names, "data_batch_*"):
    raise ValueError(
      f"arrays.path = {path!r} holds CIFAR's batches as Python pickles, which "
      "could run any program and are not read. The MATLAB version of CIFAR "
      "(data_batch_1.mat ...) is read, and so is dataset.name = 'cifar10'."
    )
  names = [name for name in names if name.endswith(_ONE_IN_A_FOLDER)]
  if len(names) == 1:
    return _open(os.path.join(path, names[0]), labels)
  train, test = _train_and_test(names)
  if train is None:
    raise ValueError(
      f"arrays.path = {path!r} is a folder without data_batch_*.mat or "
      "train-images-idx3-ubyte[.gz], and its npz, npy and mat files are "
      f"{', '.join(names[:5]) or 'none'}. Name one file, or use dataset.name "
      "= 'folder' for a folder of images."
    )
  others = [name for name in names if name not in (train, test)]
  if others:
    _LOG.warning(
      "%s: only %s and %s are used, not %s.",
      path,
      train,
      test,
      ", ".join(others),
    )
  found = {}
  for split, name in (("train", train), ("eval", test)):
    found[split] = _open(os.path.join(path, name), labels)["train"]
  return found


def _cifar(path, names, mats, labels):
  numbers = sorted(
    int(match[1])
    for match in (re.fullmatch(r"data_batch_(\d+)\.mat", mat) for mat in mats)
    if match
  )
  missing = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
  if missing:
    raise FileNotFoundError(
      f"arrays.path = {path!r}: data_batch_{missing[0]}.mat is missing next "
      f"to {', '.join(mats)}. Copy the whole folder."
    )
  parts = [_open(os.path.join(path, mat), labels)["train"] for mat in mats]
  given = [labels for _, labels in parts]
  if any(some is None for some in given):
    given = None
  found = {
    "train": (
      Parts([images for images, _ in parts]),
      given and np.concatenate([np.ravel(labels) for labels in given]),
    )
  }
  if "test_batch.mat" in names:
    test = os.path.join(path, "test_batch.mat")
    found["eval"] = _open(test, labels)["train"]
  return found


def _idx(path, names, prefix, kind):
  """Returns the Numbers of an idx file, None if there is none."""
  found = fnmatch.filter(names, f"{prefix}-{kind}[-.]idx?-ubyte*")
  return array_formats.idx(os.path.join(path, found[0])) if found else None


def _train_and_test(names):
  """Returns the file to train on and the file for evaluation, or None twice.

  They are told by their names, such as train_32x32.mat and test_32x32.mat.
  """
  words = {name: set(_WORDS.findall(name.lower())) for name in names}

  def names_containing(*wanted: str) -> list[str]:
    return [name for name in names if words[name] & set(wanted)]

  train = names_containing(*class_folders.TRAIN_NAMES)
  tests = (names_containing(name) for name in class_folders.EVAL_NAMES)
  test = next((found for found in tests if found), [])
  if len(train) != 1 or len(test) != 1 or train == test:
    return None, None
  return train[0], test[0]
