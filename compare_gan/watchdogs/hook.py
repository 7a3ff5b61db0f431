"""The hook that looks, names the state, and acts.

It comes before the other hooks, so that the progress line has the present
state, and diagnosis.json is there when a loss that is not finite ends the
training. `Stop` comes after them: TensorBoard then has the last state, too.
"""

from typing import Any
from typing import Optional
import warnings

from compare_gan.console import messages
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
from compare_gan.watchdogs import actions
from compare_gan.watchdogs import curve
from compare_gan.watchdogs import diagnosis
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import settings
from compare_gan.watchdogs import signal
from compare_gan.watchdogs import states
from compare_gan.watchdogs.signals import not_finite


@hook_kinds.register
def hooks_of_training(training: hook_kinds.Training) -> list[hooks.Hook]:
  """Returns the hooks that `watchdog.*` asks for."""
  chosen = settings.Settings()
  if chosen.action == settings.OFF:
    return []
  watchdog = Watchdog(training, chosen)
  return [watchdog, Stop(watchdog)]


class Watchdog(hooks.Hook):
  """Looks at a training, and names its state.

  Args:
    training: what hooks are made from.
    chosen: a Settings.

  Attributes:
    finding: of the last look, None if it was healthy.
    error: what is to end the training, None if nothing is.
  """

  comes_first = True

  def __init__(
    self, training: hook_kinds.Training, chosen: settings.Settings
  ) -> None:
    self._training, self._chosen = training, chosen
    self._folder = training.model_dir
    self._signals = signal.make(chosen.signals)
    self.every_steps = chosen.every_steps if chosen.is_acting else None
    self.finding: Optional[states.Finding] = None
    self.error: Optional[Exception] = None

  # ---- When ------------------------------------------------------------------

  def begin(self, model: Any, step: int, max_steps: int) -> None:
    del max_steps
    self._model = model
    self._probe: Optional[probe.Probe] = None
    self._lines = curve.read(self._folder, step)
    if self._lines:
      curve.write(self._folder, self._lines)  # without later ones
    diagnosis.remove_after(self._folder, step)
    self._is_noted = bool(self._lines)
    self._changes: list[tuple[int, str]] = []
    if not any("birth" in line for line in self._lines):
      first = probe.first_look(model, step)
      self._lines.insert(0, {"birth": 1, **self._row_of(first)})
    if self._chosen.is_acting and step == 0:
      actions.mark_healthy(self._folder, 0)  # At worst it begins anew.
    self._next = _next_multiple(step, self._chosen.every_steps)
    self._trained = self._looked = self._longest = 0.0  # seconds
    self._first_loop: Optional[float] = None

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    self._trained += seconds
    if self._first_loop is None:
      self._first_loop = seconds  # It built the graph of a step.
    is_bad = bool(not_finite.bad_losses(scalars))
    if not is_bad and (step < self._next or not self._has_time()):
      return
    self._next = _next_multiple(step, self._chosen.every_steps)
    is_first = self._probe is None
    began = hooks.clock()
    self._look(step, scalars)
    taken = hooks.clock() - began
    self._looked += taken
    if not is_first:  # The first one builds a graph.
      self._longest = max(self._longest, taken)

  def _has_time(self):
    """Returns whether looks, with another one, keep to their share of time."""
    if self._chosen.is_acting or self._chosen.share is None:
      return True
    # The first look builds a graph, which takes less than that of a step.
    spent = self._looked + self._longest if self._probe else self._first_loop
    return spent <= self._chosen.share * self._trained

  # ---- What ------------------------------------------------------------------

  def _look(self, step, scalars):
    look = self._look_if_possible(step, scalars)
    row = self._row_of(look)
    new = [row] if self._is_noted else [*self._lines, row]
    self._lines.append(row)
    curve.append(self._folder, *new)
    self._is_noted = True
    judged = signal.Curve(
      [line for line in self._lines if not curve.is_return(line)],
      self._chosen.patience,
      self._chosen.grace,
    )
    before = states.name_of(self.finding)
    self.finding = states.most_telling(
      filter(None, (one.judge(judged, look) for one in self._signals))
    )
    self._tell(step, row, before)
    if self.finding is None:
      self._mark(judged)
    else:
      self._act(step)

  def _look_if_possible(self, step, scalars):
    """Returns the Look; of a GAN that cannot be shown, one at its weights."""
    try:
      if self._probe is None:
        self._probe = probe.Probe(self._model, self._training.dataset)
      return self._probe.look(step, scalars)
    except Exception as error:  # noqa: BLE001, no reason to end a training
      warnings.warn(
        "The watchdogs see weights and losses only, since a look at the images "
        f"failed: {messages.with_kind(error)}",
        stacklevel=2,
      )
      self._probe = probe.Probe(self._model, None)
      return self._probe.look(step, scalars)

  def _row_of(self, look):
    row = {"step": look.step}
    for one in self._signals:
      row.update(one.numbers(look))
    return row

  # ---- What follows ----------------------------------------------------------

  def _tell(self, step, row, before):
    state, notes = states.name_of(self.finding), self._training.notes
    notes.words["watchdog"] = state
    notes.scalars.update(
      {
        f"watchdog/{name}": value
        for name, value in row.items()
        if name != "step" and not name.startswith("print_")
      }
    )
    if self._changes and state == before:
      return
    self._changes.append((step, state))
    reason = self.finding.reason if self.finding else ""
    notes.texts["watchdog/state"] = f"**{state}** {reason}".rstrip()
    if state == before:  # the first look, and a healthy one
      return
    diagnosis.write(
      self._folder, step, self.finding, self._changes, self._lines
    )
    if self.finding:
      print(
        f"Watchdog, step {step}: {state}. {reason} {self.finding.advice}",
        flush=True,
      )
    else:
      print(f"Watchdog, step {step}: healthy again.", flush=True)

  def _mark(self, judged):
    """Marks the last checkpoint that was healthy for `patience` looks."""
    looks = judged.looks()
    if len(looks) >= self._chosen.patience:
      step = looks[-self._chosen.patience]["step"]
      actions.mark_healthy(self._folder, int(step))

  def _act(self, step):
    if not self._chosen.is_acting:
      return
    more = ""
    if self._chosen.action == settings.GO_BACK:
      returns = sum(map(curve.is_return, self._lines))
      to = actions.find_healthy(self._folder)
      if returns < self._chosen.most_returns and to is not None:
        self._go_back(step, to)
      more = (
        f"It went back {returns} times (watchdog.most_returns). "
        if to is not None
        else "There is no healthy checkpoint to go back to. "
      )
    self.error = actions.stopped(self._folder, step, self.finding, more)

  def _go_back(self, step, to):
    factor = self._chosen.rate_factor
    actions.begin_return(self._folder, to, step, self.finding, factor)
    print(
      f"Going back from step {step} to the healthy checkpoint of step {to}, "
      f"with {factor:g} times the learning rates.",
      flush=True,
    )
    raise actions.GoBack(to)


class Stop(hooks.Hook):
  """Ends a training as its Watchdog asks, after all other hooks.

  Args:
    watchdog: a Watchdog.
  """

  def __init__(self, watchdog: Watchdog) -> None:
    self._watchdog = watchdog

  def after_loop(
    self, step: int, steps: int, seconds: float, scalars: dict[str, Any]
  ) -> None:
    if self._watchdog.error:
      raise self._watchdog.error


def _next_multiple(step, every):
  return (step // every + 1) * every
