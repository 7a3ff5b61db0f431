"""Reads the pickles of PyTorch's files without running what they name.

A pickle is a program: it may name any function of any module and call it. Here
it may name only what stands in `_NAMES`, each of which is a harmless function
of this file, and use only opcodes that build numbers, texts, lists, tuples and
dicts. Everything else is refused by its name, before anything is made.
"""

import collections
import pickle
import pickletools
from typing import Any
from typing import BinaryIO
from typing import Callable
from typing import NamedTuple
from typing import Optional

import numpy as np

# Names of torch's dtypes by those of its classes of storages.
_STORAGES = {
  "FloatStorage": "float32",
  "DoubleStorage": "float64",
  "HalfStorage": "float16",
  "BFloat16Storage": "bfloat16",
  "LongStorage": "int64",
  "IntStorage": "int32",
  "ShortStorage": "int16",
  "CharStorage": "int8",
  "ByteStorage": "uint8",
  "BoolStorage": "bool",
}
_OPCODES = frozenset(
  """PROTO FRAME STOP MARK POP POP_MARK NONE NEWTRUE NEWFALSE
  INT LONG LONG1 BININT BININT1 BININT2 BINFLOAT
  BINUNICODE SHORT_BINUNICODE BINUNICODE8 SHORT_BINSTRING BINSTRING
  SHORT_BINBYTES BINBYTES EMPTY_DICT EMPTY_LIST EMPTY_TUPLE
  TUPLE TUPLE1 TUPLE2 TUPLE3 SETITEM SETITEMS APPEND APPENDS
  BINPUT LONG_BINPUT BINGET LONG_BINGET MEMOIZE
  GLOBAL STACK_GLOBAL REDUCE BINPERSID BUILD""".split()
)


class Storage(NamedTuple):
  """The numbers behind tensors, as the pickle describes them."""

  dtype: str
  key: str
  length: int
  first: int = 0  # the place of its first number in the stored record


class Tensor(NamedTuple):
  """Where a tensor's numbers are in its storage."""

  storage: Storage
  offset: int
  shape: tuple[int, ...]
  strides: tuple[int, ...]


class _Known:
  """A function that a pickle may call. Pickles cannot change it."""

  __slots__ = ("_function",)
  _function: Callable[..., Any]

  def __init__(self, function: Callable[..., Any]) -> None:
    object.__setattr__(self, "_function", function)

  def __call__(self, *arguments: Any) -> Any:
    return self._function(*arguments)

  def __setattr__(self, name: str, value: Any) -> None:
    raise ValueError(f"The file sets {name!r} of a function; it is not read.")


class _Dtype(NamedTuple):
  """A class of storages."""

  name: str


def _tensor(
  storage: Any, offset: Any, shape: Any, strides: Any, *others: Any
) -> Tensor:
  del others  # Of gradients: requires_grad, hooks.
  if not isinstance(storage, Storage):
    raise ValueError("The file has a tensor without a storage.")
  numbers = [offset, *_as_tuple(shape), *_as_tuple(strides)]
  if not all(isinstance(n, int) and 0 <= n < 2**62 for n in numbers):
    raise ValueError(
      f"The file has a tensor of shape {shape}, strides {strides} and offset "
      f"{offset}, which must be whole numbers from 0 on."
    )
  if len(shape) != len(strides):
    raise ValueError(
      f"The file has a tensor of shape {shape} with strides {strides}."
    )
  return Tensor(storage, offset, tuple(shape), tuple(strides))


def _as_tuple(value):
  if not isinstance(value, (tuple, list)):
    raise ValueError(f"The file has {value!r} for the shape of a tensor.")
  return tuple(value)


def _parameter(data: Any, *others: Any) -> Any:
  del others
  return data


class _NumpyDtype:
  """numpy's dtype of a single number; its byte order comes as a state."""

  __slots__ = ("name", "order")

  def __init__(self, name: Any, *others: Any) -> None:
    del others
    if name not in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1"):
      raise ValueError(f"The file has a number of numpy's type {name!r}.")
    self.name, self.order = name, "<"

  def __setstate__(self, state: Any) -> None:
    if not isinstance(state, tuple) or state[1] not in ("<", ">", "|"):
      raise ValueError(f"The file has numpy's type {self.name} as {state!r}.")
    self.order = state[1]


