"""Accumulated moments of batch norm: filled before images are made.

They are G's moments for some z. Images from other z, such as truncated ones,
or from other weights, such as their average, need their own moments.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import sys
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
import weakref

from compare_gan.context import scope
from compare_gan.evaluation import sampling
from compare_gan.gans.abstract_gan import AbstractGAN
import numpy as np
import tensorflow as tf

_TOTALS = ("accu_mean", "accu_variance", "accu_counter")
_EMPTY_COUNTER = 1e-12  # a layer's initial value


class _Filling(NamedTuple):
  """What accumulated moments were filled with; D's have no z."""

  z: str
  averaged: bool
  examples: int
  totals: list[np.ndarray]  # their values unless something else fills them


_STORED = "accumulated, stored in the checkpoint"
# What G and D of each GAN were filled with.
_fillings: weakref.WeakKeyDictionary[AbstractGAN, _Filling] = (
  weakref.WeakKeyDictionary()
)
_fillings_of_d: weakref.WeakKeyDictionary[AbstractGAN, _Filling] = (
  weakref.WeakKeyDictionary()
)


def accumulators(
  gan: AbstractGAN, part: str, of_discriminator: bool = False
) -> list[tf.Variable]:
  """Returns the variables `.../accu/<part>` of G; none with moving averages.

  Args:
    gan: an AbstractGAN.
    part: "accu_mean", "accu_variance", "accu_counter" or "update_accus".
    of_discriminator: returns those of D instead.
  """
  network = gan.discriminator if of_discriminator else gan.generator
  return [
    v for v in network.variables if scope.full_name(v).endswith(f"/accu/{part}")
  ]


def are_filled(gan: AbstractGAN, of_discriminator: bool = False) -> bool:
  """Returns whether the accumulated moments have seen a batch."""
  counters = accumulators(gan, "accu_counter", of_discriminator)
  return all(v.numpy() > 0.5 for v in counters)


def fill_moments(
  gan: AbstractGAN,
  batches: Callable[[], Iterable[sampling.Batch]],
  examples: Optional[int],
  truncation: Optional[float] = None,
  averaged: bool = True,
) -> str:
  """Fills G's accumulated moments for the z that images are made from.

  Moments from a checkpoint are kept, as in the original, unless z is truncated:
  checkpoints have no moments of truncated z.

  Args:
    gan: an AbstractGAN.
    batches: batches() -> batches (z, labels or None), called only if needed.
    examples: how many they are. None: any moments of these z are accepted.
    truncation: of their z.
    averaged: use the moving average of G's weights, if there is one.

  Returns:
    What evaluation normalises by, in words.
  """
  if not accumulators(gan, "accu_counter"):
    return "moving"
  averaged = bool(averaged and gan.averaged_generator)
  z = sampling.z_in_words(truncation, gan)
  now = _filling_of(gan)
  if _are_stored(gan, truncation):
    return _STORED
  if (
    now is None
    or (now.z, now.averaged) != (z, averaged)
    or examples not in (None, now.examples)
  ):
    _empty(gan)
    fill_accumulators(gan, batches(), averaged)
    if not are_filled(gan):
      raise ValueError(
        f"{examples} examples cannot fill the accumulated moments of batch "
        "norm: at least 1 is needed. Set evaluate.moments_examples or "
        "--accu_examples."
      )
    now = _Filling(z, averaged, examples or 0, _totals(gan))
    _fillings[gan] = now
  return moments_in_words(gan, now.examples, truncation)


def moments_in_words(
  gan: AbstractGAN, examples: int, truncation: Optional[float] = None
) -> str:
  """Returns what `fill_moments` would return, without filling anything.

  Args:
    gan, examples, truncation: as for `fill_moments`.
  """
  if not accumulators(gan, "accu_counter"):
    return "moving"
  if _are_stored(gan, truncation):
    return _STORED
  words = f"accumulated over {examples} examples"
  of_z = (
    ""
    if truncation is None
    else f" of z {sampling.z_in_words(truncation, gan)}"
  )
  return f"{words}{of_z}"


