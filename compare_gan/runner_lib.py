"""From a configuration to a trained and scored model: the schedules.

train             trains; a training that stopped goes on
eval_after_train  trains, then scores the checkpoints that are not scored yet
                  under the protocol of the present settings
continuous_eval   scores the checkpoints of a training that runs elsewhere
eval_last         scores the last checkpoint
"""

from collections.abc import Callable
import contextlib
import json
import os
import secrets
from typing import Any
from typing import NamedTuple
import warnings

from compare_gan.ascend import card_log
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_roles
from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.estimator import devices as devices_lib
from compare_gan.estimator import estimator as estimator_lib
from compare_gan.estimator import hooks as hooks_lib
from compare_gan.evaluation import microscope
from compare_gan.evaluation import protocol
from compare_gan.evaluation import sampling
from compare_gan.evaluation import scoring as evaluation_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.gans import options as options_lib
from compare_gan.gans import parameter_table
from compare_gan.looks import views
from compare_gan.memory import memory_check
from compare_gan.pictures import image_grid
from compare_gan.pictures import picture_files
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import locks
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import restart
from compare_gan.storage import score_tables
from compare_gan.storage import task_manager
from compare_gan.storage import transfer
from compare_gan.storage.score_row import ScoreRow
import gin
import numpy as np

_LOCK = ".trainer.lock"  # in a model_dir, held as long as one trains in it

SCHEDULES = ("train", "eval_after_train", "continuous_eval", "eval_last")


class Evaluation(NamedTuple):
  """How checkpoints are evaluated, as far as flags say it."""

  score_filename: str = "scores.csv"
  runs: int = 3  # each with other z, averaged in the table
  every_steps: int = 5000  # only checkpoints at multiples, and the last one


def run_with_schedule(
  schedule: str,
  open_dataset: Callable[[], Any],
  run_config: Any,
  model_dir: str,
  device: str = "auto",
  evaluation: Evaluation = Evaluation(),  # noqa: B008, immutable
) -> None:
  """Runs a schedule on what gin is bound to.

  Args:
    schedule: see above.
    open_dataset: returns an AbstractDataset. Called once the devices are
      chosen: of several hosts none may run an operation before.
    run_config: a RunConfig.
    model_dir: is made if there is none.
    device: of a training, see `devices.choose`. What only scores takes a GPU
      if there is one, else the CPU: other devices are left to trainings.
    evaluation: an Evaluation.
  """
  if schedule not in SCHEDULES:
    raise ValueError(
      f"--schedule={schedule} is unknown. It can be {', '.join(SCHEDULES)}."
    )
  gin_roles.make_paths_absolute(model_dir_lib.recorded_bindings(model_dir))
  if schedule != "train":
    # What gin got wrong shows now, not at the end.
    note = settings_lib.check_best_by(settings_lib.settings())
    if note:
      print(note, flush=True)
  trains = schedule in ("train", "eval_after_train")
  if trains:
    devices = devices_lib.choose(
      device, options_lib.options().batch_size, run_config
    )
    run_config = devices.settle(run_config)
  dataset = devices.together(open_dataset) if trains else open_dataset()
  if trains:
    _train(devices, dataset, run_config, model_dir)
    if not devices.is_chief:
      return  # The chief evaluates.
  scorer = _Scorer(dataset, model_dir, evaluation.runs)
  if schedule == "eval_after_train":
    steps = task_manager.to_evaluate(
      model_dir,
      evaluation.score_filename,
      evaluation.every_steps,
      scorer.is_scored,
    )
    _evaluate(steps, dataset, model_dir, evaluation, scorer)
  elif schedule == "continuous_eval":
    steps = task_manager.new_checkpoints(
      model_dir,
      evaluation.score_filename,
      evaluation.every_steps,
      is_scored=scorer.is_scored,
    )
    _evaluate(steps, dataset, model_dir, evaluation, scorer)
  elif schedule == "eval_last":
    steps = [max(checkpoints.all_steps(model_dir), default=None)]
    if steps == [None]:
      raise FileNotFoundError(
        f"There is no checkpoint model.ckpt-<step>.index in {model_dir!r}. "
        "--schedule=train makes some."
      )
    _evaluate(steps, dataset, model_dir, evaluation, scorer)


