"""How a training is run, as far as a gin file says it: `run_config.*`."""

from typing import NamedTuple
from typing import Optional

import gin


class RunConfig(NamedTuple):
  """See `run_config`."""

  tf_random_seed: Optional[int]
  single_core: bool
  iterations_per_loop: int
  save_checkpoints_steps: int
  keep_checkpoint_max: int


@gin.configurable("run_config", module="compare_gan.main")
def run_config(
  tf_random_seed=None,
  single_core=False,
  iterations_per_loop=1000,
  save_checkpoints_steps=5000,
  keep_checkpoint_max=1000,
):
  """Returns the RunConfig that a gin file sets.

  Args:
    tf_random_seed: everything random follows from it; None draws one.
    single_core: use one core of a TPU.
    iterations_per_loop: steps between two looks at the training from outside.
    save_checkpoints_steps: steps between two checkpoints.
    keep_checkpoint_max: how many checkpoints are kept; 0 or None is all.
  """
  return RunConfig(
    tf_random_seed,
    single_core,
    iterations_per_loop,
    save_checkpoints_steps,
    keep_checkpoint_max,
  )
