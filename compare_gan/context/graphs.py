"""Walks over the graphs of TensorFlow functions."""

from typing import Any


def reachable(graph: Any) -> list[Any]:
  """Returns the operations that a graph's results depend on, inputs first.

  Computing a gradient adds other operations, which are never run.
  """
  left = [tensor.op for tensor in getattr(graph, "outputs", ())]
  # A function's control outputs change variables; in some versions they are
  # tensors.
  left += [getattr(op, "op", op) for op in graph.control_outputs]
  seen = set()
  while left:
    op = left.pop()
    if op not in seen:
      seen.add(op)
      left.extend(tensor.op for tensor in op.inputs)
      left.extend(op.control_inputs)
  return [op for op in graph.get_operations() if op in seen]


def called(operation: Any) -> dict[str, str]:
  """Returns the names of the functions that an operation calls, by attribute.

  "f" belongs to a call, "body" and "cond" to a loop, "then_branch" and
  "else_branch" to a condition.
  """
  return {
    name: attribute.func.name
    for name, attribute in operation.node_def.attr.items()
    if attribute.HasField("func")
  }


def body(graph: Any, name: str) -> Any:
  """Returns the graph of a function by name, None if it is not kept."""
  while graph is not None:
    for key, function in getattr(graph, "_functions", {}).items():
      if (key.decode() if isinstance(key, bytes) else key) == name:
        return getattr(function, "graph", None)
    graph = getattr(graph, "outer_graph", None)
  return None
