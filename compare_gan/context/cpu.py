"""What the system says of its CPU; psutil knows none of it."""

import platform

PATH = "/proc/cpuinfo"


def flags(path: str = PATH) -> set[str]:
  """Returns what the CPU can do, such as "amx_bf16"; none if nothing says.

  Arm calls them features.
  """
  return set((_entry(path, "flags") or _entry(path, "Features")).split())


def model(path: str = PATH) -> str:
  """Returns the name of the CPU; "" if nothing says."""
  return _entry(path, "model name") or platform.processor()


def _entry(path, name):
  """Returns the text after the colon in the first line with this name."""
  try:
    with open(path, encoding="utf-8", errors="replace") as file:
      lines = [line for line in file if line.startswith(name)]
  except OSError:  # Not Linux.
    return ""
  return lines[0].partition(":")[2].strip() if lines else ""
