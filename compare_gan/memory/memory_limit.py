"""How much memory there is for processes: of the container, else the machine.

Linux keeps processes in groups within groups (cgroups), each of which may have
a limit, and the smallest of them decides: a process that makes its group reach
one is killed, however much the machine has left. Version 2 says it in
`memory.max`, version 1 in `memory.limit_in_bytes`. macOS is asked by psutil,
where that is installed.
"""

import os
import sys
from typing import NamedTuple
from typing import Optional

# Where the two versions keep the numbers, and what they call them:
# (folder, limit, what is used, lines of memory.stat that can be given up).
_VERSIONS = (
  ("sys/fs/cgroup", "memory.max", "memory.current", ("", "")),
  ("sys/fs/cgroup/unified", "memory.max", "memory.current", ("", "")),
  (
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_", ""),
  ),
)
_FILES = ("active_file", "inactive_file")  # the kernel drops these when asked


class Memory(NamedTuple):
  """Bytes of memory, and whose they are."""

  free: int  # what can still be had
  total: int  # what could be had if nobody else were there
  owner: str = "machine"  # or "container"


def find(root: str = "/") -> Optional[Memory]:
  """Returns the memory that processes started here share; None if unknown.

  Args:
    root: where proc/ and sys/ are.
  """
  machine = _of_linux(root) or _of_psutil()
  found = [*_groups(root), *([machine] if machine else [])]
  if not found:
    return None
  # The group with the least left decides, and nobody has more than the least
  # total.
  tightest = min(found, key=lambda memory: memory.free)
  least = min(found, key=lambda memory: memory.total)
  owner = least.owner if least.total < tightest.total else tightest.owner
  return Memory(tightest.free, least.total, owner)


def resident(root: str = "/") -> Optional[int]:
  """Returns the bytes of memory that this process has; None if unknown."""
  found = _numbers(os.path.join(root, "proc/self/status"))
  return found["VmRSS:"] * 1024 if "VmRSS:" in found else None


# ---- The machine -------------------------------------------------------------


def _of_linux(root):
  found = _numbers(os.path.join(root, "proc/meminfo"))
  if "MemAvailable:" not in found:
    return None
  free = found["MemAvailable:"] * 1024
  return Memory(free, found.get("MemTotal:", free // 1024) * 1024)


def _of_psutil():
  if sys.platform.startswith("linux"):
    return None  # There it would read the same file.
  try:
    import psutil
  except ImportError:
    return None
  found = psutil.virtual_memory()
  return Memory(found.available, found.total)


# ---- The container -----------------------------------------------------------


def _groups(root):
  """Yields the Memory of each group around this process that has a limit."""
  for mount, limit_name, used_name, prefixes in _VERSIONS:
    for folder in _folders(root, mount):
      limit = _number(os.path.join(folder, limit_name))
      if limit is None:
        continue  # "max", or the root of all groups
      used = _number(os.path.join(folder, used_name)) or 0
      files = _droppable(os.path.join(folder, "memory.stat"), prefixes)
      free = max(0, limit - max(0, used - files))
      yield Memory(min(free, limit), limit, "container")


def _folders(root, mount):
  """Returns the folders of this process's group and of those around it.

  In a container the mount often shows its own group as the topmost one, while
  /proc names it as it is called outside: folders that are not there are passed
  over, and the topmost one is always looked at.
  """
  top = os.path.join(root, mount)
  parts = [part for part in _group(root, mount).split("/") if part]
  parts = [] if ".." in parts else parts  # outside of what the mount shows
  return [
    os.path.join(top, *parts[:depth]) for depth in range(len(parts), -1, -1)
  ]


def _group(root, mount):
  """Returns the name of this process's group, "/" if nobody says."""
  is_first_version = mount.endswith("/memory")
  for line in _lines(os.path.join(root, "proc/self/cgroup")):
    number, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if is_first_version:
      if "memory" in controllers.split(","):
        return path
    elif number == "0" and not controllers:
      return path
  return "/"


def _droppable(path, prefixes):
  """Returns the bytes of files that are only kept as long as there is room."""
  found = _numbers(path)
  for prefix in prefixes:  # version 1: with the groups inside, if it says so
    if f"{prefix}{_FILES[0]}" in found:
      return sum(found.get(f"{prefix}{name}", 0) for name in _FILES)
  return 0


# ---- Reading -----------------------------------------------------------------


def _lines(path):
  try:
    with open(path) as file:
      return file.read().splitlines()
  except OSError:
    return []


def _number(path):
  text = "".join(_lines(path)).strip()
  return int(text) if text.isdigit() else None


def _numbers(path):
  """Returns {first word: number} of lines such as "MemTotal:  12 kB"."""
  fields = [line.split() for line in _lines(path)]
  return {
    words[0]: int(words[1])
    for words in fields
    if len(words) > 1 and words[1].isdigit()
  }
