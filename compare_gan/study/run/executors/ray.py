"""Runs as tasks of a Ray cluster: `pip install compare_gan[study]`.

All nodes must see the study's folder and the Python installation that runs
this. Ray needs Python 3.10 or newer.
"""

import signal
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.study.run import executors
from compare_gan.study.run import process


class Executor:
  """Gives each task to Ray, which finds a node with room for it.

  Args:
    jobs: how many run at once; by default as many as the cluster has cores for.
    folder: not used, because each task names its folder.
    memory_mb: the memory that a task reserves.
    timeout_s: not used.
    address: the cluster's; "auto" for the one that runs here; None starts one
      on this machine.
    threads: the number of cores that a run reserves and uses.
    gpus: the number of GPUs that a run reserves.
  """

  def __init__(
    self,
    jobs: Optional[int] = None,
    folder: Optional[str] = None,
    memory_mb: Optional[float] = None,
    timeout_s: Optional[float] = None,
    address: Optional[str] = None,
    threads: Union[int, str] = 2,
    gpus: Optional[str] = None,
  ) -> None:
    del folder, timeout_s
    self._ray = _import()
    self.threads = executors.whole_number("threads", threads)
    quiet = {"log_to_driver": False, "configure_logging": False}
    if address is None:
      quiet["include_dashboard"] = False
    try:
      self._ray.init(address=address, **quiet)
    except ConnectionError as error:
      raise ValueError(
        f"--executor_option address={address}: {error} `ray start --head` "
        "starts a cluster; without an address, the study starts one itself."
      ) from error
    cores = int(self._ray.cluster_resources().get("CPU", 1))
    if cores < self.threads:
      self.threads = cores
    self.jobs = jobs or max(1, cores // self.threads)
    needs = {"num_cpus": self.threads, "max_retries": 0}
    if memory_mb:
      needs["memory"] = int(memory_mb * 2**20)
    if gpus:
      needs["num_gpus"] = executors.whole_number("gpus", gpus)
    self._run = self._ray.remote(**needs)(run_task)
    self._tasks: dict[Any, str] = {}  # {reference of a result: task id}
    self._cancelled = False

  def submit(self, task: process.Task) -> None:
    self._tasks[self._run.remote(task)] = task.id

  def wait(self, seconds: float) -> list[tuple[str, process.Outcome]]:
    if not self._tasks:
      return []
    ready, _ = self._ray.wait(list(self._tasks), num_returns=1, timeout=seconds)
    return [(self._tasks.pop(ref), self._outcome(ref)) for ref in ready]

  def _outcome(self, reference):
    try:
      return self._ray.get(reference)
    # The cluster's error: an error of the run is part of its Outcome.
    except self._ray.exceptions.RayError as error:
      lines = str(error).strip().splitlines() or [type(error).__name__]
      status = "interrupted" if self._cancelled else "killed"
      return process.Outcome(status, f"Ray: {lines[0]}")

  def cancel(self) -> None:
    self._cancelled = True
    for reference in self._tasks:
      self._ray.cancel(reference, force=False)

  def close(self) -> None:
    self._ray.shutdown()


def run_task(task: process.Task) -> process.Outcome:
  """Runs a task in a worker of Ray, so that Ray can cancel it there.

  Ray cancels with SIGINT, which workers ignore if the cluster was started in
  the background of a shell, with `nohup` or `&`.
  """
  if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
  return process.run_task(task)


def _import():
  try:
    import ray
  except ImportError as error:
    raise ValueError(
      "--executor=ray needs Ray: pip install compare_gan[study], with Python "
      "3.10 or newer."
    ) from error
  return ray
