"""Runs as jobs of Slurm, through submitit: `pip install compare_gan[study]`.

All nodes must see the study's folder and the Python installation that runs
this. If a conductor is killed, its jobs continue; the lock of a run's folder
makes the next job for this run wait until the earlier one has ended.
"""

import os
import time
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.study.run import executors
from compare_gan.study.run import process

_LOOK_S = 1.0
# A job may take this much longer than its run, because it starts Python, waits
# for the lock of the folder, and writes a last checkpoint.
_SPARE_MINUTES = 10


class Executor:
  """Submits each task as a job.

  Args:
    jobs: how many wait or run in Slurm at once; 32 by default.
    folder: the study's folder; submitit writes its files to slurm/ in it.
    memory_mb, timeout_s: the limits of a job, which gets some additional time.
    cluster: "local" runs on this machine, without Slurm.
    threads: the number of cores that a job reserves and uses.
    **options: options of submitit's AutoExecutor, for example
      slurm_partition=gpu or gpus_per_node=1.
  """

  def __init__(
    self,
    jobs: Optional[int] = None,
    folder: str = ".",
    memory_mb: Optional[float] = None,
    timeout_s: Optional[float] = None,
    cluster: Optional[str] = None,
    threads: Union[int, str] = 2,
    **options: str,
  ) -> None:
    submitit = _import()
    self.jobs = jobs or 32
    self.threads = executors.whole_number("threads", threads)
    try:
      self._executor = submitit.AutoExecutor(
        os.path.join(folder, "slurm"), cluster=cluster
      )
    except RuntimeError as error:
      raise ValueError(
        f"--executor=slurm: {error}. --executor_option cluster=local tries it "
        "without Slurm; --executor=local needs neither."
      ) from error
    except KeyError as error:  # submitit looks for plugins, but there are none.
      raise ValueError(
        "--executor=slurm: submitit 1.5.4 does not work with Python 3.9: pip "
        "install 'submitit<1.5.4'"
      ) from error
    limits: dict[str, float] = {"cpus_per_task": self.threads}
    if memory_mb:
      limits["mem_gb"] = memory_mb / 1024
    if timeout_s:
      limits["timeout_min"] = int(timeout_s // 60) + _SPARE_MINUTES
    elif cluster != "local":
      limits["timeout_min"] = 24 * 60
    given = {name: _number(value) for name, value in options.items()}
    try:
      self._executor.update_parameters(name="study", **{**limits, **given})
    except (NameError, TypeError, ValueError) as error:
      raise ValueError(f"--executor_option: {error}") from error
    self._jobs: dict[str, Any] = {}  # {task id: submitit.Job}
    self._cancelled = False

  def submit(self, task: process.Task) -> None:
    self._jobs[task.id] = self._executor.submit(process.run_task, task)

  def wait(self, seconds: float) -> list[tuple[str, process.Outcome]]:
    limit = time.monotonic() + seconds
    while True:
      ended = [
        (task_id, self._outcome(job))
        for task_id, job in self._jobs.items()
        if job.done()
      ]
      left = limit - time.monotonic()
      if ended or left <= 0:
        break
      time.sleep(min(_LOOK_S, left))
    for task_id, _ in ended:
      del self._jobs[task_id]
    return ended

  def _outcome(self, job):
    if self._cancelled:  # submitit would wait for a result for some time.
      return process.Outcome("interrupted", "The study was ended.")
    error = job.exception()
    if error is None:
      return job.result()
    # Slurm's error: an error of the run is part of its Outcome.
    reason = f"Job {job.job_id} of Slurm: {_last_line(str(error))}"
    return process.Outcome("killed", reason)

  def cancel(self) -> None:
    self._cancelled = True
    for job in self._jobs.values():
      job.cancel()

  def close(self) -> None:
    self.cancel()


def _import():
  try:
    import submitit
  except ImportError as error:
    raise ValueError(
      "--executor=slurm needs submitit: pip install compare_gan[study]"
    ) from error
  return submitit


def _number(text):
  return int(text) if text.isdigit() else text


def _last_line(text):
  lines = text.strip().splitlines()
  return lines[-1] if lines else "no reason given"
