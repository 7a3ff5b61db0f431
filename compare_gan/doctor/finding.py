"""A finding: what was looked at, how it stands, and what to do about it."""

from collections.abc import Iterable
import dataclasses
from typing import Optional

OK = "ok"
ABSENT = "absent"  # optional, and not here
WRONG = "wrong"  # needed, and missing or broken


@dataclasses.dataclass(frozen=True)
class Asked:
  """What the user asks for.

  Attributes:
    quick: leave out what takes long: the training steps.
    tfds_data_dir: folder of tensorflow-datasets, None for the default.
    inception: path of the Inception archive, None if none was given.
  """

  quick: bool = False
  tfds_data_dir: Optional[str] = None
  inception: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Finding:
  """What was found of one thing.

  Attributes:
    subject: what was looked at, a few words.
    state: "ok", "absent" or "wrong".
    found: how it is, a clause.
    advice: what to do, sentences. Only what is ok can do without.
  """

  subject: str
  state: str
  found: str
  advice: str = ""

  def __post_init__(self) -> None:
    if self.state not in (OK, ABSENT, WRONG):
      raise ValueError(
        f"The state of {self.subject!r} is {self.state!r}. It can be "
        f"{OK!r}, {ABSENT!r} or {WRONG!r}."
      )
    if self.state != OK and not self.advice:
      raise ValueError(f"{self.subject!r} is {self.state}, without advice.")


def ok(subject: str, found: str) -> Finding:
  """Returns the finding that something is as it should be."""
  return Finding(subject, OK, found)


def absent(subject: str, found: str, advice: str) -> Finding:
  """Returns the finding that something optional is not here."""
  return Finding(subject, ABSENT, found, advice)


def wrong(subject: str, found: str, advice: str) -> Finding:
  """Returns the finding that something needed is missing or broken."""
  return Finding(subject, WRONG, found, advice)


def is_ready(findings: Iterable[Finding]) -> bool:
  """Returns whether nothing that is needed is missing or broken."""
  return all(one.state != WRONG for one in findings)
