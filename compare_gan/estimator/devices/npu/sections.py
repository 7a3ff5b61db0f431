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
  """Returns what `NPURunConfig.profiling_config` takes."""
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
  """Returns what `NPURunConfig.dump_config` takes."""
  return _given(locals())


@gin.configurable("MemoryConfig", module=_MODULE)
def memory_config(
  atomic_clean_policy: Any = None,
  static_memory_policy: Any = None,
  memory_optimization_policy: Any = None,
) -> dict[str, Any]:
  """Returns what `NPURunConfig.memory_config` takes."""
  return _given(locals())


@gin.configurable("GraphMemoryOptimizeConfig", module=_MODULE)
def graph_memory_optimize_config(
  recompute: Any = None, graph_slice: Any = None
) -> dict[str, Any]:
  """Returns what ExperimentalConfig.graph_memory_optimize_config takes."""
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
  """Returns what `NPURunConfig.experimental_config` takes."""
  return _given(locals())
