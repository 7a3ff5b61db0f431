"""A training: its start, its steps, and the files that it leaves.

A training that stopped goes on from its last good checkpoint. Anything wrong
with the start is reported before the first step, and on several hosts before
they make variables together.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import os
import secrets
from typing import Any

from compare_gan.bundles import read
from compare_gan.configuration import unread
from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.estimator import estimator as estimator_lib
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import snapshot_hook
from compare_gan.estimator import stop
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.gans import options as options_lib
from compare_gan.gans import power_ema
from compare_gan.looks import views
from compare_gan.memory import memory_check
from compare_gan.pictures import image_grid
from compare_gan.reproduction import bill
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import locks
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import restart
from compare_gan.storage import score_tables
from compare_gan.storage import task_manager
from compare_gan.storage import transfer
from compare_gan.trackers import board as board_lib
from compare_gan.trackers import choice
from compare_gan.watchdogs import actions
from compare_gan.watchdogs import rates
from compare_gan.watchdogs import settings
import gin
import numpy as np

_LOCK = ".trainer.lock"  # in a model_dir, held while a process trains in it
_PICTURED = 64  # images of a picture, at most


def train(devices: Any, dataset: Any, run_config: Any, model_dir: str) -> None:
  """Trains what gin configures, up to `options.training_steps`.

  Args:
    devices: what `devices.choose` returns.
    dataset: an AbstractDataset.
    run_config: a RunConfig.
    model_dir: is made if it does not exist. No other process may train in it.
  """
  with precision.using(*devices.precision(run_config)):
    with _only_trainer(devices, model_dir):
      _train_alone(devices, dataset, run_config, model_dir)


@contextlib.contextmanager
def _only_trainer(devices: Any, model_dir: str) -> Iterator[None]:
  """Makes the folder, and keeps other trainings out of it."""
  with contextlib.ExitStack() as stack:
    devices.together(lambda: _keep_others_out(stack, devices, model_dir))
    yield


def _keep_others_out(stack, devices, model_dir):
  if not devices.is_chief:
    return  # Only the chief writes.
  checkpoints.all_steps(model_dir)  # Raises if the folder is unreadable.
  files.make_folder(model_dir)
  refusal = (
    f"{{holder}} is training in {model_dir}. Wait for it or end it, or give "
    "another --model_dir. To train on several hosts together, set TF_CONFIG."
  )
  stack.enter_context(
    locks.hold_or_refuse(os.path.join(model_dir, _LOCK), refusal)
  )


def _train_alone(devices, dataset, run_config, model_dir):
  options = options_lib.options()
  trackers = devices.together(lambda: choice.make(run_config.trackers))
  seed, was, values = devices.together(
    lambda: _read_beginning(dataset, options, run_config, model_dir)
  )
  seed = devices.number_of_chief(seed)
  gan = _make(dataset, devices, seed, values)
  if isinstance(values, transfer.Values):
    print(devices.together(values.report))
  start = int(gan.global_step.numpy())
  if was is not None and was.step != start:  # That one was damaged.
    was = restart.find_begun(model_dir, start)
  is_done = was is not None and start >= options.training_steps

  def record_start() -> None:
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
      first_values = options.init_from if was is None else None
      made_of = bill.entry(start, devices, dataset, first_values or "")
      bill.add(model_dir, made_of, resumes=was is not None)

  devices.together(record_start)
  _require_way_back(devices, gan)
  estimator = estimator_lib.Estimator(gan, run_config, devices, model_dir)
  is_tracked = devices.is_chief and not is_done
  board = devices.together(
    lambda: board_lib.open_board(trackers if is_tracked else [], model_dir)
  )

  def train_on() -> None:
    rates.apply(gan, model_dir, int(gan.global_step.numpy()))
    estimator.train(
      lambda first, **shard: dataset.batches(
        "train", options.batch_size, start=first, as_stored=True, **shard
      ),
      options.training_steps,
      _hooks(gan, dataset, options, run_config, model_dir, was, board),
      lambda graph: _check_graph(graph, gan, devices, run_config),
    )

  with board_lib.closing(board, stop.StopRequested, KeyboardInterrupt):
    _with_returns(train_on, gan, model_dir)
  if devices.is_chief and not is_done:
    config = restart.config_in_force(model_dir_lib.chosen_config(), was)
    model_dir_lib.write_description(model_dir, start, dataset, config, seed)
  if devices.is_chief:
    task_manager.mark_training_done(model_dir)


def _require_way_back(devices, gan):
  """Raises a ValueError if the training cannot go back as gin asks."""
  if settings.Settings().action != settings.GO_BACK:
    return
  rates.optimizers_of(gan)
  if devices.shard():
    raise ValueError(
      "watchdog.action = 'go_back' is for trainings on one host: the others "
      "would not know. Choose 'stop'."
    )


def _with_returns(train_on, gan, model_dir):
  """Trains; when a watchdog asks for it, goes on from an earlier checkpoint."""
  while True:
    try:
      return train_on()
    except actions.GoBack as asked:
      _restore(gan, model_dir, asked.step)


def _restore(gan, model_dir, step):
  tensors = checkpoints.read(model_dir, step)
  for variable in gan.variables:
    variable.assign(tensors[scope.full_name(variable)])


def _find_begun(model_dir, dataset):
  """Returns the restart.Begun of the training, None if it starts anew."""
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
      f"over. {error}"
    )
    return None
  return was


def _check_graph(graph, gan, devices, run_config):
  """Reports unread bindings and memory needs, from the graph of a step."""

  def check() -> None:
    if devices.is_chief:
      unread.print_in_words()
      memory_check.check(
        run_config.memory_check, graph, gan, devices.num_local_replicas()
      )

  devices.together(check)


def _describe_start(was, model_dir, step):
  """Prints the settings that change at a step, and prepares their record."""
  model_dir_lib.prepare_for_start(model_dir, step)
  for difference in restart.differences(was) if was else ():
    print(restart.describe_difference(difference, step))


def _seed(run_config, model_dir):
  """Returns the seed of the run; a run that goes on keeps its own."""
  seed = model_dir_lib.stored_seed(model_dir)
  # Without a checkpoint, a configured seed replaces the stored one.
  if seed is None or not checkpoints.all_steps(model_dir):
    chosen = run_config.tf_random_seed
    seed = seed if chosen is None else chosen
  return secrets.randbits(31) if seed is None else seed


def _read_beginning(dataset, options, run_config, model_dir):
  """Returns the seed, the restart.Begun or None, and the first values or None.

  Everything that a training begins with is read here, so that errors in it are
  known before several hosts make variables together.
  """
  seed = _seed(run_config, model_dir)
  was = _find_begun(model_dir, dataset)
  stored = checkpoints.last_good(model_dir)
  if stored is not None and was is not None:
    step, tensors = stored
    print(f"Resuming from the checkpoint of step {step} in {model_dir}.")
    return seed, was, model_dir_lib.values_of(tensors, model_dir)
  if not options.init_from:
    return seed, was, None
  path = read.weights_of(options.init_from)
  return seed, was, transfer.values(path, dataset.num_classes)


def _make(dataset, devices, seed, values=None):
  with devices.scope(), scope.building(seed=seed, values=values):
    return model_dir_lib.make_gan(dataset, seed)


def _hooks(gan, dataset, options, run_config, model_dir, was, board):
  hooks = hook_kinds.make(
    run_config.hooks,
    hook_kinds.Training(
      model_dir,
      options.batch_size,
      images_per_step=options.batch_size * gan.batches_per_step,
      images=_picture_maker(gan, dataset, min(_PICTURED, options.batch_size)),
      texts=lambda: _texts(was),
      dataset=dataset,
      params=lambda: _params(was, model_dir),
      trackers=[board],
    ),
  )
  snapshots = snapshot_hook.Snapshots(
    model_dir, power_ema.SUFFIX, run_config.save_checkpoints_steps
  )
  return [*hooks, snapshots]


def _picture_maker(
  gan: Any, dataset: Any, n: int
) -> Callable[[], dict[str, np.ndarray]]:
  """Returns `images()` -> {name: picture}, of the same n latents each time."""
  z, labels = sampling.draw(gan, n, seed=42)
  # Evaluation mode has no moments before they are accumulated.
  sampler = sampling.Sampler(gan, batch_moments=not moments.are_filled(gan))

  def images() -> dict[str, np.ndarray]:
    # The clock decides when pictures are made, so they must change no variable.
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

  return images


def _config(was):
  return restart.config_in_force(gin.operative_config_str(), was)


def _texts(was):
  return {"gin/operative_config": gin.markdown(_config(was))}


def _params(was, model_dir):
  """Returns {name: text} of all bindings, and the main parts of the bill."""
  return {
    **score_tables.bindings(_config(was)),
    **bill.summary(bill.read(model_dir)[-1]),
    "bill.seed": str(model_dir_lib.stored_seed(model_dir)),
  }
