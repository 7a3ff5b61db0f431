"""Finds the other files in which an ONNX file keeps weights.

Networks above 2 GB need such files, and exporters write them for smaller ones
too. They belong to a network's identity, so they have to be found. This parses
the bytes of the file, a protocol buffer, without the package onnx and without
reading the weights.
"""

from collections.abc import Iterator
import mmap
import os
from typing import Any

from compare_gan.storage import files

# A message is {number of a field: the message in it}. These are the fields that
# lead to tensors; see onnx.proto.
_Message = dict[int, Any]
_ENTRY: _Message = {}
_TENSOR = {13: _ENTRY}
_SPARSE = {1: _TENSOR, 2: _TENSOR}
_GRAPH: _Message = {5: _TENSOR, 15: _SPARSE}
_ATTRIBUTE = {
  5: _TENSOR,
  6: _GRAPH,
  10: _TENSOR,
  11: _GRAPH,
  22: _SPARSE,
  23: _SPARSE,
}
_NODE = {5: _ATTRIBUTE}
_GRAPH[1] = _NODE
_FUNCTION = {7: _NODE, 11: _ATTRIBUTE}
_MODEL = {7: _GRAPH, 25: _FUNCTION}


def weight_files(path: str) -> list[str]:
  """Returns the names of an ONNX file and of the files with its weights.

  Args:
    path: of the ONNX file. Other names are relative to its folder.
  """
  folder, name = os.path.split(path)
  others = sorted(set(_locations(path)))
  for other in others:
    parts = other.replace("\\", "/").split("/")
    if os.path.isabs(other) or ".." in parts:
      raise ValueError(
        f"{path} keeps weights in {other!r}, outside of its folder. Export it "
        "again so that all of its files are in one folder."
      )
    if not os.path.isfile(os.path.join(folder, other)):
      raise FileNotFoundError(
        f"{path} keeps weights in {other!r}, but there is no such file in "
        f"{folder or '.'}. Copy it there too."
      )
  return [name, *others]


def _locations(path):
  with files.call(open, path, "rb") as file:
    if not os.fstat(file.fileno()).st_size:
      raise ValueError(f"{path} is empty. Copy it again.")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
      try:
        return [location.decode() for location in _entries(data, _MODEL)]
      except (IndexError, UnicodeDecodeError, _Malformed) as error:
        raise ValueError(
          f"{path} is not an ONNX file, or is incomplete. Copy it again, or "
          "export it again."
        ) from error


def _entries(data, message, start=0, end=None) -> Iterator[bytes]:
  """Yields the value of each entry "location" below a message."""
  end = len(data) if end is None else end
  if message is _ENTRY:
    texts = {n: data[a:b] for n, a, b in _fields(data, start, end)}
    if texts.get(1) == b"location":
      yield texts.get(2, b"")
    return
  for number, first, last in _fields(data, start, end):
    if number in message:
      yield from _entries(data, message[number], first, last)


def _fields(data, at, end):
  """Yields the number, start and end of each field that has a length."""
  while at < end:
    key, at = _number(data, at)
    kind = key & 7
    if kind == 0:
      _, at = _number(data, at)
    elif kind in (1, 5):
      at += 8 if kind == 1 else 4
    elif kind == 2:
      length, at = _number(data, at)
      if at + length > end:
        raise _Malformed
      yield key >> 3, at, at + length
      at += length
    else:
      raise _Malformed


def _number(data, at):
  """Returns a number of seven bits per byte, and the next field's start."""
  value, shift = 0, 0
  while True:
    byte = data[at]
    value |= (byte & 127) << shift
    at, shift = at + 1, shift + 7
    if byte < 128:
      return value, at
    if shift > 63:
      raise _Malformed


class _Malformed(Exception):
  """The bytes are not a protocol buffer."""
