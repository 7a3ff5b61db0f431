"""A stand-in for npu_device: its contract, on the CPU, and stricter.

Written from what is known of the adapter's behaviour, not from its code. What
the adapter ignores in silence is an error here, `ContractBroken`:

* variables that were made before `open`, which the adapter loses;
* options that are set after `open`, which it does not read any more;
* a loop of the graph with another number of steps than `set_npu_loop_size`
  said, with a second While in the graph, or with results;
* what cannot run on a card: stateless draws, float64, strings;
* sums of float64 or bool, sums outside of a tf.function;
* with several cards, a step that uses a variable which was not broadcast.

Several cards are several processes: they exchange real tensors over TCP, by the
address in NPU_DOUBLE_ADDRESS, where rank 0 listens.

  with npu_double.installed() as double:
    on = devices.choose("npu")
"""

import contextlib
import os
import pickle
import socket
import struct
import sys
import threading
import types

from compare_gan.estimator.devices.npu import adapter
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops

all_variables = adapter.variables  # which the double replaces


class ContractBroken(AssertionError):
  """What would go wrong on a card, in silence or late."""


# ---- Options -----------------------------------------------------------------

_OPTIONS = {
  "graph_run_mode": (1, (0, 1)),
  "graph_memory_max_size": (None, None),
  "variable_memory_max_size": (None, None),
  "variable_format_optimize": (None, (True, False)),
  "enable_scope_fusion_passes": (None, None),
  "fusion_switch_file": (None, None),
  "precision_mode": (
    None,
    (
      "force_fp32",
      "allow_fp32_to_fp16",
      "force_fp16",
      "must_keep_origin_dtype",
      "allow_mix_precision",
      "cube_fp16in_fp32out",
      "allow_mix_precision_fp16",
      "allow_mix_precision_bf16",
      "allow_fp32_to_bf16",
    ),
  ),
  "precision_mode_v2": (
    None,
    (
      "fp16",
      "origin",
      "cube_fp16in_fp32out",
      "mixed_float16",
      "mixed_bfloat16",
    ),
  ),
  "op_select_implmode": (None, ("high_performance", "high_precision")),
  "optypelist_for_implmode": (None, None),
  "op_debug_level": (0, (0, 1, 2, 3, 4)),
  "op_compiler_cache_mode": ("enable", ("enable", "disable", "force")),
  "op_compiler_cache_dir": (None, None),
  "stream_max_parallel_num": (None, None),
  "ac_parallel_enable": (None, ("0", "1")),
  "hcom_parallel": (True, (True, False)),
  "hcom_multi_mode": (None, (True, False)),
  "is_tailing_optimization": (False, (True, False)),
  "op_debug_config": (None, None),
  "debug_dir": (None, None),
  "modify_mixlist": (None, None),
  "enable_exception_dump": (2, (0, 1, 2)),
  "enable_small_channel": (False, (True, False)),
  "deterministic": (0, (0, 1)),
  "op_precision_mode": (None, None),
  "graph_exec_timeout": (None, None),
  "topo_sorting_mode": (None, (0, 1)),
  "customize_dtypes": (None, None),
  "overflow_flag": (1, (0, 1)),
  "stream_sync_timeout": (-1, None),
  "event_sync_timeout": (-1, None),
  "external_weight": (False, (True, False)),
  "jit_compile": ("auto", ("true", "false", "auto")),
  "graph_compiler_cache_dir": (None, None),
  "dump_config": {
    "enable_dump": (False, (True, False)),
    "dump_path": (None, None),
    "dump_step": (None, None),
    "dump_mode": ("output", ("input", "output", "all")),
    "enable_dump_debug": (False, (True, False)),
    "dump_debug_mode": ("all", ("aicore_overflow", "atomic_overflow", "all")),
    "dump_data": ("tensor", ("tensor", "stats")),
    "dump_layer": (None, None),
  },
  "profiling_config": {
    "enable_profiling": (False, (True, False)),
    "profiling_options": (None, None),
  },
  "aoe_config": {
    "aoe_mode": (None, ("1", "2", "4")),
    "work_path": ("./", None),
    "aoe_config_file": (None, None),
  },
  "memory_config": {
    "atomic_clean_policy": (0, (0, 1)),
    "static_memory_policy": (0, (0, 1, 2)),
  },
  "experimental": {
    "multi_branches_config": {
      "input_shape": (None, None),
      "dynamic_node_type": ("0", ("0", "1")),
      "dynamic_dims": (None, None),
    },
    "logical_device_deploy_config": (None, None),
    "model_deploy_config": (None, None),
    "graph_memory_optimize_config": {
      "recompute": (None, ("auto", "manual")),
      "graph_slice": (None, ("auto",)),
    },
    "resource_config_path": (None, None),
    "graph_parallel_option_path": (None, None),
    "enable_graph_parallel": (None, (True, False)),
  },
}


