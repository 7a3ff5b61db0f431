"""What a study file says: `study.*`.

  study.base = "sndcgan_cifar10.gin"
  study.axes = {
    "penalty": {"none": ["penalty.fn = @no_penalty"],
                "gp": ["penalty.fn = @wgangp_penalty"]},
    "norm": {"none": ["D.spectral_norm = False"],
             "sn": ["D.spectral_norm = True"]},
  }
  study.slices = [{"norm": "none"}, {"penalty": "none"}]
  study.search = [@fixed_sets(), @gp_bandit()]

plan.py turns it into runs.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import os
from typing import Any
from typing import ClassVar
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import mistakes
from compare_gan.study.define import search as search_lib
from compare_gan.study.report import sections  # noqa: F401  (report.sections)
from compare_gan.study.run import table
import gin

_PARAMETERS = {
  # D's learning rate is G's unless the base says otherwise, so set both.
  "lr": ["ModularGAN.g_lr = {}", "ModularGAN.d_lr = {}"],
  "lamba": ["options.lamba = {}"],
  "beta1": ["tf.train.AdamOptimizer.beta1 = {}"],
  "beta2": ["tf.train.AdamOptimizer.beta2 = {}"],
  "disc_iters": ["options.disc_iters = {}"],
}
_INERT = {"penalty.fn = @no_penalty": ["lamba"]}
# A study file may leave these out or set None; __post_init__ fills them in.
_FILLED_IN: Any = None


@gin.configurable("study", module="compare_gan.study")
@dataclasses.dataclass(frozen=True)
class Study:
  """A study, as its gin file describes it; bound as study.base and so on.

  Args:
    base: the gin file that all runs begin with: a path, a file beside the study
      file, or the name of a card in configs/. "" for none: then an axis has a
      card for each of its values.
    name: the name of the study; None for the name of its file.
    common: lines of gin for all runs.
    axes: {axis: {value: [lines of gin]}}. Gin files can be among the lines or
      replace them: {"none": [], "bcr": "regularisers/bcr.gin"}; lines override
      files.
    slices: [{axis: value or [values]}]; an axis that a slice does not name
      takes all of its values. None: the product of all axes. "one_at_a_time": a
      slice for each axis, with the other axes at their first value, for
      ablations.
    overrides: [({axis: value or [values]}, [lines of gin])]: lines that
      override the bindings of the axes' values in these cells.
    search: phases, see search/; without any, each cell is trained as it is.
    baselines: {axis: value}: the report compares the other values of the axis
      with this one only, not with each other. Fewer tests have more power.
    seeds: the number of seeds that each setting is trained with: 1, 2, ... A
      seed is the run_config.tf_random_seed of its run, and also the
      dataset.seed unless that is bound.
    first_seed: the first of these seeds. A study that trains the best settings
      of another one again begins after the last seed of that one.
    score: the score that decides, by its name in the tables. Its metric
      declares whether lower or higher is better.
    minimize: true or False overrides that direction; None leaves it to the
      metric.
    checkpoint: the checkpoint whose score counts: "last", "best" by
      study.score, or "min", each score's own best.
    parameters: {name of a setting: [lines of gin with {} for its value]}, in
      addition to lr, lamba, beta1, beta2 and disc_iters.
    inert: {line of gin: [settings without an effect in cells with this
      binding]}
    groups: axes; each combination of their values has a separate search. None
      for all axes.
    seed: the random seed of the search.
    timeout_s, memory_mb: limits of a run; None for no limit.
    retries: how often a run that failed is tried again.
    eval_every_steps: checkpoints at multiples of this are scored, and so is the
      last one.
    eval_runs: how often a checkpoint is sampled and scored.
    flags: additional flags of compare_gan.main.
    on_impossible: "refuse" a study with cells that cannot be built, or "skip"
      these cells.
  """

  base: str = gin.REQUIRED
  name: Optional[str] = None
  common: Sequence[str] = ()
  axes: dict[str, dict[Any, Union[str, Sequence[str]]]] = _FILLED_IN
  slices: Any = ()
  overrides: Sequence[tuple[dict[str, Any], Sequence[str]]] = ()
  search: Sequence[search_lib.Phase] = ()
  baselines: dict[str, Any] = _FILLED_IN
  seeds: int = 1
  first_seed: accepted.Seed = 1
  score: str = "fid_classifier"
  minimize: Optional[bool] = None
  checkpoint: str = "last"
  parameters: dict[str, Sequence[str]] = _FILLED_IN
  inert: dict[str, Sequence[str]] = _FILLED_IN
  groups: Sequence[str] = _FILLED_IN
  seed: accepted.Seed = 123
  timeout_s: Optional[float] = None
  memory_mb: Optional[int] = None
  retries: int = 1
  eval_every_steps: int = 1
  eval_runs: int = 1
  flags: Sequence[str] = ()
  on_impossible: str = "refuse"

  # Whether seeds also differ in the order of images and their flips.
  seeds_data: ClassVar[bool] = True

  def __post_init__(self) -> None:
    axes = self.axes or {}
    filled_in = {
      "axes": {axis: _with_lists(values) for axis, values in axes.items()},
      "slices": _fill_in_slices(self.slices, axes),
      "baselines": dict(self.baselines or {}),
      "parameters": {**_PARAMETERS, **(self.parameters or {})},
      "inert": _INERT if self.inert is None else self.inert,
      "groups": tuple(axes if self.groups is None else self.groups),
      **{
        name: tuple(getattr(self, name))
        for name in ("common", "overrides", "search", "flags")
      },
    }
    for name, value in filled_in.items():
      object.__setattr__(self, name, value)  # The dataclass is frozen.
    mistakes.refuse(self)

  @property
  def files(self) -> list[str]:
    """The gin files that all runs begin with."""
    return [self.base] if self.base else []

  @property
  def is_minimized(self) -> bool:
    """Whether a lower score is better."""
    return table.is_minimized({"score": self.score, "minimize": self.minimize})

  def with_the_same_images_for_all_seeds(self) -> "Study":
    """Returns the study as an earlier version began it."""
    return _StudyOfSharedImages(
      **{
        each.name: getattr(self, each.name) for each in dataclasses.fields(self)
      }
    )


@dataclasses.dataclass(frozen=True)
class _StudyOfSharedImages(Study):
  """A study that an earlier version began: its runs bind no dataset.seed.

  Binding one now would change the ids of all of its runs.
  """

  seeds_data: ClassVar[bool] = False


def _fill_in_slices(slices, axes):
  if isinstance(slices, str):
    mistakes.require_one_of("slices", slices, ["one_at_a_time"])
    first = {axis: next(iter(values)) for axis, values in axes.items()}
    return tuple({**first, axis: list(axes[axis])} for axis in axes)
  return tuple(slices)


def _with_lists(values):
  """Returns the values of an axis; a file alone becomes a list of one."""
  if not isinstance(values, dict):
    return values  # mistakes.py refuses it.
  return {
    value: [lines]
    if isinstance(lines, str) and bindings_lib.is_file(lines)
    else lines
    for value, lines in values.items()
  }


# ---- Reading -----------------------------------------------------------------


def find(path: str) -> str:
  """Returns the path of a study file; it may be in configs/studies/."""
  return gin_files.find(path, "studies", "study run ")


def load(path: str, bindings: Iterable[str] = ()) -> Study:
  """Returns the Study of a file; the state of gin stays the same.

  Args:
    path: the path of a file, or the name of one in configs/studies/.
    bindings: lines of gin that are appended to the file.
  """
  path = find(path)
  with gin_state.own_gin():
    gin_files.parse([path], bindings)
    made = Study()
    stem = os.path.splitext(os.path.basename(path))[0]
    folder = os.path.dirname(path)
    axes = {
      axis: {
        value: _find_files(f"study.axes: {axis} = {value!r}", lines, folder)
        for value, lines in values.items()
      }
      for axis, values in made.axes.items()
    }
    return dataclasses.replace(
      made,
      name=made.name or stem,
      base=made.base
      and _find_file(f"study.base = {made.base!r}", made.base, folder),
      axes=axes,
      common=_find_files("study.common", made.common, folder),
      overrides=[
        (part, _find_files(f"study.overrides: {part}", lines, folder))
        for part, lines in made.overrides
      ],
    )


def _find_files(title, lines, folder):
  """Returns lines of gin, with names of files replaced by their paths."""
  return [
    _find_file(title, line, folder) if bindings_lib.is_file(line) else line
    for line in lines
  ]


def _find_file(title, name, folder):
  beside = os.path.join(folder, name)
  if os.path.isfile(beside):
    return beside
  try:
    return gin_files.find(name)
  except FileNotFoundError:
    raise FileNotFoundError(
      f"{title}: there is no file {name}, neither here, nor beside the study "
      "file, nor in configs/."
    ) from None
