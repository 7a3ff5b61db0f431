"""Makes a process return freed memory to the system, on a CPU.

With oneDNN, TensorFlow keeps freed memory in a pool of its own, and glibc
returns at once only blocks above a threshold, which it raises by itself. A step
that recomputes its activations to hold fewer at a time would therefore need as
much memory as one that keeps them.
"""

import ctypes
import os

_POOL = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR"
_THRESHOLD = "MALLOC_MMAP_THRESHOLD_"
_M_MMAP_THRESHOLD = -3  # mallopt's name for it
_BYTES = 2**20


def gives_back(by_itself: bool) -> bool:
  """Returns whether a training returns freed memory to the system.

  Args:
    by_itself: whether it calls `give_back`.
  """
  return os.environ.get(_POOL, "1" if by_itself else "0") == "1"


def give_back() -> None:
  """Makes freed memory go back to the system, unless the environment decides.

  Call this before TensorFlow runs its first op, when it creates the pool. It
  costs time, because memory has to be requested again.
  """
  os.environ.setdefault(_POOL, "1")
  if _THRESHOLD in os.environ or os.name != "posix":
    return
  mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it.
  if mallopt is not None:
    mallopt(_M_MMAP_THRESHOLD, _BYTES)
