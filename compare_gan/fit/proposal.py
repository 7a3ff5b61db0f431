"""Proposes how to train a card with the memory there is.

Candidates are taken in the order of candidates.py. The estimate finds the first
one that fits; a few steps of it, in a process of their own, tell whether it
does. If not, the estimate is corrected by what was measured, and the next one
is looked for.
"""

from collections.abc import Sequence
import dataclasses
import os
from typing import Any
from typing import Optional

from compare_gan import console
from compare_gan.checks import check
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.context import precision
from compare_gan.estimator import run_config
from compare_gan.evaluation import settings
from compare_gan.fit import candidates
from compare_gan.fit import child
from compare_gan.fit import estimate
from compare_gan.fit import machine as machine_lib
from compare_gan.fit import schedule
from compare_gan.fit import timing
from compare_gan.fit.candidates import Candidate
from compare_gan.fit.stopwatch import Measured
from compare_gan.gans import options as options_lib
from compare_gan.memory import memory_limit

_MOST_TIMED = 4  # candidates


@dataclasses.dataclass(frozen=True)
class Tried:
  """A candidate, and what is known of it.

  Attributes:
    candidate: a Candidate.
    expected_bytes: by the estimate; None if the step cannot be traced.
    measured_bytes: the peak of the timed steps, if they were run.
    seconds: of a step, the fastest that was timed.
    cpu_seconds: of all cores, of the step that took least of them.
    rejected: why, "" if it was not.
  """

  candidate: Candidate
  expected_bytes: Optional[int] = None
  measured_bytes: Optional[int] = None
  seconds: Optional[float] = None
  cpu_seconds: Optional[float] = None
  rejected: str = ""


@dataclasses.dataclass(frozen=True)
class Proposal:
  """What `compare_gan fit` proposes.

  Attributes:
    files: the card, gin files.
    lines: of gin, that the user gave on top.
    ram_bytes: how much memory there is.
    machine: a machine.Machine.
    chosen: a Tried that fits.
    bindings: lines of gin that make the card train like that; none if it does.
    notes: what changes with the bindings, in sentences.
    tried: all candidates that were looked at, in the order of preference.
    plan: what fits into the time, if that was asked for.
  """

  files: tuple[str, ...]
  lines: tuple[str, ...]
  ram_bytes: int
  machine: machine_lib.Machine
  chosen: Tried
  bindings: tuple[str, ...]
  notes: tuple[str, ...]
  tried: tuple[Tried, ...]
  plan: Optional[schedule.Plan] = None

  def to_dict(self) -> dict[str, Any]:
    """Returns it as JSON takes it."""
    return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Asked:
  """What is to fit into what.

  Attributes:
    files: gin files, or names of cards in configs/.
    lines: of gin, on top; what they set of a candidate stays.
    ram: such as "8GB"; None for what is free.
    device: as for --run_config.
    minutes: of the training, with its evaluations; None for no limit.
    fake: whether to train with noise of the dataset's shape.
    limit_s: the most that the timed steps of one candidate may take.
    evaluations: a schedule.Evaluations, or None if there are none.
  """

  files: Sequence[str]
  lines: Sequence[str] = ()
  ram: Optional[str] = None
  device: str = "auto"
  minutes: Optional[float] = None
  fake: bool = False
  limit_s: float = 600.0
  evaluations: Optional[schedule.Evaluations] = None


def propose(asked: Asked) -> Proposal:
  """Returns the first candidate that fits; raises a ValueError if none does."""
  check.require(asked.files, asked.lines)
  if asked.minutes is not None and not asked.minutes > 0:
    raise ValueError(f"--minutes={asked.minutes:g}. It must be more than 0.")
  machine = machine_lib.find(asked.device)
  ram_bytes = machine_lib.bytes_of(asked.ram, machine.on_gpu)
  return _Search(asked, machine, ram_bytes).propose()


