"""What gin says of watchdogs: `watchdog.*`."""

from collections.abc import Sequence
import dataclasses
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.watchdogs import signal
import gin

LOG, STOP, GO_BACK, OFF = "log", "stop", "go_back", "off"
_ACTIONS = (LOG, STOP, GO_BACK, OFF)

for _name in (
  "watchdog",
  "diversity",
  "explosion",
  "not_finite",
  "saturation",
  "sleep",
  "starvation",
):
  gin_roles.declare_read_later(_name)
_Share = Annotated[float, accepted.Range(above=0, most=1)]


@gin.configurable("watchdog", module="compare_gan.watchdogs")
@dataclasses.dataclass(frozen=True)
class Settings:
  """When the watchdogs look, and what follows.

  Attributes:
    action: "log", name the state and go on; "stop", end the training when it
      is not healthy; "go_back", go on from the last healthy checkpoint with
      smaller rates; "off", no watchdogs.
    every_steps: steps between two looks. With "stop" and "go_back" loops of
      steps end there; with "log" a look waits for the end of a loop.
    share: of the training's time that looks may take with "log"; None for no
      limit. It does not hold for the other actions, for which the steps of the
      looks must not depend on a clock.
    patience: looks in a row that must show a sign before it names a state.
    grace: first looks in which a bad beginning is no sign.
    signals: further signals: a list of @names and of dotted paths, see
      signal.py.
    rate_factor: of all learning rates at each return.
    most_returns: how often the training goes back. Then it stops.
  """

  action: Annotated[str, accepted.OneOf(*_ACTIONS)] = LOG
  every_steps: accepted.Count = 100
  share: Optional[_Share] = 0.01
  patience: accepted.Count = 5
  grace: accepted.CountOrZero = 10
  signals: Sequence[Any] = ()
  rate_factor: accepted.Positive = 0.5
  most_returns: accepted.CountOrZero = 3

  def __post_init__(self) -> None:
    if self.action not in _ACTIONS:
      raise ValueError(
        f"watchdog.action = {self.action!r} is unknown. It can be "
        f"{', '.join(map(repr, _ACTIONS))}."
      )
    for name, least in (
      ("every_steps", 1),
      ("patience", 1),
      ("grace", 0),
      ("most_returns", 0),
    ):
      value = getattr(self, name)
      if not isinstance(value, int) or value < least:
        raise ValueError(
          f"watchdog.{name} = {value!r}; it must be an int of {least} or more."
        )
    for name, value in (
      ("share", self.share),
      ("rate_factor", self.rate_factor),
    ):
      if not (value is None and name == "share") and not (
        isinstance(value, (int, float)) and 0 < value <= 1
      ):
        raise ValueError(
          f"watchdog.{name} = {value!r}; it must be above 0 and at most 1."
        )
    signal.find(self.signals)  # Refuses what is not a signal.

  @property
  def is_acting(self) -> bool:
    """Whether the training depends on what is found."""
    return self.action in (STOP, GO_BACK)
