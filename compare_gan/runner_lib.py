"""From a configuration to a trained and scored model: the schedules.

train             trains; a training that stopped goes on
eval_after_train  trains, then scores the checkpoints that are not scored yet
                  under the protocol of the present settings
continuous_eval   scores the checkpoints of a training that runs elsewhere
eval_last         scores the last checkpoint
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from compare_gan.configuration import gin_roles
from compare_gan.configuration import unread
from compare_gan.context import determinism
from compare_gan.context import gpu
from compare_gan.estimator import devices as devices_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.gans import options as options_lib
from compare_gan.gans import parameter_table
from compare_gan.memory import memory_check
from compare_gan.schedules import score
from compare_gan.schedules import train
from compare_gan.storage import checkpoints
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import task_manager
from compare_gan.trackers import board as board_lib
from compare_gan.trackers import choice
import gin

SCHEDULES = ("train", "eval_after_train", "continuous_eval", "eval_last")


class Evaluation(NamedTuple):
  """How checkpoints are evaluated, as far as flags set it."""

  score_filename: str = "scores.csv"
  runs: int = 3  # each with different z, averaged in the table
  every_steps: int = 5000  # only checkpoints at multiples, and the last one


def run_with_schedule(
  schedule: str,
  open_dataset: Callable[[], Any],
  run_config: Any,
  model_dir: str,
  device: str = "auto",
  evaluation: Evaluation = Evaluation(),  # noqa: B008, immutable
) -> None:
  """Runs a schedule with the present gin bindings.

  Args:
    schedule: see above.
    open_dataset: returns an AbstractDataset. It is called once the devices are
      chosen, because with several hosts no operation may run before.
    run_config: a RunConfig.
    model_dir: is made if it does not exist.
    device: of a training, see `devices.choose`. A schedule that only scores
      takes a GPU if there is one, else the CPU: other devices are for training.
    evaluation: an Evaluation.
  """
  if schedule not in SCHEDULES:
    raise ValueError(
      f"--schedule={schedule} is unknown. It can be {', '.join(SCHEDULES)}."
    )
  gin_roles.make_paths_absolute(model_dir_lib.recorded_bindings(model_dir))
  if schedule != "train":
    # Wrong gin bindings are reported now, not at the end.
    note = settings_lib.check_best_by(settings_lib.Settings())
    if note:
      print(note, flush=True)
  if run_config.deterministic:
    determinism.require()
  if schedule in ("train", "eval_after_train"):
    devices = devices_lib.choose(
      device, options_lib.options().batch_size, run_config
    )
    run_config = devices.settle(run_config)
    dataset = devices.together(open_dataset)
    train.train(devices, dataset, run_config, model_dir)
    if not devices.is_chief:
      return  # The chief evaluates.
  else:
    gpu.prepare()  # A training may share its memory.
    dataset = open_dataset()
  if schedule != "train":
    scorer = score.Scorer(dataset, model_dir, evaluation.runs)
    steps = _steps_to_score(schedule, model_dir, evaluation, scorer)
    trackers = choice.make(run_config.trackers)
    with board_lib.of_evaluation(trackers, model_dir) as board:
      score.evaluate(
        steps, dataset, model_dir, evaluation.score_filename, scorer, board
      )


def _steps_to_score(
  schedule: str, model_dir: str, evaluation: Evaluation, scorer: score.Scorer
) -> Iterable[int]:
  """Returns, or waits for, the steps of the checkpoints to be scored."""
  name, every = evaluation.score_filename, evaluation.every_steps
  if schedule == "eval_after_train":
    return task_manager.to_evaluate(model_dir, name, every, scorer.is_scored)
  if schedule == "continuous_eval":
    return task_manager.new_checkpoints(
      model_dir, name, every, is_scored=scorer.is_scored
    )
  steps = checkpoints.all_steps(model_dir)
  if not steps:
    raise FileNotFoundError(
      f"There is no checkpoint model.ckpt-<step>.index in {model_dir!r}. "
      "--schedule=train writes them."
    )
  return [max(steps)]


def describe(dataset: Any, run_config: Any) -> str:
  """Describes a training: configuration, parameters, memory."""
  gan = model_dir_lib.make_gan(dataset)
  networks = [gan.generator, gan.discriminator]
  titles = ["Generator", "Discriminator"]
  if gan.has_encoder:
    networks.append(gan.encoder)
    titles.append("Encoder")
  return "\n".join(
    [
      gin.operative_config_str(),
      *(
        parameter_table.table(title, network.variables)
        for title, network in zip(titles, networks)
      ),
      memory_check.report(gan),
      *filter(None, [unread.in_words(batches_are_made=False)]),
      *_report_of_device(run_config, gan),
    ]
  )


def _report_of_device(run_config, gan):
  """Returns what the kind of device says about a step, as a list."""
  if run_config.additions is None:
    return []
  return [run_config.additions.dry_run(gan, memory_check.specs(gan))]
