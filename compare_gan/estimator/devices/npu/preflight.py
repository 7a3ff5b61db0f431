"""Checks from the graph of a step, on any machine, whether an NPU can run it.

An op that the NPU's compiler does not know, a string or a float64 does not end
a training there. It splits the graph into parts for the card and for the host,
or moves the loop from the card to the host: the training is slow, and no
message says why. So the graph of a step is checked before the first step:

* op types that are not on a list of those known to work: a warning, except for
  ops that depend on constants alone, which the compiler computes itself;
* float64, complex, string or variant tensors, shapes that are not static, a
  loop (inside the loop of steps), random draws: refused.

The list is a file that gin names, else `npu_supported_ops.json` (of the same
format) of the installation under ASCEND_OPP_PATH, else the one below.

  preflight.ops_json = "/usr/local/Ascend/.../npu_supported_ops.json"
  preflight.also = ["MyOp"]
"""

import collections
from collections.abc import Iterable
import json
import os
from typing import Annotated
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.context import graphs
import gin
import tensorflow as tf

_IN_OPP = "built-in/framework/tensorflow/npu_supported_ops.json"

_OPS = """
Abs Add AddN AddV2 All Any ArgMax Assert AssignAddVariableOp
AssignSubVariableOp AssignVariableOp AvgPool AvgPoolGrad BatchMatMulV2 BiasAdd
BiasAddGrad BroadcastGradientArgs BroadcastTo Cast ClipByValue ConcatOffset
ConcatV2 Const Conv2D Conv2DBackpropFilter Conv2DBackpropInput
DepthToSpace DivNoNan Elu EluGrad Equal Exp ExpandDims Fill Floor FloorDiv
FloorMod Gather GatherNd GatherV2 Greater GreaterEqual HcomAllReduce
HcomBroadcast Identity IdentityN If InvGrad InvertPermutation IsFinite IsInf
IsNan IteratorGetNext L2Loss LeakyRelu LeakyReluGrad Less LessEqual Log Log1p
LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul MaxPool MaxPoolGrad
MaxPoolGradGrad Max Maximum Mean Min Minimum Mul Neg NoOp NotEqual OneHot
OnesLike Pack Pad PadV2 PartitionedCall Placeholder Pow PreventGradient Prod
Range Rank ReadVariableOp RealDiv Reciprocal ReciprocalGrad Relu Relu6 ReluGrad
Reshape ResizeBilinear ResizeBilinearGrad ResizeNearestNeighbor
ResizeNearestNeighborGrad ResourceGather ReverseV2 Round Rsqrt RsqrtGrad
ScatterNd Select SelectV2 Selu SeluGrad Shape ShapeN Sigmoid
SigmoidGrad Sign Size Slice Softmax SoftmaxCrossEntropyWithLogits Softplus
SoftplusGrad SpaceToDepth SparseSoftmaxCrossEntropyWithLogits Split SplitV Sqrt
SqrtGrad Square SquaredDifference Squeeze StatefulPartitionedCall StatelessIf
StopGradient StridedSlice StridedSliceGrad Sub Sum Tanh TanhGrad
TensorScatterUpdate Tile TopKV2 Transpose TruncateDiv UnsortedSegmentSum Unpack
VarHandleOp Where Xdivy Xlogy ZerosLike _Arg _Retval
"""

_BAD_DTYPES = (
  tf.float64,
  tf.complex64,
  tf.complex128,
  tf.string,
  tf.variant,
)
_EFFECTS = ("PyFunc", "EagerPyFunc", "StatefulPartitionedCall", "If")
_LOOPS = ("While", "StatelessWhile")
_MODES = ("refuse", "warn", "off")


class Finding(NamedTuple):
  """What is wrong with an op of the graph."""

  problem: str
  where: str
  refused: bool = False
  is_constant: bool = False  # It is computed before the step runs.

  def __str__(self) -> str:
    return f"{self.problem}, {self.where}"


gin_roles.declare_read_later("preflight")