def _numpy_scalar(dtype: Any, data: Any) -> Any:
  """Returns a number that was saved as numpy's, such as a best FID."""
  if not isinstance(dtype, _NumpyDtype) or not isinstance(data, bytes):
    raise ValueError("The file has a damaged number of numpy's.")
  stored = np.dtype(f"{dtype.order}{dtype.name}")
  if len(data) != stored.itemsize:
    raise ValueError("The file has a damaged number of numpy's.")
  return np.frombuffer(data, stored)[0].item()


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
  """Returns bytes, as protocol 2 writes them."""
  if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
    raise ValueError(f"The file has bytes in the encoding {encoding!r}.")
  return text.encode("latin1")


def _size(values: Any = ()) -> tuple:
  return _as_tuple(values)


class _OrderedDict(collections.OrderedDict):
  """Takes torch's `_metadata` without keeping it."""

  def __setstate__(self, state: Any) -> None:
    del state


_NAMES: dict[tuple[str, str], Any] = {
  ("collections", "OrderedDict"): _OrderedDict,
  ("torch", "Size"): _Known(_size),
  ("torch._utils", "_rebuild_tensor"): _Known(_tensor),
  ("torch._utils", "_rebuild_tensor_v2"): _Known(_tensor),
  ("torch._utils", "_rebuild_parameter"): _Known(_parameter),
  ("numpy", "dtype"): _Known(_NumpyDtype),
  ("numpy.core.multiarray", "scalar"): _Known(_numpy_scalar),
  ("numpy._core.multiarray", "scalar"): _Known(_numpy_scalar),
  ("_codecs", "encode"): _Known(_encode),
}
for _class, _dtype in _STORAGES.items():
  _NAMES["torch", _class] = _Dtype(_dtype)
  _NAMES["torch.storage", _class] = _Dtype(_dtype)


def _refuse_unknown(module, name):
  if (module, name) not in _NAMES:
    raise ValueError(
      f"The file names {module}.{name}, which only Python with PyTorch could "
      "load, and which could run any program. Only tensors, dicts, lists, "
      "numbers and texts are read: save the state_dict alone, "
      "torch.save(network.state_dict(), path)."
    )


class _Unpickler(pickle.Unpickler):
  """Finds only `_NAMES`."""

  def __init__(self, file: BinaryIO, keep: Callable[[Storage], None]) -> None:
    super().__init__(file, encoding="latin1")
    self._keep = keep

  def find_class(self, module: str, name: str) -> Any:
    _refuse_unknown(module, name)
    return _NAMES[module, name]

  def persistent_load(self, pid: Any) -> Storage:
    if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
      raise ValueError(f"The file refers to {pid!r}, which is not a storage.")
    _, kind, key, _, count, *view = pid
    if not isinstance(kind, _Dtype):
      raise ValueError(f"The file has a storage of an unknown type {kind!r}.")
    if not isinstance(count, int) or count < 0 or not isinstance(key, str):
      raise ValueError(f"The file has a storage {key!r} of {count!r} numbers.")
    first = 0
    if view and view[0] is not None:
      # The oldest files: a part of another storage, which is the one stored.
      first, count = _view(view[0], count)
    storage = Storage(kind.name, key, count, first)
    self._keep(storage)
    return storage


def _view(view, total):
  _, first, count = view
  if not (isinstance(first, int) and isinstance(count, int)):
    raise ValueError("The file has a damaged view of a storage.")
  if first < 0 or count < 0 or first + count > total:
    raise ValueError("The file has a view beyond the end of its storage.")
  return first, count


def load(
  file: BinaryIO, keep: Optional[Callable[[Storage], None]] = None
) -> Any:
  """Returns the object of the pickle at the file's position.

  Tensors are `Tensor`s, without their numbers. Afterwards the file's position
  is the end of the pickle.

  Args:
    file: can seek.
    keep: called with each Storage that is met.
  """
  start = file.tell()
  try:
    for opcode, argument, _ in pickletools.genops(file):
      if opcode.name == "GLOBAL":
        _refuse_unknown(*str(argument).split(" ", 1))
      if opcode.name not in _OPCODES:
        raise ValueError(
          f"The file's pickle uses {opcode.name}, which none of PyTorch's "
          "files of tensors needs; it is not read."
        )
      if opcode.name == "LONG_BINPUT" and int(argument or 0) > file.tell():
        raise ValueError("The file's pickle claims more objects than it has.")
    file.seek(start)
    return _Unpickler(file, keep or (lambda storage: None)).load()
  except ValueError:
    raise
  # What damaged pickles raise: IndexError, EOFError, KeyError, TypeError ...
  except Exception as error:
    raise ValueError(f"The file's pickle is damaged: {error}") from error
