"""Each clause of an NPU's contract, broken on purpose, must show."""

import os
import pickle
import socket
import subprocess
import sys

from compare_gan.estimator import run_config
from compare_gan.estimator.devices.npu import adapter
from compare_gan.estimator.devices.npu import devices as npu
import gin
import numpy as np
import pytest
from tensorflow.python.eager import context

from tests import npu_double
from tests import plain_shell
from tests.estimator.devices.npu import mutants as npu_mutants
from tests.estimator.devices.npu import training as npu_training

pytestmark = [
  pytest.mark.npu,
  pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5"),
]

# ---- One card ----------------------------------------------------------------


def _train_on_cpu(folder, make):
  gin.clear_config()
  gin.parse_config(npu_training.BINDINGS)
  return npu_training.train("cpu", str(folder), make=make)[0]


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory):
  """Returns the values of the training on a CPU."""
  return _train_on_cpu(tmp_path_factory.mktemp("cpu"), npu_training.gan)


def _train(folder, fault=None, bindings="", make=npu_training.Walk):
  gin.parse_config(npu_training.BINDINGS + bindings)
  with npu_double.installed() as double, npu_mutants.active(fault):
    values, _ = npu_training.train("npu", str(folder), make=make)
    return values, double, context.global_seed()


def _largest_difference(a, b):
  assert set(a) == set(b)
  return max(np.abs(a[name].astype(np.float64) - b[name]).max() for name in a)


@pytest.mark.long
def test_the_training_is_that_of_the_cpu(tmp_path, on_cpu):
  values, double, seed = _train(tmp_path, make=npu_training.gan)
  assert _largest_difference(values, on_cpu) <= 1e-5
  assert double.loops == double.loop_sizes and 2 in double.loops
  assert sum(double.loops) == npu_training.STEPS and double.loops[-1] == 1
  assert double.options_set == {} and seed == 3


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize(
  "fault,message",
  [
    ("opens_late", "made before open"),
    ("sets_options_after_opening", "deterministic is set after open"),
    ("forgets_loop_size", "was not called for this loop"),
    ("forgets_remainder", "takes 1 elements, the card would take 2"),
    ("two_whiles", "2 Whiles in the graph"),
    ("returns_from_the_loop", "returns what the loop makes"),
    ("two_elements_for_a_step", "takes 2 elements, the card would take 1"),
    ("draws_in_the_graph", "StatelessRandom.* does not run on a card"),
    ("float64_on_the_card", "double|float64 is not on a card"),
  ],
)
def test_the_double_catches(fault, message, tmp_path):
  broken = (npu_double.ContractBroken, adapter.NoCard)  # the second from `open`
  with pytest.raises(broken, match=message):
    _train(tmp_path, fault, "preflight.on_findings = 'off'")


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize(
  "fault,message",
  [
    ("two_whiles", "would be nested"),
    (
      "draws_in_the_graph",
      "StatelessRandom.* draws random numbers on the card",
    ),
    ("float64_on_the_card", "returns float64"),
  ],
)
def test_the_preflight_catches(fault, message, tmp_path):
  with pytest.raises(ValueError, match=message):
    _train(tmp_path, fault)


@pytest.mark.once
@pytest.mark.long
def test_the_comparison_catches_noise_of_another_step(tmp_path):
  expected = _train_on_cpu(tmp_path / "cpu", npu_training.Walk)
  right, _, _ = _train(tmp_path / "right")
  wrong, _, _ = _train(tmp_path / "wrong", "noise_of_the_next_step")
  assert _largest_difference(right, expected) <= 1e-5
  assert _largest_difference(wrong, expected) > 1e-3


@pytest.mark.once
@pytest.mark.long
def test_unasked_options_scales_and_forgotten_seeds_show():
  with npu_double.installed() as double:
    with npu_mutants.active("sets_unasked_options"):
      npu.NpuDevices()
  assert double.options_set != {}
  with npu_double.installed():
    with npu_mutants.active("scales_the_loss_unasked"):
      scaled = npu.NpuDevices().precision(run_config.run_config())
    assert scaled != npu.NpuDevices().precision(run_config.run_config())
  with npu_double.installed():
    with npu_mutants.active("seeds_before_opening"):
      npu.NpuDevices(seed=3)
    assert context.global_seed() is None


# ---- Two cards ---------------------------------------------------------------


