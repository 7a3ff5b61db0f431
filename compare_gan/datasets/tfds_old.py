"""Files from tensorflow-datasets before 4.0, such as the model cards' 1.2.0.

  cifar10/1.0.2/dataset_info.json
  cifar10/1.0.2/label.labels.txt
  cifar10/1.0.2/cifar10-train.tfrecord-00000-of-00010 ...

There is no features.json, so tensorflow-datasets itself no longer reads such a
folder. The features are inferred from the examples: one that holds the bytes of
a picture is an image; "label", or one with a file of names, is a label. Other
features, such as celeb_a's attributes, are left out.
"""

import io
import json
import pathlib
import re
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.datasets import records as records_lib
from compare_gan.storage import files as storage
import tensorflow as tf

_SHARD = re.compile(r"(.+)-(\w+)\.tfrecord-(\d{5})-of-(\d{5})")
_NAMES = ".labels.txt"
_COLORS = {"1": 1, "L": 1, "I": 1, "I;16": 1}  # by PIL's mode; else 3


class Info(NamedTuple):
  """The part of `tfds.core.DatasetInfo` that is used here."""

  full_name: str
  splits: Any  # a tfds.core.SplitDict
  features: Any  # a tfds.features.FeaturesDict
  file_format: Optional[str] = None  # tfrecord, the only one of its time


class Builder(NamedTuple):
  """The part of tfds.core.DatasetBuilder that is used here."""

  data_dir: str
  info: Info


def is_old(folder: pathlib.Path) -> bool:
  """Returns whether a folder was prepared by a version before 4.0."""
  return not (folder / "features.json").exists()


def open_builder(folder: pathlib.Path) -> Builder:
  """Returns the Builder of an old folder; its records are counted once."""
  import tensorflow_datasets as tfds

  facts = _read_facts(folder / "dataset_info.json")
  records, splits = {}, []
  for split, files in _files_of_splits(folder, facts.get("name")).items():
    records[split] = records_lib.Records(files)
    _check_count(records[split], split, facts, folder)
    dataset_name = _shard_match(files[0])[1]
    splits.append(
      tfds.core.SplitInfo(
        name=split,
        shard_lengths=[int(count) for count in records[split].counts],
        num_bytes=sum(file.stat().st_size for file in files),
        filename_template=tfds.core.ShardedFileTemplate(
          data_dir=folder,
          dataset_name=dataset_name,
          split=split,
          filetype_suffix="tfrecord",
        ),
      )
    )
  example = next((r.read(0) for r in records.values() if len(r)), None)
  if example is None:
    raise ValueError(f"{folder} holds no complete example.")
  info = Info(
    f"{facts.get('name', folder.parent.name)}/{folder.name}",
    tfds.core.splits.SplitDict(splits),
    _features(example, facts, folder),
  )
  return Builder(str(folder), info)


def _read_facts(path):
  """Returns the content of dataset_info.json."""
  try:
    return json.loads(path.read_text(encoding="utf-8"))
  except ValueError as error:
    raise ValueError(
      f"{path} is not JSON ({error}). Copy the folder again, or prepare the "
      "dataset again."
    ) from error


def _check_count(records, split, facts, folder):
  """Refuses whole files that hold fewer examples than the folder's facts say.

  Damaged files are found separately, see records.py.
  """
  stated = [
    int(known["statistics"]["numExamples"])
    for known in facts.get("splits", [])
    if known.get("name") == split
    and "numExamples" in known.get("statistics", {})
  ]
  if stated and not records.bad and len(records) != stated[0]:
    raise ValueError(
      f"{folder} has {len(records)} examples in split {split!r}, but "
      f"dataset_info.json counts {stated[0]}. Copy the whole folder."
    )


def _shard_match(path: pathlib.Path) -> re.Match:
  match = _SHARD.fullmatch(path.name)
  assert match, "only files that match are listed"
  return match


def _files_of_splits(folder, name):
  """Returns {"train": its files in order}; none may be missing.

  Args:
    folder: of the files.
    name: of the set of files to read, if there are several.
  """
  found = {}
  for file in storage.names(str(folder)):
    match = _SHARD.fullmatch(file)
    if match:
      splits = found.setdefault(match[1], {})
      splits.setdefault(match[2], []).append(folder / file)
  if not found:
    raise ValueError(
      f"{folder} has neither features.json nor files like "
      "cifar10-train.tfrecord-00000-of-00010. Copy the whole folder."
    )
  if len(found) > 1 and name not in found:
    raise ValueError(
      f"{folder} holds the files of several datasets, "
      f"{', '.join(sorted(found))}, and dataset_info.json is of "
      f"{name or 'none of them'}. Keep the files of one of them."
    )
  splits = found[name] if name in found else next(iter(found.values()))
  for split, paths in splits.items():
    numbers = [_shard_match(path).groups()[2:] for path in paths]
    wanted = int(numbers[0][1])
    if len({count for _, count in numbers}) > 1:
      raise ValueError(
        f"{folder} holds its split {split!r} twice, {paths[0].name} and "
        f"{paths[-1].name} for example. Keep one of them."
      )
    if [int(number) for number, _ in numbers] != list(range(wanted)):
      raise ValueError(
        f"{folder} has {len(paths)} of the {wanted} files of its split "
        f"{split!r}. Copy the whole folder."
      )
  return splits


# ---- Features ----------------------------------------------------------------


def _features(example, facts, folder):
  """Returns the FeaturesDict of the images and labels of an example."""
  import tensorflow_datasets as tfds

  dimensions = _dimensions(facts)
  found = {}
  for name, feature in tf.train.Example.FromString(
    example
  ).features.feature.items():
    colors = _colors(feature.bytes_list.value)
    if colors:
      shape = dimensions.get(name) or (None, None, colors)
      found[name] = tfds.features.Image(shape=shape)
    names = folder / f"{name}{_NAMES}"
    if name == "label" or names.exists():
      found[name] = tfds.features.ClassLabel(
        num_classes=_num_classes(name, names, facts)
      )
  return tfds.features.FeaturesDict(found)


def _colors(values):
  """Returns how many colors an encoded picture has, None if it is not one."""
  from PIL import Image

  if len(values) != 1:
    return None
  try:
    with Image.open(io.BytesIO(values[0])) as picture:
      return _COLORS.get(picture.mode, 3)
  except OSError:  # PIL's error for bytes that are not a picture is one.
    return None


def _dimensions(facts):
  """Returns {feature: (height, width, colors)} of features with one shape."""
  found = {}
  for feature in facts.get("schema", {}).get("feature", []):
    sizes = [
      int(d.get("size", -1)) for d in feature.get("shape", {}).get("dim", [])
    ]
    if len(sizes) == 3 and min(sizes) > 0:
      found[feature["name"]] = tuple(sizes)
  return found


def _num_classes(name, names, facts):
  """Returns how many classes there are, None if that is unknown."""
  if names.exists():
    return len(names.read_text(encoding="utf-8").split("\n")[:-1]) or None
  most = [
    int(feature.get("numStats", {}).get("max", 0))
    for split in facts.get("splits", [])
    for feature in split.get("statistics", {}).get("features", [])
    if feature.get("name") == name
  ]
  return max(most) + 1 if most else None