@gin.configurable("preflight", module="compare_gan.estimator")
def settings(
  on_findings: Annotated[str, accepted.OneOf(*_MODES)] = "refuse",
  ops_json: Optional[str] = None,
  also: Iterable[str] = (),
) -> tuple[str, set[str], Optional[str]]:
  """Returns the choices, and the op types that are known to work.

  Args:
    on_findings: "refuse" raises for what is sure to hurt and warns of the rest,
      "warn" warns of everything, "off" does not check.
    ops_json: a file like npu_supported_ops.json; None for the installation's,
      if there is one, else for the built-in list.
    also: names of more op types that work.
  """
  if on_findings not in _MODES:
    raise ValueError(
      f"preflight.on_findings = {on_findings!r} is unknown. It can be "
      f"{', '.join(map(repr, _MODES))}."
    )
  path = ops_json or _list_of_installation()
  known = _read(path) if path else set(_OPS.split())
  return on_findings, known | set(also), path


def _list_of_installation():
  folder = os.environ.get("ASCEND_OPP_PATH")
  path = folder and os.path.join(folder, _IN_OPP)
  return path if path and os.path.isfile(path) else None


# Ops on the host's side of a graph; the file lists only kernels.
_ALWAYS = {
  "Const",
  "Identity",
  "IteratorGetNext",
  "NoOp",
  "Placeholder",
  "_Arg",
  "_Retval",
}


def _read(path):
  try:
    with open(path) as file:
      names = json.load(file)
  except (OSError, ValueError) as error:
    raise ValueError(
      f"preflight.ops_json: {path} cannot be read ({error}). It must be a "
      "JSON file with an object or a list of op types."
    ) from error
  if not isinstance(names, (dict, list)) or not names:
    raise ValueError(
      f"preflight.ops_json: {path} holds no op types. It must be a JSON "
      "file with an object or a list of them."
    )
  return set(names) | _ALWAYS


def findings(
  graph: tf.Graph, known: Optional[set[str]] = None
) -> list[Finding]:
  """Returns the Findings of a step's graph.

  Args:
    graph: the FuncGraph of one step.
    known: op types that work; None for `settings()`.
  """
  if known is None:
    _, known, _ = settings()
  found, shapes = [], _Shapes()
  for op in graphs.reachable(graph):
    is_lost = shapes.loses_shape(op)
    found.extend(_findings_of_op(op, known, shapes.are_constant(op)))
    if is_lost:
      where = f"{op.name}{_line(op)}"
      found.append(
        Finding(f"{op.type} returns a tensor of unknown shape", where, True)
      )
  found.extend(_findings_of_functions(graph, known))
  return found


class _Shapes:
  """Tracks, op by op, which values and shapes the compiler can know.

  For example, the gradient of a broadcast sums over axes that an op computes
  from static shapes: the compiler can compute them, though TensorFlow does not.
  """

  def __init__(self) -> None:
    self._constant: set[tf.Operation] = set()  # ops whose results are known
    self._settled: set[tf.Operation] = (
      set()
    )  # ops whose results have known shapes

  def loses_shape(self, op: tf.Operation) -> bool:
    """Returns whether op loses a static shape; call it for inputs first."""
    sources = [x for x in op.inputs if x.dtype != tf.resource]
    settled = all(x.op in self._settled for x in sources)
    if self._is_constant(op, settled):
      self._constant.add(op)
    elif not all(x.dtype == tf.resource or _is_static(x) for x in op.outputs):
      computed = any(
        x.op in self._constant and x.op.type != "Const" for x in sources
      )
      if not computed and all(_is_static(x) for x in sources):
        return True
      if not settled:
        return False  # Only the first op to lose it is reported.
    self._settled.add(op)
    return False

  def are_constant(self, op: tf.Operation) -> bool:
    """Returns whether an op given to `loses_shape` has constant results."""
    return op in self._constant

  def _is_constant(self, op, settled):
    if op.type in ("Shape", "ShapeN", "Size", "Rank"):
      return settled
    if not op.inputs:
      return op.type == "Const"
    known = all(x.op in self._constant for x in op.inputs)
    return known and op.type not in _EFFECTS


