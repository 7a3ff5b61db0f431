"""npz, npy, mat and idx files as Numbers, which are read in blocks.

A pickle is never read, since it could run any program.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import gzip
import math
from typing import Any
from typing import Optional
import zipfile

from compare_gan.storage import files
import numpy as np

_BLOCK = 2**24  # bytes that are read at a time
_IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_NUMBERS = "buif"  # kinds of dtypes


def members_of(path: str) -> Any:
  """Returns the Numbers of a file, as {name: Numbers} of an npz or a mat."""
  try:
    with files.call(open, path, "rb") as file:
      magic = files.call(file.read, 512)
  except FileNotFoundError:
    raise
  except OSError as error:
    raise files.unreadable(path, error) from error
  if magic.startswith(b"PK\3\4"):
    return _read_npz(path)
  if magic.startswith(b"\x93NUMPY"):
    return _Npy(path)
  if magic.startswith(b"MATLAB 5.0") or magic.startswith(b"MATLAB 7.3"):
    return _read_mat(path)
  if magic[:2] == b"\x1f\x8b" or (magic[:2] == b"\0\0" and magic[3:4] != b""):
    return idx(path)
  if magic[:1] == b"\x80":
    raise ValueError(
      f"{path} is a Python pickle, which could run any program and is not "
      "read. Store the arrays with numpy.savez and name the npz."
    )
  raise ValueError(
    f"{path} is not an npz, npy, mat or idx file, or is damaged."
  )


def read_all(numbers: Any) -> np.ndarray:
  """Returns the array of Numbers."""
  if isinstance(numbers, Whole):
    return numbers.array
  blocks = list(numbers.blocks())
  return np.concatenate(blocks) if blocks else np.zeros(numbers.shape)


def _read_npz(path):
  try:
    with zipfile.ZipFile(path) as archive:
      inside = archive.namelist()
  except zipfile.BadZipFile as error:
    raise ValueError(f"{path} is a damaged npz: {error}") from error
  names = [name[:-4] for name in inside if name.endswith(".npy")]
  if inside and not names:
    raise ValueError(
      f"{path} is not an npz, but a zip of other files, such as {inside[0]}. "
      "dataset.name = 'archive' reads a zip of images, from archive.path."
    )
  return {name: _Npy(path, f"{name}.npy") for name in names}


class Whole:
  """An array as Numbers: `shape`, `dtype`, and `blocks()` of its rows."""

  def __init__(self, array: np.ndarray) -> None:
    self.array = array
    self.shape, self.dtype = array.shape, array.dtype

  def blocks(self) -> Iterator[np.ndarray]:
    rows = _rows(self.shape, self.dtype)
    for first in range(0, self.shape[0], rows):
      yield self.array[first : first + rows]


class Parts:
  """Several Numbers, one after the other."""

  def __init__(self, parts: Sequence[Any]) -> None:
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
      raise ValueError(
        f"arrays: batches of different shapes, {sorted(shapes)}."
      )
    kinds = {part.dtype.kind for part in parts}
    if len(kinds) > 1:
      raise ValueError(
        "arrays: batches of different types, "
        f"{sorted({part.dtype.name for part in parts})}: the same value means "
        "different colors in them. Store all of them as bytes (uint8)."
      )
    self._parts = parts
    self.shape = (sum(p.shape[0] for p in parts), *parts[0].shape[1:])
    self.dtype = np.result_type(*[part.dtype for part in parts])

  def blocks(self) -> Iterator[np.ndarray]:
    for part in self._parts:
      for block in part.blocks():
        yield block.astype(self.dtype, copy=False)


class _Npy:
  """An .npy, or one in an .npz; read in blocks, it is never in memory twice."""

  def __init__(self, path: str, member: Optional[str] = None) -> None:
    self._path, self._member = path, member
    with self._opened() as file:
      self.shape, self._fortran, self.dtype = self._header(file)
    if self.dtype.hasobject:
      raise ValueError(
        f"{path} holds Python objects, a pickle that could run any program; it "
        "is not read. Store arrays of numbers."
      )
    if not self.shape:
      raise ValueError(f"{path}: {member or 'the array'} is a single number.")

  def blocks(self) -> Iterator[np.ndarray]:
    with self._opened() as file:
      self._header(file)
      if self._fortran:
        data = self._exactly(file, np.prod(self.shape, dtype=np.int64))
        yield data.reshape(self.shape[::-1]).T
        return
      each = int(np.prod(self.shape[1:], dtype=np.int64))
      rows = _rows(self.shape, self.dtype)
      for first in range(0, self.shape[0], rows):
        n = min(rows, self.shape[0] - first)
        yield self._exactly(file, n * each).reshape(n, *self.shape[1:])

  def _opened(self):
    if self._member is None:
      return open(self._path, "rb")
    return _Member(self._path, self._member)

  def _header(self, file):
    try:
      version = np.lib.format.read_magic(file)
      read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
      }[version]
      return read(file)
    except (
      ValueError,
      KeyError,
      EOFError,
      SyntaxError,
      zipfile.BadZipFile,
    ) as e:
      raise ValueError(f"{self._path} is a damaged npy: {e}") from e

  def _exactly(self, file, count):
    size = int(count) * self.dtype.itemsize
    try:
      data = file.read(size)
    except Exception as error:  # zlib.error, BadZipFile, EOFError, ...
      raise ValueError(f"{self._path} is damaged: {error}") from error
    if len(data) != size:
      raise ValueError(
        f"{self._path} ends early: its header says {self.shape} "
        f"{self.dtype.name}."
      )
    return np.frombuffer(data, self.dtype)


class _Member:
  """A file in a zip, that closes the zip too."""

  def __init__(self, path: str, member: str) -> None:
    self._archive = zipfile.ZipFile(path)
    self._file = self._archive.open(member)
    self.read = self._file.read

  def __enter__(self):
    return self

  def __exit__(self, *exception):
    self._file.close()
    self._archive.close()


def _rows(shape, dtype):
  each = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
  return max(1, _BLOCK // max(1, each))


def _read_mat(path):
  import scipy.io

  try:
    members = scipy.io.loadmat(path)
  except NotImplementedError:  # v7.3, which is HDF5
    return _read_mat73(path)
  except Exception as error:  # A damaged file may raise almost anything.
    raise ValueError(f"{path} is a damaged mat: {error}") from error
  return {
    name: Whole(value)
    for name, value in members.items()
    if isinstance(value, np.ndarray) and value.dtype.kind in _NUMBERS
  }


def _read_mat73(path):
  try:
    import h5py
  except ImportError as error:
    raise ValueError(
      f"{path} is a MATLAB v7.3 file, which needs h5py: pip install h5py."
    ) from error
  try:
    with h5py.File(path, "r") as file:
      # MATLAB stores axes in reverse order.
      return {
        name: Whole(np.asarray(value).T)
        for name, value in file.items()
        if isinstance(value, h5py.Dataset) and value.dtype.kind in _NUMBERS
      }
  except OSError as error:
    raise ValueError(f"{path} is a damaged mat: {error}") from error


def idx(path: str) -> Whole:
  """Returns the Numbers of an idx file, plain or .gz."""
  return Whole(_read_idx(path))


def _read_idx(path):
  """Returns the array of an idx file, plain or .gz."""
  with open(path, "rb") as file:
    is_packed = file.read(2) == b"\x1f\x8b"
  try:
    with gzip.open(path) if is_packed else open(path, "rb") as file:
      zeros, kind, rank = file.read(2), file.read(1), file.read(1)
      if zeros != b"\0\0" or not rank or kind[0] not in _IDX:
        raise ValueError("it does not begin like an idx file")
      shape = np.frombuffer(file.read(4 * rank[0]), ">u4")
      dtype = np.dtype(_IDX[kind[0]])
      if len(shape) != rank[0]:
        raise ValueError("its header ends early")
      count = math.prod(shape.tolist())
      # In blocks: a damaged header must not allocate memory for missing data.
      blocks, left = [], count * dtype.itemsize
      while left:
        blocks.append(file.read(min(left, _BLOCK)))
        left -= len(blocks[-1])
        if not blocks[-1]:
          raise ValueError(f"it ends early: its header says {shape.tolist()}")
  except Exception as error:  # EOFError, zlib.error, BadGzipFile, ValueError
    raise ValueError(f"{path} is a damaged idx file: {error}") from error
  array = np.frombuffer(b"".join(blocks), dtype)
  return array.astype(dtype.newbyteorder("=")).reshape(shape)
