"""Which replica runs this code, and averages over all replicas.

A leaf that any room may use. The estimator, which alone knows how replicas
communicate, enters `running(replicas)` around the step; without it there is one
replica, and every function here is the identity.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import threading
from typing import Any
from typing import Optional


class Replicas:
  """One replica. The estimator overrides these for the devices it drives."""

  # What a single replica runs on, "cpu" or "gpu". Empty for several replicas,
  # for devices with a compiler of their own, and outside of a training.
  device_kind = ""

  def num_replicas(self) -> int:
    return 1

  def replica_id(self) -> Any:
    return 0

  def all_sum(self, x: Any, group_size: Optional[int] = None) -> Any:
    """Sums `x` over all replicas, or over neighbours in groups of that size."""
    del group_size
    return x

  def all_sums(
    self, xs: Sequence[Any], group_size: Optional[int] = None
  ) -> list[Any]:
    """Returns the sum of each, in fewer exchanges where devices can."""
    return [self.all_sum(x, group_size) for x in xs]


class _Current(threading.local):
  def __init__(self) -> None:
    self.replicas = Replicas()


_current = _Current()


@contextlib.contextmanager
def running(replicas: Replicas) -> Iterator[None]:
  """Tells code inside that it runs on one of `replicas`."""
  outer = _current.replicas
  _current.replicas = replicas
  try:
    yield
  finally:
    _current.replicas = outer


class _WithoutCommunication(Replicas):
  """Replicas inside a branch of the graph, where they cannot communicate."""

  def __init__(self, replicas: Replicas, setting: str) -> None:
    self._replicas, self._setting = replicas, setting
    self.device_kind = replicas.device_kind

  def num_replicas(self) -> int:
    return self._replicas.num_replicas()

  def replica_id(self) -> Any:
    return self._replicas.replica_id()

  def all_sum(self, x: Any, group_size: Optional[int] = None) -> Any:
    if self.num_replicas() > 1:
      raise ValueError(
        f"{self._setting}, but its computation needs means over "
        f"{self.num_replicas()} replicas, as batch norm over the whole batch "
        "does, and replicas cannot communicate at some steps only. Set it to "
        "1."
      )
    return x


def forbid_communication(setting: str) -> contextlib.AbstractContextManager:
  """Forbids communication between replicas inside.

  Args:
    setting: the reason, a gin name and its value, for the error message.
  """
  return running(_WithoutCommunication(_current.replicas, setting))


def num_replicas() -> int:
  return _current.replicas.num_replicas()


def replica_id() -> Any:
  """Returns this replica's number, an int or an int tensor."""
  return _current.replicas.replica_id()


def device_kind() -> str:
  """Returns what this replica runs on, see `Replicas.device_kind`.

  TensorFlow's fused kernels are used only where they were compared with the
  formulas that they stand for. So a layer or an optimiser asks before it uses
  one, and keeps its formula elsewhere.
  """
  return _current.replicas.device_kind


def all_sum(x: Any, group_size: Optional[int] = None) -> Any:
  return _current.replicas.all_sum(x, group_size)


def all_mean(x: Any, group_size: Optional[int] = None) -> Any:
  """Returns the mean of `x` over all replicas (or over a group of them)."""
  if num_replicas() == 1:
    return x
  return all_sum(x, group_size) / (group_size or num_replicas())


def all_means(xs: Sequence[Any], group_size: Optional[int] = None) -> list[Any]:
  """Returns the mean of each; many small tensors take one exchange."""
  if num_replicas() == 1 or not xs:
    return list(xs)
  sums = _current.replicas.all_sums(xs, group_size)
  return [x / (group_size or num_replicas()) for x in sums]
