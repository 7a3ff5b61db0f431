"""The learning rates of a training that went back: smaller ones.

The factor is the product of those of all returns in watchdogs.jsonl, so that a
training that goes on from a checkpoint has the same one. It is a constant of
the step's graph: without a return the graph is that of a training without
watchdogs.
"""

from typing import Any

from compare_gan.watchdogs import curve


def apply(gan: Any, model_dir: str, step: int) -> float:
  """Multiplies the rates of G and D by the factor of all returns; returns it.

  Args:
    gan: its optimisers must not have made a graph yet.
    model_dir: of the training.
    step: at which it begins, or goes on.
  """
  factor = curve.rate_factor(curve.read(model_dir, step))
  if factor != 1.0:
    for optimizer in optimizers_of(gan):
      optimizer.rate_factor = factor
  return factor


def optimizers_of(gan: Any) -> list[Any]:
  """Returns the optimisers of D and G, without what is around them.

  Raises:
    ValueError: the GAN has none that can be slowed down.
  """
  found = []
  for name in ("d_optimizer", "g_optimizer"):
    optimizer: Any = getattr(gan, name, None)
    while hasattr(optimizer, "optimizer"):  # clipping, a loss scale
      optimizer = optimizer.optimizer
    if not hasattr(optimizer, "rate_factor"):
      raise ValueError(
        "watchdog.action = 'go_back' makes learning rates smaller, but "
        f"{type(gan).__name__} has no {name} of compare_gan.gans. Choose "
        "'stop'."
      )
    found.append(optimizer)
  return found
