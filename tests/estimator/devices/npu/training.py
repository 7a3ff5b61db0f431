"""A training that uses everything: what the tests of NPUs run.

python -m tests.estimator.devices.npu.training OUT PORTS FAULT,FAULT,...

trains the Walk once for each fault ("none" is none, "gan" is a GAN without any)
on this process's card of the double, and writes what came of it as OUT.
"""

import os
import pickle
import sys
import tempfile

from compare_gan.configuration import gin_files
from compare_gan.context import draws
from compare_gan.context import precision
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.datasets import abstract_dataset
from compare_gan.estimator import devices
from compare_gan.estimator import run_config
from compare_gan.estimator.estimator import Estimator
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import tensorflow as tf

from tests import npu_double
from tests.estimator.devices.npu import mutants as npu_mutants
from tests.gans import tiny

SHAPE = DatasetShape((4, 4, 1), 3)
BATCH = 4
STEPS = 5  # in loops of 1, 1, 2 and 1: with a remainder

BINDINGS = """
  run_config.iterations_per_loop = 2
  run_config.save_checkpoints_steps = 100
  run_config.tf_random_seed = 3
  run_config.memory_check = "off"
  ModularGAN.conditional = True
  ModularGAN.g_use_ema = True
  ModularGAN.ema_start_step = 0
  ModularGAN.ema_decay = 0.5
  ModularGAN.g_lr = 0.1
  ModularGAN.g_optimizer_fn = @tf.train.MomentumOptimizer
  tf.train.MomentumOptimizer.momentum = 0.5
  G.batch_norm_fn = @batch_norm
  D.spectral_norm = True
  penalty.fn = @wgangp_penalty
  loss.fn = @non_saturating
  z.distribution_fn = @tf.random.truncated_normal
"""


def dataset(start, num_shards=1, shard=0):
  """Batch t is noise of its own; this host's rows of it."""
  rows = BATCH // num_shards

  def batch(t):
    rng = np.random.RandomState(t)
    images = rng.uniform(size=(BATCH, *SHAPE.image_shape))
    labels = rng.randint(0, SHAPE.num_classes, BATCH)
    mine = slice(rows * shard, rows * (shard + 1))
    return images[mine].astype(np.float32), labels[mine].astype(np.int32)

  def read(t):
    images, labels = tf.numpy_function(batch, [t], [tf.float32, tf.int32])
    return {
      "images": tf.ensure_shape(images, [rows, *SHAPE.image_shape]),
      "labels": tf.ensure_shape(labels, [rows]),
    }

  batches = tf.data.Dataset.range(start, 1000).map(read)
  return abstract_dataset.with_options(batches)


class Walk:
  """The smallest model that draws, sums over cards and has all kinds of state.

  Args:
    rank: all that is kept differs from rank to rank at first.
  """

  batches_per_step = 2

  def __init__(self, rank=0):
    self.global_step = tf.Variable(rank, dtype=tf.int64, name="global_step")
    self.x = tf.Variable([[float(rank)]], name="x")
    self.state = [
      tf.Variable(tf.cast(rank, dtype), name=name)
      for name, dtype in (
        ("x/moving_variance", tf.float32),
        ("x/u_var", tf.float32),
        ("x/ExponentialMovingAverage", tf.float32),
        ("x/d_opt", tf.float32),
        ("loss_scale/scale", tf.float32),
        ("global_step_disc", tf.int32),
      )
    ]
    self.variables = (self.global_step, self.x, *self.state)

  def train_step(self, batches):
    rows = BATCH // replica.num_replicas()
    with draws.seeded([7, self.global_step], replica.replica_id() * rows):
      x = draws.truncated_normal([rows, 1])
    for batch in batches:
      x += tf.reduce_mean(batch["images"], [1, 2])
    self.x.assign_add(replica.all_mean(tf.reduce_mean(x, 0, keepdims=True)))
    for v in self.state:
      v.assign_add(tf.ones_like(v))
    self.global_step.assign_add(1)
    return {"loss/x": tf.reduce_sum(self.x), "first": tf.reduce_min(x)}


def gan(rank=0):
  """Returns a GAN; all that it keeps differs from rank to rank."""
  made = tiny.gan(dataset=SHAPE, batch_size=BATCH, disc_iters=2)
  for v in made.variables if rank else ():
    v.assign_add(tf.ones_like(v))
  return made


def train(kind, model_dir, steps=STEPS, make=gan, data=dataset, hooks=()):
  """Returns {name: array} of a model after some steps, and what trained it."""
  config = run_config.for_device(kind)
  on = devices.choose(kind, BATCH, config)
  with precision.using(*on.precision(config)), on.scope():
    trained = make()
    Estimator(trained, config, on, model_dir).train(data, steps, hooks)
  return {scope.full_name(v): v.numpy() for v in trained.variables}, on


def _on_one_of_two_cards(fault, make):
  """Returns what a training was, or why it was not."""
  gin.clear_config()
  gin.parse_config(BINDINGS)
  gin.parse_config("preflight.also = ['PyFunc']")  # The double's exchange.
  rank = int(os.environ["RANK_ID"])
  with npu_double.installed() as double, npu_mutants.active(fault):
    with tempfile.TemporaryDirectory() as folder:
      try:
        values, on = train("npu", folder, make=lambda: make(rank))
      # gin and AutoGraph, which it passes, may make another type of it.
      except Exception as broken:
        return {"broken": str(broken)}
    return {
      "values": values,
      "loops": double.loops,
      "is_chief": on.is_chief,
      "shard": on.shard(),
      "sums": on.sum_over_hosts([2**53 - 1 if rank else 0, 3]),
      "number_of_chief": on.number_of_chief(2**31 - 1 - rank),
      "gradient": _gradient(on, rank + 1.0),
    }


def _gradient(on, weight):
  """Returns d m^2 / dx of the mean m over all cards of weight * x, at 3."""

  @tf.function
  def gradient(x):
    with replica.running(on), tf.GradientTape() as tape:
      tape.watch(x)
      square = replica.all_mean(weight * x) ** 2
    return tape.gradient(square, x)

  return float(gradient(tf.constant(3.0)))


def main(out, ports, faults):
  gin_files.register()
  results = {}
  for port, fault in zip(ports.split(","), faults.split(",")):
    os.environ["NPU_DOUBLE_ADDRESS"] = f"127.0.0.1:{port}"
    print(fault, flush=True)
    make = gan if fault == "gan" else Walk
    fault_or_none = None if fault in ("gan", "none") else fault
    results[fault] = _on_one_of_two_cards(fault_or_none, make)
  with open(out, "wb") as file:
    pickle.dump(results, file)


if __name__ == "__main__":
  main(*sys.argv[1:])
