"""Shows where the time of a training step goes, on the CPU.

python -m benchmarks.profile --gin_config resnet_cifar10.gin --out profile.png

Prints two tables, by kind of operation and by layer, and one line of JSON:

  ms        of a step, all threads together; the median over the traced steps
  share     of the time of all operations
  GFLOP     of convolutions and matrix products, what the operations ask for
  GFLOP/s   GFLOP / ms
  of peak   GFLOP/s as a share of what a large convolution reaches here
  MB        that operations read and write, if nothing stays in a cache
  of copy   MB / ms as a share of what copying 256 MB reaches here

An operation close to the peak is bound by arithmetic, one close to the copy by
memory; one that is close to neither waits, is small, or is badly written.
TensorFlow merges operations before it runs them: a bias, a norm and a ReLU may
be part of the convolution before them, and their layer is then that of the last
one. The data is noise of the dataset's shape, in memory.
"""

import argparse
import collections
from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import functools
import glob
import json
import os
import re
import statistics
import tempfile
import time
from typing import Any
from typing import NamedTuple
from typing import Optional

from benchmarks import train_step

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Their outputs are their inputs, or nothing that counts.
_REST = "losses, penalties, norms of gradients"
_OPTIMIZER = "optimizer"


class Operation(NamedTuple):
  """What one operation of the step that runs took."""

  name: str
  kind: str  # "Conv2D"
  layer: str  # "generator/B1/up_conv1"
  ms: float
  gflop: float
  mb: float


class Sum(NamedTuple):
  """Operations taken together."""

  name: str
  ms: float
  gflop: float
  mb: float


# ---- Names of layers ---------------------------------------------------------


@contextlib.contextmanager
def layers_name_operations(module: Any) -> Iterator[list[str]]:
  """Names operations after the layer that makes them, while inside.

  Args:
    module: a tf.Module; its submodules are named by their variables.

  Yields:
    The names, "generator/B1/up_conv1", longest first.
  """
  import tensorflow as tf

  names = {
    id(each): _common_path(variable.name for variable in each.variables)
    for each in module.submodules
    if each.variables
  }
  classes = {type(each) for each in module.submodules if id(each) in names}
  own = {each: each.__call__ for each in classes if "__call__" in vars(each)}

  def named(call):
    @functools.wraps(call)
    def in_scope(self, *args, **kwargs):
      name = names.get(id(self))
      if not name:
        return call(self, *args, **kwargs)
      with tf.name_scope(f"{name}/"):  # "/": from the root.
        return call(self, *args, **kwargs)

    return in_scope

  try:
    for each, call in own.items():
      each.__call__ = named(call)
    yield sorted(set(filter(None, names.values())), key=len, reverse=True)
  finally:
    for each, call in own.items():
      each.__call__ = call


def _common_path(names):
  folders = [name.split(":")[0].split("/")[:-1] for name in names]
  return "/".join(os.path.commonprefix(folders))


def layer_of(name: str, kind: str, layers: Iterable[str]) -> str:
  """Returns the layer that an operation belongs to, by its name."""
  if kind.startswith("ResourceApply"):
    return _OPTIMIZER
  inside = re.sub(r"^(gradient_tape/)+", "", name)
  for layer in layers:
    if inside.startswith(f"{layer}/"):
      return layer
  return _REST


# ---- What runs ---------------------------------------------------------------


def kind_of(op_type: str) -> str:
  """Returns an operation's type without what oneDNN and merging add to it."""
  return re.sub(r"^_?(Mkl)?(Native)?(_?Fused(?!Batch))?|WithBias$", "", op_type)


class Step:
  """A traced training step: how much work each operation is.

  Args:
    function: a tf.function.
    batches: its argument.
  """

  def __init__(self, function: Any, batches: Any) -> None:
    from tensorflow.python.eager import context

    concrete = function.get_concrete_function(batches)
    self._graph = concrete.graph
    context.context().enable_graph_collection()
    try:
      function(batches)
      collected = context.context().export_run_metadata()
    finally:
      context.context().disable_graph_collection()
    self._nodes = {
      node.name: node
      for graphs in collected.function_graphs
      for graph in graphs.partition_graphs
      for node in graph.node
    }
    self._bytes = {}
    for op in self._graph.get_operations():
      for number, tensor in enumerate(op.outputs):
        self._bytes[op.name, number] = train_step.tensor_bytes(tensor)

  def gflop(self, name: str) -> float:
    """Returns the work of an operation and of those merged into it."""
    return self._flop(name) / 1e9

  def _flop(self, name):
    op = self._operation(name)
    node = self._nodes.get(name)
    if op is None or node is None:
      return 0
    if op.type == kind_of(node.op) or not _is_merged(node.op):
      return train_step.flop(op)
    # Named after the last of the merged operations: the others come before it
    # and do not run by themselves.
    work, waiting, seen = 0, [op], set()
    while waiting:
      each = waiting.pop()
      if each.name in seen:
        continue
      seen.add(each.name)
      work += train_step.flop(each)
      waiting += [
        tensor.op
        for tensor in each.inputs
        if tensor.op.name not in self._nodes and tensor.op.inputs
      ]
    return work

  def mb(self, name: str) -> float:
    """Returns the megabytes that an operation reads and writes."""
    node = self._nodes.get(name)
    if node is None or node.op in train_step.MOVE_NOTHING:
      return 0.0
    total = self._bytes.get((name, 0), 0)
    for text in node.input:
      if not text.startswith("^"):
        source, _, number = text.partition(":")
        total += self._bytes.get((source, int(number or 0)), 0)
    return total / 1e6

  def _operation(self, name):
    try:
      return self._graph.get_operation_by_name(name)
    except (KeyError, ValueError):  # Made by TensorFlow's optimizers.
      return None


