"""Files of torch.save, read without PyTorch and without running anything.

Both formats: the zip that PyTorch has written since version 1.6, and the older
row of pickles. Only the description of the tensors is read at first; the
numbers of a tensor are read when it is asked for, and no others.

  file = torch_file.TorchFile("G_ema.pth")
  file.content                        nested dicts and lists, Tensors in them
  file.array(file.content["linear.weight"])
"""

import io
import os
import struct
from typing import Any
from typing import Protocol
import zipfile

from compare_gan.export.importers import restricted_pickle
from compare_gan.export.importers.restricted_pickle import Storage
from compare_gan.export.importers.restricted_pickle import Tensor
from compare_gan.storage import files
import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C  # the first number of the older format
_PROTOCOL = 1001
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # of an entry of a zip
_MAX_PICKLE = 2**28  # bytes that describe the tensors of a file


class _Places(Protocol):
  """Where the numbers of a file are."""

  content: Any
  order: str

  def read(self, key: str, first: int, count: int) -> bytes:
    """Returns bytes of the storage `key`."""


class TorchFile:
  """A file of torch.save.

  Args:
    path: of the file.

  Attributes:
    content: what was saved; tensors are restricted_pickle.Tensors.
  """

  def __init__(self, path: str) -> None:
    self.path = path
    try:
      with files.call(open, path, "rb") as file:
        start = file.read(4)
        file.seek(0)
        if start == b"PK\3\4":
          self._places: _Places = _ZipPlaces(path)
        else:
          self._places = _OldPlaces(file)
    except ValueError as error:
      raise ValueError(f"{path}: {error}") from error
    self.content = self._places.content

  def array(self, tensor: Tensor) -> np.ndarray:
    """Returns a tensor's numbers; bfloat16 becomes float32."""
    try:
      return self._array(tensor)
    except ValueError as error:
      raise ValueError(f"{self.path}: {error}") from error

  def _array(self, tensor):
    storage, shape, strides = tensor.storage, tensor.shape, tensor.strides
    count = 1
    for side in shape:
      count *= side
    if count == 0:
      return np.zeros(shape, _numpy_dtype(storage.dtype, "<")[1])
    last = sum((n - 1) * stride for n, stride in zip(shape, strides))
    if tensor.offset + last >= storage.length or count > storage.length:
      raise ValueError(
        f"a tensor of shape {list(shape)}, strides {list(strides)} and offset "
        f"{tensor.offset} does not lie in its storage of {storage.length} "
        "numbers."
      )
    stored, wanted = _numpy_dtype(storage.dtype, self._places.order)
    size = stored.itemsize
    first = storage.first + tensor.offset
    data = self._places.read(storage.key, first * size, (last + 1) * size)
    numbers = np.frombuffer(data, stored)
    found = np.lib.stride_tricks.as_strided(
      numbers, shape, [stride * size for stride in strides], writeable=False
    )
    if storage.dtype == "bfloat16":
      # Its 16 bits are the first ones of a float32.
      return (found.astype(np.uint32) << 16).view(np.float32)
    return found.astype(wanted)


def _numpy_dtype(name, order):
  """Returns the dtype of the stored numbers, and that of the array."""
  if name == "bfloat16":
    return np.dtype(f"{order}u2"), np.dtype(np.float32)
  dtype = np.dtype(name)
  return dtype.newbyteorder(order), dtype


