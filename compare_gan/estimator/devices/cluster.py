"""Which hosts train together: read from TF_CONFIG, or from Slurm's variables.

TF_CONFIG is the same on every host except for `task`:

  {"cluster": {"worker": ["a:2222", "b:2222"]},
   "task": {"type": "worker", "index": 0}}

Under `srun` nothing has to be set: every task of the step is a worker. An empty
TF_CONFIG, '{}', makes each task train by itself.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import json
import os
import re
import socket
import time
from typing import Optional

from compare_gan.console import messages

_TYPES = ("chief", "worker")  # The chief, or else worker 0, writes the files.
_FIRST_PORT = 20000  # Slurm's jobs add their numbers to it.
_PORTS = 10000
_HELLO = "compare_gan"
_GO = b"go"
_LONGEST = 1000  # bytes of the message of a host to the others


@dataclasses.dataclass(frozen=True)
class Cluster:
  """All tasks of a training, and which of them this process is."""

  addresses: tuple[str, ...]  # "host:port", the chief's first
  index: int
  local_index: int = 0  # among the tasks of this host
  local_tasks: int = 1
  gpus_per_task: Optional[int] = None  # None: an equal share of the host's GPUs


def find(
  environment: Mapping[str, str] = os.environ, port: Optional[int] = None
) -> Optional[Cluster]:
  """Returns the Cluster that the environment names, None for one task alone.

  Args:
    environment: that of the process.
    port: the port of a host's first task under Slurm; None derives it from the
      number of the job.
  """
  if "TF_CONFIG" in environment:
    cluster = _from_tf_config(environment["TF_CONFIG"])
  elif _int(environment, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS") > 1:
    cluster = _from_slurm(environment, port)
  else:
    return None
  return cluster if cluster and len(cluster.addresses) > 1 else None


# ---- TF_CONFIG ---------------------------------------------------------------


def _from_tf_config(text):
  config = _parse(text)
  jobs = config.get("cluster") or {}
  if not jobs:
    return None
  if not isinstance(jobs, dict):
    raise ValueError(
      f'TF_CONFIG: "cluster" is {jobs!r}, but it must be {{"worker": '
      '["host:port", ...]}.'
    )
  unknown = sorted(set(jobs) - {*_TYPES, "evaluator"})
  if unknown:
    raise ValueError(
      f"TF_CONFIG has tasks of type {', '.join(unknown)}; a training has "
      f"{' and '.join(_TYPES)} only."
    )
  addresses = [a for kind in _TYPES for a in _addresses(kind, jobs.get(kind))]
  if len(set(addresses)) < len(addresses):
    raise ValueError(f"TF_CONFIG names an address twice: {addresses}.")
  index = _position(config.get("task"), jobs)
  hosts = [_split(address)[0] for address in addresses]
  here = hosts[index]
  return Cluster(
    tuple(addresses), index, hosts[:index].count(here), hosts.count(here)
  )


def _parse(text):
  try:
    config = json.loads(text or "{}")
  except ValueError as error:
    raise ValueError(
      f"TF_CONFIG is not JSON: {error}. Got {text!r}."
    ) from error
  if not isinstance(config, dict):
    raise ValueError(
      f'TF_CONFIG is {text!r}, but it must be {{"cluster": ..., "task": ...}}.'
    )
  return config


def _addresses(kind, found):
  found = found or []
  if not isinstance(found, list):
    raise ValueError(
      f'TF_CONFIG: "{kind}" is {found!r}, but it must be ["host:port", ...].'
    )
  for address in found:
    _split(address)
  return found


def _split(address):
  """Returns host and port of "host:port"."""
  match = re.fullmatch(r"\[?([^\[\]]+)\]?:(\d{1,5})", str(address))
  if not match or not 0 < int(match[2]) < 65536:
    raise ValueError(
      f"TF_CONFIG has the address {address!r}, but it must be host:port."
    )
  return match[1], int(match[2])


def _position(task, jobs):
  """Returns the place of {"type": ..., "index": ...} among all tasks."""
  if not isinstance(task, dict) or not {"type", "index"} <= set(task):
    raise ValueError(
      f'TF_CONFIG: "task" is {task!r}, but it must be the '
      'place of this process in the cluster, {"type": "worker", "index": 0}.'
    )
  kind, index = task["type"], task["index"]
  if kind == "evaluator":
    raise ValueError(
      "TF_CONFIG makes this process an evaluator. Unset it and give "
      "--schedule=continuous_eval."
    )
  number = len(jobs.get(kind) or []) if kind in _TYPES else 0
  if not number:
    raise ValueError(
      f"TF_CONFIG: this process is a {kind!r}, but the cluster has none. It "
      f"has {', '.join(sorted(jobs))}."
    )
  if not str(index).isdigit() or int(index) >= number:
    raise ValueError(
      f"TF_CONFIG: the index of this {kind} is {index!r}, but the cluster has "
      f"{number}: it must be 0 to {number - 1}."
    )
  before = _TYPES[: _TYPES.index(kind)]
  return sum(len(jobs.get(job) or []) for job in before) + int(index)


# ---- Slurm -------------------------------------------------------------------


def _from_slurm(environment, port):
  """Returns the Cluster of a step: its tasks are numbered host by host."""
  if "SLURM_STEP_NODELIST" not in environment:
    return None  # The batch script itself, not a task of srun.
  number = _int(environment, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")
  index = _int(environment, "SLURM_PROCID")
  hosts = node_names(environment["SLURM_STEP_NODELIST"])
  counts = _tasks_per_node(environment, len(hosts), number)
  if port is None:
    port = _FIRST_PORT + _int(environment, "SLURM_JOB_ID") % _PORTS
  tasks = [
    (host, i, count) for host, count in zip(hosts, counts) for i in range(count)
  ]
  if len(tasks) != number or not 0 <= index < number:
    raise ValueError(
      f"Slurm's variables contradict each other: task {index} of {number}, but "
      f"{len(tasks)} tasks on {', '.join(hosts)}. Set TF_CONFIG instead."
    )
  addresses = tuple(f"{host}:{port + i}" for host, i, _ in tasks)
  if environment.get("SLURM_DISTRIBUTION", "block").startswith("cyclic"):
    raise ValueError(
      "Slurm distributes the tasks in turn (SLURM_DISTRIBUTION=cyclic). Use "
      "srun --distribution=block."
    )
  gpus = _int(environment, "SLURM_GPUS_PER_TASK") or None
  return Cluster(addresses, index, *tasks[index][1:], gpus)


def _tasks_per_node(environment, hosts, number):
  """Returns tasks per host from "2(x3),1": 2, 2, 2, 1."""
  text = environment.get("SLURM_STEP_TASKS_PER_NODE")
  if not text:
    return [number // hosts + (i < number % hosts) for i in range(hosts)]
  counts = []
  for part in text.split(","):
    match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part)
    if not match:
      raise ValueError(
        f"SLURM_STEP_TASKS_PER_NODE={text} is not understood. It must look "
        "like 2(x3),1."
      )
    counts += [int(match[1])] * int(match[2] or 1)
  return counts


def node_names(text: str) -> list[str]:
  """Returns the hosts of Slurm's short form: "n[1-2,07]" is n1, n2, n07."""
  if text.count("[") != text.count("]"):
    raise ValueError(f"Slurm's list of nodes {text!r} has an open bracket.")
  # Commas in brackets separate numbers, the others separate names.
  return [
    name
    for part in re.findall(r"(?:[^,\[\]]|\[[^\]]*\])+", text)
    for name in _expand(part)
  ]


