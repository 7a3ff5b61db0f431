"""The file format safetensors: named arrays, and nothing that can be executed.

  8 bytes    length of the header, a little-endian integer
  header     JSON, {name: {"dtype", "shape", "data_offsets": [begin, end]}}, and
             optionally "__metadata__": {text: text}
  data       the arrays, row by row, little-endian, without gaps

https://github.com/huggingface/safetensors describes it. That package itself
needs a newer numpy than TensorFlow 2.6 has.
"""

from collections.abc import Mapping
import json
import math
from typing import Any
from typing import NamedTuple
from typing import Optional

import numpy as np

_METADATA = "__metadata__"
_LENGTH = 8  # bytes of the header's length
_MAX_HEADER = 100_000_000  # bytes, the limit of the package safetensors
_BFLOAT16 = "BF16"  # numpy has no such dtype
_DTYPES = {
  "F64": np.dtype("<f8"),
  "I64": np.dtype("<i8"),
  "U64": np.dtype("<u8"),
  "F32": np.dtype("<f4"),
  "I32": np.dtype("<i4"),
  "U32": np.dtype("<u4"),
  "F16": np.dtype("<f2"),
  "I16": np.dtype("<i2"),
  "U16": np.dtype("<u2"),
  _BFLOAT16: np.dtype("<u2"),
  "I8": np.dtype("i1"),
  "U8": np.dtype("u1"),
  "BOOL": np.dtype("?"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items() if name != _BFLOAT16}


class FormatError(ValueError):
  """Bytes that are not a safetensors file."""


class _Entry(NamedTuple):
  dtype: str
  shape: tuple[int, ...]
  begin: int
  end: int


# ---- Writing -----------------------------------------------------------------


def encode(
  arrays: Mapping[str, np.ndarray],
  metadata: Optional[Mapping[str, str]] = None,
  bfloat16: frozenset[str] = frozenset(),
) -> bytes:
  """Returns the file of {name: array}.

  Args:
    arrays: numbers or bools.
    metadata: texts to store.
    bfloat16: names of float32 arrays to round to bfloat16.
  """
  stored = {
    name: _stored(name, np.asarray(array), name in bfloat16)
    for name, array in arrays.items()
  }
  # Wide numbers first, so that each array begins at a multiple of its width.
  names = sorted(stored, key=lambda name: (-stored[name][1].itemsize, name))
  header: dict[str, Any] = {_METADATA: dict(metadata)} if metadata else {}
  end = 0
  for name in names:
    dtype, array = stored[name]
    begin, end = end, end + array.nbytes
    header[name] = {
      "dtype": dtype,
      "shape": list(array.shape),
      "data_offsets": [begin, end],
    }
  text = json.dumps(header, separators=(",", ":")).encode("utf-8")
  text += b" " * (-len(text) % _LENGTH)
  parts = [len(text).to_bytes(_LENGTH, "little"), text]
  return b"".join([*parts, *(stored[name][1].tobytes() for name in names)])


def _stored(name, array, to_bfloat16):
  """Returns the dtype's name, and the array as it is written."""
  if name == _METADATA:
    raise ValueError(f"An array cannot be named {name!r}.")
  if to_bfloat16:
    return _BFLOAT16, _rounded_to_bfloat16(array.astype("<f4"))
  dtype = array.dtype.newbyteorder("<")
  if dtype not in _NAMES:
    raise ValueError(
      f"{name} has dtype {array.dtype}, which safetensors cannot store. It can "
      f"store {', '.join(str(each) for each in _NAMES)}."
    )
  return _NAMES[dtype], array.astype(dtype, copy=False)


def _rounded_to_bfloat16(array):
  """Returns the upper halves of float32 numbers, rounded to even, as uint16."""
  bits = array.view("<u4")
  rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
  # Rounding must not turn a NaN into infinity.
  quiet = (bits >> 16) | 0x40
  return np.where(np.isnan(array), quiet, rounded).astype("<u2")


# ---- Reading -----------------------------------------------------------------


def decode(data: bytes) -> dict[str, np.ndarray]:
  """Returns {name: array} of a file; bfloat16 becomes float32.

  Raises:
    FormatError: it is not a whole safetensors file.
  """
  header, start = _header(data)
  header.pop(_METADATA, None)
  entries = {name: _entry(name, value) for name, value in header.items()}
  _require_no_gaps(entries, len(data) - start)
  return {name: _array(data, start, each) for name, each in entries.items()}


def read_metadata(data: bytes) -> dict[str, str]:
  """Returns the texts of a file; raises FormatError if it is none."""
  return _header(data)[0].get(_METADATA, {})


def _header(data):
  """Returns the header, and where the data begin."""
  if len(data) < _LENGTH:
    raise FormatError(f"It has {len(data)} bytes, fewer than {_LENGTH}.")
  length = int.from_bytes(data[:_LENGTH], "little")
  if length > min(_MAX_HEADER, len(data) - _LENGTH):
    raise FormatError(
      f"Its header should have {length:,} bytes, but {len(data) - _LENGTH:,} "
      f"follow, and {_MAX_HEADER:,} is the limit."
    )
  start = _LENGTH + length
  try:
    header = json.loads(
      data[_LENGTH:start].decode("utf-8"), object_pairs_hook=_without_repeats
    )
  except (ValueError, RecursionError) as error:
    raise FormatError(f"Its header is not JSON: {error}.") from error
  if not isinstance(header, dict):
    raise FormatError("Its header is not an object of JSON.")
  metadata = header.get(_METADATA, {})
  if not isinstance(metadata, dict) or not all(
    isinstance(text, str) for text in metadata.values()
  ):
    raise FormatError(f"{_METADATA} holds something other than texts.")
  return header, start


def _without_repeats(pairs):
  found = dict(pairs)
  if len(found) != len(pairs):
    raise ValueError("a name occurs twice")
  return found


def _entry(name, value):
  """Returns the _Entry of an item of the header."""
  try:
    dtype, shape = value["dtype"], value["shape"]
    begin, end = value["data_offsets"]
  except (TypeError, KeyError, ValueError) as error:
    raise FormatError(
      f"{name!r} lacks a dtype, a shape or data_offsets."
    ) from error
  if not isinstance(dtype, str) or dtype not in _DTYPES:
    raise FormatError(
      f"{name!r} has the dtype {dtype!r}. It can be {', '.join(_DTYPES)}."
    )
  if not isinstance(shape, list) or not all(map(_is_size, shape)):
    raise FormatError(f"{name!r} has the shape {shape!r}.")
  if not (_is_size(begin) and _is_size(end)):
    raise FormatError(f"{name!r} has the data_offsets {[begin, end]!r}.")
  size = math.prod(shape) * _DTYPES[dtype].itemsize
  if end - begin != size:
    raise FormatError(
      f"{name!r} needs {size:,} bytes, but has the data_offsets {begin} to "
      f"{end}."
    )
  return _Entry(dtype, tuple(shape), begin, end)


def _is_size(value):
  return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _require_no_gaps(entries, size):
  """Raises unless the arrays cover the data, each byte once."""
  end = 0
  for name, entry in sorted(entries.items(), key=lambda item: item[1][2:]):
    if entry.begin != end:
      raise FormatError(
        f"{name!r} begins at byte {entry.begin}, but the array before it ends "
        f"at {end}."
      )
    end = entry.end
  if end != size:
    raise FormatError(f"Its arrays have {end:,} bytes, its data {size:,}.")


def _array(data, start, entry):
  dtype = _DTYPES[entry.dtype]
  count = math.prod(entry.shape)
  array = np.frombuffer(data, dtype, count, start + entry.begin)
  array = array.reshape(entry.shape)
  if entry.dtype == _BFLOAT16:
    return (array.astype("<u4") << 16).view("<f4")
  return array.copy()
