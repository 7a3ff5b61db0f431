"""Tiny trainings and evaluations by schedule."""

from compare_gan import runner_lib
from compare_gan.configuration import gin_text
from compare_gan.estimator import run_config
from compare_gan.layers import batch_norm
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.storage import checkpoints
from compare_gan.storage import score_tables
import gin

from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 4
options.disc_iters = 2
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 1
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
penalty.fn = @wgangp_penalty
run_config.tf_random_seed = 1
run_config.save_checkpoints_steps = 2
"""

EVALUATION = """
import tests.commands.evaluate_test
evaluate.metrics = [@ms_ssim, @fid]
evaluate.features = @pixels_of_a_test
evaluate.num_fake = 6
evaluate.num_real = 6
"""


@gin.configurable
class SpectralModulation(batch_norm.SelfModulatedBatchNorm):
  """A normaliser with a power iteration in evaluation mode too."""

  def __init__(self, channels, z_dim=0, y_dim=0, kernel_fn=None, name="norm"):
    super().__init__(channels, z_dim, y_dim, SpectralNorm, name)


def train(folder, *bindings):
  """Trains with CONFIG and these bindings; returns the last checkpoint."""
  gin.clear_config()
  gin.parse_config([CONFIG, *bindings])
  runner_lib.run_with_schedule(
    "train", NoiseDataset, run_config.run_config(), str(folder), "cpu"
  )
  return checkpoints.last_good(str(folder))[1]


def run(schedule, folder, *bindings, every_steps=2):
  """Runs a schedule that evaluates; returns all rows of scores."""
  gin.clear_config()
  gin.parse_config([CONFIG, EVALUATION, *bindings])
  runner_lib.run_with_schedule(
    schedule,
    NoiseDataset,
    run_config.run_config(),
    str(folder),
    "cpu",
    runner_lib.Evaluation(runs=2, every_steps=every_steps),
  )
  return score_tables.read_rows(str(folder))


def config(folder, step):
  """Returns {name: value} of what a training has recorded for a step."""
  bindings, _ = gin_text.read(
    (folder / f"operative_config-{step}.gin").read_text()
  )
  return bindings
