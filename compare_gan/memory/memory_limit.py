"""How much memory the processes started here may use.

Linux keeps processes in nested groups (cgroups), each of which may have a
limit. The smallest limit decides: the kernel kills a process that makes its
group reach it, however much the machine has left. Version 2 of cgroups writes
the limit to `memory.max`, version 1 to `memory.limit_in_bytes`.

psutil reads what the machine has, on Linux and macOS alike. It knows nothing of
the limits of a container, so this module reads those from the cgroup files.
"""

from collections.abc import Iterator
import os
from typing import NamedTuple
from typing import Optional

import psutil

# Where the two versions keep the numbers, and what they call them: (folder,
# limit, used memory, prefixes of the lines of memory.stat in _FILES).
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
# Memory that holds contents of files: the kernel drops it when it needs room.
_FILES = ("active_file", "inactive_file")


class Memory(NamedTuple):
  """Bytes of memory, and what limits them."""

  free: int  # can still be allocated
  total: int  # could be allocated if no other process ran
  owner: str = "machine"  # or "container"


def find(root: str = "/") -> Memory:
  """Returns the memory that processes started here share.

  Args:
    root: the folder that contains proc/ and sys/ with the cgroup files.
  """
  machine = psutil.virtual_memory()
  found = [*_group_limits(root), Memory(machine.available, machine.total)]
  # The group with the least left decides, and no group can have more than the
  # smallest total.
  tightest = min(found, key=lambda memory: memory.free)
  least = min(found, key=lambda memory: memory.total)
  owner = least.owner if least.total < tightest.total else tightest.owner
  return Memory(tightest.free, least.total, owner)


def resident() -> int:
  """Returns the bytes of memory that this process occupies."""
  return psutil.Process().memory_info().rss


# ---- The container -----------------------------------------------------------


def _group_limits(root: str) -> Iterator[Memory]:
  """Yields the Memory of each group around this process that has a limit."""
  for mount, limit_name, used_name, prefixes in _VERSIONS:
    for folder in _folders(root, mount):
      limit = _number(os.path.join(folder, limit_name))
      if limit is None:
        continue  # "max", or the root of all groups
      used = _number(os.path.join(folder, used_name)) or 0
      files = _file_bytes(os.path.join(folder, "memory.stat"), prefixes)
      free = max(0, limit - max(0, used - files))
      yield Memory(min(free, limit), limit, "container")


def _folders(root, mount):
  """Returns the folders of this process's group and of the groups around it.

  In a container the mount often shows the container's own group as the topmost
  one, while /proc names the group as it is called outside. Folders that do not
  exist are therefore skipped, and the topmost one is always read.
  """
  top = os.path.join(root, mount)
  parts = [part for part in _group(root, mount).split("/") if part]
  parts = [] if ".." in parts else parts  # outside of what the mount shows
  return [
    os.path.join(top, *parts[:depth]) for depth in range(len(parts), -1, -1)
  ]


def _group(root, mount):
  """Returns the name of this process's group, "/" if it is unknown."""
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


def _file_bytes(path, prefixes):
  """Returns the bytes that hold contents of files, see _FILES."""
  found = _numbers(path)
  for prefix in prefixes:  # "total_" of version 1 includes the groups inside.
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


def _number(path) -> Optional[int]:
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
