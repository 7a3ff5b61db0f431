"""Memory that is freed goes back."""

import os
import platform
import subprocess
import sys

import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("TensorFlow frees memory its own way")

# A block of 24 MiB that is freed raises glibc's threshold over its size: the
# next one comes from the heap and stays with the process.
_FREE_TWICE = """
import ctypes
import sys

if sys.argv[1] == "give_back":
  from compare_gan.memory import allocation
  allocation.give_back()

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]


def resident():
  with open("/proc/self/statm") as file:
    return int(file.read().split()[1]) * 4096


before = resident()
for _ in range(2):
  block = libc.malloc(24 << 20)
  libc.memset(block, 1, 24 << 20)
  libc.free(block)
print(resident() - before)
"""


def _kept(how, **environment):
  """Returns how many bytes a process keeps that has freed all of them."""
  ran = subprocess.run(
    [sys.executable, "-c", _FREE_TWICE, how],
    stdout=subprocess.PIPE,
    check=True,
    env=plain_shell.checkout(**environment),
  )
  return int(ran.stdout)


@pytest.mark.skipif(
  platform.libc_ver()[0] != "glibc", reason="only glibc has the threshold"
)
def test_what_is_freed_goes_back():
  assert _kept("as it is") > 20 << 20
  assert _kept("give_back") < 4 << 20
  # What the environment says stays.
  threshold = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
  threshold["MALLOC_TRIM_THRESHOLD_"] = str(64 << 20)
  assert _kept("give_back", **threshold) > 20 << 20


def test_the_pool_stays_where_the_environment_says_so(monkeypatch):
  from compare_gan.memory import allocation

  name = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR"
  monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "1")  # Nothing for this process.
  monkeypatch.setenv(name, "0")
  allocation.give_back()
  assert os.environ[name] == "0"
  monkeypatch.delenv(name)
  allocation.give_back()
  assert os.environ.pop(name) == "1"


def test_the_environment_decides_first_who_gives_back(monkeypatch):
  from compare_gan.memory import allocation

  name = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR"
  monkeypatch.delenv(name, raising=False)
  assert allocation.gives_back(True) and not allocation.gives_back(False)
  monkeypatch.setenv(name, "1")
  assert allocation.gives_back(False)
  monkeypatch.setenv(name, "0")
  assert not allocation.gives_back(True)