class _ZipPlaces:
  """<name>/data.pkl describes the tensors, <name>/data/<key> holds one each."""

  def __init__(self, path: str) -> None:
    self._path = path
    try:
      with zipfile.ZipFile(path) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        found = [n for n in infos if n.split("/")[1:] == ["data.pkl"]]
        if len(found) != 1:
          raise ValueError(
            "it is a zip without one <name>/data.pkl, so PyTorch did not write "
            "it."
          )
        self._folder = found[0].split("/")[0]
        if f"{self._folder}/constants.pkl" in infos:
          raise ValueError(
            "it is a program of TorchScript (torch.jit.save). Only the weights "
            "are read: torch.save(module.state_dict(), path)."
          )
        if infos[found[0]].file_size > _MAX_PICKLE:
          raise ValueError("its data.pkl is too large to describe tensors.")
        self.order = "<"
        if f"{self._folder}/byteorder" in infos:
          written = archive.read(f"{self._folder}/byteorder")
          self.order = ">" if written.strip() == b"big" else "<"
        description = archive.read(found[0])
    except zipfile.BadZipFile as error:
      raise ValueError(f"it is a damaged zip: {error}") from error
    self._infos = infos
    self.content = restricted_pickle.load(io.BytesIO(description))

  def read(self, key: str, first: int, count: int) -> bytes:
    info = self._infos.get(f"{self._folder}/data/{key}")
    if info is None:
      raise ValueError(f"it has no data/{key}, which a tensor needs.")
    if info.compress_type != zipfile.ZIP_STORED:
      raise ValueError(
        f"data/{key} is compressed, as PyTorch writes none. Unpack it and zip "
        "it without compression."
      )
    if first + count > info.file_size:
      raise ValueError(
        f"data/{key} has {info.file_size} bytes, and a tensor needs "
        f"{first + count}."
      )
    # Not through zipfile, which would read the whole list of entries again.
    with open(self._path, "rb") as file:
      file.seek(info.header_offset)
      header = file.read(_LOCAL_HEADER.size)
      if len(header) < _LOCAL_HEADER.size:
        raise ValueError(f"it ends before data/{key}.")
      magic, *lengths = _LOCAL_HEADER.unpack(header)
      if magic != b"PK\3\4":
        raise ValueError(f"it has other data in the place of data/{key}.")
      file.seek(sum(lengths) + first, os.SEEK_CUR)
      data = file.read(count)
    if len(data) != count:
      raise ValueError(f"it ends within data/{key}.")
    return data


class _OldPlaces:
  """Pickles of a magic number, the content and the keys; then the numbers."""

  def __init__(self, file: Any) -> None:
    self._path = file.name
    storages: dict[str, Storage] = {}
    if _first_number(file) != _MAGIC:
      raise ValueError(
        "it is not a file of torch.save, neither the zip of PyTorch 1.6 and "
        "later nor the older format."
      )
    protocol = restricted_pickle.load(file)
    if protocol != _PROTOCOL:
      raise ValueError(f"its version is {protocol}, and {_PROTOCOL} is read.")
    system = restricted_pickle.load(file)
    little = not isinstance(system, dict) or system.get("little_endian", True)
    self.order = "<" if little else ">"
    self.content = restricted_pickle.load(
      file, lambda storage: storages.__setitem__(storage.key, storage)
    )
    keys = restricted_pickle.load(file)
    if not isinstance(keys, list):
      raise ValueError("its list of storages is damaged.")
    size = os.fstat(file.fileno()).st_size
    self._records = {}
    for key in keys:
      header = file.read(8)
      if key not in storages or len(header) < 8:
        raise ValueError(f"the storage {key!r} is missing or nobody's.")
      count = struct.unpack(f"{self.order}q", header)[0]
      dtype = _numpy_dtype(storages[key].dtype, self.order)[0]
      end = file.tell() + count * dtype.itemsize
      if count < 0 or end > size:
        raise ValueError(f"it ends within the storage {key!r}.")
      self._records[key] = file.tell(), count * dtype.itemsize
      file.seek(end)

  def read(self, key: str, first: int, count: int) -> bytes:
    if key not in self._records:
      raise ValueError(f"it has no storage {key!r}, which a tensor needs.")
    start, size = self._records[key]
    if first + count > size:
      raise ValueError(
        f"the storage {key!r} has {size} bytes, and a tensor needs "
        f"{first + count}."
      )
    with open(self._path, "rb") as file:
      file.seek(start + first)
      data = file.read(count)
    if len(data) != count:
      raise ValueError(f"it ends within the storage {key!r}.")
    return data


def _first_number(file):
  """Returns the first pickle's value, None if there is none."""
  try:
    return restricted_pickle.load(file)
  except ValueError:
    return None