class _Search:
  """Looks for the first candidate that fits.

  Args:
    asked: an Asked.
    machine: what is trained on.
    ram_bytes: what it must fit into.
  """

  def __init__(
    self, asked: Asked, machine: machine_lib.Machine, ram_bytes: int
  ) -> None:
    self._asked, self._machine, self._ram = asked, machine, ram_bytes
    self._files = [gin_files.find_quietly(file) for file in asked.files]
    self._lines = list(asked.lines)
    self._estimate = estimate.Estimator(
      self._files,
      self._lines,
      machine,
      memory_limit.resident(),  # So far only imports took memory.
      asked.fake,
    )
    self._tried: dict[Candidate, Tried] = {}
    self._factor = 1.0  # what was measured / what was estimated, if more

  def propose(self) -> Proposal:
    with gin_state.own_gin():
      gin_files.parse(self._files, self._lines)
      self._options = options_lib.options()
      self._config = run_config.RunConfig()
      self._num_fake = settings.Settings().num_fake
    as_is, precision_of_card = self._card()
    if self._fits(as_is) is None:
      raise ValueError(
        f"The step of {', '.join(self._asked.files)} cannot be traced: "
        f"{self._tried[as_is].rejected}"
      )
    for group in candidates.groups(
      as_is, self._fixed(), self._machine.replicas
    ):
      if self._machine.replicas > 1:
        group = [one for one in group if not one.recompute]
      for _ in range(_MOST_TIMED):
        found = candidates.first_fitting(group, self._fits)
        if found is None:
          break
        measured = self._measure(found)
        if measured is not None:
          return self._proposal(found, as_is, precision_of_card, measured)
    raise ValueError(self._refusal())

  def _card(self) -> tuple[Candidate, str]:
    """Returns the card as a Candidate, and the precision that it has itself.

    A card that names no precision gets what the machine multiplies natively.
    """
    options, config = self._options, self._config
    name = config.precision
    if config.precision_mode is not None:
      name, _ = precision.resolve(name, config.precision_mode)
    if name == precision.AUTO:
      name = self._machine.precision
    chosen = name or self._machine.precision
    as_is = Candidate(
      options.batch_size, options.micro_batches, options.recompute, chosen
    )
    return as_is, name or "float32"

  def _fixed(self):
    """Returns the names of a candidate that the user's lines set."""
    names = Candidate(1).values()
    return {
      name
      for name in names
      if any(line.split("=")[0].strip() == name for line in self._lines)
    }

  def _fits(self, candidate: Candidate) -> Optional[bool]:
    if candidate not in self._tried:
      self._tried[candidate] = self._estimated(candidate)
    tried = self._tried[candidate]
    if tried.expected_bytes is None:
      return None
    if tried.measured_bytes is not None or tried.rejected:
      return not tried.rejected
    expected = int(self._factor * tried.expected_bytes)
    if expected <= self._ram:
      return True
    self._tried[candidate] = dataclasses.replace(
      tried, expected_bytes=expected, rejected=f"needs {gigabytes(expected)}"
    )
    return False

  def _estimated(self, candidate):
    try:
      return Tried(candidate, self._estimate(candidate))
    except ValueError as error:  # Such as a network that cannot recompute.
      return Tried(candidate, rejected=console.sentence(error))

  def _measure(self, candidate: Candidate) -> Optional[Measured]:
    asked = self._asked
    measured = timing.measure(
      self._files,
      self._lines,
      candidate,
      self._machine.kind,
      asked.limit_s,
      self._ram,
      asked.fake,
    )
    tried = self._tried[candidate]
    expected = tried.expected_bytes or 1
    if isinstance(measured, child.End):
      if not measured.of_memory:
        raise ValueError(
          f"The timed steps of {_in_words(candidate)} failed: {measured.reason}"
        )
      # It would have taken more than there is; how much is unknown.
      self._reject(tried, measured.reason, 1.05 * self._ram / expected)
      return None
    tried = dataclasses.replace(
      tried,
      measured_bytes=measured.peak_bytes,
      seconds=min(measured.steps[-timing.TIMED :]),
      cpu_seconds=min(measured.cpu[-timing.TIMED :]),
    )
    if measured.peak_bytes > self._ram:
      reason = f"took {gigabytes(measured.peak_bytes)}"
      self._reject(tried, reason, measured.peak_bytes / expected)
      return None
    self._tried[candidate] = tried
    return measured

  def _reject(self, tried, reason, factor):
    """Records why, and what the estimate is too small by."""
    self._tried[tried.candidate] = dataclasses.replace(tried, rejected=reason)
    self._factor = max(self._factor, factor)

  def _proposal(self, found, as_is, own_precision, measured):
    asked = self._asked
    card = dataclasses.replace(as_is, precision=own_precision)
    bindings = found.bindings(card)
    plan = None
    if asked.minutes is not None:
      plan = schedule.plan(
        asked.minutes * 60,
        measured,
        self._options.training_steps,
        self._config.save_checkpoints_steps,
        asked.evaluations,
        self._num_fake,
      )
      if 0 < plan.steps < self._options.training_steps:
        bindings.append(f"options.training_steps = {plan.steps}")
    return Proposal(
      tuple(asked.files),
      tuple(asked.lines),
      self._ram,
      self._machine,
      self._tried[found],
      tuple(bindings),
      tuple(_notes(card, found, self._machine)),
      tuple(sorted(self._tried.values(), key=_preference)),
      plan,
    )

  def _refusal(self):
    tried = sorted(self._tried.values(), key=_preference)
    reasons = {one.rejected: one.candidate for one in reversed(tried)}
    lines = [
      f"  {_in_words(candidate)}: {reason}"
      for reason, candidate in reversed(reasons.items())
    ]
    kept = sorted(self._fixed())
    if kept:
      lines.append(f"--gin_bindings keeps {', '.join(kept)} as it is.")
    return "\n".join(
      [
        f"{', '.join(self._asked.files)} does not fit into --ram="
        f"{gigabytes(self._ram)}, nor does it with these settings:",
        *lines,
        "Give more memory, or choose a smaller network.",
      ]
    )


