"""`NPURunConfig.*`: the names of the Ascend adapter for TensorFlow 1.

Existing configurations of NPUs use these names; the adapter for TensorFlow 2
has others. Every name is accepted, and belongs to one of these groups:

  the training's       sets `run_config.*` of the same name,
  the device's         is set on `npu_device.global_options()`, or is the number
                       of the card, or an environment variable,
  without a meaning    causes a warning,
  contradicted         asks for what does not exist here, and is refused.

A name that is not bound is not set: the adapter has its own defaults. These
differ from release to release, and so do the options that it knows.

  NPURunConfig.precision_mode = "allow_mix_precision"
  NPURunConfig.profiling_config = @ProfilingConfig()
  ProfilingConfig.enable_profiling = True
"""

import inspect
from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan.configuration import gin_roles
from compare_gan.estimator.devices.npu import meanings
from compare_gan.estimator.devices.npu import names
from compare_gan.estimator.devices.npu import planned_draws
from compare_gan.estimator.devices.npu import preflight
from compare_gan.estimator.devices.npu import sections  # noqa: F401, for gin
import gin

_MODULE = "compare_gan.estimator.npu_options"  # as gin files may call it


class NPUOptions(NamedTuple):
  """What `NPURunConfig.*` asks for."""

  training: dict[str, Any] = {}  # of RunConfig
  device: dict[str, Any] = {}  # "dump_config.dump_path" -> value
  environment: dict[str, str] = {}
  device_id: Optional[int] = None
  loss_scale: bool = False
  elsewhere: dict[str, Any] = {}  # the values that `training` replaces

  def dry_run(self, model: Any, specs: Any) -> str:
    """Returns the preflight's report of a step; see `base.Additions`."""
    return preflight.report(planned_draws.step_graph(model, specs))


_PARAMETERS = inspect.Signature(
  [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
    for name in names.ALL
  ]
)


def _with_signature(signature, section):
  """Shows gin the parameters of a function of `**given`; gin refuses others.

  Args:
    signature: has the parameters.
    section: the docstring's on them.
  """

  def decorate(function):
    function.__signature__ = signature
    function.__doc__ = f"{inspect.getdoc(function)}\n\n{section}"
    return function

  return decorate


gin_roles.declare("NPURunConfig", first_values=["tf_random_seed"])


@gin.configurable("NPURunConfig", module=_MODULE)
@_with_signature(_PARAMETERS, meanings.section())
def npu_run_config(**given: Any) -> NPUOptions:
  """Returns the NPUOptions of what is bound; None is "not asked for"."""
  _PARAMETERS.bind(**given)  # Raises a TypeError for any other name.
  given = {name: value for name, value in given.items() if value is not None}
  _refuse(given)
  _warn(given)
  return NPUOptions(
    _training(given),
    _device(given),
    _environment(given),
    given.get("session_device_id"),
    bool(given.get("loss_scale")),
  )


def _refuse(given):
  for name, advice in names.REFUSED.items():
    if given.get(name):
      raise ValueError(
        f"NPURunConfig.{name} = {given[name]!r} is not supported. {advice}."
      )


def _warn(given):
  for name, (default, reason) in names.WITHOUT_MEANING.items():
    if given.get(name, default) != default:
      warnings.warn(
        f"NPURunConfig.{name} = {given[name]!r} has no effect: {reason}.",
        stacklevel=3,
      )


def _training(given):
  chosen = {name: given[name] for name in names.TRAINING if name in given}
  if given.get("mix_compile_mode"):
    # The adapter itself decides which graphs run partly on the host.
    steps = chosen.setdefault("iterations_per_loop", 1)
    if steps != 1:
      raise ValueError(
        "NPURunConfig.mix_compile_mode = True runs one step at a time, but "
        f"NPURunConfig.iterations_per_loop = {steps}. Set one of them only."
      )
  return chosen


def _device(given):
  device = {name: given[name] for name in names.SAME if name in given}
  device.update({n: bool(given[n]) for n in names.BOOLS if n in given})
  device.update({names.AOE[n]: given[n] for n in names.AOE if n in given})
  for name, holder in names.NESTED.items():
    device.update(_flat(holder, _dict(name, given.get(name, {}))))
  return device


def _environment(given):
  return {
    variable: str(given[name])
    for name, variable in names.ENVIRONMENT.items()
    if name in given
  }


def _dict(name, value):
  if not isinstance(value, dict):
    raise ValueError(
      f"NPURunConfig.{name} = {value!r}. It must be a dict of its options, "
      "such as @ProfilingConfig(), @DumpConfig(), @MemoryConfig() or "
      "@ExperimentalConfig()."
    )
  return value


def _flat(holder, options):
  """Returns {"a.b.c": value} of nested dicts under `holder`."""
  flat = {}
  for name, value in options.items():
    path = f"{holder}.{name}"
    flat.update(
      _flat(path, value) if isinstance(value, dict) else {path: value}
    )
  return flat