def _expand(name):
  match = re.search(r"\[([^\]]*)\]", name)
  if not match:
    return [name]
  head, tail = name[: match.start()], name[match.end() :]
  return [
    head + number + rest
    for part in match[1].split(",")
    for number in _numbers(part, name)
    for rest in _expand(tail)
  ]


def _numbers(part, name):
  """Returns "08", "09", "10" for "08-10"."""
  match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
  if not match:
    raise ValueError(
      f"Slurm's list of nodes has {name!r}: its brackets must hold numbers."
    )
  first, last = match[1], match[2] or match[1]
  return [str(i).zfill(len(first)) for i in range(int(first), int(last) + 1)]


def _int(environment, *names):
  """Returns the first of the variables that is set, or 0."""
  for name in names:
    if environment.get(name):
      if not environment[name].isdigit():
        raise ValueError(f"{name}={environment[name]} is not a number.")
      return int(environment[name])
  return 0


# ---- Meeting -----------------------------------------------------------------


def meet(cluster: Cluster, timeout_s: float) -> None:
  """Waits until all tasks are there; an error names those that are missing.

  Without it TensorFlow waits for the others for hours, or forever. The tasks
  connect to the chief at the port that TensorFlow will use next. The chief
  closes the port before it lets them go, so that only TensorFlow can answer
  there later.
  """
  deadline = time.monotonic() + timeout_s
  port = _split(cluster.addresses[cluster.index])[1]
  with _listener(port, deadline) as listener:
    callers = {}
    if cluster.index == 0:
      callers = _callers(listener, len(cluster.addresses), deadline)
  missing = [
    address
    for i, address in enumerate(cluster.addresses)
    if i not in (0, *callers)
  ]
  if cluster.index == 0 and missing:
    raise ConnectionError(_absence_message(missing, timeout_s))
  for caller in callers.values():
    _release(caller)
  if cluster.index != 0 and not _call(cluster, deadline):
    raise ConnectionError(_absence_message(cluster.addresses[:1], timeout_s))


