"""Trains a GAN as a gin file says: the main program, and the reader of flags.

python -m compare_gan.main --model_dir=runs/a --gin_config=resnet_cifar10.gin
"""

import os
import sys

# `python <dir>/compare_gan/main.py` works from anywhere, without installation.
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if _ROOT not in sys.path:
  sys.path.insert(0, _ROOT)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app  # noqa: E402
from absl import flags  # noqa: E402

FLAGS = flags.FLAGS

flags.DEFINE_string(
  "model_dir",
  None,
  "Where checkpoints and everything else go. Default: runs/<name of the first "
  "gin file>.",
)
flags.DEFINE_multi_string(
  "gin_config", [], "A gin file: a path, or the name of one in configs/."
)
flags.DEFINE_multi_string("gin_bindings", [], "A line of gin on top of files.")
flags.DEFINE_enum("schedule", "train", ["train"], "What to do.")
flags.DEFINE_string("run_config", "auto", "auto, cpu or gpu.")


def _model_dir():
  if FLAGS.model_dir:
    return FLAGS.model_dir
  name = "model"
  if FLAGS.gin_config:
    name = os.path.splitext(os.path.basename(FLAGS.gin_config[0]))[0]
  return os.path.join("runs", name)


def main(argv):
  if len(argv) > 1:
    raise app.UsageError(f"Not understood: {' '.join(argv[1:])}")
  from compare_gan import configuration
  from compare_gan import runner_lib
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import run_config

  configuration.parse(FLAGS.gin_config, FLAGS.gin_bindings)
  runner_lib.run_with_schedule(
    FLAGS.schedule,
    catalogue.dataset(),
    run_config.run_config(),
    _model_dir(),
    FLAGS.run_config,
  )


def run():
  """Runs `main`; an error that a user can mend is one sentence."""
  try:
    app.run(main)
  except (ValueError, OSError, FloatingPointError) as error:
    print(f"compare_gan: {error}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
  run()
