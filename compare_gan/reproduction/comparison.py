"""Two model_dirs beside each other: variables, scalars, scores, and bills.

On one kind of CPU with the same versions, threads and settings, a training is a
function of its bill: all bits are equal. Elsewhere sums are rounded otherwise,
and every step makes the difference larger: the games that GANs play are
chaotic. The tolerances say up to where two runs still are "the same training
with another rounding":

  variables    1 % of the variable's norm. Rounding in float32 is 1e-7 of a
               number; a few hundred steps of Adam, whose first steps depend on
               the signs of gradients, make 1e-3 of it. Or 1e-6: the moments of
               gradients that cancel are nothing but rounding.
  scalars      5 % of the number, or 0.01: they are those of a single batch.
  scores       5 % of the number: an FID of 10 000 images varies by 1 to 2 %
               between two draws of z.

A long training on other hardware exceeds them, and is then not reproduced: only
its scores over several seeds can be compared.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import os
from typing import Any
from typing import Optional

from compare_gan.configuration import gin_text
from compare_gan.estimator import hooks
from compare_gan.evaluation import protocol
from compare_gan.reproduction import bill
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import score_tables
import numpy as np

VARIABLES = 1e-2
VARIABLES_ABSOLUTE = 1e-6
SCALARS = 5e-2
SCALARS_ABSOLUTE = 1e-2
SCORES = 5e-2

# Facts of a bill that decide how numbers are rounded.
_ROUNDING = (
  "versions.tensorflow",
  "versions.numpy",
  "cpu",
  "device",
  "threads",
  "environment",
)
# Facts that are other ones in every start.
_ALWAYS_OTHER = ("step", "started", "command")
# What a rerun binds.
_OF_A_RERUN = ("stop_at.", "run_config.trackers", "run_config.tf_random_seed")


@dataclasses.dataclass(frozen=True)
class Difference:
  """A value that is not the same in both.

  Attributes:
    name: of the variable, the scalar or the score.
    step: of it.
    absolute: the largest difference of two numbers; None if one is missing, or
      the shapes differ.
    relative: to the first run's norm or number.
    is_tolerated: whether the tolerance covers it.
  """

  name: str
  step: int
  absolute: Optional[float]
  relative: Optional[float]
  is_tolerated: bool


@dataclasses.dataclass(frozen=True)
class Part:
  """What was compared, such as the variables of a checkpoint."""

  what: str
  tolerance: float
  count: int
  differences: list[Difference]
  is_of_variables: bool = False


@dataclasses.dataclass(frozen=True)
class Comparison:
  """All that was compared.

  Attributes:
    parts: of variables, one for each checkpoint; of scalars; of scores.
    expects_bits: whether all bits have to be equal.
    unlike: sentences on how the bills, seeds and gin bindings differ.
    unknown: sentences on what could not be compared.
  """

  parts: list[Part]
  expects_bits: bool
  unlike: list[str]
  unknown: list[str]

  @property
  def is_equal(self) -> bool:
    """Whether all bits that both have are equal."""
    return not any(part.differences for part in self.parts)

  @property
  def is_reproduced(self) -> bool:
    """Whether all are equal, or as close as can be expected."""
    if not any(part.count for part in self.parts):
      return False
    return self.is_equal or (
      not self.expects_bits
      and all(
        one.is_tolerated for part in self.parts for one in part.differences
      )
    )

  def as_json(self) -> dict[str, Any]:
    return {
      "reproduced": self.is_reproduced,
      "bit_for_bit": self.is_equal,
      **dataclasses.asdict(self),
    }


def compare(first: str, second: str, last: Optional[int] = None) -> Comparison:
  """Returns the Comparison of two model_dirs.

  Args:
    first, second: model_dirs.
    last: later steps are left out; None for none.
  """
  unknown: list[str] = []
  parts = [
    *_checkpoints(first, second, last, unknown),
    _scalars(first, second, last),
    _scores(first, second, last, unknown),
  ]
  bills = bill.read(first), bill.read(second)
  for folder, entries in zip((first, second), bills):
    if not entries:
      unknown.append(
        f"{folder} has no {bill.FILE}: the versions, the machine, the images "
        "and the code of its training are unknown."
      )
  if any(_fact(one, "data.of") == bill.SAMPLE for one in bills[0]):
    unknown.append(
      "Of the training images, a sample was compared: others may differ."
    )
  unlike = [
    *_unlike_numbers("seed", *map(model_dir_lib.stored_seed, (first, second))),
    *_unlike_bindings(first, second, last),
    *_unlike_bills(*bills),
  ]
  return Comparison(parts, _expects_bits(*bills), unlike, unknown)


# ---- Numbers -----------------------------------------------------------------


def _checkpoints(first, second, last, unknown) -> Iterator[Part]:
  both = checkpoints.all_steps(first), checkpoints.all_steps(second)
  wanted = sorted(s for s in both[0] if last is None or s <= last)
  missing = [step for step in wanted if step not in both[1]]
  if missing:
    steps = ", ".join(map(str, missing))
    unknown.append(f"{second} has no checkpoint of step {steps}.")
  for step in wanted:
    if step not in missing:
      tensors = [checkpoints.read(folder, step) for folder in (first, second)]
      names = sorted({*tensors[0], *tensors[1]})
      found = [
        _unlike_arrays(name, step, *(each.get(name) for each in tensors))
        for name in names
      ]
      yield Part(
        f"variables of checkpoint {step}",
        VARIABLES,
        len(names),
        [one for one in found if one],
        is_of_variables=True,
      )


def _unlike_arrays(name, step, first, second):
  """Returns the Difference of two arrays; None if all bits are equal."""
  if first is None or second is None:
    return Difference(name, step, None, None, False)
  first, second = np.asarray(first), np.asarray(second)
  if (first.shape, first.dtype) != (second.shape, second.dtype):
    return Difference(name, step, None, None, False)
  if first.tobytes() == second.tobytes():
    return None
  if first.dtype.kind not in "fV":  # Counters and booleans are not rounded.
    return Difference(name, step, None, None, False)
  before = first.astype(np.float64)
  change = second.astype(np.float64) - before
  norm = float(np.linalg.norm(before))
  relative = float(np.linalg.norm(change)) / max(norm, 1e-30)
  absolute = float(np.abs(change).max(initial=0.0))
  # False for what is not a number.
  is_tolerated = relative <= VARIABLES or absolute <= VARIABLES_ABSOLUTE
  return Difference(name, step, absolute, relative, is_tolerated)


def _scalars(first, second, last):
  """Compares the rows of steps that both tables have; the clock chose them."""
  tables = [
    {
      row["step"]: row
      for row in hooks.read_scalars(os.path.join(folder, "scalars.csv"))
      if last is None or row["step"] <= last
    }
    for folder in (first, second)
  ]
  count, found = 0, []
  for step in sorted({*tables[0]} & {*tables[1]}):
    rows = [table[step] for table in tables]
    for name in sorted({*rows[0], *rows[1]} - {"step", "seconds"}):
      count += 1
      values = (row.get(name) for row in rows)
      found.append(
        _unlike_number(name, step, *values, SCALARS, SCALARS_ABSOLUTE)
      )
  return Part("scalars", SCALARS, count, [one for one in found if one])


def _scores(first, second, last, unknown):
  count, found = 0, []
  others = score_tables.read_rows(second)
  for row in score_tables.read_rows(first):
    if last is not None and row.step > last:
      continue
    rows = [other for other in others if other.step == row.step]
    if not rows:
      unknown.append(f"The scores of step {row.step} are in {first} alone.")
      continue
    unlike = [
      protocol.differences(row.protocol, each.protocol) for each in rows
    ]
    if [] not in unlike:
      unknown.append(
        f"The scores of step {row.step} cannot be compared, because their "
        f"protocols differ: {'; '.join(unlike[-1])}."
      )
      continue
    other = rows[unlike.index([])]
    for name in sorted({*row.scores} & {*other.scores}):
      count += 1
      values = row.scores[name], other.scores[name]
      found.append(_unlike_number(name, row.step, *values, SCORES))
  return Part("scores", SCORES, count, [one for one in found if one])


def _unlike_number(name, step, first, second, tolerance, absolute=0.0):
  """Returns the Difference of two numbers; None if they are equal."""
  if first is None or second is None:
    return Difference(name, step, None, None, False)
  if first == second or (first != first and second != second):
    return None
  change = abs(second - first)
  return Difference(
    name,
    step,
    change,
    change / max(abs(first), 1e-30),
    bool(change <= max(tolerance * abs(first), absolute)),
  )


# ---- What may be why ---------------------------------------------------------


def _expects_bits(first, second):
  """Returns whether two runs computed alike, on a CPU, as far as bills tell."""
  entries = [*first, *second]
  if not (first and second):
    return False
  alike = [
    {name: _fact(one, name) for name in _ROUNDING} == _rounding_of(entries[0])
    for one in entries
  ]
  return all(alike) and entries[0]["device"]["kind"] == "cpu"


def _rounding_of(one):
  return {name: _fact(one, name) for name in _ROUNDING}


def _fact(one, name):
  for part in name.split("."):
    one = one.get(part, {})
  return one


def _unlike_bills(first, second):
  """Returns sentences on facts that differ between starts at the same step."""
  found: dict[str, None] = {}
  for one in first:
    same = [each for each in second if each["step"] == one["step"]]
    if same or second:
      other = (same or second)[-1]
      found.update(dict.fromkeys(_unlike_entries(one, other)))
  return list(found)


def _unlike_entries(first, second):
  first, second = _flat(first), _flat(second)
  for name in sorted({*first, *second}):
    room = name.partition(".")[0]
    if room in _ALWAYS_OTHER:
      continue
    if room == "own_code" and not (name in first and name in second):
      continue  # Another program imports other modules.
    yield from _unlike_numbers(name, first.get(name), second.get(name))


def _flat(one: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
  found = {}
  for name, value in one.items():
    if isinstance(value, Mapping):
      # Names of modules have dots, and one level is enough for them.
      found.update(_flat(value, f"{prefix}{name}."))
    else:
      found[f"{prefix}{name}"] = value
  return found


def _unlike_numbers(name, first, second):
  if first != second:
    yield f"{name}: {first!r} and {second!r}"


def _unlike_bindings(first, second, last):
  """Returns sentences on gin bindings that both recorded, with other values."""
  texts = []
  for folder in (first, second):
    name = model_dir_lib.newest_config(folder, last)
    if name is None:
      return
    text = files.read_text(os.path.join(folder, name))
    texts.append(gin_text.read(text)[0])
  for name in sorted({*texts[0]} & {*texts[1]}):
    if not name.startswith(_OF_A_RERUN):
      before, after = (gin_text.resolved(text[name], text) for text in texts)
      yield from _unlike_numbers(name, before, after)
