"""The noise of a step, drawn before the step: for devices that cannot draw.

An NPU has no kernels for stateless random numbers. But everything that a step
draws is a function of global_step. So the step is traced once, the draws are
cut out of its graph with everything that they depend on, and this part becomes
a stage of the input pipeline, which runs on the host:

  specs = [spec] * model.batches_per_step
  plan = planned_draws.plan_step(model, specs, replicas)
  noise = tf.data.Dataset.range(n).map(plan.draw)  # the steps' very numbers
  with draws.fed(next(noise)):
    model.train_step(batches)                      # draws nothing

The draws come to the device with the batches of their step.
"""

from typing import Any
from typing import NamedTuple

from compare_gan.context import draws
from compare_gan.context import replica
import tensorflow as tf

_STEP = "global_step_of_draws"


class Plan(NamedTuple):
  """What a step draws."""

  graph: Any  # a GraphDef; global_step is the Placeholder `_STEP`
  names: list[str]  # of the draws in it, in the order of the step
  specs: list[tf.TensorSpec]

  def draw(self, step: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Returns all draws of step number `step`, in a graph: a dataset's map."""
    if not self.names:
      return ()
    values = tf.graph_util.import_graph_def(
      self.graph,
      input_map={f"{_STEP}:0": tf.cast(step, tf.int64)},
      return_elements=self.names,
      name="draws",
    )
    return tuple(
      tf.ensure_shape(value, spec.shape)
      for value, spec in zip(values, self.specs)
    )


class _AsTraced(replica.Replicas):
  """Replicas for tracing: sums have their shape, but exchange nothing."""

  def __init__(self, number: int, index: int) -> None:
    self._number = number
    self._index = index

  def num_replicas(self) -> int:
    return self._number

  def replica_id(self) -> int:
    return self._index


def traced(
  model: Any, specs: Any, number: int = 1, index: int = 0
) -> tuple[Any, list[tf.Tensor]]:
  """Returns the concrete function of an unchanged step, and what it draws.

  Args:
    model: as the Estimator takes it.
    specs: a nest of tf.TensorSpec for each batch of a step.
    number: how many replicas there are.
    index: the number of the replica that traces.
  """
  noted: list[tf.Tensor] = []

  @tf.function(autograph=False)
  def step(batches):
    with replica.running(_AsTraced(number, index)), draws.recorded() as made:
      scalars = model.train_step(batches)
    noted[:] = made
    return scalars

  return step.get_concrete_function(specs), noted


def plan_step(model: Any, specs: Any, number: int = 1, index: int = 0) -> Plan:
  """Returns the Plan of a step; see `traced`."""
  step, noted = traced(model, specs, number, index)
  for draw in noted:
    _require_plannable(draw, step.graph)
  nodes = _cut(step, model.global_step, noted)
  graph = step.graph.as_graph_def()  # Keeps its library of functions.
  del graph.node[:]
  graph.node.extend(nodes)
  return Plan(
    graph,
    [draw.name for draw in noted],
    [tf.TensorSpec(draw.shape, draw.dtype) for draw in noted],
  )


def step_graph(model: Any, specs: Any) -> tf.Graph:
  """Returns the graph of a step whose draws come with its batches."""
  plan = plan_step(model, specs)

  @tf.function(autograph=False)
  def step(batches, drawn):
    with draws.fed(drawn):
      return model.train_step(batches)

  return step.get_concrete_function(specs, plan.specs).graph


def _require_plannable(draw, graph):
  if draw.graph is not graph:
    raise ValueError(
      f"{draw.name} is drawn inside a loop or a condition of the step's "
      "graph, where an NPU cannot get it from the input pipeline. With "
      "options.micro_batches = 1 there is no loop."
    )
  if not draw.shape.is_fully_defined():
    raise ValueError(
      f"{draw.name} has a shape that is known only when the step runs. On an "
      "NPU all shapes must be static."
    )


def _cut(step, global_step, wanted):
  """Returns the nodes that the tensors depend on, down to global_step."""
  handle = _placeholder_of(step, global_step)
  found = {_STEP: _node(step.graph, "Placeholder", _STEP)}
  left = [tensor.op for tensor in wanted]
  while left:
    op = left.pop()
    if op.name in found:
      continue
    if op.type == "ReadVariableOp" and op.inputs[0] is handle:
      _require_first(op)
      found[op.name] = _node(step.graph, "Identity", op.name, _STEP)
      continue
    if op.type == "Placeholder":
      raise ValueError(
        f"A draw of the step depends on {op.name}, which is on the device: an "
        "NPU's noise is drawn before the step, from the seed and global_step "
        "alone."
      )
    found[op.name] = _copy(op)
    left.extend(x.op for x in op.inputs)
  return list(found.values())


def _placeholder_of(step, variable):
  """Returns the placeholder of the variable in the graph of a step."""
  captured = step.captured_inputs
  inside = step.inputs[len(step.inputs) - len(captured) :]
  for outer, inner in zip(captured, inside):
    if outer is variable.handle:
      return inner
  return None


def _require_first(read):
  if any("Assign" in op.type for op in read.control_inputs):
    raise ValueError(
      f"{read.name} reads global_step after the step has moved it, and draws "
      "depend on it. Draw before global_step.assign_add."
    )


def _copy(op):
  node = type(op.node_def)()
  node.CopyFrom(op.node_def)
  # Control inputs and colocation are left out.
  inputs = [name for name in node.input if not name.startswith("^")]
  del node.input[:]
  node.input.extend(inputs)
  node.device = ""
  node.attr.pop("_class", None)
  return node


def _node(graph, op, name, *inputs):
  """Returns a NodeDef of an int64 scalar."""
  node = type(graph.as_graph_def().node.add())()
  node.op = op
  node.name = name
  node.input.extend(inputs)
  node.attr["T" if inputs else "dtype"].type = tf.int64.as_datatype_enum
  return node
