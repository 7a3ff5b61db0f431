"""A kind of device outside of the package: the CPU, one step at a time."""

from typing import Any
from typing import NamedTuple

from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import single

loops = []  # how many steps each loop was asked for


class OneByOne(single.OneDevice):
  """Notes the loops."""

  def settle(self, run_config):
    return run_config

  def loop(self, one_step, iterator, outputs):
    loop = super().loop(one_step, iterator, outputs)

    def noted(steps):
      loops.append(steps)
      return loop(steps)

    return noted


class Additions(NamedTuple):
  elsewhere: dict[str, Any]

  def dry_run(self, model, specs):
    return f"One by one: {model.batches_per_step} x {specs[0]}."


class Kind(base.AbstractKind):
  def choose(self, batch_size, run_config):
    return OneByOne("CPU:0")

  def configured(self, run_config):
    elsewhere = {"iterations_per_loop": run_config.iterations_per_loop}
    return run_config._replace(
      iterations_per_loop=1, additions=Additions(elsewhere)
    )