class Options:
  """Refuses unknown names and values, and to be late; notes what is set."""

  def __init__(self, known, double, prefix=""):
    vars(self)["_known"] = {
      name: Options(k, double, f"{prefix}{name}.") if isinstance(k, dict) else k
      for name, k in known.items()
    }
    vars(self)["_double"] = double
    vars(self)["_prefix"] = prefix

  def __getattr__(self, name):
    if name not in self._known:
      raise ValueError(f"NpuConfig has no option {name}")
    known = self._known[name]
    if isinstance(known, Options):
      return known
    return self._double.options_set.get(f"{self._prefix}{name}", known[0])

  def __setattr__(self, name, value):
    if name not in self._known or isinstance(self._known[name], Options):
      raise ValueError(f"NpuConfig has no option {name}")
    default, values = self._known[name]
    if default is not None and type(value) is not type(default):
      raise TypeError(f"'{name}' must be {type(default)}")
    if values is not None and value not in values:
      raise ValueError(
        f"'{name}' value {value!r} not in optional list {values}"
      )
    if self._double.handle is not None:
      raise ContractBroken(f"option {name} is set after open: it is not read")
    self._double.options_set[f"{self._prefix}{name}"] = value


# ---- Exchange ----------------------------------------------------------------


def _send(connection, message):
  data = pickle.dumps(message)
  connection.sendall(struct.pack("<Q", len(data)) + data)


def _receive(connection):
  [size] = struct.unpack("<Q", _exactly(connection, 8))
  return pickle.loads(_exactly(connection, size))


def _exactly(connection, size):
  data = b""
  while len(data) < size:
    part = connection.recv(size - len(data))
    if not part:
      raise ConnectionError("a card of the double has left")
    data += part
  return data


_REDUCE = {
  "sum": lambda arrays: sum(arrays[1:], arrays[0]),
  "min": lambda arrays: np.min(arrays, axis=0),
  "max": lambda arrays: np.max(arrays, axis=0),
  "prod": lambda arrays: np.prod(arrays, axis=0, dtype=arrays[0].dtype),
}


def _serve(listener, world):
  """Combines what all ranks send, one round after the other."""
  connections = {}
  while len(connections) < world:
    connection, _ = listener.accept()
    connection.settimeout(120)
    connections[_receive(connection)] = connection
  ranks = [connections[rank] for rank in range(world)]
  try:
    while True:
      messages = [_receive(connection) for connection in ranks]
      for connection in ranks:
        _send(connection, _combined(messages))
  except (OSError, EOFError):  # One has left.
    for connection in ranks:
      connection.close()


def _combined(messages):
  kinds = {(kind, x.shape, x.dtype.name) for kind, x in messages}
  if len(kinds) > 1:
    return f"cards exchange different things: {sorted(kinds)}"
  kind = messages[0][0]
  arrays = [x for _, x in messages]
  if kind == "broadcast":
    return arrays[0]
  return np.asarray(_REDUCE[kind](arrays), arrays[0].dtype)


