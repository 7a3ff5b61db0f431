"""Images in a folder of one's own, or in a zip or a tar of one.

  dataset.name = "folder"
  folder.path = "/data/flowers"
  folder.image_size = 64

Folders inside are the classes, flowers/rose/1.jpg; without any there are no
labels. Folders of the names train and test (or eval, val, validation) hold the
two splits; else `folder.eval_path` does, or `folder.eval_fraction` of the
images are held out; 0 holds nothing out, no test folder either. What is no
image by its name, notes.txt say, is passed over and counted. "archive" is the
same reader by another name, for which `archive.path` and so on are set.
"""

import fnmatch
import logging
import os

from compare_gan import gin_roles
from compare_gan.datasets import files as files_lib
from compare_gan.datasets import image_file
from compare_gan.datasets import image_files
import gin
import numpy as np

_EVAL_FOLDERS = ("test", "eval", "val", "validation")


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
    gin_name: "folder" or "archive".
    on_error: `dataset.on_error`.
  """
  layout = image_files.layout_of(
    gin_name, image_size, colors, resize, background, max_pixels, crop
  )
  files = files_lib.open_files(path, f"{gin_name}.path")
  names = _images(files, pattern)
  if not names:
    matching = "" if pattern is None else f" of {gin_name}.pattern = {pattern}"
    raise ValueError(
      f"{gin_name}.path = {path!r} holds no images{matching} "
      f"({', '.join(image_file.SUFFIXES)})."
    )
  _warn_of_others(files, names, path, gin_name)
  if eval_path is not None:
    classes = _classes(names, gin_name) if labels else None
    eval_files = files_lib.open_files(eval_path, f"{gin_name}.eval_path")
    train = files, names
    held = eval_files, _images(eval_files, pattern)
    if not held[1]:
      raise ValueError(f"{gin_name}.eval_path = {eval_path!r} holds no images.")
  else:
    ours, theirs = _split(names)
    if not eval_fraction:
      ours, theirs = dict(sorted({**ours, **theirs}.items())), {}
    classes = _classes(ours, gin_name) if labels else None
    if not theirs:
      train_rows, eval_rows = image_files.held_out(
        len(ours), eval_fraction, gin_name
      )
      listed = list(ours.items())
      ours = dict(listed[row] for row in train_rows)
      theirs = dict(listed[row] for row in eval_rows)
    train, held = (files, ours), (files, theirs)
  sources = {
    "train": _source(*train, classes, files.bad),
    "eval": _source(*held, classes, () if held[0] is files else held[0].bad),
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


def _images(files, pattern):
  """Returns {number: name} of the files that are images by their names."""
  return {
    number: name
    for number, name in enumerate(files.names)
    if image_file.is_named_as_one(name)
    and (
      pattern is None or fnmatch.fnmatchcase(os.path.basename(name), pattern)
    )
  }


def _warn_of_others(files, names, path, gin_name):
  """Counts the files that are passed over."""
  others = [name for i, name in enumerate(files.names) if i not in names]
  if others:
    logging.warning(
      "%s.path = %r: %d of %d files are passed over, %s for one: what is read "
      "are %s, of %s.pattern where that is set.",
      gin_name,
      path,
      len(others),
      len(files.names),
      others[0],
      ", ".join(image_file.SUFFIXES),
      gin_name,
    )


def _split(names):
  """Returns {number: name} of train and of test, names below these folders.

  Without the two folders all are for training. A folder that holds everything,
  as archives often have, does not count.
  """
  parts = {number: name.split("/") for number, name in names.items()}
  while True:
    tops = {p[0] if len(p) > 1 else None for p in parts.values()}
    tests = [top for top in _EVAL_FOLDERS if top in tops]
    if "train" in tops and tests:
      test = tests[0]
      if tops - {"train", test}:
        logging.warning(
          "Only the images in train and %s are used, not those in %s.",
          test,
          sorted(str(top) for top in tops - {"train", test}),
        )
      ours, theirs = (
        {n: "/".join(p[1:]) for n, p in parts.items() if p[0] == top}
        for top in ("train", test)
      )
      return ours, theirs
    if len(tops) != 1 or None in tops or not _is_wrapper(parts):
      return {n: "/".join(p) for n, p in parts.items()}, {}
    parts = {n: p[1:] for n, p in parts.items()}


def _is_wrapper(parts):
  """Whether the one folder holds folders only: its name is no class."""
  return all(len(p) > 2 for p in parts.values())


def _classes(names, gin_name):
  """Returns the sorted names of classes, None if there are none."""
  tops = {
    name.split("/")[0] if "/" in name else None for name in names.values()
  }
  if tops == {None}:
    return None
  if None in tops:
    loose = next(name for name in names.values() if "/" not in name)
    raise ValueError(
      f"{gin_name}: some images are in folders, which would be their classes, "
      f"and some are not, {loose} for one. Move them, or do without labels by "
      f"{gin_name}.labels = False."
    )
  return sorted(tops)


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
