"""Groups of options, `@ProfilingConfig()` and others: dicts for NPURunConfig.

NPURunConfig.profiling_config = @ProfilingConfig()
ProfilingConfig.enable_profiling = True
"""

import gin

_MODULE = "compare_gan.estimator.npu_options"  # as gin files may call it


def _given(arguments):
  return {name: value for name, value in arguments.items() if value is not None}


@gin.configurable("ProfilingConfig", module=_MODULE)
def profiling_config(enable_profiling=None, profiling_options=None):
  """Returns what `NPURunConfig.profiling_config` takes."""
  return _given(locals())


@gin.configurable("DumpConfig", module=_MODULE)
def dump_config(
  enable_dump=None,
  dump_path=None,
  dump_step=None,
  dump_mode=None,
  enable_dump_debug=None,
  dump_debug_mode=None,
  dump_data=None,
  dump_layer=None,
):
  """Returns what `NPURunConfig.dump_config` takes."""
  return _given(locals())


@gin.configurable("MemoryConfig", module=_MODULE)
def memory_config(
  atomic_clean_policy=None,
  static_memory_policy=None,
  memory_optimization_policy=None,
):
  """Returns what `NPURunConfig.memory_config` takes."""
  return _given(locals())


@gin.configurable("GraphMemoryOptimizeConfig", module=_MODULE)
def graph_memory_optimize_config(recompute=None, graph_slice=None):
  """Returns what ExperimentalConfig.graph_memory_optimize_config takes."""
  return _given(locals())


@gin.configurable("ExperimentalConfig", module=_MODULE)
def experimental_config(
  graph_memory_optimize_config=None,
  logical_device_deploy_config=None,
  model_deploy_config=None,
  resource_config_path=None,
  graph_parallel_option_path=None,
  enable_graph_parallel=None,
):
  """Returns what `NPURunConfig.experimental_config` takes."""
  return _given(locals())
