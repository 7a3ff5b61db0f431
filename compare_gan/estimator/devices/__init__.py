"""What a step runs on: one file for each kind of device, and what they share.

This room sees the leaves, and nothing of the estimator. A kind is a file here
with a class `Kind` (see base.py), or a module of your own:
`--run_config=my_package.my_device`.
"""

import importlib
import pkgutil
from typing import Any
from typing import Optional

from compare_gan.configuration import dotted_path
from compare_gan.estimator.devices import base


def choose(
  kind: str = "auto",
  batch_size: Optional[int] = None,
  run_config: Any = None,
) -> base.Devices:
  """Returns what to train on; call it before any op of TensorFlow.

  If TF_CONFIG or Slurm names several hosts, the CPUs or GPUs of all of them are
  used, see cluster.py.

  Args:
    kind: `--run_config`. "auto" takes the first that is here, and prints it.
    batch_size: the global batch must divide by the number of replicas.
    run_config: a RunConfig, what `run_config.for_device(kind)` returns.
  """
  return find(kind).choose(batch_size, run_config)


def find(name: str) -> base.AbstractKind:
  """Returns the kind of device that `--run_config=name` asks for."""
  module = _module(name) if name in names() else dotted_path.module(name)
  if module is None:
    raise ValueError(
      f"--run_config={name} is unknown. It can be {', '.join(names())}, or the "
      "dotted path of a module of your own."
    )
  if not hasattr(module, "Kind"):
    raise ValueError(
      f"--run_config={name} has no class Kind. It must be one of "
      f"{', '.join(names())}, or a module with a class Kind that extends "
      f"{base.__name__}.AbstractKind."
    )
  return module.Kind()


def names() -> list[str]:
  """Returns the kinds that have a file here, sorted."""
  files = [info.name for info in pkgutil.iter_modules(__path__)]
  return sorted(name for name in files if hasattr(_module(name), "Kind"))


def _module(name):
  return importlib.import_module(f"{__name__}.{name}")