def _two_cards(test):
  """Marks what waits for the trainings of two processes."""
  return pytest.mark.slow(pytest.mark.timeout(900)(test))


_OF_TWO = [
  "none",
  "gan",
  "sums_float64",
  "sums_outside_of_functions",
  "means_for_sums",
  "sums_no_gradients",
  "same_rows_everywhere",
  "same_noise_everywhere",
  "sends_nothing",
  *npu_mutants.NAMES_OF_STATE,
]


def _free_ports(count):
  sockets = [socket.socket() for _ in range(count)]
  for one in sockets:
    one.bind(("127.0.0.1", 0))
  ports = [one.getsockname()[1] for one in sockets]
  for one in sockets:
    one.close()
  return ",".join(map(str, ports))


def _on_two_cards(folder, faults):
  """Returns the results of rank 0 and rank 1, by fault."""
  ports, processes = _free_ports(len(faults)), []
  for rank in (1, 0):
    environment = plain_shell.checkout(
      RANK_SIZE=2,
      RANK_ID=rank,
      RANK_TABLE_FILE="rank_table.json",
      ASCEND_DEVICE_ID=rank,
      TF_ENABLE_ONEDNN_OPTS=0,
      TF_NUM_INTRAOP_THREADS=1,
      TF_NUM_INTEROP_THREADS=1,
    )
    command = [sys.executable, "-m", "tests.estimator.devices.npu.training"]
    command += [f"{folder}/{rank}", ports, ",".join(faults)]
    with open(f"{folder}/{rank}.log", "w") as log:
      processes.append(
        subprocess.Popen(command, env=environment, stdout=log, stderr=log)
      )
  try:
    for process in processes:
      process.wait(timeout=900)
  finally:
    for process in processes:
      process.kill()
  results = []
  for rank in (0, 1):
    if not os.path.exists(f"{folder}/{rank}"):
      with open(f"{folder}/{rank}.log") as log:
        raise AssertionError(log.read()[-3000:])
    with open(f"{folder}/{rank}", "rb") as file:
      results.append(pickle.load(file))
  return results


@pytest.fixture(scope="module")
def on_two(tmp_path_factory):
  return _on_two_cards(tmp_path_factory.mktemp("two"), _OF_TWO)


@_two_cards
def test_two_cards_train_as_one_cpu(on_two, on_cpu):
  first, second = [results["gan"] for results in on_two]
  assert "broken" not in first, first
  assert _largest_difference(first["values"], second["values"]) == 0
  assert _largest_difference(first["values"], on_cpu) <= 1e-5
  assert first["loops"] == second["loops"]
  assert first["is_chief"] and not second["is_chief"]
  assert second["shard"] == {"num_shards": 2, "shard": 1}


@_two_cards
def test_two_cards_agree_on_numbers(on_two):
  for results in on_two:
    assert results["none"]["sums"] == [2**53 - 1, 6]
    assert results["none"]["number_of_chief"] == 2**31 - 1


@_two_cards
def test_the_gradient_of_a_mean_is_that_of_mirrored_replicas(on_two):
  """m = (3 + 6) / 2; 2 m times the weight, which is 1 and 2."""
  assert [results["none"]["gradient"] for results in on_two] == [9.0, 18.0]


@_two_cards
@pytest.mark.parametrize(
  "fault,message",
  [
    ("sums_float64", "all_reduce of float64"),
    ("sums_outside_of_functions", "outside of a tf.function"),
    ("sends_nothing", "not broadcast before the first step"),
    *npu_mutants.NAMES_OF_STATE.items(),
  ],
)
def test_the_double_catches_on_two_cards(fault, message, on_two):
  for results in on_two:
    assert message in results[fault]["broken"]


@_two_cards
@pytest.mark.parametrize(
  "fault", ["means_for_sums", "same_rows_everywhere", "same_noise_everywhere"]
)
def test_the_comparison_catches_on_two_cards(fault, on_two, tmp_path):
  expected = _train_on_cpu(tmp_path, npu_training.Walk)
  right, wrong = [on_two[0][name]["values"] for name in ("none", fault)]
  assert _largest_difference(right, expected) <= 1e-5
  assert _largest_difference(wrong, expected) > 1e-3


@_two_cards
def test_cards_that_go_their_own_ways_show(on_two):
  first, second = [results["sums_no_gradients"] for results in on_two]
  assert _largest_difference(first["values"], second["values"]) > 1e-3
