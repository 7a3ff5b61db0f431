"""TFRecord files with random access: where each record begins.

A record is its length (8 bytes), a checksum of the length (4), the data, and a
checksum of the data (4). Only the lengths are read, once; the offsets of the
records are kept in the cache.
"""

from collections.abc import Iterable
import os
import struct
from typing import Any
from typing import Union

from compare_gan.datasets import cache
from compare_gan.datasets import stamps
import numpy as np

_HEADER = struct.Struct("<QI")
_FOOTER = 4
_MAX_BYTES = 2**30  # of a record; a damaged length claims more

# CRC-32C of a byte, the polynomial reversed.
_TABLE = []
for _byte in range(256):
  for _ in range(8):
    _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
  _TABLE.append(_byte)


def masked_crc(data: bytes) -> int:
  """Returns the checksum that TFRecord files hold."""
  crc = 0xFFFFFFFF
  for byte in data:
    crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
  crc ^= 0xFFFFFFFF
  return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class Records:
  """The records of some files, numbered consecutively.

  Attributes:
    names: "train-00003-of-00008#17", the file and the record in it.
    bad: [(name, reason)] of files that end early or hold something else.
    stamp: changes if the files change.
    counts: how many records each of the files has.
  """

  def __init__(self, paths: Iterable[Union[str, os.PathLike]]) -> None:
    self._paths = [str(path) for path in paths]
    self.stamp = stamps.digest([stamps.file_stamp(p) for p in self._paths])
    index = cache.array(f"records-{self.stamp}", self._find)
    # Columns: file, offset and length of the data; length -1: a bad end there.
    damaged = index[:, 2] < 0
    self.bad = [
      (os.path.basename(self._paths[file]), self._reason(file, offset))
      for file, offset, _ in index[damaged].tolist()
    ]
    self._index = index[~damaged]
    self.counts = np.bincount(self._index[:, 0], minlength=len(self._paths))
    self._firsts = np.cumsum(self.counts) - self.counts

  def __len__(self) -> int:
    return len(self._index)

  def _reason(self, file, offset):
    if not offset:
      with open(self._paths[file], "rb") as source:
        if source.read(2) == b"\x1f\x8b":
          return (
            "compressed with gzip, in which records have no addresses: "
            "decompress it"
          )
    return f"damaged from byte {offset} on"

  @property
  def names(self) -> Any:
    return _Names(self)

  def first_of(self, file: int) -> int:
    """Returns the number of a file's first record."""
    return int(self._firsts[file])

  def name_of(self, i: int) -> str:
    file = int(self._index[i, 0])
    place = i - self._firsts[file]
    return f"{os.path.basename(self._paths[file])}#{place}"

  def read(self, i: Union[int, np.integer]) -> bytes:
    """Returns the data of record i. Any number of threads may call it."""
    file, offset, length = self._index[i].tolist()
    with open(self._paths[file], "rb") as source:
      source.seek(offset)
      data = source.read(length)
    if len(data) != length:
      raise ValueError(f"{self._paths[file]} became shorter.")
    return data

  def damaged(self) -> dict[int, str]:
    """Reads everything; returns {number: reason} where checksums are wrong."""
    import tensorflow as tf

    found = {}
    for file, path in enumerate(self._paths):
      count = 0
      try:
        for _ in tf.data.TFRecordDataset(path):
          count += 1
      except tf.errors.DataLossError:
        # It stops at the first one. Python is slow, but finds all of them.
        first = self.first_of(file)
        for i in range(first + count, first + int(self.counts[file])):
          if not self._is_right(i):
            found[i] = "its bytes are damaged (CRC)"
    return found

  def _is_right(self, i):
    file, offset, length = self._index[i].tolist()
    with open(self._paths[file], "rb") as source:
      source.seek(offset)
      data = source.read(length + _FOOTER)
    return data[length:] == struct.pack("<I", masked_crc(data[:length]))

  def _find(self):
    rows = []
    for file, path in enumerate(self._paths):
      rows += [(file, *place) for place in _places(path)]
    return np.array(rows, np.int64).reshape(-1, 3)


class _Names:
  """Computes names[i] without a list of a million strings."""

  def __init__(self, records: Records) -> None:
    self._records = records

  def __len__(self) -> int:
    return len(self._records)

  def __getitem__(self, i: Union[int, np.integer]) -> str:
    return self._records.name_of(int(i))


def _places(path):
  """Yields (offset, length) of records' data; (offset, -1) where one is bad."""
  size = os.path.getsize(path)
  offset = 0
  with open(path, "rb") as file:
    while offset < size:
      file.seek(offset)
      header = file.read(_HEADER.size)
      if len(header) < _HEADER.size:
        yield offset, -1
        return
      length, crc = _HEADER.unpack(header)
      end = offset + _HEADER.size + length + _FOOTER
      wrong = length > _MAX_BYTES or end > size
      if wrong or crc != masked_crc(header[:8]):
        yield offset, -1
        return
      yield offset + _HEADER.size, length
      offset = end
