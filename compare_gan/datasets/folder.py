"""Images in a folder of one's own, or in a zip or a tar of one.

  dataset.name = "folder"
  folder.path = "/data/flowers"
  folder.image_size = 64

Folders inside are the classes, flowers/rose/1.jpg; without any there are no
labels. Folders of the names train and test (or eval, val, validation; see
class_folders.py) hold the two splits; else `folder.eval_path` does, or
`folder.eval_fraction` of the images are held out; 0 holds nothing out, no test
folder either. What is no image by its name, notes.txt say, is passed over and
counted; a class of such files alone and an archive inside are refused, since
images of theirs would be missing. "archive" is the same reader by another name,
for which `archive.path` and so on are set.
"""

import fnmatch
import logging
import os

from compare_gan import gin_roles
from compare_gan.datasets import class_folders
from compare_gan.datasets import files as files_lib
from compare_gan.datasets import image_file
from compare_gan.datasets import image_files
import gin
import numpy as np

_ARCHIVES = (
  *(".zip", ".tar", ".7z", ".rar", ".tgz", ".tbz2", ".txz"),
  *(".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"),
)


def open_images(
  path=gin.REQUIRED,
  eval_path=None,
  eval_fraction=0.1,
  image_size=None,
  colors=3,
  resize="center_crop",
  background="white",
  labels=True,
  max_pixels=2**26,
  memory_bytes=2**30,
  eval_samples=10000,
  crop=None,
  pattern=None,
  classes=None,
  gin_name="folder",
  on_error="raise",
):
  """Returns the dataset of the images below a folder or in an archive.

  Args:
    path: of the folder, zip, tar or tar.gz.
    eval_path: another one, of the images that do not train.
    eval_fraction: without either kind of test images: the share held out. 0:
      all images train, those of test folders too, and scores compare with them.
    image_size: 64 or (height, width); None if all images are as large.
    colors: 1 or 3.
    resize: "center_crop", "resize" or "pad", see image_file.py.
    background: "white" or "black", behind transparent pixels and `pad`.
    labels: whether folders are classes.
    max_pixels: an image that claims more is refused before it is unpacked.
    memory_bytes: splits of up to so many bytes of pixels stay in memory.
    eval_samples: how many images a score is computed on, at most.
    crop: pixels, or (height, width), of the part from the middle of an image
      that is resized; None for all of it.
    pattern: of the names of the files that are used, "*.jpg"; None for all
      images.
    classes: the names of the folders that are classes, in the order of their
      labels; others are passed over. None for all folders, sorted.
    gin_name: "folder" or "archive".
    on_error: `dataset.on_error`.
  """
  layout = image_files.layout_of(
    gin_name, image_size, colors, resize, background, max_pixels, crop
  )
  files, names = _open(path, f"{gin_name}.path", pattern, eval_path)
  known = tuple(classes or ())
  ours, theirs = class_folders.splits(names, files.folders, gin_name, known)
  held = files
  if eval_path is not None:
    held, theirs = _open_eval(eval_path, pattern, gin_name, ours, theirs, known)
    _refuse_overlap(gin_name, (path, files, ours), (eval_path, held, theirs))
  elif theirs and not eval_fraction:
    if labels and not known:
      class_folders.refuse_empty_folders(theirs, gin_name)
    names = sorted({**ours.names, **theirs.names}.items())
    ours, theirs = ours._replace(names=dict(names)), None
  classes = _classes(ours, theirs, gin_name, known) if labels else None
  ours, theirs = _used(ours, known), theirs and _used(theirs, known)
  if theirs is None:
    listed = list(ours.items())
    train_rows, eval_rows = image_files.held_out(
      len(listed), eval_fraction, gin_name
    )
    ours, theirs = (
      dict(listed[row] for row in rows) for rows in (train_rows, eval_rows)
    )
  sources = {
    "train": _source(files, ours, classes, files.bad),
    "eval": _source(held, theirs, classes, () if held is files else held.bad),
  }
  dataset = image_files.ImageFiles(
    os.path.basename(os.path.normpath(path)),
    sources,
    layout,
    len(classes) if classes else 0,
    gin_name,
    on_error,
    memory_bytes,
    eval_samples,
  )
  dataset.classes = tuple(classes or ())
  return dataset


for _name in ("folder", "archive"):
  gin.external_configurable(
    open_images,
    _name,
    module="compare_gan.datasets",
    denylist=["gin_name", "on_error"],
  )
  gin_roles.declare(_name, paths=["path", "eval_path"])


def _open(path, gin_name, pattern, eval_path=None):
  """Returns the files of a path, and {number: name} of the images in them.

  Those that are no files to trust have numbers below 0: they say which classes
  there are.
  """
  files = files_lib.open_files(path, gin_name)
  if pattern is None:
    _refuse_archives(files, path, gin_name, eval_path)
  names = {i: n for i, n in enumerate(files.names) if _is_used(n, pattern)}
  if not names:
    reader = gin_name.split(".")[0]
    matching = "" if pattern is None else f" of {reader}.pattern = {pattern}"
    raise ValueError(
      f"{gin_name} = {path!r} holds no images{matching} "
      f"({', '.join(image_file.SUFFIXES)})."
    )
  _warn_of_others(files, names, path, gin_name)
  for place, (name, _) in enumerate(files.bad):
    if _is_used(name, pattern) and files_lib.is_trusted(name):
      names[-1 - place] = name
  return files, names


