"""CPU, GPUs, and every other kind of device that --run_config knows."""

from collections.abc import Sequence
import os
import platform
import subprocess
from typing import Optional

from compare_gan.doctor import own_process
from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import ok
from compare_gan.doctor.finding import wrong
import psutil

ORDER = 30

_CPU = "cpu"
_GPU = "gpu"
_HIDES_GPUS = "CUDA_VISIBLE_DEVICES"
_ASK_DRIVER = (
  "nvidia-smi",
  "--query-gpu=name,memory.total,driver_version",
  "--format=csv,noheader",
)
_DRIVER_SECONDS = 30


def look(asked: Asked) -> list[Finding]:
  """Returns findings about processors, and kinds of devices."""
  del asked
  answer = own_process.ask_library()
  kinds = kinds_of(answer)
  seen = [message["gpu"] for message in answer.said if "gpu" in message]
  if not kinds:
    return [cpu(), no_kinds(answer)]
  found = [cpu(), *gpus(driver_lines(), seen, os.environ.get(_HIDES_GPUS))]
  if answer.failure:
    found.append(no_kinds(answer))
  for name, why_not in kinds.items():
    if name not in (_CPU, _GPU):
      found.append(other_kind(name, why_not))
  return found


def kinds_of(answer: own_process.Answer) -> dict[str, Optional[str]]:
  """Returns {--run_config: why there is no such device, None if there is}."""
  return {
    message["kind"]: message["why_not"]
    for message in answer.said
    if "kind" in message
  }


def no_kinds(answer: own_process.Answer) -> Finding:
  """Returns the finding that devices cannot be looked at to the end."""
  begun = [one["begins"] for one in answer.said if "begins" in one]
  said = "cannot be listed: TensorFlow cannot be imported"
  if answer.failure:
    during = f" in the step {begun[-1]!r}" if begun else ""
    said = f"cannot be listed{during}: {answer.failure}"
  return wrong(
    "devices",
    said,
    "Mend what is wrong with the versions first. If nothing is, update the "
    "driver of the device, or hide it: CUDA_VISIBLE_DEVICES= for GPUs.",
  )


def cpu() -> Finding:
  """Returns the finding about the processor."""
  cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
  usable = cores_of_this_process()
  memory = psutil.virtual_memory().total / 2**30
  return ok(
    "CPU",
    f"{_cpu_model()}, {cores} core{'s' * (cores > 1)} with {os.cpu_count()} "
    f"threads, {usable} for this process, {memory:.1f} GiB of memory",
  )


def cores_of_this_process() -> int:
  """Returns how many threads may run at once here."""
  if hasattr(os, "sched_getaffinity"):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def _cpu_model(path: str = "/proc/cpuinfo") -> str:
  try:
    with open(path) as file:
      for line in file:
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model") and value.strip():
          return value.strip()
  except OSError:  # Not Linux.
    pass
  return platform.processor() or platform.machine()


def driver_lines(words: Sequence[str] = _ASK_DRIVER) -> list[str]:
  """Returns the driver's line for each NVIDIA GPU; none without a driver."""
  try:
    done = subprocess.run(
      words,
      capture_output=True,
      text=True,
      stdin=subprocess.DEVNULL,
      timeout=_DRIVER_SECONDS,
    )
  except (OSError, subprocess.TimeoutExpired):
    return []
  if done.returncode:
    return []
  return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def gpus(
  lines: Sequence[str], seen: Sequence[str], visible: Optional[str]
) -> list[Finding]:
  """Returns the findings about GPUs.

  Args:
    lines: what the driver says, "name, memory, driver" of each.
    seen: the names of those that TensorFlow sees.
    visible: CUDA_VISIBLE_DEVICES, None if it is not set.
  """
  if not lines and not seen:
    return [
      absent(
        "GPU",
        "none: TensorFlow sees no GPU, and there is no NVIDIA driver",
        "Trainings use the CPU. For an NVIDIA GPU install its driver, then "
        "pip install compare_gan[gpu].",
      )
    ]
  found = [_gpu(i, line) for i, line in enumerate(lines)]
  if not lines:  # Of another maker, or nvidia-smi is missing.
    found = [ok(f"GPU {i}", name) for i, name in enumerate(seen)]
  if len(seen) >= len(lines):
    return found
  said = f"TensorFlow sees {len(seen)} of {len(lines)}"
  if visible is not None:
    said += f": {_HIDES_GPUS}={visible}"
    return [*found, absent("GPUs", said, f"unset {_HIDES_GPUS} to use all.")]
  return [
    *found,
    wrong(
      "GPUs",
      said,
      "Trainings would run on the CPU. pip install compare_gan[gpu] brings the "
      "CUDA libraries of TensorFlow 2.15 and later; older ones need CUDA and "
      "cuDNN on the machine.",
    ),
  ]


def _gpu(i, line):
  name, memory, driver = [*map(str.strip, line.split(",")), "?", "?"][:3]
  return ok(f"GPU {i}", f"{name}, {memory}, driver {driver}")


def other_kind(name: str, why_not: Optional[str]) -> Finding:
  """Returns the finding about a kind of device, by its --run_config."""
  if why_not is None:
    return ok(name.upper(), f"is here: --run_config={name}")
  return absent(name.upper(), why_not, f"Needed for --run_config={name} only.")