def _are_stored(gan, truncation):
  """Returns whether the moments to use are from a checkpoint."""
  return truncation is None and _filling_of(gan) is None and are_filled(gan)


def fill_accumulators(
  gan: AbstractGAN, batches: Iterable[sampling.Batch], averaged: bool = True
) -> None:
  """Adds the moments of batches (z, labels or None) to the accumulated ones."""
  # One Sampler, which traces G once, and cuts no batch into parts.
  sampler = sampling.Sampler(gan, averaged, batch_size=sys.maxsize)
  with _open_switches(accumulators(gan, "update_accus")):
    for z, labels in batches:
      for _ in sampler.batches(z, labels):
        pass


def fill_discriminator(
  gan: AbstractGAN, dataset: Any, examples: int, seed: int = 7
) -> None:
  """Fills D's accumulated moments with real images.

  Training leaves them empty: it normalises by the moments of each batch.
  Moments from a checkpoint are kept.

  Args:
    gan: an AbstractGAN.
    dataset: its train split is used.
    examples: how many images.
    seed: of their order.
  """
  now = _filling_of(gan, of_discriminator=True)
  if now is not None and now.examples != examples:
    _empty(gan, of_discriminator=True)
  if are_filled(gan, of_discriminator=True):
    return
  discriminate = tf.function(
    lambda images, labels: gan.discriminate(images, labels).logits,
    autograph=False,
  )
  size = min(gan.options.batch_size, dataset.size("train"))
  count = max(1, -(-examples // size))
  stream = dataset.batches("train", size, seed=seed).take(count)
  switches = accumulators(gan, "update_accus", of_discriminator=True)
  with _open_switches(switches):
    for batch in stream:
      discriminate(batch["images"], batch["labels"])
  _fillings_of_d[gan] = _Filling(
    "", False, examples, _totals(gan, of_discriminator=True)
  )


def discriminator_moments_in_words(
  gan: AbstractGAN, examples: int
) -> Optional[str]:
  """Describes what `fill_discriminator` would fill; None without moments of D.

  Args:
    gan, examples: as for `fill_discriminator`.
  """
  if not accumulators(gan, "accu_counter", of_discriminator=True):
    return None
  is_filled = are_filled(gan, of_discriminator=True)
  if is_filled and _filling_of(gan, of_discriminator=True) is None:
    return _STORED
  return f"accumulated over {examples} real images"


@contextlib.contextmanager
def kept_moments(gan: AbstractGAN) -> Iterator[None]:
  """Restores G's accumulated moments at the end of the block."""
  filling, totals = _filling_of(gan), _totals(gan)
  try:
    yield
  finally:
    for variable, value in zip(_total_variables(gan), totals):
      variable.assign(value)
    _fillings.pop(gan, None)
    if filling is not None:
      _fillings[gan] = filling


@contextlib.contextmanager
def _open_switches(switches):
  for switch in switches:
    switch.assign(1)
  try:
    yield
  finally:
    for switch in switches:
      switch.assign(0)


def _filling_of(gan, of_discriminator=False):
  """Returns the _Filling of G's current moments, None if not filled here."""
  fillings = _fillings_of_d if of_discriminator else _fillings
  filling = fillings.get(gan)
  if filling is None:
    return None
  totals = _totals(gan, of_discriminator)
  same = all(map(np.array_equal, filling.totals, totals))
  return filling if same else None


def _total_variables(gan, of_discriminator=False):
  return [
    v for part in _TOTALS for v in accumulators(gan, part, of_discriminator)
  ]


def _totals(gan, of_discriminator=False):
  return [v.numpy() for v in _total_variables(gan, of_discriminator)]


def _empty(gan, of_discriminator=False):
  for variable in _total_variables(gan, of_discriminator):
    is_counter = scope.full_name(variable).endswith("/accu_counter")
    value = _EMPTY_COUNTER if is_counter else 0.0
    variable.assign(tf.fill(variable.shape, tf.cast(value, variable.dtype)))
