"""How a process gets its memory, where a training on a CPU has to fit.

With oneDNN TensorFlow keeps what it once had in a pool of its own, and glibc
gives back at once only what is larger than a threshold that rises by itself. A
step that computes its activations again, to hold fewer at a time, would need no
less than one that keeps them.
"""

import ctypes
import os

_POOL = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR"
_THRESHOLD = "MALLOC_MMAP_THRESHOLD_"
_M_MMAP_THRESHOLD = -3  # mallopt's name for it
_BYTES = 2**20


def give_back() -> None:
  """Has memory given back when it is freed, if the environment says nothing.

  Call it before TensorFlow runs its first op: it asks for the pool then. It
  costs time, as memory has to be asked for again.
  """
  os.environ.setdefault(_POOL, "1")
  if _THRESHOLD in os.environ or os.name != "posix":
    return
  mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it.
  if mallopt:
    mallopt(_M_MMAP_THRESHOLD, _BYTES)