def _is_static(x):
  return x.shape.is_fully_defined()


def _findings_of_op(op, known, is_constant):
  where = f"{op.name}{_line(op)}"
  for finding in _findings_of_type(op.type, known, where):
    if is_constant and not finding.refused:
      finding = finding._replace(
        problem=f"{finding.problem}, but depends on constants alone and is "
        "computed before the step runs",
        is_constant=True,
      )
    yield finding
  for x in op.outputs:
    if x.dtype in _BAD_DTYPES:
      yield Finding(f"{op.type} returns {x.dtype.name}", where, True)


def _findings_of_type(kind, known, where):
  if kind in _LOOPS:
    yield Finding(
      "a loop inside the step would be nested in the loop of steps, which "
      "then cannot run on the card",
      where,
      True,
    )
  elif kind.startswith(("Stateless", "Random")) and kind != "StatelessIf":
    if kind not in known:
      yield Finding(
        f"{kind} draws random numbers on the card, which is not supported",
        where,
        True,
      )
  elif kind not in known:
    yield Finding(f"{kind} is not on the list", where)


def _findings_of_functions(graph, known):
  """Yields the findings in branches and other functions of the graph."""
  names = {dtype.as_datatype_enum: dtype.name for dtype in _BAD_DTYPES}
  for function in graph.as_graph_def().library.function:
    if function.signature.name.startswith("__forward_"):
      continue  # For gradients of calls; not called by itself.
    for node in function.node_def:
      where = f"{node.name} of {function.signature.name}"
      yield from _findings_of_type(node.op, known, where)
      for key in ("T", "dtype", "DstT"):
        if node.attr[key].type in names:
          name = names[node.attr[key].type]
          yield Finding(f"{node.op} has {name}", where, True)


def _line(op):
  """Returns where the op was made, in code that is not TensorFlow's."""
  inside = os.path.dirname(tf.__file__)
  for frame in reversed(op.traceback or ()):
    if not frame.filename.startswith((inside, "<")):
      if "/tensorflow/python/" not in frame.filename:
        return f" ({os.path.basename(frame.filename)}:{frame.lineno})"
  return ""


def check(graph: tf.Graph) -> None:
  """Warns of a step that an NPU may not run well, or refuses it."""
  mode, known, _ = settings()
  if mode == "off":
    return
  found = findings(graph, known)
  bad = [finding for finding in found if finding.refused and mode == "refuse"]
  if bad:
    raise ValueError(
      f"An NPU would not run this step as one graph: {_list(bad)}. "
      "preflight.on_findings = 'warn' trains anyway."
    )
  found = [finding for finding in found if not finding.is_constant]
  if found:
    warnings.warn(
      f"An NPU may not run this step as one graph: {_list(found)}. "
      "preflight.also names op types that are known to work.",
      stacklevel=2,
    )


def _list(found, most=8):
  texts = [str(finding) for finding in found[:most]]
  if len(found) > most:
    texts.append(f"and {len(found) - most} more")
  return "; ".join(texts)


def report(graph: tf.Graph) -> str:
  """Returns the op types of a step's graph, and what is wrong, in lines."""
  _, known, path = settings()
  counts = collections.Counter(op.type for op in graphs.reachable(graph))
  for function in graph.as_graph_def().library.function:
    counts.update(node.op for node in function.node_def)
  lines = [
    f"Preflight for an NPU: {sum(counts.values())} ops of {len(counts)} types.",
    f"The list of known types is {path or 'that of preflight.py'}.",
  ]
  lines += [
    f"  {'ok' if kind in known else '??'}  {count:5d}  {kind}"
    for kind, count in sorted(counts.items())
  ]
  found = findings(graph, known)
  lines += [f"  {finding}" for finding in found]
  lines.append(f"{len(found)} findings." if found else "No findings.")
  return "\n".join(lines)