def _preference(tried):
  """Returns a key that sorts as candidates.py prefers."""
  one = tried.candidate
  return -one.batch_size, one.recompute, one.micro_batches


def _notes(card, found, machine):
  if found.batch_size != card.batch_size:
    yield (
      f"The batch is {found.batch_size} instead of {card.batch_size}: this is "
      "another experiment, whose learning rates may have to change. Nothing "
      "else was small enough."
    )
  if found.micro_batches != card.micro_batches:
    yield (
      f"The optimisers still see batches of {found.batch_size}, but batch norm "
      f"and losses that compare images see "
      f"{found.batch_size // found.micro_batches} at a time."
    )
  if found.recompute and not card.recompute:
    yield "Recomputation changes no result; a step takes longer."
  if found.precision != card.precision:
    yield f"{found.precision}, because {machine.why}."


def _in_words(candidate):
  return ", ".join(candidate.bindings())


def gigabytes(size: float) -> str:
  """Returns bytes in words, "7.9 GB"."""
  return f"{size / 1e9:.2f} GB"


def gin_text(proposal: Proposal) -> str:
  """Returns a gin file of the card with the proposed bindings."""
  chosen = proposal.chosen
  lines = [
    f"# By `compare_gan fit`, for {gigabytes(proposal.ram_bytes)} of memory: "
    f"{gigabytes(chosen.measured_bytes or 0)}, {chosen.seconds:.3g} s a step.",
    *(f"# {note}" for note in proposal.notes),
    *(f"include {_included(file)!r}" for file in proposal.files),
    *proposal.lines,
    *proposal.bindings,
  ]
  return "\n".join([*lines, ""])


def _included(file):
  """Returns how a gin file anywhere includes a card or a file."""
  return os.path.abspath(file) if os.path.isfile(file) else file


def to_text(proposal: Proposal) -> str:
  """Returns the table of candidates, the notes and the bindings."""
  row = "{:>7}{:>15}{:>11}{:>11}{:>11}{:>11}{:>9}  {}"
  head = "batch,micro-batches,recompute,precision,estimate,measured,s/step,"
  lines = [row.format(*head.split(",")).rstrip()]
  for one in proposal.tried:
    candidate = one.candidate
    is_chosen = candidate == proposal.chosen.candidate
    lines.append(
      row.format(
        candidate.batch_size,
        candidate.micro_batches,
        "yes" if candidate.recompute else "no",
        candidate.precision,
        gigabytes(one.expected_bytes) if one.expected_bytes else "",
        gigabytes(one.measured_bytes) if one.measured_bytes else "",
        f"{one.seconds:.3g}" if one.seconds else "",
        "chosen" if is_chosen else one.rejected or "fits",
      ).rstrip()
    )
  where = "the GPU" if proposal.machine.on_gpu else "the process"
  lines += ["", f"Memory of {where}: {gigabytes(proposal.ram_bytes)}."]
  lines += proposal.notes
  if proposal.plan:
    lines += [schedule.in_words(proposal.plan)]
  if not proposal.bindings:
    return "\n".join([*lines, "The card fits as it is."])
  return "\n".join([*lines, "", *proposal.bindings])
