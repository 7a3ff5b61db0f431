"""`NPURunConfig.*`: the names of the Ascend adapter for TensorFlow 1.

Configurations of an NPU are written with them; the adapter for TensorFlow 2 has
others. Every name is accepted, and is one of

  the training's       it becomes the value of `run_config.*` of that name,
  the device's         it is set on `npu_device.global_options()`, or is the
                       number of the card, or a variable of the environment,
  without a meaning    it is warned about,
  contradicted         it asks for what does not exist here, and is refused.

What is not bound is not set: the adapter has its own defaults, which differ
from release to release, as do the options that it has at all.

  NPURunConfig.precision_mode = "allow_mix_precision"
  NPURunConfig.profiling_config = @ProfilingConfig()
  ProfilingConfig.enable_profiling = True
"""

from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan import gin_roles
import gin

_MODULE = "compare_gan.estimator.npu_options"


class NPUOptions(NamedTuple):
  """What `NPURunConfig.*` asks for."""

  training: dict[str, Any] = {}  # of RunConfig
  device: dict[str, Any] = {}  # "dump_config.dump_path" -> value
  environment: dict[str, str] = {}
  device_id: Optional[int] = None
  loss_scale: bool = False
  elsewhere: dict[str, Any] = {}  # what `training` stands in the place of


_TRAINING = (
  "iterations_per_loop",
  "tf_random_seed",
  "save_checkpoints_steps",
  "keep_checkpoint_max",
  "precision_mode",
)

# Which have the same name on `global_options()`.
_SAME = (
  "variable_format_optimize",
  "hcom_parallel",
  "graph_memory_max_size",
  "variable_memory_max_size",
  "stream_max_parallel_num",
  "is_tailing_optimization",
  "graph_run_mode",
  "op_debug_level",
  "enable_scope_fusion_passes",
  "enable_exception_dump",
  "op_select_implmode",
  "optypelist_for_implmode",
  "fusion_switch_file",
  "op_compiler_cache_mode",
  "op_compiler_cache_dir",
  "debug_dir",
  "modify_mixlist",
  "op_precision_mode",
  "customize_dtypes",
  "op_debug_config",
  "topo_sorting_mode",
  "stream_sync_timeout",
  "event_sync_timeout",
  "external_weight",
  "deterministic",
  "jit_compile",
  "precision_mode_v2",
  "ac_parallel_enable",
)
_BOOLS = ("enable_small_channel", "hcom_multi_mode")  # 0 and 1 on TF1

# name -> the option that holds the names of its dict.
_NESTED = {
  "profiling_config": "profiling_config",
  "dump_config": "dump_config",
  "memory_config": "memory_config",
  "dynamic_input_config": "experimental.multi_branches_config",
  "experimental_config": "experimental",
}
_AOE = {
  "aoe_mode": "aoe_config.aoe_mode",
  "work_path": "aoe_config.work_path",
  "aoe_config_file": "aoe_config.aoe_config_file",
}
_ENVIRONMENT = {
  "hccl_timeout": "HCCL_EXEC_TIMEOUT",
  "HCCL_algorithm": "HCCL_ALGO",
}

# name -> TensorFlow 1's default, and why another value has no effect.
_NO_COUNTERPART = "it has no counterpart on TensorFlow 2"
_WITHOUT_MEANING = {
  "save_summary_steps": (0, "summaries are written every 250 steps"),
  "keep_checkpoint_every_n_hours": (10000, "keep_checkpoint_max decides"),
  "log_step_count_steps": (100, "progress is printed after each loop"),
  "session_config": (None, "TensorFlow 2 has no sessions"),
  "enable_data_pre_proc": (True, "data are always read on the host"),
  "enable_reduce_precision": (False, "precision_mode decides"),
  "buffer_optimize": ("l2_optimize", _NO_COUNTERPART),
  "compress_weight_conf": (None, "it is for inference"),
  "dynamic_graph_execute_mode": ("dynamic_execute", "all shapes are static"),
  "dynamic_inputs_shape_range": (None, "all shapes are static"),
  "variable_placement": ("Device", "variables are on the device"),
  "device_type": ("default_device_type", _NO_COUNTERPART),
  "soc_config": (None, _NO_COUNTERPART),
  "es_cluster_config": (None, "there is no embedding service"),
  "local_rank_id": (None, "RANK_ID decides"),
  "local_device_list": (None, "RANK_TABLE_FILE decides"),
  "distribute_config": (None, "RANK_SIZE and RANK_TABLE_FILE decide"),
  "op_wait_timeout": (None, _NO_COUNTERPART),
  "op_execute_timeout": (None, _NO_COUNTERPART),
}

# name -> what would do. True or a value asks for what would not happen.
_CARDS = (
  "Strategies do not drive NPUs. Leave it out, and start a process for each "
  "card with RANK_SIZE, RANK_ID, RANK_TABLE_FILE and ASCEND_DEVICE_ID"
)
_REFUSED = {
  "distribute": _CARDS,
  "train_distribute": _CARDS,
  "eval_distribute": _CARDS,
  "horovod_mode": _CARDS,
  "model_dir": "Give --model_dir instead",
  "save_checkpoints_secs": "Set NPURunConfig.save_checkpoints_steps instead: "
  "processes must agree on the step",
  "enable_compress_weight": "It is for inference. Leave it out",
  "insert_op_file": "It would change the images behind the dataset's back. "
  "Leave it out",
  "dynamic_input": "All shapes of a step are static. Leave it out",
  "frozen_variable": "A frozen variable is not trained. Leave it out",
}


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