class Exchange:
  """The connection of one rank to all others."""

  def __init__(self, rank, world, address):
    host, port = address.rsplit(":", 1)
    self._listener = None
    if rank == 0:
      self._listener = socket.create_server((host, int(port)))
      threading.Thread(
        target=_serve, args=(self._listener, world), daemon=True
      ).start()
    self._connection = _connect(host, int(port))
    self.sent = 0
    _send(self._connection, rank)

  def __call__(self, kind, x):
    self.sent += 1
    _send(self._connection, (kind, np.asarray(x)))
    answer = _receive(self._connection)
    if isinstance(answer, str):
      raise ContractBroken(answer)
    return answer

  def close(self):
    self._connection.close()
    if self._listener:
      self._listener.close()


def _connect(host, port):
  for _ in range(600):
    try:
      connection = socket.create_connection((host, port), timeout=120)
      connection.settimeout(120)
      return connection
    except ConnectionRefusedError:
      threading.Event().wait(0.1)
  raise ConnectionError(f"no rank 0 at {host}:{port}")


# ---- The module --------------------------------------------------------------


class Handle:
  """What `open` returns."""

  def __init__(self, double, device_id, workers_num, worker_id):
    self._double = double
    self.device_id = device_id
    self.workers_num = workers_num
    self.worker_id = worker_id

  def name(self):
    return f"/job:localhost/replica:0/task:0/device:NPU:{self.device_id}"

  def scope(self):
    return contextlib.nullcontext()

  def is_cluster_worker(self):
    return self.workers_num > 1 and self.workers_num > self.worker_id >= 0

  def as_default(self):
    self._double.patch()
    return self


