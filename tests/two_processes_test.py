"""Two hosts train as one: two processes on this machine, over real sockets.

Their sums have two terms, whose order changes nothing: a training that was
broken off and goes on ends with the bits of an unbroken one here too.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

from compare_gan.storage import locks
import numpy as np
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("tf.distribute connects processes")

_STEPS = 4
_LEARNING_RATE = 0.01
_TIMEOUT_S = 20

# Arguments: model_dir, where the final weights go, and before which step this
# process kills itself.
_TRAIN = f"""
import os
import signal
import sys
from compare_gan.configuration import gin_files
from compare_gan import runner_lib
from compare_gan.estimator import estimator
from compare_gan.estimator import run_config
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset
import gin
import numpy as np

model_dir, weights, death = sys.argv[1:]


class Observed(estimator.Estimator):
  def _run(self, loop, steps):
    if self._step() == int(death):
      os.kill(os.getpid(), signal.SIGKILL)
    return super()._run(loop, steps)

  def train(self, *args):
    super().train(*args)
    values = estimator.named_variables(self.model)
    np.savez(weights, **{{name: v.numpy() for name, v in values.items()}})


estimator.Estimator = Observed
gin_files.parse(bindings=f'''
import tests.architectures.own_architecture
options.batch_size = 8
options.gan_class = @ModularGAN
options.architecture = "{{tiny.ARCHITECTURE}}"
options.training_steps = {_STEPS}
options.disc_iters = 2
options.z_dim = {{tiny.Z_DIM}}
options.lamba = 10
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 1
ModularGAN.g_lr = {_LEARNING_RATE}
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
penalty.fn = @wgangp_penalty
run_config.save_checkpoints_steps = 1
run_config.cluster_timeout_s = {_TIMEOUT_S}
'''.splitlines())
if '"index": 1' not in os.environ["TF_CONFIG"]:  # The chief's seed counts.
  gin.parse_config("run_config.tf_random_seed = 1")
try:
  runner_lib.run_with_schedule(
    "train", NoiseDataset, run_config.run_config(), model_dir, "cpu"
  )
except OSError as error:
  sys.exit(str(error))
"""


def _free_ports():
  sockets = [socket.socket() for _ in range(2)]
  for s in sockets:
    s.bind(("127.0.0.1", 0))
  ports = [s.getsockname()[1] for s in sockets]
  for s in sockets:
    s.close()
  return ports


def _environment(number, cluster):
  return plain_shell.checkout(
    TF_ENABLE_ONEDNN_OPTS=0,
    TF_CPP_MIN_LOG_LEVEL=2,
    CUDA_VISIBLE_DEVICES="",
    TF_CONFIG=json.dumps(
      {
        "cluster": {"worker": [f"127.0.0.1:{port}" for port in cluster]},
        "task": {"type": "worker", "index": number},
      }
      if cluster
      else {}
    ),
  )


def _start(folder, number, cluster, death=-1):
  weights = folder.parent / f"{folder.name}-{number}.npz"
  return subprocess.Popen(
    [sys.executable, "-c", _TRAIN, str(folder), str(weights), str(death)],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
    cwd=pathlib.Path(__file__).parent.parent,
    env=_environment(number, cluster),
  )


def _train(folder, processes, deaths=(-1, -1)):
  """Returns [(exit status, what went to stderr)] of each process."""
  ports = _free_ports() if processes > 1 else ()
  started = [_start(folder, i, ports, deaths[i]) for i in range(processes)]
  try:
    errors = [process.communicate()[1] for process in started]
  finally:
    for process in started:
      process.kill()
  return [(p.returncode, e) for p, e in zip(started, errors)]


def _trained(folder, processes):
  """Trains to the end; returns the weights that each process has."""
  for status, errors in _train(folder, processes):
    assert status == 0, errors[-3000:]
  return [
    dict(np.load(folder.parent / f"{folder.name}-{i}.npz"))
    for i in range(processes)
  ]


def _assert_equal(first, second):
  assert set(first) == set(second)
  for name, value in first.items():
    np.testing.assert_array_equal(value, second[name], err_msg=name)


# A bias before batch norm has no gradient but rounding, which Adam turns into
# steps of up to the learning rate: in these, and in what averages them.
_WITHOUT_GRADIENT = re.compile(
  r"generator/hidden/bias(/Exp.*)?$|moving_mean$|generator.*accu/accu_mean$"
)


@pytest.mark.long
@pytest.mark.between
@pytest.mark.timeout(600)
def test_two_processes_train_as_one(tmp_path):
  [one] = _trained(tmp_path / "one", 1)
  two, other = _trained(tmp_path / "two", 2)
  _assert_equal(two, other)
  assert set(one) == set(two)
  assert one["global_step"] == two["global_step"] == _STEPS
  for name, value in one.items():
    expected, got = (np.linalg.norm(np.float64(v)) for v in (value, two[name]))
    if _WITHOUT_GRADIENT.search(name):
      most = _LEARNING_RATE * _STEPS * np.sqrt(value.size)
      assert abs(got - expected) <= most, name
    else:
      np.testing.assert_allclose(
        got, expected, rtol=1e-5, atol=1e-6, err_msg=name
      )
  names = [path.name for path in (tmp_path / "two").iterdir()]
  assert len([name for name in names if "tfevents" in name]) == 1
  assert "TRAIN_DONE" in names


@pytest.mark.long
@pytest.mark.between
@pytest.mark.timeout(300)
def test_when_the_chief_is_refused_the_other_says_why(tmp_path):
  """Not that a host was lost, and that the same command goes on."""
  folder = tmp_path / "held"
  folder.mkdir()
  with locks.hold_or_refuse(str(folder / ".trainer.lock"), "{holder}"):
    (_, errors), (status, others) = _train(folder, 2)
  said = errors.strip().splitlines()[-1]
  assert f"is training in {folder}." in said
  assert status == 1
  assert re.search(
    rf"127\.0\.0\.1:\d+, which trains with this host, stopped: "
    rf"{re.escape(said)}",
    others,
  ), others[-3000:]
  assert os.listdir(folder) == [".trainer.lock"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_whoever_dies_the_training_goes_on_with_the_same_bits(tmp_path):
  whole, _ = _trained(tmp_path / "whole", 2)
  for number, step in ((0, 1), (1, 3)):  # The chief, then the other one.
    deaths = [-1, -1]
    deaths[number] = step
    ends = _train(tmp_path / "part", 2, deaths)
    assert ends[number][0] == -signal.SIGKILL
    status, errors = ends[1 - number]
    assert status == 1, errors[-3000:]
    assert re.search(r"Lost 127\.0\.0\.1:\d+, .* same command", errors)
  for weights in _trained(tmp_path / "part", 2):
    _assert_equal(weights, whole)


_ON = """
from compare_gan.context import replica
from compare_gan.estimator import devices
from compare_gan.estimator import run_config
import psutil
import tensorflow as tf

