"""`--run_config=npu`: when there is a card, and which RunConfig it has."""

import dataclasses
import os
from typing import Any
from typing import Optional

from compare_gan.context import precision as precision_lib
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import hosts
from compare_gan.estimator.devices.npu import adapter
from compare_gan.estimator.devices.npu import devices
from compare_gan.estimator.devices.npu import options as npu_options
import gin


class Kind(base.AbstractKind):
  """The card of this process, and those of others that train with it."""

  auto_order = 10

  def choose(self, batch_size: Optional[int], run_config: Any) -> base.Devices:
    return choose(batch_size, run_config)

  def look(self, batch_size: Optional[int], run_config: Any) -> base.Found:
    cluster = hosts.find(run_config)
    num_hosts = len(cluster.addresses) if cluster else 1
    on, why_not = choose_if_any(batch_size, run_config, num_hosts)
    if on is None:
      return base.Found(None, why_not)
    return base.Found(on, on.describe(), "the NPU")

  def may_be_here(self) -> bool:
    return adapter.is_importable()

  def configured(self, run_config: Any) -> Any:
    """Returns run_config with `NPURunConfig.*`; they must not contradict."""
    options = npu_options.npu_run_config()
    bound = gin.get_bindings("run_config")
    for name, value in options.training.items():
      if bound.get(name) not in (None, value):
        raise ValueError(
          f"NPURunConfig.{name} = {value!r} contradicts run_config.{name} = "
          f"{bound[name]!r}. Set one of them only."
        )
    elsewhere = {name: getattr(run_config, name) for name in options.training}
    config = dataclasses.replace(
      run_config,
      additions=options._replace(elsewhere=elsewhere),
      **options.training,
    )
    precision_lib.resolve(
      config.precision, config.precision_mode, by_compiler=True
    )
    return config


def choose(
  batch_size: Optional[int] = None, run_config: Any = None
) -> devices.NpuDevices:
  """Returns the NpuDevices of `--run_config=npu`; see `devices.choose`."""
  options, mode, seed = npu_options.NPUOptions(), None, None
  if run_config is not None:
    options = run_config.additions or options
    mode = _precision_mode(run_config, options)
    seed = run_config.tf_random_seed
  on = devices.NpuDevices(options, mode, seed)
  if batch_size is not None and batch_size % on.num_replicas():
    raise ValueError(
      f"options.batch_size = {batch_size} is not divisible by the "
      f"{on.num_replicas()} cards of RANK_SIZE. Choose a multiple."
    )
  return on


def choose_if_any(
  batch_size: Optional[int] = None, run_config: Any = None, num_hosts: int = 1
) -> tuple[Optional[devices.NpuDevices], str]:
  """Returns (NpuDevices, ""), or (None, why there is no card to train on).

  If RANK_SIZE names several processes, a missing card is an error: if each of
  them fell back, it would train alone, all of them into the same folder.

  Args:
    batch_size, run_config: as for `choose`.
    num_hosts: how many hosts TF_CONFIG or Slurm names, for CPUs or GPUs.
  """
  try:
    adapter.import_adapter()
    if num_hosts > 1 and not _is_one_of_several():
      return None, (
        "RANK_SIZE, which tells the NPUs of each other, is not set for the "
        f"{num_hosts} hosts"
      )
    return choose(batch_size, run_config), ""
  except adapter.NoCard as error:
    if _is_one_of_several() and error.reason != adapter.NO_ADAPTER:
      raise
    return None, error.reason


def _is_one_of_several():
  sizes = [os.environ.get(name) for name in ("RANK_SIZE", "CM_WORKER_SIZE")]
  return any(size not in (None, "", "1") for size in sizes)


def _precision_mode(run_config, options):
  """Returns the precision_mode for the compiler, None to set none.

  If a user sets a precision, the program's types count, not a 910's default,
  which is what "auto" leaves in place.
  """
  if run_config.precision_mode is not None:
    return run_config.precision_mode
  chosen = run_config.precision not in (None, precision_lib.AUTO)
  if not chosen or "precision_mode_v2" in options.device:
    return None
  return "must_keep_origin_dtype"
