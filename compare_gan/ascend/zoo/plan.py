"""What a model card's flags translate to: a gin card and bindings on top of it.

A card is a file next to this one with

  add_arguments(parser)    the card's flags, their names and defaults
  plan(args) -> Plan
"""

from collections.abc import Iterable
import importlib
import pkgutil
import time
import types
from typing import NamedTuple
from typing import Optional


class Plan(NamedTuple):
  """A run of compare_gan.main, and the commands that follow it.

  Attributes:
    card: a file of configs/.
    bindings: [(gin name, value)], the value as gin writes it.
    model_dir: to train in.
    flags: other flags of compare_gan.main, "--run_config=gpu".
    notes: sentences about flags that mean something else here, or nothing.
    then: arguments of `python -m compare_gan` to be run afterwards.
    trains: False to skip the training and run `then` at once.
  """

  card: str
  bindings: list
  model_dir: str
  flags: tuple = ()
  notes: tuple = ()
  then: tuple = ()
  trains: bool = True

  def moved_to(self, model_dir: str) -> "Plan":
    """Returns the same plan for another model_dir."""
    old = self.model_dir
    then = tuple(
      tuple(word.replace(old, model_dir) for word in words)
      for words in self.then
    )
    return self._replace(model_dir=model_dir, then=then)

  def overridden(
    self, bindings: Iterable[str], run_config: Optional[str] = None
  ) -> "Plan":
    """Returns the same plan, overridden by gin bindings and a device."""
    pairs = []
    for binding in bindings:
      name, equals, value = binding.partition("=")
      if not equals:
        raise ValueError(
          f"--gin_bindings={binding!r} binds nothing. Write it as "
          "'options.batch_size = 8'."
        )
      pairs.append((name.strip(), value.strip()))
    flags = self.flags
    if run_config:
      others = [f for f in flags if not f.startswith("--run_config=")]
      flags = (*others, f"--run_config={run_config}")
    return self._replace(bindings=[*self.bindings, *pairs], flags=flags)

  def gin_text(self) -> str:
    """Returns the bindings as lines of a gin file."""
    return "\n".join(f"{name} = {value}" for name, value in self.bindings)

  def arguments(self) -> list[str]:
    """Returns the arguments of compare_gan.main."""
    return [
      f"--gin_config={self.card}",
      *(f"--gin_bindings={name} = {value}" for name, value in self.bindings),
      f"--model_dir={self.model_dir}",
      "--schedule=train",
      *self.flags,
    ]


def cards() -> dict[str, types.ModuleType]:
  """Returns the modules of the cards by their names."""
  package = importlib.import_module(__package__)
  return {
    info.name: importlib.import_module(f"{__package__}.{info.name}")
    for info in pkgutil.iter_modules(package.__path__)
    if info.name != "plan"
  }


def adam(scope: str, beta1: float, beta2: float) -> list[tuple[str, float]]:
  """Returns bindings of Adam under a gin scope, for one of the networks."""
  name = f"{scope}/tf.train.AdamOptimizer"
  return [(f"{name}.beta1", beta1), (f"{name}.beta2", beta2)]


def now(form: str) -> str:
  """Returns the time as it is written in names of folders."""
  return time.strftime(form)


def boolean(text: str) -> bool:
  """Reads a flag's "True" or "false"; argparse's own bool is always True."""
  values = {"true": True, "1": True, "yes": True, "false": False, "0": False}
  values["no"] = False
  if text.lower() not in values:
    raise ValueError(f"{text!r} is neither True nor False")
  return values[text.lower()]