class Double:
  """All that the module knows, for tests to look at."""

  def __init__(self):
    self.options_set = {}
    self.handle = None
    self.inf_nan = False
    self.loop_size = 1
    self.loop_sizes = []  # of all calls
    self.loops = []  # how many steps each loop of a graph has made
    self._fresh_size = False
    self._counters = []  # (resource of an iterator, [count])
    self._sent = {}  # id -> variable
    self._exchange = None
    self._undo = []
    self._patched = False
    self._options = Options(_OPTIONS, self)
    self.alive_before = {id(v) for v in adapter.variables()}

  def new_variables(self):
    """Returns the variables that were not there before the double was."""
    return [v for v in all_variables() if id(v) not in self.alive_before]

  # -- what our code calls

  def open(self, device_id=None):
    if device_id is None:
      device_id = int(os.getenv("ASCEND_DEVICE_ID", "0"))
    if self.handle is not None:
      if self.handle.device_id != device_id:
        raise RuntimeError("one device per process, another one is open")
      return self.handle
    if self.new_variables():
      raise ContractBroken("variables were made before open: they are lost")
    world, rank = _world()
    if world > 1:
      self._exchange = Exchange(rank, world, os.environ["NPU_DOUBLE_ADDRESS"])
    self._forget()
    self.handle = Handle(self, device_id, world, rank)
    return self.handle

  def _forget(self):
    """Loses what belonged to the context that `open` replaces."""
    context.set_global_seed(None)
    for name in ("intra", "inter"):
      attribute = f"_{name}_op_parallelism_threads"
      assert hasattr(context.context(), attribute)
      self._replace(context.context(), attribute, 0)

  def global_options(self):
    return self._options

  def set_npu_loop_size(self, loop_size):
    if type(loop_size) is not int or loop_size < 1:
      raise ContractBroken(f"the loop size {loop_size!r} would be ignored")
    self.loop_size = loop_size
    self.loop_sizes.append(loop_size)
    self._fresh_size = True

  def is_inf_nan_enabled(self):
    return self.inf_nan

  def all_reduce(
    self,
    values,
    reduction="mean",
    fusion=1,
    fusion_id=-1,
    group="hccl_world_group",
  ):
    if not tf.inside_function():
      raise ContractBroken("all_reduce outside of a tf.function")
    if reduction not in (*_REDUCE, "mean"):
      raise ValueError(f"unknown reduction {reduction}")
    if isinstance(values, (list, tuple)):
      return [self._reduced(x, reduction) for x in values]
    return self._reduced(values, reduction)

  def broadcast(
    self,
    values,
    root_rank=0,
    fusion=2,
    fusion_id=0,
    group="hccl_world_group",
  ):
    assert root_rank == 0
    if self._exchange is None:
      return
    values = values if isinstance(values, (list, tuple)) else [values]
    for variable in values:
      if variable.dtype in (tf.float64, tf.bool, tf.string):
        raise ContractBroken(f"broadcast of {variable.dtype.name}")
      variable.assign(self._exchange("broadcast", variable.numpy()))
      self._sent[id(variable)] = variable

  # -- how

  def _reduced(self, x, reduction):
    if x is None:
      return None
    x = tf.convert_to_tensor(x)
    if x.dtype not in (tf.int8, tf.int32, tf.int64, tf.float16, tf.float32):
      raise ContractBroken(f"all_reduce of {x.dtype.name}")
    if self._exchange is None:
      return x
    if reduction == "mean":
      return self._exchanged(x, "sum") / self.handle.workers_num
    return self._exchanged(x, reduction)

  def _exchanged(self, x, kind):
    @tf.custom_gradient
    def exchanged(x):
      # Where the graph does not say which comes first, ranks might differ.
      graph = tf.compat.v1.get_default_graph()
      before = getattr(graph, "_last_exchange_of_double", None)
      with tf.control_dependencies([] if before is None else [before]):
        y = tf.numpy_function(
          lambda x: self._exchange(kind, x), [x], x.dtype, name="hcom"
        )
      graph._last_exchange_of_double = y
      y.set_shape(x.shape)
      return y, lambda dy: self._exchanged(dy, "sum")

    return exchanged(x)

  def patch(self):
    """Does to TensorFlow what `as_default` does."""
    if self._patched:
      return
    self._patched = True
    function_class = type(tf.function(lambda: None))
    call, iterate = function_class.__call__, tf.data.Dataset.__iter__

    def without_device(name):
      del name
      return contextlib.nullcontext()

    self._replace(
      function_class, "__call__", lambda f, *a, **k: self._call(call, f, a, k)
    )
    self._replace(
      tf.data.Dataset, "__iter__", lambda data: self._counted(iterate, data)
    )
    self._replace(tf, "device", without_device)
    self._replace(ops, "device", without_device)

  def _replace(self, holder, name, value):
    old = getattr(holder, name)
    setattr(holder, name, value)
    self._undo.append(lambda: setattr(holder, name, old))

  def _counted(self, iterate, dataset):
    """Returns an iterator that knows how many elements were taken."""
    count = [0]

    def one_more():
      count[0] += 1
      return np.int64(count[0])

    def counted(*element):
      number = tf.numpy_function(one_more, [], tf.int64)
      with tf.control_dependencies([number]):
        element = tf.nest.map_structure(tf.identity, element)
      return element[0] if len(element) == 1 else element

    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    if hasattr(options.experimental_optimization, "inject_prefetch"):
      options.experimental_optimization.inject_prefetch = False
    iterator = iterate(dataset.map(counted).with_options(options))
    self._counters.append((iterator._iterator_resource, count))
    return iterator

  def _call(self, call, function, args, kwargs):
    if tf.inside_function():  # Inlined: its Python runs in the outer graph.
      try:
        return function.python_function(*args, **kwargs)
      except Exception:  # As the adapter does, whatever it was.
        return call(function, *args, **kwargs)
    function._jit_compile = False
    concrete = function.get_concrete_function(*args, **kwargs)
    graph = concrete.graph.as_graph_def()
    if not _takes_elements_in_a_loop(graph):
      return call(function, *args, **kwargs)
    self._require_sunk(concrete, graph)
    self._require_sent(concrete)
    given = tf.nest.flatten([args, kwargs], expand_composites=True)
    given += concrete.captured_inputs
    [count] = [c for resource, c in self._counters if _is_in(resource, given)]
    before = count[0]
    result = call(function, *args, **kwargs)
    steps = count[0] - before
    if steps != self.loop_size or not self._fresh_size:
      raise ContractBroken(
        f"the graph's loop takes {steps} elements, the card would take "
        f"{self.loop_size}: the loop size of the last set_npu_loop_size"
        + ("" if self._fresh_size else ", which was not called for this loop")
      )
    self._fresh_size = False
    self.loops.append(steps)
    return result

  def _require_sunk(self, concrete, graph):
    whiles = sum(node.op in _WHILES for node in _all_nodes(graph))
    if whiles != 1:
      raise ContractBroken(f"{whiles} Whiles in the graph: one would be sunk")
    if concrete.outputs:
      raise ContractBroken("the loop's function returns what the loop makes")
    for node in _all_nodes(graph):
      if node.op.startswith(("StatelessRandom", "StatelessTruncated")):
        raise ContractBroken(f"{node.name}: {node.op} does not run on a card")
      for key in ("T", "dtype", "DstT"):
        if node.attr[key].type in _NOT_ON_CARD:
          name = tf.as_dtype(node.attr[key].type).name
          raise ContractBroken(f"{node.name}: {name} is not on a card")

  def _require_sent(self, concrete):
    if self._exchange is None:
      return
    missing = [
      v.name for v in concrete.graph.variables if id(v) not in self._sent
    ]
    if missing:
      raise ContractBroken(f"not broadcast before the first step: {missing}")

  def close(self):
    for undo in reversed(self._undo):
      undo()
    if self._exchange:
      self._exchange.close()


