"""How each name of `NPURunConfig.*` is handled, by subject.

The names are those of the Ascend adapter for TensorFlow 1.
"""

# In the order of its constructor.
_OF_TENSORFLOW_1 = """
iterations_per_loop profiling_config model_dir tf_random_seed save_summary_steps
save_checkpoints_steps save_checkpoints_secs session_config keep_checkpoint_max
keep_checkpoint_every_n_hours log_step_count_steps distribute
enable_data_pre_proc precision_mode enable_reduce_precision
variable_format_optimize mix_compile_mode hcom_parallel graph_memory_max_size
variable_memory_max_size dump_config stream_max_parallel_num
is_tailing_optimization horovod_mode graph_run_mode op_debug_level
enable_scope_fusion_passes enable_exception_dump op_select_implmode
optypelist_for_implmode dynamic_input_config aoe_mode work_path buffer_optimize
enable_small_channel fusion_switch_file enable_compress_weight
compress_weight_conf op_compiler_cache_mode op_compiler_cache_dir debug_dir
hcom_multi_mode dynamic_input dynamic_graph_execute_mode
dynamic_inputs_shape_range train_distribute eval_distribute local_rank_id
local_device_list session_device_id distribute_config modify_mixlist
op_precision_mode device_type soc_config hccl_timeout op_wait_timeout
op_execute_timeout HCCL_algorithm customize_dtypes op_debug_config memory_config
experimental_config topo_sorting_mode aoe_config_file insert_op_file
stream_sync_timeout event_sync_timeout external_weight es_cluster_config
deterministic frozen_variable variable_placement jit_compile precision_mode_v2
ac_parallel_enable
"""
# Scale the loss for a precision_mode that computes in float16. The device must
# be in INF/NAN mode, because an overflow is recognised by its inf.
_OURS = ("loss_scale",)

ALL = (*_OF_TENSORFLOW_1.split(), *_OURS)

# Names that RunConfig has, too.
TRAINING = (
  "iterations_per_loop",
  "tf_random_seed",
  "save_checkpoints_steps",
  "keep_checkpoint_max",
  "precision_mode",
)

# Names that `global_options()` has, too.
SAME = (
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
BOOLS = ("enable_small_channel", "hcom_multi_mode")  # 0 and 1 on TF1

# name -> the option that holds the names of its dict.
NESTED = {
  "profiling_config": "profiling_config",
  "dump_config": "dump_config",
  "memory_config": "memory_config",
  "dynamic_input_config": "experimental.multi_branches_config",
  "experimental_config": "experimental",
}
AOE = {
  "aoe_mode": "aoe_config.aoe_mode",
  "work_path": "aoe_config.work_path",
  "aoe_config_file": "aoe_config.aoe_config_file",
}
ENVIRONMENT = {
  "hccl_timeout": "HCCL_EXEC_TIMEOUT",
  "HCCL_algorithm": "HCCL_ALGO",
}

# name -> TensorFlow 1's default, and why another value has no effect.
_NO_COUNTERPART = "it has no counterpart on TensorFlow 2"
WITHOUT_MEANING = {
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

# name -> what to do instead. True, or a value, asks for the impossible.
_CARDS = (
  "NPUs do not use distribution strategies. Leave it out, and start a process "
  "for each card with RANK_SIZE, RANK_ID, RANK_TABLE_FILE and ASCEND_DEVICE_ID"
)
REFUSED = {
  "distribute": _CARDS,
  "train_distribute": _CARDS,
  "eval_distribute": _CARDS,
  "horovod_mode": _CARDS,
  "model_dir": "Give --model_dir instead",
  "save_checkpoints_secs": "Set NPURunConfig.save_checkpoints_steps instead: "
  "processes must agree on the step",
  "enable_compress_weight": "It is for inference. Leave it out",
  "insert_op_file": "It would change images after the dataset has made them. "
  "Leave it out",
  "dynamic_input": "All shapes of a step are static. Leave it out",
  "frozen_variable": "A frozen variable is not trained. Leave it out",
}
