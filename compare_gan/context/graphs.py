"""Walks over the graphs of TensorFlow functions."""

from typing import Any


def reachable(graph: Any) -> list[Any]:
  """Returns the operations that a graph's results hang on, inputs first.

  A gradient makes others, too, which are never run.
  """
  left = [tensor.op for tensor in getattr(graph, "outputs", ())]
  # Of a function these are what changes variables; some versions give tensors.
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

  "f" is that of a call, "body" and "cond" those of a loop, "then_branch" and
  "else_branch" those of a condition.
  """
  return {
    name: attribute.func.name
    for name, attribute in operation.node_def.attr.items()
    if attribute.HasField("func")
  }


def body(graph: Any, name: str) -> Any:
  """Returns the graph of a function by name, None where it is not kept."""
  while graph is not None:
    for key, function in getattr(graph, "_functions", {}).items():
      if (key.decode() if isinstance(key, bytes) else key) == name:
        return getattr(function, "graph", None)
    graph = getattr(graph, "outer_graph", None)
  return None