on = devices.choose("cpu", 2, run_config.RunConfig())
"""

# Sums over both hosts, as a training makes them; prints how many threads stay.
_SUMS = f"""{_ON}
batch = {{"images": tf.ones([2, 1])}}


@tf.function(autograph=False)
def step():  # Its mean over the hosts is a sum of both.
  mean = lambda batches: tf.reduce_mean(batches[0]["images"])
  return on.run(lambda batches: {{"mean": mean(batches)}}, [batch])


def sums(n):
  for _ in range(n):
    step()


with on.scope():
  sums(2)
  before = psutil.Process().num_threads()
  sums(200)
print(psutil.Process().num_threads() - before)
"""

# Prints, when Python has done all else, how many threads of pools there were
# and how many still run. They take a moment to end, as on a busy machine.
_THREADS_LEFT = f"""
import atexit

threads = []


@atexit.register  # The first of all, and so the last to be called.
def show():
  print(len(threads), sum(thread.is_alive() for thread in threads))


import multiprocessing.dummy
import time


def slowly(thread, run=multiprocessing.dummy.DummyProcess.run):
  threads.append(thread)
  run(thread)
  time.sleep(0.5)


multiprocessing.dummy.DummyProcess.run = slowly
{_ON}
with on.scope():
  on.sum_over_hosts([1])

from compare_gan.estimator.devices import replicated
from multiprocessing import pool

with replicated.pools_end_first():  # TensorFlow 2.6 makes two of its own.
  one = pool.ThreadPool(1)
"""

# Prints the means of [1, 1], of 1 on one host and 3 times that on the other,
# and in how many exchanges the graph makes them.
_MEANS = f"""{_ON}
import sys
from compare_gan.estimator.devices import replicated

replicated.BYTES_PER_PACK = int(sys.argv[1])
found, ops = [], []


def step(batches):
  x = 1.0 + 2.0 * tf.cast(replica.replica_id(), tf.float32)
  found.extend(replica.all_means([x * tf.ones([2]), x]))
  return {{}}


@tf.function(autograph=False)
def means():
  on.run(step, [])
  ops.extend(op.type for op in found[0].graph.get_operations())
  return [tf.identity(x) for x in found]


with on.scope():
  vector, scalar = means()
exchanges = sum("CollectiveReduce" in op for op in ops)
print(vector.numpy(), scalar.numpy(), exchanges)
"""


def _on_two_hosts(folder, script, *arguments):
  """Returns the last line that each of two hosts prints."""
  ports = _free_ports()
  hosts = [
    subprocess.Popen(
      [sys.executable, "-c", script, *arguments],
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
      cwd=folder,
      env=_environment(number, ports),
    )
    for number in range(2)
  ]
  lines = []
  for host in hosts:
    printed, errors = host.communicate()
    assert host.returncode == 0, errors[-3000:]
    lines.append(printed.splitlines()[-1])
  return lines


@pytest.mark.long
@pytest.mark.between
def test_a_sum_over_hosts_leaves_no_thread_behind(tmp_path):
  for threads in _on_two_hosts(tmp_path, _SUMS):
    assert int(threads) < 20, "200 sums were made."


@pytest.mark.long
def test_threads_of_pools_end_before_python_does(tmp_path):
  """One that drops a graph too late aborts a process that did its work."""
  for line in _on_two_hosts(tmp_path, _THREADS_LEFT):
    made, left = map(int, line.split())
    assert made >= 1
    assert left == 0, f"{left} of {made} threads run on."


@pytest.mark.long
@pytest.mark.between
@pytest.mark.parametrize("pack, exchanges", [(2**20, 1), (3, 2)])
def test_several_means_take_an_exchange_for_each_pack(
  pack, exchanges, tmp_path
):
  found = _on_two_hosts(tmp_path, _MEANS, str(pack))
  assert found == [f"[2. 2.] 2.0 {exchanges}"] * 2
