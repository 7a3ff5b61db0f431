"""Runs on this machine, each of them a process; needs no optional package.

Without GPUs the cores are divided among the runs, one thread for each core of a
run. Two runs of one thread make more steps together than two runs that share
both cores, or than one run that has both. Steps per second, all runs together,
on two cores:

                       one run     two that share     two of one thread
  sndcgan_shapes16        52             66                 102
  biggan_shapes32        7.7            9.5                11.7

Threads of one run wait for each other at each of its small operations, and
those of two runs wait for cores that the other one holds.

On Linux runs are forked from a process that has imported TensorFlow, which
takes seconds of each short training otherwise. Not with GPUs: nobody has tried.
"""

from collections.abc import Mapping
import os
import queue
import threading
from typing import Optional

from compare_gan.memory import memory_limit
from compare_gan.study.run import executors
from compare_gan.study.run import forked
from compare_gan.study.run import process
from compare_gan.study.run import room
import psutil


class Executor:
  """Runs tasks here; a thread of this process watches each of them.

  Args:
    jobs: how many run at once. The default is one for each GPU. Without GPUs it
      is one for each core on up to four cores, else one for every two cores.
      The memory limits both numbers.
    folder: not used.
    memory_mb: the memory of a run.
    timeout_s: not used.
    threads: cores for a run; by default they are divided among the runs.
    total_mb: megabytes for all runs together; by default what the container or
      the machine has left.
    fork: "no" starts each run as a process of its own; "yes" forks them where
      that is possible, which is the default without GPUs.

  Attributes:
    memory: shared by the runs.
    gpus: the names of the GPUs that the runs get.
  """

  def __init__(
    self,
    jobs: Optional[int] = None,
    folder: Optional[str] = None,
    memory_mb: Optional[float] = None,
    timeout_s: Optional[float] = None,
    threads: Optional[str] = None,
    total_mb: Optional[str] = None,
    fork: Optional[str] = None,
  ) -> None:
    del folder, timeout_s
    self.gpus = gpus(os.environ)
    self.memory = memory_limit.find()
    if total_mb:
      given = executors.whole_number("total_mb", total_mb) * 2**20
      self.memory = memory_limit.Memory(given, given, "given total_mb")
    self.jobs = jobs or default_jobs(
      cores(),
      len(self.gpus),
      self.memory.free / 2**20,
      memory_mb or room.USUAL_MB,
    )
    self.threads = (
      executors.whole_number("threads", threads)
      if threads
      else max(1, cores() // self.jobs)
    )
    forks = executors.yes_or_no("fork", fork or ("no" if self.gpus else "yes"))
    self._server = forked.Server() if forks and forked.is_possible() else None
    self._stop = threading.Event()
    self._ended: queue.Queue[tuple[str, process.Outcome]] = queue.Queue()
    self._threads: dict[str, threading.Thread] = {}
    self._slots: dict[str, int] = {}  # {task id: its number among the jobs}

  def describe(self) -> str:
    """Returns a line that says how the machine is divided."""
    of = f"{cores()} cores" if cores() > 1 else "one core"
    if self.gpus:
      of += f" and {len(self.gpus)} GPU{'s' * (len(self.gpus) > 1)}"
    runs = "1 run" if self.jobs == 1 else f"up to {self.jobs} runs"
    threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
    return (
      f"This machine has {of}: {runs} at once (--jobs), {threads} for each "
      "(--executor_option threads=N)."
    )

  def submit(self, task: process.Task) -> None:
    slot = min(set(range(len(self._slots) + 1)) - {*self._slots.values()})
    if self.gpus:
      gpu = self.gpus[slot % len(self.gpus)]
      own = (*task.environment, ("CUDA_VISIBLE_DEVICES", gpu))
      task = task._replace(environment=own)
    thread = threading.Thread(target=self._run, args=(task,), name=task.id)
    self._slots[task.id] = slot
    self._threads[task.id] = thread
    thread.start()

  def _run(self, task):
    try:
      start = self._server.start if self._server else process.start_process
      outcome = process.run_task(task, self._stop, start)
    # For example, there is no space on the disk for its log.
    except Exception as error:  # noqa: BLE001
      outcome = process.Outcome("failed", f"{type(error).__name__}: {error}")
    self._ended.put((task.id, outcome))

  def wait(self, seconds: float) -> list[tuple[str, process.Outcome]]:
    ended = []
    try:
      ended.append(self._ended.get(timeout=seconds))
      while True:
        ended.append(self._ended.get_nowait())
    except queue.Empty:
      pass
    for task_id, _ in ended:
      self._threads.pop(task_id).join()
      del self._slots[task_id]
    return ended

  def cancel(self) -> None:
    self._stop.set()

  def close(self) -> None:
    self.cancel()
    for thread in self._threads.values():
      thread.join()
    if self._server:
      self._server.close()


# ---- How many at once --------------------------------------------------------


def default_jobs(
  cores: int, num_gpus: int, available_mb: float, memory_mb: float
) -> int:
  """Returns how many runs a machine has room for."""
  jobs = num_gpus or (cores if cores <= 4 else cores // 2)
  return max(1, min(jobs, int(available_mb // memory_mb)))


def gpus(environment: Mapping[str, str]) -> list[str]:
  """Returns the names of the visible GPUs, for CUDA_VISIBLE_DEVICES."""
  if "CUDA_VISIBLE_DEVICES" in environment:
    named = environment["CUDA_VISIBLE_DEVICES"].split(",")
    return [name.strip() for name in named if name.strip() not in ("", "-1")]
  try:
    found = os.listdir("/proc/driver/nvidia/gpus")
  except OSError:
    return []
  return [str(number) for number in range(len(found))]


def cores() -> int:
  """Returns how many physical cores this process may use."""
  try:
    own = len(os.sched_getaffinity(0))
  except AttributeError:  # macOS
    own = os.cpu_count() or 1
  physical = psutil.cpu_count(logical=False)  # None if it is unknown
  return max(1, min(own, physical or own, _quota() or own))


def _quota():
  """Returns the cores that a container may use, None without a limit.

  psutil does not report this limit.
  """
  try:
    with open("/sys/fs/cgroup/cpu.max") as file:
      quota, period = file.read().split()
  except (OSError, ValueError):
    return None
  return None if quota == "max" else max(1, int(quota) // int(period))