_WHILES = ("While", "StatelessWhile")
_NOT_ON_CARD = {
  dtype.as_datatype_enum
  for dtype in (tf.float64, tf.complex64, tf.complex128, tf.string)
}


def _is_in(resource, tensors):
  return any(resource is tensor for tensor in tensors)


def _all_nodes(graph):
  yield from graph.node
  for function in graph.library.function:
    yield from function.node_def


def _takes_elements_in_a_loop(graph):
  bodies = {
    node.attr["body"].func.name
    for node in _all_nodes(graph)
    if node.op in _WHILES
  }
  return any(
    node.op == "IteratorGetNext"
    for function in graph.library.function
    if function.signature.name in bodies
    for node in function.node_def
  )


def _world():
  """Returns the number of cards and this process's rank, by the environment."""
  sizes = [os.getenv(name) for name in ("RANK_SIZE", "CM_WORKER_SIZE")]
  if all(sizes):
    raise ValueError("RANK_SIZE and CM_WORKER_SIZE are both set")
  world = int(next((size for size in sizes if size), "1"))
  if world == 1:
    return 1, 0
  table, chief = os.getenv("RANK_TABLE_FILE"), os.getenv("CM_CHIEF_IP")
  if table and chief:
    raise RuntimeError("RANK_TABLE_FILE and CM_CHIEF_IP are both set")
  if not table and not chief:
    raise RuntimeError("neither RANK_TABLE_FILE nor CM_CHIEF_IP is set")
  if chief and not (
    os.getenv("CM_CHIEF_PORT") and os.getenv("CM_CHIEF_DEVICE")
  ):
    raise RuntimeError("CM_CHIEF_PORT and CM_CHIEF_DEVICE must be set")
  if table and os.getenv("RANK_ID") is None:
    raise RuntimeError("RANK_ID must be set")
  return world, int(os.environ["RANK_ID"])


@contextlib.contextmanager
def installed():
  """Inside, `import npu_device` finds the double; then all is as it was."""
  double = Double()
  module = types.ModuleType("npu_device")
  for name in (
    "open",
    "global_options",
    "set_npu_loop_size",
    "is_inf_nan_enabled",
  ):
    setattr(module, name, getattr(double, name))
  module.distribute = types.ModuleType("npu_device.distribute")
  module.distribute.all_reduce = double.all_reduce
  module.distribute.broadcast = double.broadcast
  found, seed = adapter.variables, context.global_seed()
  adapter.variables = double.new_variables  # Other tests have made some.
  modules = {"npu_device": module, "npu_device.distribute": module.distribute}
  sys.modules.update(modules)
  try:
    yield double
  finally:
    double.close()
    adapter.variables = found
    context.set_global_seed(seed)
    for name in modules:
      del sys.modules[name]
