"""Writes files like torch.save's, without PyTorch."""

import collections
import io
import pickle
import pickletools
import sys
import types
from unittest import mock
import zipfile

import numpy as np


class _Storage:
  def __init__(self, key, array):
    self.key, self.array = key, array


def _modules():
  """Returns stand-ins for the modules that a pickle of torch names."""
  torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
  for name in ("FloatStorage", "LongStorage"):
    kind = type(name, (), {"__module__": "torch"})
    setattr(torch, name, kind)

  def _rebuild_tensor_v2(*arguments):
    del arguments

  _rebuild_tensor_v2.__module__ = "torch._utils"
  _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
  utils._rebuild_tensor_v2 = _rebuild_tensor_v2
  torch._utils = utils
  return {"torch": torch, "torch._utils": utils}


class _Tensor:
  def __init__(self, modules, storage):
    self._call = modules["torch._utils"]._rebuild_tensor_v2
    self._storage = storage

  def __reduce__(self):
    array = self._storage.array
    strides = tuple(step // array.itemsize for step in array.strides)
    return self._call, (
      *(self._storage, 0, array.shape, strides, False),
      collections.OrderedDict(),
    )


def write(path, arrays, wrap=lambda state_dict: state_dict):
  """Writes the zip format.

  Args:
    path: of the file.
    arrays: {name: float32 or int64 array}.
    wrap: what is saved, of the state_dict.
  """
  modules = _modules()
  storages = {
    name: _Storage(str(i), np.ascontiguousarray(array))
    for i, (name, array) in enumerate(arrays.items())
  }

  class Pickler(pickle.Pickler):
    def persistent_id(self, obj):
      if not isinstance(obj, _Storage):
        return None
      kind = "LongStorage" if obj.array.dtype.kind == "i" else "FloatStorage"
      count = int(obj.array.size)
      return (
        *("storage", getattr(modules["torch"], kind), obj.key, "cpu"),
        count,
      )

  state_dict = collections.OrderedDict(
    (name, _Tensor(modules, storage)) for name, storage in storages.items()
  )
  data = io.BytesIO()
  with mock.patch.dict(sys.modules, modules):
    Pickler(data, protocol=2).dump(wrap(state_dict))
  write_zip(path, data.getvalue(), storages)


def write_zip(path, description, storages=()):
  """Writes a zip of a pickle and its storages."""
  with zipfile.ZipFile(path, "w") as archive:
    archive.writestr("archive/data.pkl", description)
    for storage in dict(storages).values():
      archive.writestr(f"archive/data/{storage.key}", storage.array.tobytes())


def opcodes(description):
  """Returns the names of a pickle's opcodes."""
  return [opcode.name for opcode, *_ in pickletools.genops(description)]
