"""The training loop: steps run in a graph, all else between its calls.

A model is anything with

  train_step(batches) -> {name: scalar}     batches_per_step
  variables    all that is saved            global_step   counts train_step

Noise and data are functions of the step, so the variables are the whole state:
training that goes on from a checkpoint ends with the same bits as training that
was never interrupted.
"""

from collections.abc import Sequence
import time
from typing import Any
from typing import Callable
from typing import Optional
import warnings

from compare_gan.estimator import stop as stop_lib
from compare_gan.storage import checkpoints
import tensorflow as tf

# A loop of the graph takes about this long, so that a user sees progress.
_SECONDS_PER_LOOP = 10.0


class Estimator:
  """Trains a model.

  Args:
    model: see above.
    run_config: a RunConfig.
    devices: what `devices.choose` returns; the model was made in its scope.
    model_dir: the folder of checkpoints, which only the chief writes.
  """

  def __init__(
    self, model: Any, run_config: Any, devices: Any, model_dir: str
  ) -> None:
    self.model = model
    self._config = run_config
    self._devices = devices
    self._model_dir = model_dir

  def train(
    self,
    input_fn: Callable[..., tf.data.Dataset],
    max_steps: int,
    hooks: Sequence[Any] = (),
    on_traced: Optional[Callable[[tf.Graph], Any]] = None,
  ) -> None:
    """Trains until `global_step` is `max_steps`.

    Raises StopRequested, with a checkpoint of the last step, if a signal asks
    for it.

    Args:
      input_fn: `input_fn(start)` -> tf.data.Dataset of batches, beginning with
        batch number `start` of the training. With several hosts it also gets
        `num_shards` and `shard`: which rows of each batch to return.
      max_steps: as counted by the model's global_step.
      hooks: see hooks.py, called between loops, on the chief.
      on_traced: `on_traced(graph)` is called with the graph of a step before
        the first one.
    """
    self._devices.broadcast(self.model.variables)
    step = self._step()
    self._devices.together(lambda: self._tidy_before(step))
    if step >= max_steps:
      self._devices.together(lambda: self._begin(step))
      return
    dataset = self._devices.dataset(input_fn, self.model, step)
    hooks = hooks if self._devices.is_chief else ()
    with stop_lib.Requests() as requests:
      loop = self._make_loop(iter(dataset), on_traced)
      # Not earlier: a start that fails before this line leaves no checkpoint. A
      # checkpoint would block a start with another architecture.
      self._devices.together(lambda: self._begin(step))
      self._train(loop, step, max_steps, hooks, requests)

  def _train(self, loop, step, max_steps, hooks, requests):
    start = saved = step
    for hook in hooks:
      hook.begin(self.model, step, max_steps)
    steps, stops = self._agree(1, requests)  # The first call builds the graph.
    while step < max_steps and not stops:
      began = time.monotonic()
      scalars = self._run(loop, steps)
      step = self._step()
      seconds = time.monotonic() - began
      for hook in hooks:
        hook.after_loop(step, steps, seconds, scalars)
      if step >= max_steps or step % self._config.save_checkpoints_steps == 0:
        self._save(step)
        saved = step
      built = step > start + 1
      ends = [hook.every_steps for hook in hooks if hook.every_steps]
      steps = self._next_steps(step, max_steps, seconds / steps, built, ends)
      if any(hook.asks_to_stop for hook in hooks):
        requests.stop = True
      # A host that is done here must not leave before the chief has saved.
      steps, stops = self._agree(steps, requests)
    if step != saved:
      self._save(step)
    for hook in hooks:
      hook.end(step)
    if step < max_steps:
      raise stop_lib.StopRequested(
        f"Stopped at step {step} of {max_steps}, with a checkpoint in "
        f"{self._model_dir}. Run the same command to resume."
      )

  def _step(self):
    return int(self.model.global_step.numpy())

  def _run(self, loop, steps):
    try:
      with self._devices.waiting():
        return loop(steps)
    except tf.errors.OpError as error:
      self._devices.explain(error)
      raise

  def _agree(self, steps, requests):
    """Returns the chief's `steps`, from its clock, and how many hosts stop."""
    mine = steps if self._devices.is_chief else 0
    return self._devices.sum_over_hosts([mine, int(requests.stop)])

  def _next_steps(self, step, max_steps, seconds_per_step, built, ends):
    """Returns how many steps the next loop of the graph runs.

    It ends where a checkpoint is due, and at multiples of all `ends`.
    """
    intervals = [self._config.save_checkpoints_steps, *ends]
    steps = min(
      self._config.iterations_per_loop,
      max_steps - step,
      *(interval - step % interval for interval in intervals),
    )
    # The first step is no measure: it also builds the graph.
    wanted = _SECONDS_PER_LOOP / max(seconds_per_step, 1e-6) if built else 1
    return max(1, min(steps, int(wanted)))

  def _tidy_before(self, step):
    if self._devices.is_chief:
      checkpoints.remove_leftovers(self._model_dir)
      self._set_aside(step)

  def _set_aside(self, step):
    """Renames damaged checkpoints, which the training would write over."""
    for name in checkpoints.set_aside(self._model_dir, step):
      warnings.warn(
        f"A checkpoint later than step {step}, where the training resumes, "
        f"was renamed to {name} in {self._model_dir}.",
        stacklevel=3,
      )

  def _begin(self, step):
    """Writes the first checkpoint, or tidies up when a training goes on."""
    if step == 0:
      self._save(step)
    else:
      self._tidy(step)

  def _save(self, step):
    if not self._devices.is_chief:
      return
    checkpoints.write(self._model_dir, step, named_variables(self.model))
    self._tidy(step)

  def _tidy(self, step):
    """Removes old checkpoints, also those that a killed process left."""
    if self._devices.is_chief and checkpoints.all_steps(self._model_dir):
      checkpoints.remove_old(
        self._model_dir, self._config.keep_checkpoint_max, step
      )

  def _make_loop(self, iterator, on_traced=None):
    """Returns `loop(steps)` -> scalars of the last step."""

    # Models are written in graph operations. Converting their Python as well
    # would double the time until the first step.
    train_step = tf.autograph.experimental.do_not_convert(self.model.train_step)
    if self._config.xla:
      train_step = self._devices.compiled(train_step)

    @tf.function
    def one_step(iterator):
      batches = self._devices.take(iterator, self.model.batches_per_step)
      return self._devices.run(train_step, batches)

    traced = one_step.get_concrete_function(iterator)
    if on_traced:
      on_traced(traced.graph)
    self._devices.inspect(traced.graph)
    return self._devices.loop(one_step, iterator, traced.structured_outputs)


def named_variables(model: Any) -> dict[str, tf.Variable]:
  """Returns {name: variable}, with the names used in checkpoints."""
  named = {v.name.split(":")[0]: v for v in model.variables}
  if len(named) < len(model.variables):
    raise ValueError(
      "Two variables of the model have the same name: a checkpoint would hold "
      "one of them only."
    )
  return named
