"""How much memory a run's processes use, and whether memory is short.

psutil reads processes and the machine on Linux and macOS alike. It does not
count the processes that the kernel has killed, so that number is read from
/proc/vmstat.
"""

import os
from typing import Optional

import psutil


def session_mb(session: int) -> float:
  """Returns the megabytes that all processes of a session have in memory.

  A session also holds processes whose parent has ended, which a tree of parents
  and children would miss. Memory that two processes share is counted twice.

  Args:
    session: the id of the process that leads it.
  """
  used = 0
  for number in psutil.pids():
    try:
      # Asking the kernel is eight times as fast as reading all of /proc.
      if os.getsid(number) == session:
        used += psutil.Process(number).memory_info().rss
    except (OSError, psutil.Error):  # It has ended.
      continue
  return used / 2**20


def is_short(used_mb: float, limit_mb: Optional[float]) -> bool:
  """Returns whether a SIGKILL now probably comes from a lack of memory.

  Args:
    used_mb: megabytes that a run uses.
    limit_mb: megabytes that it may use; None for no limit.
  """
  if limit_mb and used_mb > 0.8 * limit_mb:
    return True
  machine = psutil.virtual_memory()
  return machine.available < 0.05 * machine.total


def kernel_kills() -> int:
  """Returns how many processes the kernel has killed for lack of memory.

  0 where the kernel does not count them, as on macOS.
  """
  try:
    with open("/proc/vmstat") as file:
      numbers = dict(line.split() for line in file)
  except OSError:
    return 0
  return int(numbers.get("oom_kill", 0))
