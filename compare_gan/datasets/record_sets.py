"""Which TFRecord files are one set, whole and apart from others.

  train-00000-of-00008 ...                    a set of eight files
  cifar10-train.tfrecord-00000-of-00010 ...   the same, as named by
                                              tensorflow-datasets
  part-a.tfrecord, part-b.tfrecord            one set of files of any names

A pattern that matches files of two sets, such as train and test, would mix
them. If a file of a set is missing, so are its images. Both raise an error that
names the files.
"""

import fnmatch
import os
import re
from typing import NamedTuple
from typing import Optional

from compare_gan.datasets import class_folders
from compare_gan.storage import files

_SHARD = re.compile(r"(.*?)(\d+)(-of-(\d+).*)", re.DOTALL)
_TFDS = re.compile(r"(.+)-\w+\.\w+")  # cifar10-train.tfrecord
_SPLITS = (*class_folders.TRAIN_NAMES, *class_folders.EVAL_NAMES)
_SPLIT_WORD = re.compile(
  rf"(^|[-_.])({'|'.join(_SPLITS)})(?=$|[-_.])", re.IGNORECASE
)
_WORDS = re.compile("[a-z]+")
_ENDINGS = ("tfrecord", "tfrecords", "tfrec", "record", "records")


class Shard(NamedTuple):
  """A name such as train-00003-of-00008.

  Attributes:
    begin: "train-".
    number: 3.
    total: 8.
    width: how many digits a number has.
    end: "-of-00008".
  """

  begin: str
  number: int
  total: int
  width: int
  end: str


def shard_of(name: str) -> Optional[Shard]:
  """Returns the Shard of a file's name, None if it is not that of a shard."""
  match = _SHARD.fullmatch(name)
  if match is None:
    return None
  begin, number, end, count = match.groups()
  return Shard(begin, int(number), int(count), len(number), end)


def files_of(gin_name: str, pattern: str) -> list[str]:
  """Returns the sorted files of the one set that a pattern matches.

  Args:
    gin_name: "tfrecord.path", for messages.
    pattern: with *, ? and [abc]; see storage.files.matching.
  """
  paths = files.matching(pattern)
  if not paths:
    raise FileNotFoundError(
      f"tfrecord: no file matches {pattern!r}. Set tfrecord.path, or "
      "tfrecord.eval_path, to a pattern such as '/data/train-*'."
    )
  folders = [path for path in paths if os.path.isdir(path)]
  if folders:
    raise ValueError(
      f"{gin_name} = {pattern!r}: {folders[0]} is a folder. Name the files in "
      f"it, such as {os.path.join(folders[0], 'train-*')!r}."
    )
  _refuse_several_sets(gin_name, pattern, paths)
  _refuse_missing_files(gin_name, pattern, paths)
  return paths


def name_of(paths: list[str]) -> str:
  """Returns the name of the set: that of its files, or else of their folder."""
  stems = {_stem(os.path.basename(path)) for path in paths}
  stem = os.path.commonprefix(sorted(stems))
  if len(stems) > 1:
    stem = stem.rstrip("0123456789")
  stem = _SPLIT_WORD.sub("", stem).strip("-_.")
  if stem:
    return stem
  folder = os.path.dirname(os.path.abspath(paths[0]))
  while os.path.basename(folder).lower() in _SPLITS:
    folder = os.path.dirname(folder)
  return os.path.basename(folder) or "tfrecord"


def refuse_overlap(train: list[str], held: list[str]) -> None:
  """Refuses a file that is both for training and for evaluation.

  The same files for both are accepted as a deliberate choice.
  """
  ours, theirs = (
    {os.path.realpath(path) for path in paths} for paths in (train, held)
  )
  if ours != theirs and ours & theirs:
    raise ValueError(
      f"tfrecord.path and tfrecord.eval_path both match {min(ours & theirs)}, "
      "whose images would be in both splits. Set patterns that have no file "
      "in common."
    )


def _stem(name):
  """Returns the name without numbers of shards and endings."""
  shard = shard_of(name)
  stem = name if shard is None else shard.begin.rstrip("-")
  base, dot, ending = stem.rpartition(".")
  return base if dot and ending.lower() in _ENDINGS else stem


# ---- What is refused ---------------------------------------------------------


def _refuse_several_sets(gin_name, pattern, paths):
  by_split, by_name, by_count = {}, {}, {}
  shared = os.path.commonpath([os.path.dirname(path) for path in paths])
  for path in paths:
    below = os.path.relpath(path, shared) if shared else path
    by_split.setdefault(_split(below), path)
    shard = shard_of(os.path.basename(path))
    if shard is not None:
      begin = os.path.join(os.path.dirname(path), shard.begin)
      by_count.setdefault(begin, {}).setdefault(shard.total, path)
      tfds = _TFDS.fullmatch(shard.begin.rstrip("-"))
      if tfds:
        by_name.setdefault(tfds[1], path)
  by_split.pop(None, None)
  for found in (by_split, by_name, *by_count.values()):
    if len(found) > 1:
      first, second = sorted(found.values())[:2]
      raise ValueError(
        f"{gin_name} = {pattern!r} matches files of several sets, "
        f"{os.path.basename(first)} and {os.path.basename(second)} for "
        f"example ({first}, {second}). Name one set as tfrecord.path, such as "
        "'/data/train-*'; tfrecord.eval_path names the images for evaluation."
      )


def _split(name):
  """Returns the split in a file's name, "train", "eval" or None."""
  words = set(_WORDS.findall(name.lower()))
  trains = bool(words & set(class_folders.TRAIN_NAMES))
  tests = bool(words & set(class_folders.EVAL_NAMES))
  if trains == tests:
    return None
  return "train" if trains else "eval"


def _refuse_missing_files(gin_name, pattern, paths):
  """Refuses a set without all the files that the pattern asks for."""
  there, asked_for = set(paths), os.path.basename(pattern)
  sets = set()
  for path in paths:
    shard = shard_of(os.path.basename(path))
    if shard is not None and os.path.basename(path) != asked_for:
      sets.add((os.path.dirname(path), shard._replace(number=0)))
  for folder, shard in sorted(sets):
    for number in range(shard.total):
      name = f"{shard.begin}{number:0{shard.width}}{shard.end}"
      path = os.path.join(folder, name)
      if path not in there and fnmatch.fnmatchcase(name, asked_for):
        raise FileNotFoundError(
          f"{gin_name} = {pattern!r}: {path} is missing, one of the "
          f"{shard.total} files of its set. Copy all of them, or set a "
          "pattern of those to use."
        )
