"""Images in your own folder, or in a zip or a tar of one.

  dataset.name = "folder"
  folder.path = "/data/flowers"
  folder.image_size = 64

Folders inside are the classes, flowers/rose/1.jpg; without any there are no
labels. Folders named train and test (or eval, val, validation; see
class_folders.py) are the two splits. Otherwise `folder.eval_path` holds the
images for evaluation, or `folder.eval_fraction` of the images are held out; 0
holds nothing out, not even a test folder. Files whose names are not those of
images, such as notes.txt, are skipped and counted. A class of only such files
and an archive inside are refused, since their images would be missing.
"archive" is the same reader under another name: set `archive.path` and so on.
"""

from collections.abc import Sequence
import fnmatch
import logging
import os
from typing import Annotated
from typing import Any
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.datasets import archives
from compare_gan.datasets import class_folders
from compare_gan.datasets import encoded_images
from compare_gan.datasets import image_decoding
from compare_gan.datasets import numbered_files
from compare_gan.datasets import reader_options
import gin
import numpy as np

_LOG = logging.getLogger(__name__)
_ARCHIVES = (
  *(".zip", ".tar", ".7z", ".rar", ".tgz", ".tbz2", ".txz"),
  *(".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"),
)


def open_images(
  path: str = gin.REQUIRED,
  eval_path: Optional[str] = None,
  eval_fraction: Annotated[float, accepted.Range(least=0, below=1)] = 0.1,
  image_size: Optional[Union[int, Sequence[int]]] = None,
  colors: Annotated[int, accepted.OneOf(1, 3)] = 3,
  resize: reader_options.Resize = "center_crop",
  background: reader_options.Background = "white",
  labels: bool = True,
  max_pixels: accepted.Count = 2**26,
  memory_bytes: accepted.CountOrZero = 2**30,
  eval_samples: accepted.Count = 10000,
  crop: Optional[Union[int, Sequence[int]]] = None,
  pattern: Optional[str] = None,
  classes: Optional[Sequence[str]] = None,
  gin_name: str = "folder",
  on_error: str = "raise",
) -> encoded_images.EncodedImages:
  """Returns the dataset of the images below a folder or in an archive.

  Args:
    path: of the folder, zip, tar or tar.gz.
    eval_path: another one, with the images for evaluation.
    eval_fraction: the share held out if there are no test images. 0: all images
      train, those of test folders too, and scores compare with them.
    image_size: 64 or (height, width); None if all images have the same size.
    colors: 1 for gray images, 3 for RGB.
    resize: "center_crop", "resize" or "pad", see image_decoding.py.
    background: "white" or "black", behind transparent pixels and `pad`.
    labels: whether folders are classes.
    max_pixels: an image that claims more is refused before it is unpacked.
    memory_bytes: splits of up to this many bytes of pixels stay in memory.
    eval_samples: how many images a score is computed on, at most.
    crop: pixels, or (height, width), of the middle part that is used, before
      the resize.
    pattern: of the names of files that are used, "*.jpg"; None for all images.
    classes: the folders that are classes, in the order of their labels; None
      for all folders, sorted.
    gin_name: "folder" or "archive".
    on_error: `dataset.on_error`.
  """
  layout = reader_options.layout_of(
    gin_name, image_size, colors, resize, background, max_pixels, crop
  )
  reader = _Reader(gin_name, pattern, tuple(classes or ()))
  sources, names = reader.sources(path, eval_path, eval_fraction, labels)
  name, count = os.path.basename(os.path.normpath(path)), len(names)
  common = gin_name, on_error, memory_bytes, eval_samples
  return encoded_images.EncodedImages(
    name, sources, layout, count, *common, classes=names
  )


READERS = {"folder": open_images, "archive": open_images}

for _name in READERS:
  gin.external_configurable(
    open_images,
    _name,
    module="compare_gan.datasets",
    denylist=["gin_name", "on_error"],
  )
  gin_roles.declare(_name, paths=["path", "eval_path"])


