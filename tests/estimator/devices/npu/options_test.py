"""Every name of TensorFlow 1's NPURunConfig: mapped, warned of or refused."""

import dataclasses
import inspect
import warnings

from compare_gan.estimator import run_config
from compare_gan.estimator.devices.npu import devices as npu
from compare_gan.estimator.devices.npu import kind
from compare_gan.estimator.devices.npu import options as npu_options
import gin
import pytest

from tests import npu_double

pytestmark = [
  pytest.mark.npu,
  pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5"),
]

# The constructor of the adapter for TensorFlow 1, in order.
_NAMES = """
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
""".split()

# What a binding of each name may be; a value that asks for something.
_VALUES = {
  "precision_mode": "force_fp32",
  "jit_compile": "false",
  "op_compiler_cache_mode": "force",
  "precision_mode_v2": "origin",
  "op_select_implmode": "high_precision",
  "ac_parallel_enable": "1",
  "aoe_mode": "1",
  "dump_config": {"dump_mode": "all"},
  "profiling_config": {"enable_profiling": True},
  "memory_config": {"static_memory_policy": 1},
  "dynamic_input_config": {"dynamic_node_type": "1"},
  "experimental_config": {"enable_graph_parallel": True},
}


def _options(*bindings):
  gin.parse_config([f"NPURunConfig.{binding}" for binding in bindings])
  return npu_options.npu_run_config()


def test_the_names_are_those_of_tensorflow_1():
  names = list(inspect.signature(npu_options.npu_run_config).parameters)
  assert names[:-1] == _NAMES and names[-1] == "loss_scale"


def test_a_name_that_it_has_not_is_refused_where_it_is_bound():
  with pytest.raises(ValueError, match="doesn't have a parameter named"):
    gin.parse_config("NPURunConfig.auto_tune_mode = 'RL,GA'")
  with pytest.raises(TypeError, match="auto_tune_mode"):
    npu_options.npu_run_config(auto_tune_mode="RL,GA")


def test_nothing_bound_asks_for_nothing():
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    assert _options() == npu_options.NPUOptions()


@pytest.mark.parametrize("name", _NAMES)
def test_every_name_has_an_effect_a_warning_or_a_refusal(name):
  value = _VALUES.get(name, 7)
  with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
      options = npu_options.npu_run_config(**{name: value})
    except ValueError as error:
      assert name in str(error)
      return
  warned = any(f"NPURunConfig.{name} = " in str(w.message) for w in caught)
  assert warned == (options == npu_options.NPUOptions())


def _of_double(bindings):
  gin.parse_config(bindings)
  with npu_double.installed() as double:
    kind.choose(run_config=run_config.for_device("npu"))
  return double.options_set


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize(
  "bindings,expected",
  [
    ("run_config.iterations_per_loop = 5", {}),
    (
      "run_config.precision_mode = 'allow_mix_precision'",
      {"precision_mode": "allow_mix_precision"},
    ),
    (
      "run_config.precision = 'float32'",
      {"precision_mode": "must_keep_origin_dtype"},
    ),
    (
      "run_config.precision = 'float32'\n"
      "NPURunConfig.precision_mode_v2 = 'origin'",
      {"precision_mode_v2": "origin"},
    ),
    ("NPURunConfig.enable_small_channel = 1", {"enable_small_channel": True}),
    (
      "NPURunConfig.aoe_mode = '2'\nNPURunConfig.work_path = '/a'",
      {"aoe_config.aoe_mode": "2", "aoe_config.work_path": "/a"},
    ),
    (
      "NPURunConfig.dump_config = @DumpConfig()\n"
      "DumpConfig.enable_dump = True\nDumpConfig.dump_path = '/d'",
      {"dump_config.enable_dump": True, "dump_config.dump_path": "/d"},
    ),
    (
      "NPURunConfig.profiling_config = @ProfilingConfig()\n"
      "ProfilingConfig.enable_profiling = True",
      {"profiling_config.enable_profiling": True},
    ),
    (
      "NPURunConfig.memory_config = @MemoryConfig()\n"
      "MemoryConfig.static_memory_policy = 1",
      {"memory_config.static_memory_policy": 1},
    ),
    (
      "NPURunConfig.experimental_config = @ExperimentalConfig()\n"
      "ExperimentalConfig.graph_memory_optimize_config = "
      "@GraphMemoryOptimizeConfig()\n"
      "GraphMemoryOptimizeConfig.recompute = 'auto'",
      {"experimental.graph_memory_optimize_config.recompute": "auto"},
    ),
  ],
)
def test_only_what_was_asked_for_is_set(bindings, expected):
  assert _of_double(bindings) == expected


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize("name", [n for n in _NAMES if n in _VALUES])
def test_the_adapter_has_what_we_set(name):
  gin.clear_config()
  with npu_double.installed() as double:
    options = npu_options.npu_run_config(**{name: _VALUES[name]})
    npu.NpuDevices(options, options.training.get("precision_mode"))
    assert double.options_set


