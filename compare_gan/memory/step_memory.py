"""Estimates how much memory a step of training needs, before it runs.

A traced step lists its operations in an order in which they can run. We walk
through this list, add the output of each operation, and subtract a tensor after
its last use. The result is an estimate, because the runtime runs branches in
parallel and kernels need scratch space, see `_OVERHEAD`. The graph itself takes
memory as well, by the number of its operations.
"""

from collections.abc import Iterable
from typing import Any
from typing import Callable

from compare_gan.context import graphs
import tensorflow as tf

# Operations whose output shares the buffer of their input.
_VIEWS = ("Reshape", "Identity", "Squeeze", "ExpandDims", "StopGradient")
# Attributes of operations that name the functions which these run.
_RUN = ("f", "body", "then_branch", "else_branch")

# What a process takes of the counted bytes, if its allocator keeps what is
# freed, and if it gives it back (allocation.py); what it takes for any
# training, and for each operation of the step. On cards with 1500 to 12000
# operations the sum was within 13 % of what was measured, see
# docs/performance.md.
_OVERHEAD = {False: 1.3, True: 1.1}
_FIXED = 80 * 2**20
_OF_AN_OPERATION = 27 * 2**10


def training_bytes(
  step: Callable[[Any], Any],
  batches: Any,
  variables: Iterable[tf.Variable],
  **how: Any,
) -> int:
  """Returns `traced_training_bytes` of `step(batches)`."""
  return traced_training_bytes(trace(step, batches), variables, **how)


def traced_training_bytes(
  graph: tf.Graph,
  variables: Iterable[tf.Variable],
  *,
  copies: int = 1,
  shares: int = 1,
  gives_back: bool = False,
) -> int:
  """Returns the bytes that a process needs to train with a traced step.

  They come on top of those of a process that has done nothing yet.

  Args:
    graph: of the step.
    variables: all variables of the training.
    copies: the number of copies of the variables, which is the number of
      replicas that share one memory.
    shares: the number of memories that the graph's tensors are divided among,
      which is the number of replicas with a memory of their own.
    gives_back: whether the allocator does, see allocation.py.
  """
  peak = copies * variable_bytes(variables) + _peak(graph) // shares
  of_graph = _OF_AN_OPERATION * _count(graph)
  return int(_OVERHEAD[gives_back] * peak + _FIXED + of_graph)


def variable_bytes(variables: Iterable[tf.Variable]) -> int:
  """Returns the bytes of the values of variables."""
  return sum(v.dtype.size * _size(v.shape) for v in variables)


def step_bytes(step: Callable[[Any], Any], batches: Any) -> int:
  """Returns the peak bytes of `step(batches)`, without those of variables.

  Args:
    step: a function that is traced, but not run.
    batches: nested tensors or tf.TensorSpecs.
  """
  return _peak(trace(step, batches))


def trace(step: Callable[[Any], Any], batches: Any) -> tf.Graph:
  """Returns the graph of `step(batches)`, which is traced, but not run."""
  traced = tf.function(step, autograph=False).get_concrete_function(batches)
  return traced.graph


def _peak(graph):
  """Returns the largest number of bytes that are alive at once."""
  operations = graphs.reachable(graph)
  last_use = {}  # {buffer: the number of the last operation that reads it}
  for i, operation in enumerate(operations):
    for tensor in operation.inputs:
      last_use[_buffer(tensor).ref()] = i
  for tensor in tf.nest.flatten(graph.structured_outputs):
    if tf.is_tensor(tensor):
      last_use[_buffer(tensor).ref()] = len(operations)
  dying = {}
  for reference, i in last_use.items():
    dying.setdefault(i, []).append(reference.deref())
  alive = peak = 0
  for i, operation in enumerate(operations):
    alive += sum(_bytes(t) for t in operation.outputs if t.ref() in last_use)
    inside = [_peak(inner) for inner in _functions(operation, graph)]
    peak = max(peak, alive + max(inside, default=0))
    alive -= sum(_bytes(tensor) for tensor in dying.get(i, ()))
  return peak


def _count(graph):
  """Returns the number of operations, with those of functions inside."""
  operations = graphs.reachable(graph)
  inside = (
    inner for operation in operations for inner in _functions(operation, graph)
  )
  return len(operations) + sum(map(_count, inside))


def _buffer(tensor):
  """Returns the tensor that owns the memory of a view."""
  while tensor.op.type in _VIEWS:
    tensor = tensor.op.inputs[0]
  return tensor


def _functions(operation, graph):
  """Returns the graphs of the functions that an operation calls."""
  called = graphs.called(operation)
  found = [graphs.body(graph, called[name]) for name in _RUN if name in called]
  return [inner for inner in found if inner is not None]


def _bytes(tensor):
  if tensor.dtype in (tf.resource, tf.variant, tf.string):
    return 0
  return tensor.dtype.size * _size(tensor.shape)


def _size(shape):
  """Returns how many numbers there are, with 1 for each unknown dimension.

  An unknown rank is that of what a kernel reserves for its gradient, such as
  FusedBatchNormV3's. On a CPU it is next to nothing.
  """
  if shape.rank is None:
    return 0
  size = 1
  for dimension in shape:
    size *= dimension or 1
  return size