def describe(dataset: Any, run_config: Any) -> str:
  """Returns what a training would be: configuration, parameters, memory."""
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
      *filter(None, [gin_files.unread_in_words(batches_are_made=False)]),
      *_of_device(run_config, gan),
    ]
  )


def _of_device(run_config, gan):
  """Returns what the kind of device has to say of a step, if anything."""
  if run_config.additions is None:
    return []
  return [run_config.additions.dry_run(gan, memory_check.specs(gan))]


def _train(devices, dataset, run_config, model_dir):
  with precision.using(*devices.precision(run_config)):
    _train_on(devices, dataset, run_config, model_dir)


def _train_on(devices, dataset, run_config, model_dir):
  with _only_trainer(devices, model_dir):
    _train_alone(devices, dataset, run_config, model_dir)


@contextlib.contextmanager
def _only_trainer(devices, model_dir):
  """Makes the folder, and keeps other trainings out of it."""
  with contextlib.ExitStack() as stack:
    devices.together(lambda: _keep_others_out(stack, devices, model_dir))
    yield


def _keep_others_out(stack, devices, model_dir):
  if not devices.is_chief:
    return  # Only the chief writes.
  checkpoints.all_steps(model_dir)  # Nothing is made where it is not readable.
  files.make_folder(model_dir)
  refusal = (
    f"{model_dir} is being trained in by {{holder}}. Wait for it or end it, or "
    "give another --model_dir. Several hosts train together by TF_CONFIG."
  )
  stack.enter_context(
    locks.hold_or_refuse(os.path.join(model_dir, _LOCK), refusal)
  )


def _train_alone(devices, dataset, run_config, model_dir):
  options = options_lib.options()
  seed, was, values = devices.together(
    lambda: _beginning(dataset, options, run_config, model_dir)
  )
  seed = devices.of_chief(seed)
  gan = _make(dataset, devices, seed, values)
  if isinstance(values, transfer.Values):
    print(devices.together(values.report))
  start = int(gan.global_step.numpy())
  if was is not None and was.step != start:  # It was damaged.
    was = restart.find_begun(model_dir, start)
  is_done = was is not None and start >= options.training_steps

  def record_start():
    if devices.is_chief and not is_done:
      task_manager.mark_training_running(model_dir)
      _describe_start(was, model_dir, start)
      model_dir_lib.write_description(
        model_dir,
        start,
        dataset,
        restart.config_in_force(gin.config_str(), was),
        seed,
      )

  devices.together(record_start)
  estimator = estimator_lib.Estimator(gan, run_config, devices, model_dir)
  estimator.train(
    lambda first, **shard: dataset.batches(
      "train", options.batch_size, start=first, as_stored=True, **shard
    ),
    options.training_steps,
    _hooks(gan, dataset, options, model_dir, was),
    lambda graph: _check_graph(graph, gan, devices, run_config),
  )
  if devices.is_chief and not is_done:
    config = restart.config_in_force(model_dir_lib.chosen_config(), was)
    model_dir_lib.write_description(model_dir, start, dataset, config, seed)
  if devices.is_chief:
    task_manager.mark_training_done(model_dir)


def _begun(model_dir, dataset):
  """Returns what there is of the training, None if it starts anew."""
  was = restart.find_begun(model_dir)
  if was is None:
    return None
  try:
    restart.require_same_model(was, dataset)
  except ValueError as error:
    if was.step:
      raise
    print(
      f"The checkpoint of step 0 in {model_dir} holds no training: starting "
      f"anew. {error}"
    )
    return None
  return was


def _check_graph(graph, gan, devices, run_config):
  """Says what is known before the first step, once its graph is there."""

  def check():
    if devices.is_chief:
      gin_files.print_unread()
      memory_check.check(
        run_config.memory_check, graph, gan, devices.num_local_replicas()
      )

  devices.together(check)


def _describe_start(was, model_dir, step):
  """Says what holds from a step on, and makes room to record it."""
  model_dir_lib.prepare_for_start(model_dir, step)
  for difference in restart.differences(was) if was else ():
    print(restart.describe_difference(difference, step))


