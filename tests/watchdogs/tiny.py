"""A GAN on ring8 that trains in seconds, and looks at it often."""

from compare_gan import runner_lib
from compare_gan.configuration import gin_files
from compare_gan.datasets import toys
from compare_gan.estimator import run_config
from compare_gan.watchdogs import diagnosis
import gin

CONFIG = """
import benchmarks.toy_networks
options.architecture = "benchmarks.toy_networks"
options.batch_size = 32
options.gan_class = @ModularGAN
options.training_steps = 200
options.z_dim = 8
toy_networks.Generator.ch = 16
toy_networks.Discriminator.ch = 16
G.batch_norm_fn = @no_batch_norm
weights.initializer = "orthogonal"
loss.fn = @non_saturating
penalty.fn = @no_penalty
ModularGAN.g_lr = 0.001
tf.train.AdamOptimizer.beta1 = 0.5
tf.train.AdamOptimizer.beta2 = 0.999
watchdog.every_steps = 10
watchdog.action = "stop"
run_config.tf_random_seed = 1
run_config.save_checkpoints_steps = 50
"""


def train(folder, *bindings):
  """Trains with CONFIG and bindings on top."""
  gin.clear_config()
  gin_files.parse([], [*CONFIG.splitlines(), *bindings])
  runner_lib.run_with_schedule(
    "train", toys.ring8, run_config.run_config(), str(folder), "cpu"
  )


def diagnosed(folder):
  """Returns (state, signal) of diagnosis.json."""
  found = diagnosis.read(str(folder))
  return found["state"], found["signal"]