class _Reader(NamedTuple):
  """The options that `path` and `eval_path` share."""

  gin_name: str
  pattern: Optional[str]
  known: tuple[str, ...]  # `classes`

  def sources(
    self,
    path: str,
    eval_path: Optional[str],
    eval_fraction: float,
    labels: bool,
  ) -> tuple[dict[str, encoded_images.Source], list[str]]:
    """Returns {split: Source} and the names of the classes, if any.

    Args:
      path, eval_path, eval_fraction, labels: as for `open_images`.
    """
    files, ours, theirs = self.open(path, eval_path)
    held = files
    if eval_path is not None:
      held, theirs = self.open_eval(eval_path, ours, theirs)
      train_set, held_set = (path, files, ours), (eval_path, held, theirs)
      _refuse_overlap(self.gin_name, train_set, held_set)
    elif theirs and not eval_fraction:
      if labels and not self.known:
        class_folders.refuse_empty_folders(theirs, self.gin_name)
      names = sorted({**ours.names, **theirs.names}.items())
      ours, theirs = ours._replace(names=dict(names)), None
    classes = None
    if labels:
      classes = _classes(ours, theirs, self.gin_name, self.known)
    train = _used(ours, self.known)
    if theirs is not None:
      test = _used(theirs, self.known)
    else:
      train, test = _held_out(train, eval_fraction, self.gin_name)
    held_bad = () if held is files else held.bad
    sources = {
      "train": _source(files, train, classes, files.bad),
      "eval": _source(held, test, classes, held_bad),
    }
    return sources, list(classes or ())

  def open(
    self, path: str, eval_path: Optional[str]
  ) -> tuple[Any, class_folders.Part, Optional[class_folders.Part]]:
    """Returns the files of `path`, and the Parts for train and test or None."""
    files, names = self._open(path, "path", eval_path)
    parts = class_folders.splits(
      names, files.folders, self.gin_name, self.known
    )
    return files, *(part and self._with_damaged(part, files) for part in parts)

  def open_eval(
    self,
    path: str,
    ours: class_folders.Part,
    theirs: Optional[class_folders.Part],
  ) -> tuple[Any, class_folders.Part]:
    """Returns the files of `eval_path`, and the Part of them that is used.

    Args:
      path: `eval_path`.
      ours: the Part to train on.
      theirs: the Part for evaluation of `path`, or None.
    """
    binding = f"{self.gin_name}.eval_path = {path!r}"
    if theirs:
      _LOG.warning("%s: those in %s are not used.", binding, theirs.above)
    files, names = self._open(path, "eval_path")
    tops = {name.split("/")[0] for name in ours.names.values() if "/" in name}
    train, test = class_folders.splits(
      names, files.folders, self.gin_name, (*self.known, *tops)
    )
    if test:
      _LOG.warning("%s: those in %s are used.", binding, test.above)
    return files, self._with_damaged(test or train, files)

  def _open(self, path, parameter, eval_path=None):
    """Returns the files of a path, and {number: name} of the images in them."""
    gin_name = f"{self.gin_name}.{parameter}"
    files = numbered_files.open_files(path, gin_name)
    if self.pattern is None:
      _refuse_archives(files, path, gin_name, eval_path)
    names = {i: n for i, n in enumerate(files.names) if self._is_used(n)}
    if not names:
      pattern = f" of {self.gin_name}.pattern = {self.pattern}"
      raise ValueError(
        f"{gin_name} = {path!r} holds no images"
        f"{pattern if self.pattern is not None else ''} "
        f"({', '.join(image_decoding.SUFFIXES)})."
      )
    _warn_of_others(files, names, path, gin_name)
    return files, names

  def _is_used(self, name):
    """Returns whether a file has the name of an image, and is used."""
    return image_decoding.is_named_as_one(name) and (
      self.pattern is None
      or fnmatch.fnmatchcase(os.path.basename(name), self.pattern)
    )

  def _with_damaged(self, part, files):
    """Adds the images that cannot be used to a Part, under negative numbers.

    Their names still count when classes are determined.
    """
    names = dict(part.names)
    for place, (name, _) in enumerate(files.bad):
      inside = name[len(part.above) :]
      if (
        name.startswith(part.above)
        and "/" in inside
        and self._is_used(name)
        and archives.is_trusted(name)
      ):
        names[-1 - place] = inside
    return part._replace(names=names)


