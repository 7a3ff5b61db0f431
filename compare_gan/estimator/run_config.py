"""How a training is run, as far as a gin file says it: `run_config.*`."""

from collections.abc import Sequence
import dataclasses
from typing import Annotated
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.context import precision as precision_lib
from compare_gan.estimator import devices
from compare_gan.estimator import hook_kinds
from compare_gan.estimator.devices import base
from compare_gan.trackers import choice
import gin

_Port = Annotated[int, accepted.Range(least=1, most=65535)]

gin_roles.declare("run_config", first_values=["tf_random_seed"])


@gin.configurable(
  "run_config", module="compare_gan.main", denylist=["additions"]
)
@dataclasses.dataclass(frozen=True)
class RunConfig:
  """How a training is run; `RunConfig()` is what a gin file sets.

  Attributes:
    tf_random_seed: seed of everything random; None draws one.
    single_core: use one core of a TPU.
    iterations_per_loop: steps that run before hooks are called again.
    save_checkpoints_steps: steps between two checkpoints.
    keep_checkpoint_max: how many checkpoints are kept; 0 or None keeps all.
    cluster_timeout_s: seconds that hosts which train together wait for each
      other. It must be longer than the chief needs to write a checkpoint, and
      longer than a loop of steps.
    cluster_port: port of a host's first task under Slurm; None derives it from
      the number of the job.
    precision: what networks compute in, "float32" (the default), "bfloat16", or
      "float16" with a loss scale; weights are float32 in any case. "auto" is
      bfloat16 where the device multiplies it natively, see
      devices/native_precision.py, and float32 elsewhere.
    precision_mode: the precision as a device's own compiler calls it, if it has
      one; "allow_mix_precision" means float16 elsewhere.
    xla: compile steps with XLA, on one CPU or GPU. A TPU always does.
    deterministic: use only operations that give the same bits in every run, and
      refuse those that cannot; slower on GPUs.
    memory_check: what happens if the training is unlikely to fit into memory,
      "warn" or "refuse"; "off" does not check.
    hooks: hooks in addition to the built-in ones: a list of @names and of
      dotted paths, see hook_kinds.py.
    trackers: what gets the scalars, pictures and scores, in addition to
      TensorBoard: [@mlflow_tracker(), "my_package.my_tracker.MyTracker"], see
      docs/trackers.md.
    additions: what the kind of device adds, see `AbstractKind.configured`; gin
      does not set it.
  """

  tf_random_seed: Optional[accepted.Seed] = None
  single_core: bool = False
  iterations_per_loop: accepted.Count = 1000
  save_checkpoints_steps: accepted.Count = 5000
  keep_checkpoint_max: Optional[accepted.CountOrZero] = 1000
  cluster_timeout_s: accepted.Positive = 600.0
  cluster_port: Optional[_Port] = None
  precision: Optional[str] = None
  precision_mode: Optional[str] = None
  xla: bool = False
  deterministic: bool = False
  memory_check: Annotated[str, accepted.OneOf("warn", "refuse", "off")] = "warn"
  hooks: Sequence[Union[str, hook_kinds.HookMaker]] = ()
  trackers: Sequence[Union[str, choice.Named]] = ()
  additions: Optional[base.Additions] = None

  def __post_init__(self) -> None:
    # Refuses what no device accepts. The chosen device refuses the rest later.
    precision_lib.resolve(self.precision, self.precision_mode, by_compiler=True)
    if self.memory_check not in ("warn", "refuse", "off"):
      raise ValueError(
        f"run_config.memory_check = {self.memory_check!r} is unknown. It can "
        "be 'warn', 'refuse' or 'off'."
      )
    hook_kinds.find(self.hooks)  # Refuses what is not a hook.
    choice.check(self.trackers)

  def _replace(self, **changes: Any) -> "RunConfig":
    """Calls `dataclasses.replace`; docs/distributed.md once used this."""
    return dataclasses.replace(self, **changes)


run_config = RunConfig  # as gin files call it


def for_device(kind: str) -> RunConfig:
  """Returns the RunConfig for `--run_config=kind`.

  It includes what gin sets for that kind of device alone. For "auto" that is
  the first kind that may be here. If it turns out not to be, `Devices.settle`
  takes these settings back.
  """
  return devices.find(kind).configured(RunConfig())
