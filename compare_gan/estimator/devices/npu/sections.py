"""Groups of options, `@ProfilingConfig()` and others: dicts for NPURunConfig.

NPURunConfig.profiling_config = @ProfilingConfig()
ProfilingConfig.enable_profiling = True
"""

from typing import Any
from typing import Optional

import gin

_MODULE = "compare_gan.estimator.npu_options"  # as gin files may call it


def _given(arguments):
  return {name: value for name, value in arguments.items() if value is not None}


@gin.configurable("ProfilingConfig", module=_MODULE)
def profiling_config(
  enable_profiling: Optional[bool] = None,
  profiling_options: Optional[str] = None,
) -> dict[str, Any]:
  """Returns what `NPURunConfig.profiling_config` takes.

  Args:
    enable_profiling: records what the card does. None: it does not.
    profiling_options: a JSON text, such as '{"output": "/tmp/profile",
      "training_trace": "on"}'.
  """
  return _given(locals())


@gin.configurable("DumpConfig", module=_MODULE)
def dump_config(
  enable_dump: Optional[bool] = None,
  dump_path: Optional[str] = None,
  dump_step: Any = None,
  dump_mode: Optional[str] = None,
  enable_dump_debug: Optional[bool] = None,
  dump_debug_mode: Optional[str] = None,
  dump_data: Any = None,
  dump_layer: Any = None,
) -> dict[str, Any]:
  """Returns what `NPURunConfig.dump_config` takes.

  Args:
    enable_dump: writes tensors of operations to dump_path.
    dump_path: folder of the tensors; it must exist.
    dump_step: the steps whose tensors are written, "0|5|10-12". None: all.
    dump_mode: "input", "output" or "all" tensors of an operation. None:
      outputs.
    enable_dump_debug: looks for overflows instead.
    dump_debug_mode: where overflows are looked for: "aicore_overflow",
      "atomic_overflow" or "all".
    dump_data: "tensor" for values, "stats" for their statistics.
    dump_layer: names of the operations, separated by spaces. None: all.
  """
  return _given(locals())


@gin.configurable("MemoryConfig", module=_MODULE)
def memory_config(
  atomic_clean_policy: Any = None,
  static_memory_policy: Any = None,
  memory_optimization_policy: Any = None,
) -> dict[str, Any]:
  """Returns what `NPURunConfig.memory_config` takes.

  Args:
    atomic_clean_policy: memory that operations need zeroed is cleared 0: at
      once for the graph, 1: for each operation.
    static_memory_policy: 0: memory as it is needed, 1: all at the start, 2:
      graphs share memory that grows.
    memory_optimization_policy: what the compiler saves, such as
      "MemoryPriority". Not every release knows it.
  """
  return _given(locals())


@gin.configurable("GraphMemoryOptimizeConfig", module=_MODULE)
def graph_memory_optimize_config(
  recompute: Any = None, graph_slice: Any = None
) -> dict[str, Any]:
  """Returns what ExperimentalConfig.graph_memory_optimize_config takes.

  Args:
    recompute: "auto" or "manual": activations that are computed again in the
      backward pass, chosen by the compiler or in the code. None: none.
    graph_slice: "auto" cuts the graph so that it needs less memory.
  """
  return _given(locals())


@gin.configurable("ExperimentalConfig", module=_MODULE)
def experimental_config(
  graph_memory_optimize_config: Optional[dict[str, Any]] = None,
  logical_device_deploy_config: Any = None,
  model_deploy_config: Any = None,
  resource_config_path: Optional[str] = None,
  graph_parallel_option_path: Optional[str] = None,
  enable_graph_parallel: Any = None,
) -> dict[str, Any]:
  """Returns what `NPURunConfig.experimental_config` takes.

  Args:
    graph_memory_optimize_config: @GraphMemoryOptimizeConfig(), or a dict of its
      options.
    logical_device_deploy_config: path of a file that lays logical devices onto
      cards.
    model_deploy_config: path of a file that says which parts of a model run
      where.
    resource_config_path: path of a file with the resources of a cluster.
    graph_parallel_option_path: path of a file that says how the graph is cut
      for several cards.
    enable_graph_parallel: cuts the graph for several cards.
  """
  return _given(locals())