def _refuse_overlap(gin_name, train, held):
  """Refuses images that are both for training and for evaluation.

  The same path for both is accepted as a deliberate choice.
  """
  for (inner, _, _), (outer, files, part) in ((train, held), (held, train)):
    below = os.path.relpath(os.path.realpath(inner), os.path.realpath(outer))
    below = below.replace(os.sep, "/") + "/"
    names = (files.names[i] for i in part.names if i >= 0)
    if below != "./" and any(name.startswith(below) for name in names):
      raise ValueError(
        f"{gin_name}.path = {train[0]!r} and {gin_name}.eval_path = "
        f"{held[0]!r}: the images in {inner!r} would be in both. Name two "
        "folders, neither of them inside the other."
      )


def _refuse_archives(files, path, gin_name, eval_path):
  """Refuses archives inside, unless they have been unpacked next to them."""
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
        f"{gin_name} = {path!r} holds the archive {name}, and archives in "
        "folders are not read: its images would be missing. Unpack it to "
        f"{stem}, remove it, or name it alone; {reader}.pattern = '*' ignores "
        "it."
      )


def _classes(ours, theirs, gin_name, known):
  """Returns the names of the classes in the order of labels, None for none."""
  if not known:
    found = class_folders.classes_of(ours, gin_name)
    if found and theirs:
      class_folders.refuse_loose_images(theirs, gin_name)
      class_folders.refuse_empty_folders(theirs, gin_name)
    return found
  tops = {name.split("/")[0] for name in ours.names.values() if "/" in name}
  missing = [name for name in known if name not in tops]
  if missing or len(set(known)) < len(known):
    raise ValueError(
      f"{gin_name}.classes = {list(known)}: "
      f"{missing[0] if missing else 'one of them'} "
      f"{'holds no images' if missing else 'occurs twice'}. There are "
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
    _LOG.warning(
      "%d images in %s are ignored: they are in none of the listed classes.",
      len(names) - len(used),
      part.above or "the dataset",
    )
  return used


def _warn_of_others(files, names, path, gin_name):
  """Warns of how many files are skipped."""
  others = [name for i, name in enumerate(files.names) if i not in names]
  if others:
    _LOG.warning(
      "%s = %r: %d of %d files are ignored, such as %s. Only %s are read, and "
      "of these only what matches %s.pattern if that is set.",
      gin_name,
      path,
      len(others),
      len(files.names),
      others[0],
      ", ".join(image_decoding.SUFFIXES),
      gin_name.split(".")[0],
    )


def _held_out(names, fraction, gin_name):
  """Returns {number: name} of the images that train, and of those held out."""
  listed = list(names.items())
  train, held = reader_options.held_out(len(listed), fraction, gin_name)
  return dict(listed[i] for i in train), dict(listed[i] for i in held)


def _source(files, names, classes, bad):
  """Returns the Source of some images; those of an unknown class are bad."""
  if classes is None:
    return encoded_images.Source(
      files,
      np.array(list(names), np.int64),
      np.zeros(len(names), np.int64),
      tuple(bad),
    )
  number_of = {name: label for label, name in enumerate(classes)}
  bad, numbers, labels = list(bad), [], []
  for number, name in names.items():
    top = name.split("/")[0]
    if top in number_of:
      numbers.append(number)
      labels.append(number_of[top])
    else:
      reason = (
        f"{top!r} is not a class of the training images, as {classes[0]!r} is"
      )
      bad.append((files.names[number], reason))
  return encoded_images.Source(
    files, np.array(numbers, np.int64), np.array(labels, np.int64), tuple(bad)
  )
