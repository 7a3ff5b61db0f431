"""From a configuration to a trained model: the schedules."""

import os
import secrets

from compare_gan import image_grid
from compare_gan import model_dir as model_dir_lib
from compare_gan import sampling
from compare_gan import task_manager
from compare_gan.estimator import checkpoints
from compare_gan.estimator import devices as devices_lib
from compare_gan.estimator import estimator as estimator_lib
from compare_gan.estimator import hooks as hooks_lib
from compare_gan.gans import options as options_lib
from compare_gan.layers import scope
from compare_gan.layers import state
import gin

SCHEDULES = ("train",)


def run_with_schedule(schedule, dataset, run_config, model_dir, device="auto"):
  """Runs a schedule on what gin is bound to.

  Args:
    schedule: "train".
    dataset: an AbstractDataset.
    run_config: a RunConfig.
    model_dir: is made if there is none; a training that stopped goes on.
    device: "auto", "cpu" or "gpu".
  """
  if schedule not in SCHEDULES:
    raise ValueError(
      f"--schedule={schedule} is unknown. It can be {', '.join(SCHEDULES)}."
    )
  _train(dataset, run_config, model_dir, device)


def _train(dataset, run_config, model_dir, device):
  options = options_lib.options()
  devices = devices_lib.choose(device, options.batch_size)
  os.makedirs(model_dir, exist_ok=True)
  seed = _seed(run_config, model_dir)
  gan = _make_or_restore(dataset, model_dir, devices, seed)
  start = int(gan.global_step.numpy())
  model_dir_lib.write_description(
    model_dir, start, dataset, gin.config_str(), seed
  )
  estimator = estimator_lib.Estimator(gan, run_config, devices, model_dir)
  estimator.train(
    lambda first: dataset.batches("train", options.batch_size, start=first),
    options.training_steps,
    _hooks(gan, options, model_dir),
  )
  model_dir_lib.write_description(
    model_dir, start, dataset, gin.operative_config_str(), seed
  )
  task_manager.mark_training_done(model_dir)


def _seed(run_config, model_dir):
  """Returns the seed of the run: a stopped one goes on with its own."""
  seed = model_dir_lib.stored_seed(model_dir)
  if seed is None:
    seed = run_config.tf_random_seed
  return secrets.randbits(31) if seed is None else seed


def _make_or_restore(dataset, model_dir, devices, seed):
  stored = checkpoints.last_good(model_dir)
  values = None
  if stored is not None:
    step, tensors = stored
    print(f"Going on from the checkpoint of step {step} in {model_dir}.")
    values = model_dir_lib.values_of(tensors, model_dir)
  with devices.scope(), scope.building(seed=seed, values=values):
    return model_dir_lib.make_gan(dataset, seed)


def _hooks(gan, options, model_dir):
  per_step = options.batch_size * gan.batches_per_step
  z, labels = sampling.draw(gan, min(64, options.batch_size), seed=42)

  def images():
    if not sampling.are_filled(gan):
      return {}  # Evaluation mode has no moments before they are accumulated.
    # When pictures are made hangs on the clock: they must not move anything.
    with state.frozen():
      fakes = sampling.generate(gan, z, labels)
    return {"fake_images/image/0": image_grid.grid(fakes)}

  return [
    hooks_lib.NanGuard(),
    hooks_lib.Progress(per_step),
    hooks_lib.Summaries(model_dir, images=images),
  ]
