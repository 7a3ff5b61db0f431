"""Trains a GAN as a gin file says: the main program, and the reader of flags.

python -m compare_gan.main --model_dir=runs/a --gin_config=resnet_cifar10.gin
"""

import os
import sys
import warnings

# `python <dir>/compare_gan/main.py` works from anywhere, without installation.
# Python then looks for modules in the package's own folder, but none of these
# may be imported by its short name.
_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(_PACKAGE)
if sys.path and os.path.abspath(sys.path[0]) == _PACKAGE:
  del sys.path[0]
if _ROOT not in sys.path:
  sys.path.insert(0, _ROOT)

from absl import app  # noqa: E402
from absl import flags  # noqa: E402
from compare_gan import console  # noqa: E402
from compare_gan.features import inception_network  # noqa: E402

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
flags.DEFINE_multi_string(
  "gin_bindings", [], "A gin binding that overrides the files'."
)
flags.DEFINE_enum(
  "schedule",
  "train",
  ["train", "eval_after_train", "continuous_eval", "eval_last"],
  "What to do; continuous_eval follows a training that runs elsewhere.",
)
flags.DEFINE_string(
  "run_config",
  "auto",
  "What to train on: a name that `compare_gan list devices` shows, or the "
  "dotted path of a module of your own. auto takes the first kind that is "
  "available, and prints which and why.",
)
flags.DEFINE_bool("use_tpu", None, "The same as --run_config=tpu.")
flags.DEFINE_bool(
  "dry_run", False, "Print configuration, parameters and memory; do nothing."
)
flags.DEFINE_bool(
  "strict", False, "Refuse what `compare_gan check` only warns of."
)
flags.DEFINE_string("score_filename", "scores.csv", "Table of scores.")
flags.DEFINE_integer(
  "num_eval_averaging_runs",
  3,
  "How many times each checkpoint is sampled and scored.",
  lower_bound=1,
)
flags.DEFINE_integer(
  "eval_every_steps",
  5000,
  "Score only checkpoints at multiples of this step, and the last one.",
  lower_bound=1,
)
flags.DEFINE_string(
  "myevalinception",
  None,
  f"{inception_network.FILE}; scores then use it instead of a classifier "
  "trained on the dataset.",
)
flags.DEFINE_bool(
  "traceback", False, "Show where an error came from, and all that it says."
)
flags.DEFINE_string("tfds_data_dir", None, "Folder of tensorflow-datasets.")
flags.DEFINE_bool(
  "data_fake_dataset",
  False,
  "Use noise in place of the images of dataset.name.",
)
flags.DEFINE_integer(
  "data_reading_num_threads",
  None,
  "How many batches are read at once.",
  lower_bound=1,
)
flags.DEFINE_integer(
  "data_shuffle_buffer_size",
  None,
  "Has no effect: every epoch is a permutation of the whole dataset.",
)


def _model_dir():
  if FLAGS.model_dir:
    return FLAGS.model_dir
  name = "model"
  if FLAGS.gin_config:
    name = os.path.splitext(os.path.basename(FLAGS.gin_config[0]))[0]
  return os.path.join("runs", name)


def _device():
  if FLAGS.use_tpu is None:
    return FLAGS.run_config
  wanted = "tpu" if FLAGS.use_tpu else "auto"
  if FLAGS.run_config not in ("auto", wanted):
    raise ValueError(
      f"--use_tpu={FLAGS.use_tpu} contradicts --run_config={FLAGS.run_config}. "
      "Set one of them only."
    )
  return wanted


def _bindings():
  """Returns the bindings of flags, which --gin_bindings may override."""
  bindings = []
  if FLAGS.tfds_data_dir is not None:  # A model_dir records bindings.
    bindings.append(f"dataset.tfds_data_dir = {FLAGS.tfds_data_dir!r}")
  if FLAGS.myevalinception is None:
    return bindings
  if not os.path.isfile(FLAGS.myevalinception):
    raise FileNotFoundError(
      f"--myevalinception={FLAGS.myevalinception}: there is no such file. "
      "Without the flag, scores use a classifier trained on the dataset."
    )
  return [*bindings, *inception_network.bindings(FLAGS.myevalinception)]


def _dataset(catalogue):
  given = {"fake": True} if FLAGS.data_fake_dataset else {}
  dataset = catalogue.dataset(**given)
  if FLAGS.data_reading_num_threads:
    dataset.parallel_reads = FLAGS.data_reading_num_threads
  if FLAGS.data_shuffle_buffer_size is not None:
    print(
      f"--data_shuffle_buffer_size={FLAGS.data_shuffle_buffer_size} has no "
      "effect: every epoch is a permutation of the whole dataset."
    )
  return dataset


def _check(lines):
  """Raises unless the configuration can be trained, before anything is made."""
  from compare_gan.checks import check
  from compare_gan.checks import made

  check.require(FLAGS.gin_config, lines, FLAGS.strict)
  if FLAGS.strict:  # Constructors warn in sentences that begin with a setting.
    warnings.filterwarnings("error", made.SETTING, UserWarning)


def _saves_memory():
  import gin

  try:
    return gin.query_parameter("options.recompute")
  except ValueError:  # It is not bound.
    return False


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}")
  console.begin()
  with console.without_keras():
    import tensorflow  # noqa: F401
  from compare_gan import runner_lib
  from compare_gan.configuration import gin_files
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import run_config
  from compare_gan.estimator import stop
  from compare_gan.memory import allocation

  lines = [*_bindings(), *FLAGS.gin_bindings]
  _check(lines)
  gin_files.parse(FLAGS.gin_config, lines)
  if _saves_memory():
    allocation.give_back()
  config = run_config.for_device(_device())
  if FLAGS.dry_run:
    print(runner_lib.describe(_dataset(catalogue), config))
    return
  try:
    runner_lib.run_with_schedule(
      FLAGS.schedule,
      lambda: _dataset(catalogue),
      config,
      _model_dir(),
      _device(),
      runner_lib.Evaluation(
        FLAGS.score_filename,
        FLAGS.num_eval_averaging_runs,
        FLAGS.eval_every_steps,
      ),
    )
  except stop.StopRequested as request:
    print(request)


def run() -> None:
  """Runs `main`; prints an error that a user can fix as one sentence."""
  try:
    app.run(main, console.expand_homes(sys.argv))
  except Exception as error:
    if console.reader_is_gone(error):
      sys.exit(console.READER_GONE)
    if FLAGS.traceback or not console.is_mendable(error):
      raise
    print(
      f"compare_gan: {console.sentence(error, place=True)}", file=sys.stderr
    )
    sys.exit(1)


if __name__ == "__main__":
  run()
