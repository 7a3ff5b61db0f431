"""Gradient accumulation: a batch in parts, one after the other.

A D or G update needs the memory of a small batch only: the gradients of the
parts are averaged, then the optimiser makes one step. Only batch statistics
differ: batch norm, relativistic losses and @dragan_penalty see one part.

Part j of k holds the rows j, j + k, j + 2k, ... of a replica's batch. So the
last rows of the global batch, which SSGAN rotates, are spread evenly.

It costs a second set of gradients, and one more pass of G for each of its
updates.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.context import draws
from compare_gan.context import replica
from compare_gan.context import state
import tensorflow as tf


class Rows(NamedTuple):
  """The rows of one part: every `parts`-th, from `index` on."""

  index: Any = 0  # an int or an int tensor
  parts: int = 1  # the number of parts

  def of(self, whole: Any) -> Any:
    """Returns these rows of all tensors of a nest; None stays None."""
    if self.parts == 1:
      return whole
    return tf.nest.map_structure(self._slice, whole)

  def _slice(self, x):
    if x is None:
      return None
    if x.shape[0] is not None and x.shape[0] % self.parts:
      raise ValueError(
        f"options.micro_batches = {self.parts} does not divide the "
        f"{x.shape[0]} images of each of {replica.num_replicas()} replicas. "
        "Change it or options.batch_size."
      )
    return tf.reshape(x, [-1, self.parts, *x.shape[1:]])[:, self.index]

  def uniform(self, shape: Any, *args: Any, **kwargs: Any) -> tf.Tensor:
    """Returns these rows of draws.uniform of the whole batch."""
    with self.drawing():
      return draws.uniform(shape, *args, **kwargs)

  def normal(self, shape: Any, *args: Any, **kwargs: Any) -> tf.Tensor:
    """Returns these rows of draws.normal of the whole batch."""
    with self.drawing():
      return draws.normal(shape, *args, **kwargs)

  def drawing(self) -> contextlib.AbstractContextManager:
    """Makes what is drawn inside these rows' part of the whole batch's."""
    return draws.of_part(self.index, self.parts)


def whole(parts: tf.Tensor) -> tf.Tensor:
  """Returns the batch in its original order, from parts [k, N / k, ...]."""
  order = [1, 0, *range(2, parts.shape.rank)]
  return tf.reshape(tf.transpose(parts, order), [-1, *parts.shape[2:]])


def mean(parts: tf.Tensor) -> tf.Tensor:
  """Returns the mean over the parts, [k, ...] -> [...]."""
  return tf.reduce_mean(parts, axis=0)


def run(
  part: Callable[[Rows], tuple[list, list]],
  count: int,
  like: Sequence[tf.Variable],
  outputs: int,
  join: Callable[[tf.Tensor], tf.Tensor],
  variables: Sequence[tf.Variable],
) -> tuple[list[Optional[tf.Tensor]], list[tf.Tensor]]:
  """Runs `part` on all parts; each sees the state before the first one.

  Then each part moves the state in turn.

  Args:
    part: `part(rows)` -> (terms, outputs), two lists of float32 tensors. A term
      may be None.
    count: how many parts there are.
    like: variables of the shapes of the terms.
    outputs: how many there are.
    join: `whole` or `mean`; how the outputs of several parts are joined.
    variables: the state that may move.

  Returns:
    The mean of each term, and each output.
  """
  # A graph loop frees the activations of a part before the next one. But
  # replicas cannot exchange moments inside a loop.
  if tf.inside_function() and count > 1 and replica.num_replicas() == 1:
    means, parts = _loop(part, count, like, outputs, variables)
  else:
    sums, parts = _unrolled(part, count)
    if count == 1:  # Unchanged: a tape has recorded them.
      return list(sums), [output for [output] in parts]
    means = [None if total is None else total / count for total in sums]
  return means, [join(tf.stack(output)) for output in parts]


def _unrolled(part, count):
  with state.deferred() as updates:
    sums, results = part(Rows(0, count))
    parts = [results]
    for j in range(1, count):
      # One after the other: parts that run at once are in memory at once.
      with tf.control_dependencies([x for x in sums if x is not None]):
        terms, results = part(Rows(j, count))
      sums = [_plus(total, term) for total, term in zip(sums, terms)]
      parts.append(results)
  for update in updates:
    update.apply()
  return sums, list(zip(*parts))


def _plus(total, term):
  return None if term is None else total + term


def _loop(part, count, like, outputs, variables):
  before = read(variables)
  without = []  # the terms that are None, known once the body is traced

  def body(
    j: tf.Tensor,
    means: list[tf.Tensor],
    arrays: list[tf.TensorArray],
    after: list[tf.Tensor],
  ) -> tuple[tf.Tensor, list, list, list]:
    with state.deferred() as updates:
      terms, results = part(Rows(j, count))
    without[:] = [term is None for term in terms]
    # Each term is divided, not the sum: TensorFlow merges chains of additions.
    # In a step of more than 200 MB on a CPU, it gives a merged one a temporary
    # variable, which a loop that carries the sum would leave behind, and the
    # next call would fail (AlreadyExistsError).
    means = [
      total if term is None else total + term / count
      for total, term in zip(means, terms)
    ]
    arrays = [array.write(j, x) for array, x in zip(arrays, results)]
    # An update reads the variable that it moves, so the variable holds the
    # result of the parts so far. The next part sees the initial state again.
    write(variables, after)
    for update in updates:
      update.apply()
    after = read(variables)
    write(variables, before)
    return j + 1, means, arrays, after

  _, means, arrays, after = tf.while_loop(
    lambda j, *_: j < count,
    body,
    (
      tf.constant(0),
      [tf.zeros(x.shape) for x in like],
      [tf.TensorArray(tf.float32, count) for _ in range(outputs)],
      before,
    ),
    parallel_iterations=1,
  )
  write(variables, after)
  means = [None if none else total for none, total in zip(without, means)]
  return means, [array.stack() for array in arrays]


def read(variables: Sequence[tf.Variable]) -> list[tf.Tensor]:
  """Returns the present state."""
  return [tf.identity(v) for v in variables]


def write(
  variables: Sequence[tf.Variable], values: Sequence[tf.Tensor]
) -> None:
  """Sets the state."""
  for variable, value in zip(variables, values):
    variable.assign(value)


@contextlib.contextmanager
def held(
  variables: Sequence[tf.Variable], values: Sequence[tf.Tensor]
) -> Iterator[None]:
  """Sets the state to `values` inside, and restores it afterwards.

  If `values` is empty, changes made inside stay.
  """
  outside = read(variables) if values else []
  write(variables, values)
  yield
  write(variables, outside)
