"""Records that tensorflow-datasets has prepared, read by number."""

from collections.abc import Sequence
import os
import re
from typing import Any
from typing import Union

from compare_gan.datasets import cache
from compare_gan.datasets import records as records_lib
from compare_gan.datasets import stamps
import numpy as np
import tensorflow as tf


def records_of(
  builder: Any, split: str
) -> tuple[Any, np.ndarray, list[tuple[str, str]]]:
  """Returns Records, the numbers of those in a split, and the bad files.

  Args:
    builder: of tensorflow-datasets, or a tfds_old.Builder.
    split: for example "train[:90%]".

  Returns:
    records: of all files of the split.
    numbers: int64 [n].
    bad: [(name, reason)] of files that end early or hold something else.
  """
  splits = builder.info.splits
  base = re.split(r"\[", split)[0]
  if base not in splits:
    raise ValueError(
      f"{builder.info.full_name} has no split {base!r}; it has "
      f"{sorted(splits)}. Set tfds_images.train_split and eval_split."
    )
  instructions = [i for i in splits[split].file_instructions if i.take != 0]
  paths = [
    os.path.join(str(builder.data_dir), os.path.basename(str(i.filename)))
    for i in instructions
  ]
  kind = str(getattr(builder.info.file_format, "value", "tfrecord"))
  if kind == "tfrecord":
    records: Any = records_lib.Records(paths)
  elif kind == "array_record":
    records = ArrayRecords(paths)
  else:
    raise ValueError(
      f"{builder.info.full_name} is stored as {kind!r}, which has no random "
      "access. Prepare it as 'tfrecord' or 'array_record'."
    )
  found = []
  bad = list(records.bad)
  damaged = {name for name, _ in bad}
  for file, instruction in enumerate(instructions):
    count = int(records.counts[file])
    wanted = int(instruction.examples_in_shard)
    name = os.path.basename(paths[file])
    if count < wanted and name not in damaged:
      bad.append((name, f"it holds {count} of its {wanted} examples"))
    skip = int(instruction.skip)
    take = count - skip if instruction.take < 0 else int(instruction.take)
    first = records.first_of(file)
    found.append(np.arange(first + skip, first + min(count, skip + take)))
  numbers = np.concatenate(found or [np.zeros(0, int)]).astype(np.int64)
  return records, numbers, bad


class ArrayRecords:
  """Array_record files, which store where their records begin."""

  bad: Sequence[tuple[str, str]] = ()

  def __init__(self, paths: Sequence[str]) -> None:
    try:
      from array_record.python import array_record_module
    except ImportError as error:
      raise ValueError(
        f"{paths[0]} is an array_record file, which needs the package "
        "array_record: pip install array_record, or prepare the dataset as "
        "tfrecord."
      ) from error
    self.stamp = stamps.digest([stamps.file_stamp(p) for p in paths])
    self._readers = [array_record_module.ArrayRecordReader(p) for p in paths]
    self.counts = np.array([r.num_records() for r in self._readers], np.int64)
    self._ends = np.cumsum(self.counts)

  def first_of(self, file: int) -> int:
    return int(self._ends[file] - self.counts[file])

  def read(self, i: Union[int, np.integer]) -> bytes:
    file = int(np.searchsorted(self._ends, i, side="right"))
    return self._readers[file].read([int(i) - self.first_of(file)])[0]


def large_enough(records: Any, numbers: np.ndarray, info: Any) -> np.ndarray:
  """Returns the numbers of images whose smaller side is min_side or more."""

  def find() -> np.ndarray:
    return np.array(
      [
        n
        for n in numbers
        if min(_image_size(records.read(n), info)) >= info.min_side
      ],
      np.int64,
    )

  key = stamps.digest(records.stamp, len(numbers), info.min_side)
  return cache.array(f"{info.name}-{key}", find)


def _image_size(example, info):
  """Returns (width, height) from the header of an Example's image."""
  import io

  from PIL import Image

  features = tf.train.Example.FromString(example).features.feature
  data = features[info.image_feature].bytes_list.value[0]
  return Image.open(io.BytesIO(data)).size
