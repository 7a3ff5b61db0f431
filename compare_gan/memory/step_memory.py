"""Estimates how much memory a step of training needs, before it runs.

A traced step lists its operations in an order in which they can run. We walk
through this list, add the output of each operation, and subtract a tensor after
its last use. The result is an estimate, because the runtime runs branches in
parallel and kernels need scratch space. A BigGAN at 32 pixels on a CPU took 1.3
times the counted bytes plus 0.3 GiB, whatever its size.
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

_OVERHEAD = 1.3
_FIXED = 0.3 * 2**30


def training_bytes(
  step: Callable[[Any], Any], batches: Any, variables: Iterable[tf.Variable]
) -> int:
  """Returns the bytes that a process needs to train with `step`."""
  return traced_training_bytes(_trace(step, batches), variables)


def traced_training_bytes(
  graph: tf.Graph,
  variables: Iterable[tf.Variable],
  copies: int = 1,
  shares: int = 1,
) -> int:
  """Returns the bytes that a process needs to train with a traced step.

  Args:
    graph: of the step.
    variables: all variables of the training.
    copies: the number of copies of the variables, which is the number of
      replicas that share one memory.
    shares: the number of memories that the graph's tensors are divided among,
      which is the number of replicas with a memory of their own.
  """
  peak = copies * variable_bytes(variables) + _peak(graph) // shares
  return int(_OVERHEAD * peak + _FIXED)


def variable_bytes(variables: Iterable[tf.Variable]) -> int:
  """Returns the bytes of the values of variables."""
  return sum(v.dtype.size * _size(v.shape) for v in variables)


def step_bytes(step: Callable[[Any], Any], batches: Any) -> int:
  """Returns the peak bytes of `step(batches)`, without those of variables.

  Args:
    step: a function that is traced, but not run.
    batches: nested tensors or tf.TensorSpecs.
  """
  return _peak(_trace(step, batches))


def _trace(step, batches):
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