def _seed(run_config, model_dir):
  """Returns the seed of the run: a stopped one goes on with its own."""
  seed = model_dir_lib.stored_seed(model_dir)
  # Of a start that left no checkpoint only a seed that was drawn counts.
  if seed is None or not checkpoints.all_steps(model_dir):
    chosen = run_config.tf_random_seed
    seed = seed if chosen is None else chosen
  return secrets.randbits(31) if seed is None else seed


def _beginning(dataset, options, run_config, model_dir):
  """Returns the seed, the restart.Begun or None, and the first values or None.

  All that a training begins with is read here, so that whatever is wrong with
  it is known before several hosts make variables together.
  """
  seed = _seed(run_config, model_dir)
  was = _begun(model_dir, dataset)
  stored = checkpoints.last_good(model_dir)
  if stored is not None and was is not None:
    step, tensors = stored
    print(f"Going on from the checkpoint of step {step} in {model_dir}.")
    return seed, was, model_dir_lib.values_of(tensors, model_dir)
  if not options.init_from:
    return seed, was, None
  return seed, was, transfer.values(options.init_from, dataset.num_classes)


def _make(dataset, devices, seed, values=None):
  with devices.scope(), scope.building(seed=seed, values=values):
    return model_dir_lib.make_gan(dataset, seed)


class _Scorer:
  """The model and the evaluator that all checkpoints of a run share.

  Both are made when they are needed first.

  Args:
    dataset: an AbstractDataset.
    model_dir: where the checkpoints are.
    runs: how often each model is sampled.

  Attributes:
    gan, evaluator, sampler, best_by: of the checkpoint that was loaded last.
    there_before: rows that `is_scored` has found to be enough.
  """

  def __init__(self, dataset: Any, model_dir: str, runs: int) -> None:
    self._dataset = dataset
    self._model_dir = model_dir
    self._runs = runs
    self.gan = self.evaluator = self.best_by = self.sampler = None
    self.there_before = []

  def load(self, step: int, tensors: dict[str, np.ndarray]) -> None:
    """Gives the model the values of a checkpoint."""
    if self.gan is None:
      shapes = {name: np.shape(value) for name, value in tensors.items()}
      was = restart.begun_at_checkpoint(self._model_dir, step, shapes)
      restart.require_variables(was, self._dataset)
    self.gan = _with_values(self.gan, self._dataset, tensors, self._model_dir)
    if self.evaluator is None:
      chosen = settings_lib.settings()
      self.evaluator = evaluation_lib.Evaluator(
        self._dataset, chosen, self._runs
      )
      # Refused before anything is computed.
      self.best_by = self.evaluator.best_by
      self.sampler = sampling.Sampler(self.gan, chosen.averaged)

  def is_scored(self, step: int, rows: list[ScoreRow]) -> bool:
    """Returns whether rows of a step have all that would be computed now."""
    try:
      tensors = checkpoints.read(self._model_dir, step)
    except OSError:
      return False  # Which `_evaluate` says.
    self.load(step, tensors)
    card = self.evaluator.card_of_model(self.gan)
    enough = [row for row in rows if protocol.covers(row.protocol, card)]
    self.there_before += enough[:1]
    return bool(enough)


def _evaluate(steps, dataset, model_dir, evaluation, scorer=None):
  """Adds a row to the tables for each of the steps."""
  chosen = settings_lib.settings()
  scorer = scorer or _Scorer(dataset, model_dir, evaluation.runs)
  for step in steps:
    try:
      tensors = checkpoints.read(model_dir, step)
    except OSError as error:  # Removed meanwhile, or damaged.
      warnings.warn(f"Step {step} is not evaluated: {error}", stacklevel=2)
      continue
    scorer.load(step, tensors)
    row = scorer.evaluator.row_of_model(
      scorer.gan,
      os.path.join(model_dir, f"model.ckpt-{step}"),
      step,
      _bindings(model_dir, step),
    )
    # Before the row: without one, an evaluation that is killed is made again.
    if chosen.sample_grid:
      _write_samples(scorer.sampler, chosen, model_dir, step)
    if chosen.microscope and step == max(checkpoints.all_steps(model_dir)):
      _write_microscope(scorer.gan, dataset, chosen, model_dir, step)
    before = score_tables.read_rows(model_dir, evaluation.score_filename)
    if before:
      _warn_of_another_protocol(row, before[-1])
    best = score_tables.record(
      model_dir, row, evaluation.score_filename, scorer.best_by
    )
    print(_in_words(row), "(the best so far)" if best else "", flush=True)
  # best/ may be that of another protocol, under which all was scored since.
  for row in scorer.there_before:
    if scorer.best_by is not None:
      score_tables.keep_best(model_dir, row, scorer.best_by)
  path = os.path.join(model_dir, evaluation.score_filename)
  print(f"Scores are in {path}.")


