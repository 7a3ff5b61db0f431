"""GANs that train in seconds, and watchdogs that look at them often."""

from compare_gan import runner_lib
from compare_gan.configuration import gin_files
from compare_gan.datasets import catalogue
from compare_gan.estimator import run_config
from compare_gan.watchdogs import diagnosis
import gin

_COMMON = """
options.gan_class = @ModularGAN
options.training_steps = 200
options.z_dim = 8
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

RING8 = f"""
import benchmarks.toy_networks
dataset.name = "ring8"
options.architecture = "benchmarks.toy_networks"
options.batch_size = 32
toy_networks.Generator.ch = 16
toy_networks.Discriminator.ch = 16
G.batch_norm_fn = @no_batch_norm
{_COMMON}
"""

SHAPES16 = f"""
dataset.name = "shapes16"
options.architecture = "sndcgan_arch"
options.batch_size = 16
sndcgan.Generator.ch = 4
sndcgan.Discriminator.ch = 4
G.batch_norm_fn = @batch_norm
{_COMMON}
"""


def train(folder, *bindings, config=RING8):
  """Trains with a config and bindings on top."""
  gin.clear_config()
  gin_files.parse([], [*config.splitlines(), *bindings])
  runner_lib.run_with_schedule(
    "train", catalogue.dataset, run_config.run_config(), str(folder), "cpu"
  )


def diagnosed(folder):
  """Returns (state, signal) of diagnosis.json."""
  found = diagnosis.read(str(folder))
  return found["state"], found["signal"]
