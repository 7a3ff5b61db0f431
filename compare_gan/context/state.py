"""What a forward pass leaves behind: moving averages and power iterations.

A layer never assigns its state itself; it calls `update(variable, value)`.
Outside any block the variable changes at once. Inside `with deferred()` the
changes are only recorded, so that a training step can

* apply a network several times from one state (the scores and the gradient
  penalty of a sub-step share one power iteration, as in the original), and
* apply the changes in the order the algorithm states, on every replica alike,
  outside of gradient tapes and of recomputed blocks.

`with frozen()` drops them: an exported or recomputed network changes nothing.

A layer wraps what it computes from its state in training in `kept(compute)`: a
recomputed pass then sees what the first pass saw, although the state has moved
since.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import threading
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

import tensorflow as tf


class Update(NamedTuple):
  """A recorded change: `variable` becomes `value()`."""

  variable: tf.Variable
  value: Callable[[], tf.Tensor]

  def apply(self) -> None:
    self.variable.assign(self.value())


class _Sink(threading.local):
  def __init__(self) -> None:
    self.note: Optional[Callable[[Update], Any]] = None
    self.keep: Callable[[Callable[[], Any]], Any] = lambda compute: compute()


_sink = _Sink()


def update(variable: tf.Variable, value: Callable[[], tf.Tensor]) -> None:
  """Sets `variable` to `value()`, now or when the surrounding block does.

  `value` is called when the change is made: an average that is moved twice
  reads its own first result.
  """
  change = Update(variable, value)
  if _sink.note is None:
    change.apply()
  else:
    _sink.note(change)


@contextlib.contextmanager
def _noting(note):
  outer = _sink.note
  _sink.note = note
  try:
    yield
  finally:
    _sink.note = outer


@contextlib.contextmanager
def deferred() -> Iterator[list[Update]]:
  """Collects the updates made inside; the caller applies them."""
  updates: list[Update] = []
  with _noting(updates.append):
    yield updates


def frozen() -> contextlib.AbstractContextManager:
  """Drops the updates made inside."""
  return _noting(lambda change: None)


def kept(compute: Callable[[], Any]) -> Any:
  """Returns `compute()`, or its first result in a pass that is repeated."""
  return _sink.keep(compute)


@contextlib.contextmanager
def _keeping(keep):
  outer = _sink.keep
  _sink.keep = keep
  try:
    yield
  finally:
    _sink.keep = outer


@contextlib.contextmanager
def recorded() -> Iterator[list[Any]]:
  """Lists what `kept` returns inside, for `replayed`."""
  results: list[Any] = []

  def keep(compute: Callable[[], Any]) -> Any:
    results.append(compute())
    return results[-1]

  with _keeping(keep):
    yield results


def replayed(results: Iterable[Any]) -> contextlib.AbstractContextManager:
  """Makes `kept` return these results inside, in order."""
  left = iter(results)
  return _keeping(lambda compute: next(left))