def _write_samples(sampler, chosen, model_dir, step):
  """Leaves samples/step-<step>.png, the same z at every step."""
  z, labels = sampling.draw(
    sampler.gan,
    chosen.sample_grid,
    chosen.seed,
    truncation=chosen.truncation,
  )
  folder = os.path.join(model_dir, "samples")
  files.make_folder(folder)
  picture_files.write_png(
    os.path.join(folder, f"step-{step}.png"),
    views.samples(sampler, z, labels),
  )


def _write_microscope(gan, dataset, chosen, model_dir, step):
  found = microscope.look(gan, dataset, chosen.averaged, chosen.seed)
  files.write_text(
    os.path.join(model_dir, "microscope.json"),
    json.dumps({"step": step, **found}),
  )


def _with_values(gan, dataset, tensors, model_dir):
  """Returns the GAN with a checkpoint's values; None makes a new one."""
  values = model_dir_lib.values_of(tensors, model_dir)
  if gan is None:
    with scope.building(values=values):
      return model_dir_lib.make_gan(dataset)
  for variable in gan.variables:
    name = scope.full_name(variable)
    variable.assign(values(name, variable.shape, variable.dtype))
  return gan


def _bindings(model_dir, step):
  name = model_dir_lib.newest_config(model_dir, step)
  if name is None:
    return score_tables.bindings(gin.operative_config_str())
  return score_tables.bindings(files.read_text(os.path.join(model_dir, name)))


def _warn_of_another_protocol(row, other):
  unlike = protocol.differences(row.protocol, other.protocol)
  if unlike:
    warnings.warn(
      f"The scores of step {row.step} cannot be compared with those of step "
      f"{other.step}: {'; '.join(unlike)}.",
      stacklevel=2,
    )


def _in_words(row):
  scores = "  ".join(f"{k} {v:.4g}" for k, v in row.scores.items())
  status = "" if row.status == "ok" else f"  {row.status}"
  return f"step {row.step}: {scores}{status}"


def _hooks(gan, dataset, options, model_dir, was):
  per_step = options.batch_size * gan.batches_per_step
  n = min(64, options.batch_size)
  z, labels = sampling.draw(gan, n, seed=42)
  # Evaluation mode has no moments before they are accumulated.
  sampler = sampling.Sampler(gan, batch_moments=not sampling.are_filled(gan))

  def images():
    # When pictures are made hangs on the clock: they must not move anything.
    with state.frozen():
      fakes = np.concatenate(list(sampler.batches(z, labels)))
    reals = next(dataset.batches("train", n).as_numpy_iterator())
    found = {
      "fake_images/image/0": image_grid.grid(fakes),
      "real_images/image/0": image_grid.grid(reals["images"]),
    }
    if gan.has_encoder:
      with state.frozen():
        found["reconstructions/image/0"] = views.reconstructions(
          sampler, reals["images"], reals["labels"]
        )
    return found

  return [
    hooks_lib.ScalarTable(model_dir),
    hooks_lib.NanGuard(),
    hooks_lib.Progress(per_step),
    hooks_lib.Summaries(
      model_dir,
      images=images,
      images_per_step=per_step,
      texts=lambda: _texts(was),
    ),
    *card_log.card_log(options.batch_size),
  ]


def _texts(was):
  config = restart.config_in_force(gin.operative_config_str(), was)
  return {"gin/operative_config": gin.markdown(config)}