def _is_merged(op_type):
  return "Fused" in op_type or op_type.startswith("_Mkl")


def traced(call: Any, steps: int) -> tuple[dict[str, tuple[str, float]], float]:
  """Runs a step under TensorFlow's profiler.

  Returns:
    {operation: (its type, milliseconds a step)}, and the milliseconds of a
    step by the clock, the median.
  """
  import tensorflow as tf

  options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=2)
  found: dict[tuple[str, str], list[float]] = collections.defaultdict(list)
  clock = []
  for _ in range(steps):
    with tempfile.TemporaryDirectory() as folder:
      tf.profiler.experimental.start(folder, options)
      began = time.perf_counter()
      call()
      clock.append(1e3 * (time.perf_counter() - began))
      tf.profiler.experimental.stop()
      for key, ms in _events(folder).items():
        found[key].append(ms)
  operations = {
    name: (op_type, statistics.median(ms + [0.0] * (steps - len(ms))))
    for (name, op_type), ms in found.items()
  }
  return operations, statistics.median(clock)


def _events(folder):
  """Returns {(operation, type): milliseconds} of a trace."""
  [path] = glob.glob(os.path.join(folder, "**", "*.xplane.pb"), recursive=True)
  space = _trace_format().XSpace()
  with open(path, "rb") as file:
    space.ParseFromString(file.read())
  found = collections.Counter()
  for plane in space.planes:
    if plane.name != "/host:CPU":
      continue
    for line in plane.lines:
      for event in line.events:
        name, colon, op_type = plane.event_metadata[
          event.metadata_id
        ].name.partition(":")
        # Others are functions of TensorFlow's own, such as "Executor::Run".
        if colon and op_type[:1] not in ("", ":", " "):
          found[name, op_type] += event.duration_ps / 1e9
  return found


def _trace_format():
  """Returns the module of the trace's format, which has moved twice."""
  import importlib

  for name in (
    "tensorflow.tsl.profiler.protobuf.xplane_pb2",
    "tsl.profiler.protobuf.xplane_pb2",
    "tensorflow.core.profiler.protobuf.xplane_pb2",
  ):
    try:
      return importlib.import_module(name)
    except ImportError:
      continue
  raise ImportError("This TensorFlow has no format of traces that is known.")


# ---- Measuring ---------------------------------------------------------------