@pytest.mark.parametrize(
  "binding,message",
  [
    ("auto_tune_mode = 'RL,GA'", "auto_tune_mode"),
    ("model_dir = 'x'", "model_dir = 'x' is not supported. Give --model_dir"),
    ("save_checkpoints_secs = 60", "Set NPURunConfig.save_checkpoints_steps"),
    ("distribute = 'npu'", "a process for each card"),
    ("horovod_mode = True", "a process for each card"),
    ("dump_config = 'all'", "must be a dict .* @DumpConfig"),
    (
      "mix_compile_mode = True\nNPURunConfig.iterations_per_loop = 10",
      "mix_compile_mode = True runs one step .*iterations_per_loop = 10",
    ),
  ],
)
def test_refusals(binding, message):
  with pytest.raises((ValueError, TypeError), match=message):
    _options(*binding.split("\nNPURunConfig."))


def test_mixed_graphs_make_one_step_at_a_time():
  options = _options("mix_compile_mode = True")
  assert options.training == {"iterations_per_loop": 1}


def test_an_option_that_this_adapter_lacks_is_a_sentence():
  bindings = "NPURunConfig.memory_config = {'memory_optimization_policy': 1}"
  with pytest.raises(ValueError, match="no option memory_config.memory_opt"):
    _of_double(bindings)


def test_a_value_that_this_adapter_lacks_is_a_sentence():
  with pytest.raises(
    ValueError, match="no option jit_compile or does not accept its val"
  ):
    _of_double("NPURunConfig.jit_compile = True")


def test_training_names_are_those_of_run_config():
  gin.parse_config("""
    NPURunConfig.iterations_per_loop = 7
    NPURunConfig.save_checkpoints_steps = 70
    NPURunConfig.tf_random_seed = 3
    NPURunConfig.keep_checkpoint_max = 2
    NPURunConfig.precision_mode = "force_fp32"
  """)
  config = run_config.for_device("npu")
  assert dataclasses.astuple(config)[:5] == (3, False, 7, 70, 2)
  assert config.precision_mode == "force_fp32"
  assert run_config.for_device("cpu") == run_config.run_config()


def test_two_values_of_one_name_are_refused():
  gin.parse_config("""
    NPURunConfig.iterations_per_loop = 7
    run_config.iterations_per_loop = 8
  """)
  with pytest.raises(ValueError, match="iterations_per_loop = 7 contradicts"):
    run_config.for_device("npu")


def test_timeouts_go_to_the_environment(monkeypatch):
  monkeypatch.delenv("HCCL_EXEC_TIMEOUT", raising=False)
  options = _options("hccl_timeout = 600")
  with npu_double.installed():
    monkeypatch.setenv("HCCL_EXEC_TIMEOUT", "600")
    npu.NpuDevices(options)
  monkeypatch.setenv("HCCL_EXEC_TIMEOUT", "60")
  with npu_double.installed():
    with pytest.raises(ValueError, match="HCCL_EXEC_TIMEOUT = 60 in the env"):
      npu.NpuDevices(options)


def test_the_card_may_be_given_by_its_number(monkeypatch):
  monkeypatch.setenv("ASCEND_DEVICE_ID", "1")
  with npu_double.installed() as double:
    npu.NpuDevices(_options("session_device_id = 3"))
    assert double.handle.device_id == 3