gin_roles.declare("NPURunConfig", first_values=["tf_random_seed"])


@gin.configurable("NPURunConfig", module=_MODULE)
def npu_run_config(
  iterations_per_loop=None,
  profiling_config=None,
  model_dir=None,
  tf_random_seed=None,
  save_summary_steps=None,
  save_checkpoints_steps=None,
  save_checkpoints_secs=None,
  session_config=None,
  keep_checkpoint_max=None,
  keep_checkpoint_every_n_hours=None,
  log_step_count_steps=None,
  distribute=None,
  enable_data_pre_proc=None,
  precision_mode=None,
  enable_reduce_precision=None,
  variable_format_optimize=None,
  mix_compile_mode=None,
  hcom_parallel=None,
  graph_memory_max_size=None,
  variable_memory_max_size=None,
  dump_config=None,
  stream_max_parallel_num=None,
  is_tailing_optimization=None,
  horovod_mode=None,
  graph_run_mode=None,
  op_debug_level=None,
  enable_scope_fusion_passes=None,
  enable_exception_dump=None,
  op_select_implmode=None,
  optypelist_for_implmode=None,
  dynamic_input_config=None,
  aoe_mode=None,
  work_path=None,
  buffer_optimize=None,
  enable_small_channel=None,
  fusion_switch_file=None,
  enable_compress_weight=None,
  compress_weight_conf=None,
  op_compiler_cache_mode=None,
  op_compiler_cache_dir=None,
  debug_dir=None,
  hcom_multi_mode=None,
  dynamic_input=None,
  dynamic_graph_execute_mode=None,
  dynamic_inputs_shape_range=None,
  train_distribute=None,
  eval_distribute=None,
  local_rank_id=None,
  local_device_list=None,
  session_device_id=None,
  distribute_config=None,
  modify_mixlist=None,
  op_precision_mode=None,
  device_type=None,
  soc_config=None,
  hccl_timeout=None,
  op_wait_timeout=None,
  op_execute_timeout=None,
  HCCL_algorithm=None,
  customize_dtypes=None,
  op_debug_config=None,
  memory_config=None,
  experimental_config=None,
  topo_sorting_mode=None,
  aoe_config_file=None,
  insert_op_file=None,
  stream_sync_timeout=None,
  event_sync_timeout=None,
  external_weight=None,
  es_cluster_config=None,
  deterministic=None,
  frozen_variable=None,
  variable_placement=None,
  jit_compile=None,
  precision_mode_v2=None,
  ac_parallel_enable=None,
  loss_scale=None,
):
  """Returns the NPUOptions of what is bound.

  The names and their order are those of the adapter for TensorFlow 1; None is
  "not asked for". One is ours:

  Args:
    loss_scale: scale the loss for a precision_mode that computes in float16.
      The device must have the INF/NAN mode: an overflow is seen by its inf.
  """
  given = _given(locals())
  _refuse(given)
  for name, (default, reason) in _WITHOUT_MEANING.items():
    if given.get(name, default) != default:
      warnings.warn(
        f"NPURunConfig.{name} = {given[name]!r} has no effect: {reason}.",
        stacklevel=2,
      )
  device = {name: given[name] for name in _SAME if name in given}
  device.update({n: bool(given[n]) for n in _BOOLS if n in given})
  device.update({_AOE[n]: given[n] for n in _AOE if n in given})
  for name, holder in _NESTED.items():
    device.update(_flat(holder, _dict(name, given.get(name, {}))))
  return NPUOptions(
    _training(given),
    device,
    {
      variable: str(given[name])
      for name, variable in _ENVIRONMENT.items()
      if name in given
    },
    given.get("session_device_id"),
    bool(given.get("loss_scale")),
  )


def _refuse(given):
  for name, advice in _REFUSED.items():
    if given.get(name):
      raise ValueError(
        f"NPURunConfig.{name} = {given[name]!r} cannot be done. {advice}."
      )


def _training(given):
  chosen = {name: given[name] for name in _TRAINING if name in given}
  if given.get("mix_compile_mode"):
    # Which graphs run partly on the host the adapter decides itself.
    steps = chosen.setdefault("iterations_per_loop", 1)
    if steps != 1:
      raise ValueError(
        "NPURunConfig.mix_compile_mode = True needs one step at a time, but "
        f"NPURunConfig.iterations_per_loop = {steps}. Set one of them only."
      )
  return chosen


def _dict(name, value):
  if not isinstance(value, dict):
    raise ValueError(
      f"NPURunConfig.{name} = {value!r}. A dict of its options would do, "
      "@ProfilingConfig(), @DumpConfig(), @MemoryConfig() or "
      "@ExperimentalConfig() say."
    )
  return value


def _flat(holder, options):
  """Returns {"a.b.c": value} of nested dicts under `holder`."""
  flat = {}
  for name, value in options.items():
    path = f"{holder}.{name}"
    flat.update(
      _flat(path, value) if isinstance(value, dict) else {path: value}
    )
  return flat
