"""How a training is run, as far as a gin file says it: `run_config.*`."""

from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import gin_roles
from compare_gan.context import precision as precision_lib
from compare_gan.estimator import devices
from compare_gan.estimator.devices import base
import gin


class RunConfig(NamedTuple):
  """See `run_config`."""

  tf_random_seed: Optional[int]
  single_core: bool
  iterations_per_loop: int
  save_checkpoints_steps: int
  keep_checkpoint_max: int
  cluster_timeout_s: float = 600.0
  cluster_port: Optional[int] = None
  precision: Optional[str] = None
  precision_mode: Optional[str] = None
  memory_check: str = "warn"
  additions: Optional[base.Additions] = None  # of the kind of device


gin_roles.declare("run_config", first_values=["tf_random_seed"])


@gin.configurable("run_config", module="compare_gan.main")
def run_config(
  tf_random_seed: Optional[int] = None,
  single_core: bool = False,
  iterations_per_loop: int = 1000,
  save_checkpoints_steps: int = 5000,
  keep_checkpoint_max: Optional[int] = 1000,
  cluster_timeout_s: float = 600.0,
  cluster_port: Optional[int] = None,
  precision: Optional[str] = None,
  precision_mode: Optional[str] = None,
  memory_check: str = "warn",
) -> RunConfig:
  """Returns the RunConfig that a gin file sets.

  Args:
    tf_random_seed: everything random follows from it; None draws one.
    single_core: use one core of a TPU.
    iterations_per_loop: steps between two looks at the training from outside.
    save_checkpoints_steps: steps between two checkpoints.
    keep_checkpoint_max: how many checkpoints are kept; 0 or None is all.
    cluster_timeout_s: how long hosts that train together wait for each other,
      longer than the chief needs for a checkpoint, or a loop of steps takes.
    cluster_port: of a host's first task under Slurm; None follows from the
      number of the job.
    precision: what networks compute in, "float32" (the default), "bfloat16", or
      "float16" with a loss scale; weights are float32 in any case.
    precision_mode: the same in words for a device's own compiler, where there
      is one; "allow_mix_precision" is float16 elsewhere.
    memory_check: what happens if the training is not likely to fit into memory,
      "warn" or "refuse"; "off" does not look.
  """
  # What no device understands; the rest when the device is known.
  precision_lib.resolve(precision, precision_mode, on_npu=True)
  if memory_check not in ("warn", "refuse", "off"):
    raise ValueError(
      f"run_config.memory_check = {memory_check!r} is unknown. It can be "
      "'warn', 'refuse' or 'off'."
    )
  return RunConfig(
    tf_random_seed,
    single_core,
    iterations_per_loop,
    save_checkpoints_steps,
    keep_checkpoint_max,
    cluster_timeout_s,
    cluster_port,
    precision,
    precision_mode,
    memory_check,
  )


def for_device(kind: str) -> RunConfig:
  """Returns the RunConfig for `--run_config=kind`.

  With what gin says for that kind of device alone. For "auto" these are the
  devices that may be here: where they are not, `Devices.settle` takes it back.
  """
  return devices.find(kind).configured(run_config())
