"""What each name of `NPURunConfig.*` does, as a docstring's Args.

What `names.py` says of a name is not repeated here: where it goes, and why it
is refused or has no effect.
"""

from compare_gan.estimator.devices.npu import names

_OF_THE_DEVICE = {
  "mix_compile_mode": "True runs one step per loop, so that the adapter may "
  "run parts of it on the host.",
  "session_device_id": "number of the card. None: ASCEND_DEVICE_ID decides.",
  "loss_scale": "scales the loss for a precision_mode that computes in "
  "float16; the card must be in INF/NAN mode.",
  # Precision.
  "precision_mode_v2": "newer names of precision_mode, such as "
  '"mixed_float16" or "origin"; set one of the two only.',
  "modify_mixlist": "path of a JSON file that moves operations between the "
  "compiler's lists of those that may be computed in float16.",
  "customize_dtypes": "path of a file with the precision of single operations.",
  "op_precision_mode": "path of an ini file that chooses, by operation, "
  "between exact and fast implementations.",
  "op_select_implmode": '"high_precision" or "high_performance" '
  "implementations of operations; op_precision_mode is its successor.",
  "optypelist_for_implmode": "the operations that op_select_implmode is about, "
  "separated by commas. None: all.",
  "deterministic": "1 makes results repeat to the last bit, and slower.",
  # Compilation.
  "jit_compile": '"true" compiles operations for the shapes at hand, "false" '
  'uses compiled ones, "auto" leaves it to the compiler.',
  "graph_run_mode": "1 for training, 0 for inference.",
  "variable_format_optimize": "stores variables in the card's own layout; "
  "deprecated by the adapter.",
  "enable_scope_fusion_passes": "names of fusions of scopes to switch on, "
  "separated by commas.",
  "fusion_switch_file": "path of a file that switches fusions on and off.",
  "enable_small_channel": "a faster first convolution for images of up to 4 "
  "channels.",
  "op_compiler_cache_mode": 'compiled operations are kept on disk: "enable", '
  '"disable", or "force", which compiles them anew.',
  "op_compiler_cache_dir": "folder of the operations that are kept.",
  "topo_sorting_mode": "order of operations: 0 breadth first, 1 depth first.",
  "external_weight": "keeps weights in files of their own, outside of the "
  "compiled graph.",
  # Memory, streams and communication.
  "graph_memory_max_size": "most bytes for activations, as a text.",
  "variable_memory_max_size": "most bytes for variables, as a text.",
  "stream_max_parallel_num": "how many operations run side by side, by engine: "
  '"DNN_VM_AICPU:10,AIcoreEngine:1".',
  "ac_parallel_enable": '"1" runs operations of the AI CPU beside those of the '
  "AI cores.",
  "stream_sync_timeout": "milliseconds to wait for a stream; -1 for ever.",
  "event_sync_timeout": "milliseconds to wait for an event; -1 for ever.",
  "hcom_parallel": "sums gradients over cards while the backward pass goes on.",
  "hcom_multi_mode": "a mode of the communication between cards, passed on as "
  "it is.",
  "is_tailing_optimization": "computes what does not need the last sum over "
  "cards while that sum is made.",
  "hccl_timeout": "seconds that cards wait for each other",
  "HCCL_algorithm": "how sums over cards travel, such as "
  '"level0:NA;level1:ring"',
  # Debugging and tuning.
  "op_debug_level": "what the compiler of operations leaves for debugging, 0 "
  "for nothing; op_debug_config is its successor.",
  "op_debug_config": "path of a file that chooses checks of operations, such "
  "as of their memory.",
  "debug_dir": "folder for what compiling leaves for debugging.",
  "enable_exception_dump": "what is written when an operation fails: 0 "
  "nothing, 1 its inputs and outputs, 2 the light form of these.",
  "profiling_config": "@ProfilingConfig(), or a dict of its options.",
  "dump_config": "@DumpConfig(), or a dict of its options.",
  "memory_config": "@MemoryConfig(), or a dict of its options.",
  "experimental_config": "@ExperimentalConfig(), or a dict of its options.",
  "dynamic_input_config": "a dict of `input_shape`, `dynamic_dims` and "
  "`dynamic_node_type`, the shapes that the graph is compiled for.",
  "aoe_mode": 'tuning by AOE: "1" of subgraphs, "2" of operations, "4" of how '
  "gradients are cut for sums over cards. None: no tuning.",
  "work_path": "folder for what AOE finds.",
  "aoe_config_file": "path of AOE's own settings.",
}


def of_name(name: str) -> str:
  """Returns the sentences on a name of `NPURunConfig`."""
  if name in names.TRAINING:
    return "as for run_config."
  if name in names.REFUSED:
    return f"is refused. {names.REFUSED[name]}."
  if name in names.WITHOUT_MEANING:
    return f"has no effect: {names.WITHOUT_MEANING[name][1]}."
  text = _OF_THE_DEVICE[name]
  if name in names.ENVIRONMENT:
    return f"{text}: {names.ENVIRONMENT[name]} in the environment."
  return text


def section() -> str:
  """Returns the Args of a docstring, a line for each name."""
  lines = [f"  {name}: {of_name(name)}" for name in names.ALL]
  return "\n".join(["Args:", *lines])
