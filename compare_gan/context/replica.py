"""Which replica runs this code, and what all replicas have on average.

A leaf that any room may use. The estimator, which alone knows how replicas talk
to each other, enters `running(replicas)` around the step; without it there is
one replica, and every function here is the identity.
"""

from collections.abc import Iterator
import contextlib
import threading
from typing import Any
from typing import Optional


class Replicas:
  """One replica. The estimator overrides these for the devices it drives."""

  def num_replicas(self) -> int:
    return 1

  def replica_id(self) -> Any:
    return 0

  def all_sum(self, x: Any, group_size: Optional[int] = None) -> Any:
    """Sums `x` over all replicas, or over neighbours in groups of that size."""
    del group_size
    return x


class _Current(threading.local):
  def __init__(self) -> None:
    self.replicas = Replicas()


_current = _Current()


@contextlib.contextmanager
def running(replicas: Replicas) -> Iterator[None]:
  """Code inside runs on one of `replicas`."""
  outer = _current.replicas
  _current.replicas = replicas
  try:
    yield
  finally:
    _current.replicas = outer


def num_replicas() -> int:
  return _current.replicas.num_replicas()


def replica_id() -> Any:
  """Returns this replica's number, an int or an int tensor."""
  return _current.replicas.replica_id()


def all_sum(x: Any, group_size: Optional[int] = None) -> Any:
  return _current.replicas.all_sum(x, group_size)


def all_mean(x: Any, group_size: Optional[int] = None) -> Any:
  """Returns the mean of `x` over all replicas (or over a group of them)."""
  return all_sum(x, group_size) / (group_size or num_replicas())