def _absence_message(addresses, timeout_s):
  return (
    f"{' and '.join(addresses)} did not answer within {timeout_s:g} s. Was "
    "the same command started there, with the same TF_CONFIG except for its "
    "task, and can the hosts reach each other's ports? "
    "run_config.cluster_timeout_s sets how long to wait."
  )


def _callers(listener, number, deadline):
  """Returns {index: socket} of the tasks that call before the deadline."""
  callers = {}
  while len(callers) < number - 1:
    listener.settimeout(max(0.01, deadline - time.monotonic()))
    try:
      caller, _ = listener.accept()
      caller.settimeout(5.0)
      hello = caller.recv(64).decode(errors="replace").split()
    except OSError:
      if time.monotonic() > deadline:
        break
      continue
    if len(hello) == 2 and hello[0] == _HELLO and hello[1].isdigit():
      callers[int(hello[1])] = caller
    else:
      caller.close()  # It is not a task of ours.
  return callers


def _release(caller):
  """Tells a task to go on; the task closes first, which frees the port."""
  with caller:
    try:
      caller.sendall(_GO)
      caller.recv(1)
    except OSError:
      pass  # It has just died: the first step will fail.


def _call(cluster, deadline):
  """Waits for the chief's signal to go on; returns whether it came."""
  while time.monotonic() < deadline:
    try:
      address = _split(cluster.addresses[0])
      with socket.create_connection(address, timeout=5.0) as chief:
        chief.sendall(f"{_HELLO} {cluster.index}".encode())
        chief.settimeout(max(0.01, deadline - time.monotonic()))
        if chief.recv(len(_GO)) == _GO:
          return True
    except OSError:
      pass  # Not there yet.
    time.sleep(0.2)
  return False


# ---- Stopping together -------------------------------------------------------


def raise_what_others_raise(
  error: Optional[Exception],
  cluster: Cluster,
  sum_over_hosts: Callable[[list[int]], list[int]],
) -> None:
  """Raises ConnectionError if one of the other hosts cannot go on.

  All hosts must call it at the same place, because each waits for the others.

  Args:
    error: why this host cannot go on; None if it can.
    cluster: all hosts.
    sum_over_hosts: `sum_over_hosts(numbers)` -> their sums.
  """
  failed = [0] * len(cluster.addresses)
  failed[cluster.index] = int(error is not None)
  failed = sum_over_hosts(failed)
  if not any(failed):
    return
  first = next(i for i, has_failed in enumerate(failed) if has_failed)
  is_mine = first == cluster.index
  said = sum_over_hosts(_as_numbers(error) if is_mine else [0] * _LONGEST)
  if error is None:
    text = bytes(said).rstrip(b"\0").decode("utf-8", "ignore")
    raise ConnectionError(
      f"{cluster.addresses[first]}, which trains with this host, stopped: "
      f"{text}"
    )


def _as_numbers(error):
  """Returns the message of an error as bytes, padded to a fixed number."""
  is_input = isinstance(error, (ValueError, OSError))
  text = (messages.sentence if is_input else messages.with_kind)(error)
  return list(text.encode("utf-8")[:_LONGEST].ljust(_LONGEST, b"\0"))


# ---- Ports -------------------------------------------------------------------


def _listener(port, deadline):
  """Returns a socket that listens on the port."""
  while True:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
      listener.bind(("", port))
      listener.listen(128)
      return listener
    except OSError as error:
      listener.close()
      # A killed training may hold the port for a moment longer.
      if time.monotonic() > deadline:
        raise OSError(
          f"Port {port} of this task is taken on this host ({error}). Give "
          "another one in TF_CONFIG, or run_config.cluster_port under Slurm."
        ) from error
    time.sleep(0.2)
