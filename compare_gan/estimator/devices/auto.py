"""`--run_config=auto`: the first kind of device that is here.

Kinds are asked in the order of their `auto_order`.
"""

from typing import Any
from typing import Optional

from compare_gan.estimator import devices
from compare_gan.estimator.devices import base


class Kind(base.AbstractKind):
  """Asks one kind after the other, and prints what it took and why."""

  def choose(self, batch_size: Optional[int], run_config: Any) -> base.Devices:
    reasons: list[str] = []
    for kind in _asked():
      found = kind.look(batch_size, run_config)
      reasons = [found.reason, *reasons] if found.reason else reasons
      if found.devices is not None:
        said = ", and ".join(reasons)
        print(f"Training on {found.name}: {said}.", flush=True)
        return found.devices
    raise ValueError(
      f"--run_config=auto found nothing to train on: {', and '.join(reasons)}."
    )

  def configured(self, run_config: Any) -> Any:
    """Returns the RunConfig as the first kind that may be here configures it.

    If that kind is not here after all, `Devices.settle` undoes its additions.
    """
    return _first_possible().configured(run_config)

  def uses_host_memory(self) -> bool:
    return _first_possible().uses_host_memory()


def _first_possible():
  """Returns the first kind that may be here."""
  return next(kind for kind in _asked() if kind.may_be_here())


def _asked():
  """Returns the kinds that "auto" asks, in order."""
  kinds = [devices.find(name) for name in devices.names()]
  asked = [kind for kind in kinds if kind.auto_order is not None]
  return sorted(asked, key=lambda kind: kind.auto_order)
