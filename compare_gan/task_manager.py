"""What a model_dir says of the work that is done on it."""

import os

from compare_gan.estimator import checkpoints

_TRAIN_DONE = "TRAIN_DONE"


def mark_training_done(model_dir):
  """Leaves the file that evaluators of a running training wait for."""
  checkpoints.write_text(os.path.join(model_dir, _TRAIN_DONE), "")


def is_training_done(model_dir):
  return os.path.exists(os.path.join(model_dir, _TRAIN_DONE))
