"""Variables by name: where a variable's name and its first value come from.

A variable is identified by its full name, "generator/B1/up_conv1/kernel", the
same as in google/compare_gan: gin studies, checkpoints and published weights
refer to it. `tf.Module` can neither carry every such name ("1x1_conv" is no
identifier) nor nest scopes by itself, hence the small stack here:

  with scope("generator"):
    with scope("fc_noise"):
      kernel = variable("kernel", [120, 2048], initializers.orthogonal)

The first value is a function of (seed, full name) alone, so it depends neither
on the order of construction nor on the device. `building` changes how variables
are made: with other values (those of a checkpoint), not at all (to count the
parameters of a network that would not fit into memory), without a value (to
inspect a network's graph), or as a copy of another network that shares its
state.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import dataclasses
import threading
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Union
import zlib

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class VariableSpec:
  """Stands in for a variable, see `building(allocate=False)`."""

  name: str
  shape: tuple[int, ...]
  dtype: tf.DType
  trainable: bool


class Build(NamedTuple):
  """How variables are made at present, see `building`."""

  seed: Optional[int] = None
  values: Optional[Callable] = None
  allocate: bool = True
  valueless: bool = False
  original: Optional[dict[str, tf.Variable]] = None
  suffix: str = ""


class _Stack(threading.local):
  def __init__(self) -> None:
    self.path: tuple[str, ...] = ()
    self.build = Build()


_stack = _Stack()


@contextlib.contextmanager
def scope(name: str) -> Iterator[None]:
  """Prefixes the names of all variables made inside with `name/`."""
  outer = _stack.path
  _stack.path = outer + (name,)
  try:
    yield
  finally:
    _stack.path = outer


@contextlib.contextmanager
def building(**changes: Any) -> Iterator[None]:
  """Changes how variables are made inside; other settings stay.

  Args:
    **changes: any of
      seed: all first values follow from it; None (default): fresh ones.
      values: `values(name, shape, dtype)` -> array in place of the
        initialiser's, or None to leave it to the initialiser.
      allocate: if False, a `VariableSpec` stands in for every variable.
      valueless: if True, variables belong to the surrounding `tf.Graph`: they
        can be used there and never get a value.
      original, suffix: {full name: variable} of a network. The same network
        made again inside is a copy that shares the original's state but has its
        own trainable variables, named with the suffix and initially equal to
        the original's.
  """
  outer = _stack.build
  _stack.build = outer._replace(**changes)
  try:
    yield
  finally:
    _stack.build = outer


def variable(
  name: str,
  shape: Iterable[int],
  init: Callable[[np.random.RandomState, tuple[int, ...]], np.ndarray],
  trainable: bool = True,
  dtype: tf.DType = tf.float32,
) -> tf.Variable:
  """Makes the variable `<scope>/<name>`.

  Inside `building(allocate=False)` the result is a `VariableSpec`: code that
  builds networks this way only reads names and shapes.

  Args:
    name: the last part of the name.
    shape: a list of ints; [] for a scalar.
    init: `init(rng, shape)` -> array, with a `numpy.random.RandomState`.
    trainable: whether an optimiser may move it.
    dtype: of the variable.
  """
  full_name = "/".join(_stack.path + (name,))
  shape = tuple(int(size) for size in shape)
  build = _stack.build
  if build.valueless:
    with tf.name_scope(""):
      return tf.Variable(
        lambda: tf.zeros(shape, dtype), trainable, name=full_name, shape=shape
      )
  if build.original is not None:
    original = build.original[full_name]
    if not trainable:
      return original
    full_name += build.suffix
    init = lambda rng, shape: original.numpy()  # noqa: E731
  if not build.allocate:
    return VariableSpec(full_name, shape, dtype, trainable)
  value = build.values and build.values(full_name, shape, dtype)
  if value is None:
    value = init(_rng(full_name, build.seed), shape)
  value = np.asarray(value, dtype.as_numpy_dtype)
  if value.shape != shape:
    raise ValueError(
      f"The value for {full_name} has shape {list(value.shape)}, but the "
      f"network needs {list(shape)}."
    )
  # An enclosing name scope (of a strategy, a function, a user) must not leak
  # into the name; the empty scope is the root.
  with tf.name_scope(""):
    return tf.Variable(value, trainable, name=full_name, dtype=dtype)


def _rng(full_name, seed):
  if seed is None:
    return np.random.RandomState()
  return np.random.RandomState([seed, zlib.crc32(full_name.encode())])


def full_name(var: Union[tf.Variable, VariableSpec]) -> str:
  """Returns the name of `var` in checkpoints, without ":0"."""
  return var.name.split(":")[0]


class Module(tf.Module):
  """A `tf.Module` that lists its variables in the order they were made.

  The order is that of the attributes: a constructor assigns each layer as it
  makes it. `tf.Module` itself sorts by attribute name.
  """

  def __init__(self) -> None:
    super().__init__(name=None)

  @property
  def variables(self) -> tuple[tf.Variable, ...]:
    return tuple(_walk(self, set()))

  @property
  def trainable_variables(self) -> tuple[tf.Variable, ...]:
    return tuple(v for v in self.variables if v.trainable)


def _walk(value, seen):
  if id(value) in seen:
    return
  if isinstance(value, (tf.Variable, VariableSpec)):
    seen.add(id(value))
    yield value
  elif isinstance(value, Module):
    seen.add(id(value))
    for name, child in vars(value).items():
      if not name.startswith("_self_"):  # TensorFlow's bookkeeping
        yield from _walk(child, seen)
  elif isinstance(value, tf.Module):  # A layer from other code.
    for child in value.variables:
      yield from _walk(child, seen)
  elif isinstance(value, (list, tuple)):
    for child in value:
      yield from _walk(child, seen)
  elif isinstance(value, dict):
    for child in value.values():
      yield from _walk(child, seen)