def copy_gb_s(megabytes: int = 256, times: int = 5) -> float:
  """Returns the speed of copying, read and written bytes, the best."""
  import numpy as np

  source = np.ones(megabytes * 2**20 // 4, np.float32)
  target = np.zeros_like(source)
  seconds = train_step.timed(lambda: np.copyto(target, source), times)
  return 2 * source.nbytes / min(seconds) / 1e9


def operations(
  gan: Any, devices: Any, batches: Any, steps: int
) -> tuple[list[Operation], float]:
  """Returns the Operations of a training step, and its milliseconds."""
  import tensorflow as tf

  function = tf.function(lambda batches: devices.run(gan.train_step, batches))
  with layers_name_operations(gan) as layers:
    step = Step(function, batches)

  def call():
    return [float(value) for value in function(batches).values()]

  call()
  found, clock = traced(call, steps)
  return [
    Operation(
      name,
      kind_of(op_type),
      layer_of(name, op_type, layers),
      ms,
      step.gflop(name),
      step.mb(name),
    )
    for name, (op_type, ms) in found.items()
    if not op_type.startswith("_Arg") and not op_type.startswith("_Retval")
  ], clock


def summed(found: Iterable[Operation], by: str) -> list[Sum]:
  """Returns sums over operations with the same `by`, slowest first.

  Args:
    found: the operations.
    by: "kind" or "layer".
  """
  groups = collections.defaultdict(list)
  for each in found:
    groups[getattr(each, by)].append(each)
  sums = [
    Sum(
      name,
      sum(each.ms for each in group),
      sum(each.gflop for each in group),
      sum(each.mb for each in group),
    )
    for name, group in groups.items()
  ]
  return sorted(sums, key=lambda each: -each.ms)


def table(title: str, sums: list[Sum], peak: float, copy: float) -> str:
  """Returns a table of Sums; below 1 % they are one line."""
  total = sum(each.ms for each in sums)
  large = [each for each in sums if each.ms >= 0.01 * total]
  small = sums[len(large) :]
  if small:
    name = f"{len(small)} others"
    rest = [sum(column) for column in zip(*(each[1:] for each in small))]
    large.append(Sum(name, *rest))
  width = max(len(title), *(len(each.name) for each in large))
  lines = [
    f"{title:{width}}      ms  share    GFLOP  GFLOP/s  of peak       MB  "
    "of copy"
  ]
  for each in large:
    seconds = max(each.ms, 1e-9) / 1e3
    speed = each.gflop / seconds
    moved = each.mb / 1e3 / seconds / copy
    lines.append(
      f"{each.name:{width}} {each.ms:7.2f} {each.ms / total:6.1%} "
      f"{each.gflop:8.3f} {speed:8.1f} {speed / peak:8.1%} {each.mb:8.1f} "
      f"{moved:8.1%}"
    )
  return "\n".join(lines)


def picture(found: list[Operation], path: str, title: str) -> None:
  """Writes a bar for each layer, with a colour for each kind of operation."""
  from matplotlib import figure

  layers = [each.name for each in summed(found, "layer")][:30]
  kinds = [each.name for each in summed(found, "kind")][:8]
  canvas = figure.Figure((9, 1.2 + 0.25 * len(layers)), layout="constrained")
  axes = canvas.subplots()
  start = [0.0] * len(layers)
  for kind in [*kinds, "others"]:
    ms = [
      sum(
        each.ms
        for each in found
        if each.layer == layer
        and (each.kind == kind or (kind == "others" and each.kind not in kinds))
      )
      for layer in layers
    ]
    grey = "0.8" if kind == "others" else None
    axes.barh(layers, ms, left=start, label=kind, color=grey)
    start = [a + b for a, b in zip(start, ms)]
  axes.invert_yaxis()
  axes.set_xlabel("milliseconds of a step, all threads together")
  axes.set_title(title, loc="left")
  axes.spines[["top", "right"]].set_visible(False)
  axes.legend(frameon=False, loc="lower right")
  canvas.savefig(path, dpi=120)


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("--gin_config", default="resnet_cifar10.gin")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument("--batch", type=int, help="default: the gin file's")
  parser.add_argument(
    "--precision",
    default="float32",
    choices=("float32", "bfloat16", "float16"),
  )
  parser.add_argument("--steps", type=int, default=5, help="default: 5")
  parser.add_argument("--out", help="where to write a picture, profile.png")
  arguments = parser.parse_args(argv)
  if arguments.steps < 1:
    parser.error(f"--steps={arguments.steps}: it must be 1 or more.")
  return arguments


def main(argv: Optional[list[str]] = None) -> None:
  arguments = _arguments(argv)
  from compare_gan.context import precision
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import devices as devices_lib
  from compare_gan.gans import options
  from compare_gan.storage import model_dir

  train_step.parse(arguments)
  dataset = catalogue.dataset(fake=True)
  batch = options.options().batch_size
  devices = devices_lib.choose("auto", batch)
  train_step.print_machine()
  with precision.using(arguments.precision), devices.scope():
    peak = train_step.conv_peak(precision.compute_dtype())
    copy = copy_gb_s()
    gan = model_dir.make_gan(dataset, seed=1)
    batches = list(dataset.batches("train", batch).take(gan.batches_per_step))
    found, clock = operations(gan, devices, batches, arguments.steps)
  busy = sum(each.ms for each in found)
  print(f"Peak: {peak:.0f} GFLOP/s, copy: {copy:.1f} GB/s")
  print(
    f"A step took {clock:.1f} ms under the profiler, its {len(found)} "
    f"operations {busy:.1f} ms together."
  )
  for by in ("kind", "layer"):
    print(f"\n{table(by, summed(found, by), peak, copy)}")
  if arguments.out:
    title = f"{arguments.gin_config}, batch {batch}, {arguments.precision}"
    picture(found, arguments.out, title)
  work = sum(each.gflop for each in found)
  result = {
    "step_ms": round(clock, 2),
    "operations_ms": round(busy, 2),
    "operations": len(found),
    "gflop": round(work, 3),
    "of_peak": round(work / (clock / 1e3) / peak, 3),
    "conv_peak_gflops": round(peak, 1),
    "copy_gb_s": round(copy, 1),
    "precision": arguments.precision,
    "batch": batch,
    "versions": train_step.versions(),
  }
  print(f"\n{json.dumps(result)}")


if __name__ == "__main__":
  main()