def _is_used(name, pattern):
  """Whether a file is an image by its name, and one of those that are used."""
  return image_file.is_named_as_one(name) and (
    pattern is None or fnmatch.fnmatchcase(os.path.basename(name), pattern)
  )


def _open_eval(path, pattern, gin_name, ours, theirs, known):
  """Returns the files of `eval_path` and the Part of them that is used."""
  if theirs:
    logging.warning(
      "%s.eval_path = %r holds the images for evaluation: those in %s are not "
      "used.",
      gin_name,
      path,
      theirs.above,
    )
  files, names = _open(path, f"{gin_name}.eval_path", pattern)
  classes = {name.split("/")[0] for name in ours.names.values() if "/" in name}
  train, test = class_folders.splits(
    names, files.folders, gin_name, (*known, *classes)
  )
  if test:
    logging.warning(
      "%s.eval_path = %r: of it the images in %s are used.",
      gin_name,
      path,
      test.above,
    )
  return files, test or train


def _refuse_overlap(gin_name, train, held):
  """Refuses images that train and are for evaluation as well.

  The same path for both is one's own choice.
  """
  for (inner, _, _), (outer, files, part) in ((train, held), (held, train)):
    below = os.path.relpath(os.path.realpath(inner), os.path.realpath(outer))
    below = below.replace(os.sep, "/") + "/"
    names = (files.names[i] for i in part.names if i >= 0)
    if below != "./" and any(name.startswith(below) for name in names):
      raise ValueError(
        f"{gin_name}.path = {train[0]!r} and {gin_name}.eval_path = "
        f"{held[0]!r}: the images in {inner!r} would be of both. Name two "
        "folders of which neither is in the other."
      )


def _refuse_archives(files, path, gin_name, eval_path):
  """Refuses archives inside, unless they are unpacked beside themselves."""
  reader = gin_name.split(".")[0]
  for name in files.names:
    ending = next((e for e in _ARCHIVES if name.lower().endswith(e)), None)
    if ending is None:
      continue
    stem = name[: -len(ending)]
    around = os.path.dirname(name) or os.path.normpath(path)
    is_unpacked = stem in files.folders or os.path.basename(
      stem
    ) == os.path.basename(around)
    is_other = eval_path is not None and os.path.realpath(
      os.path.join(path, name)
    ) == os.path.realpath(eval_path)
    if not is_unpacked and not is_other:
      raise ValueError(
        f"{gin_name} = {path!r} holds the archive {name}, and archives inside "
        f"are not read: its images would be missing. Unpack it, to {stem} say, "
        f"remove it, or name it alone; {reader}.pattern = '*' passes it over."
      )


def _classes(ours, theirs, gin_name, known):
  """Returns the names of the classes in the order of labels, None for none."""
  if not known:
    found = class_folders.classes_of(ours, gin_name)
    if found and theirs:
      class_folders.refuse_empty_folders(theirs, gin_name)
    return found
  tops = {name.split("/")[0] for name in ours.names.values() if "/" in name}
  missing = [name for name in known if name not in tops]
  if missing or len(set(known)) < len(known):
    raise ValueError(
      f"{gin_name}.classes = {list(known)}: "
      f"{missing[0] if missing else 'one of them'} "
      f"{'is no folder with images' if missing else 'comes twice'}. There are "
      f"{sorted(tops)[:20]}."
    )
  return list(known)


def _used(part, known):
  """Returns {number: name} of the images of a Part that are used."""
  names = {number: name for number, name in part.names.items() if number >= 0}
  if not known:
    return names
  used = {n: name for n, name in names.items() if name.split("/")[0] in known}
  if len(used) < len(names):
    logging.warning(
      "%d images in %s are passed over: they are in none of the classes that "
      "are listed.",
      len(names) - len(used),
      part.above or "the dataset",
    )
  return used


def _warn_of_others(files, names, path, gin_name):
  """Counts the files that are passed over."""
  others = [name for i, name in enumerate(files.names) if i not in names]
  if others:
    logging.warning(
      "%s = %r: %d of %d files are passed over, %s for one: what is read "
      "are %s, of %s.pattern where that is set.",
      gin_name,
      path,
      len(others),
      len(files.names),
      others[0],
      ", ".join(image_file.SUFFIXES),
      gin_name.split(".")[0],
    )


def _source(files, names, classes, bad):
  numbers = np.array(list(names), np.int64)
  if classes is None:
    labels = np.zeros(len(numbers), np.int64)
  else:
    number_of = {name: label for label, name in enumerate(classes)}
    # A class of the test images alone is out of range: a bad label.
    labels = np.array(
      [number_of.get(n.split("/")[0], len(classes)) for n in names.values()],
      np.int64,
    )
  return image_files.Source(files, numbers, labels, tuple(bad))
