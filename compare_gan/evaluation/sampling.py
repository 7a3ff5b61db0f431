"""Images from a GAN and latents."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
import weakref

from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.gans import latents
from compare_gan.gans.abstract_gan import AbstractGAN
import numpy as np
from scipy import special
import tensorflow as tf

_BATCH_SIZE = 64
_Labels = Optional[np.ndarray]  # None for a GAN that is not conditional
_Batch = tuple[np.ndarray, _Labels]


def generate(
  gan: AbstractGAN,
  z: np.ndarray,
  labels: _Labels = None,
  averaged: bool = True,
  batch_size: int = _BATCH_SIZE,
) -> np.ndarray:
  """Returns images float32 [N, H, W, C] in [0, 1], as an array.

  Args:
    gan: an AbstractGAN.
    z: latents [N, z_dim].
    labels: ints [N] for a conditional GAN.
    averaged: use the moving average of the weights, if there is one.
    batch_size: how many at a time.
  """
  sampler = Sampler(gan, averaged, batch_size)
  images = np.empty([len(z), *gan.image_shape], np.float32)
  made = 0
  for batch in sampler.batches(z, labels):
    images[made : made + len(batch)] = batch
    made += len(batch)
  return images


class Sampler:
  """Makes images from latents; traces the network once.

  Args:
    gan, averaged, batch_size: as for `generate`.
    batch_moments: normalise by the moments of each batch, and update no other
      moments: for sample grids, before there are any moments.
  """

  def __init__(
    self,
    gan: AbstractGAN,
    averaged: bool = True,
    batch_size: int = _BATCH_SIZE,
    batch_moments: bool = False,
  ) -> None:
    self.gan = gan
    self.averaged = averaged
    self._batch_size = batch_size
    self._images = tf.function(
      lambda z, y: gan.generate(z, y, averaged, batch_moments),
      autograph=False,
    )

  def batches(
    self, z: np.ndarray, labels: _Labels = None
  ) -> Iterator[np.ndarray]:
    """Returns an iterator over the images of z, arrays [batch, H, W, C]."""
    _check(self.gan, z, labels)
    return self._batches(z, labels)

  def _batches(self, z, labels):
    for start in range(0, len(z), self._batch_size):
      part = slice(start, start + self._batch_size)
      y = None if labels is None else _labels(labels[part])
      yield self._images(tf.constant(z[part], tf.float32), y).numpy()


def _labels(labels):
  """Returns classes as int32 [N], or their weights as float32 [N, classes]."""
  return tf.constant(labels, tf.int32 if labels.ndim == 1 else tf.float32)


def jacobians(
  gan: AbstractGAN,
  z: np.ndarray,
  labels: _Labels = None,
  averaged: bool = True,
) -> np.ndarray:
  """Returns d pixels / d z at each z, [N, pixels, z_dim]."""
  _check(gan, z, labels)
  found = []
  for i in range(len(z)):
    one = tf.constant(z[i : i + 1], tf.float32)
    y = None if labels is None else _labels(labels[i : i + 1])
    with tf.GradientTape() as tape:
      tape.watch(one)
      pixels = tf.reshape(gan.generate(one, y, averaged), [-1])
    found.append(tape.jacobian(pixels, one)[:, 0].numpy())
  return np.stack(found)


def _check(gan, z, labels):
  z_dim = gan.options.z_dim
  if z.ndim != 2 or z.shape[1] != z_dim or not len(z):
    raise ValueError(
      f"z has shape {list(z.shape)}, but this GAN needs [N, {z_dim}], N > 0."
    )
  if not gan.num_classes:
    return
  of_classes = (len(z),), (len(z), gan.num_classes)
  if labels is None or labels.shape not in of_classes:
    got = "no labels" if labels is None else f"labels {list(labels.shape)}"
    raise ValueError(
      f"There are {len(z)} z and {got}, but this GAN is conditional: it needs "
      f"one label for each z, or the weights of {gan.num_classes} classes."
    )
  if labels.ndim == 2:
    return
  if labels.min() < 0 or labels.max() >= gan.num_classes:
    raise ValueError(
      f"Labels go from {labels.min()} to {labels.max()}, but this GAN has the "
      f"classes 0 to {gan.num_classes - 1}."
    )


# ---- Accumulated moments -----------------------------------------------------
#
# They are G's moments for some z. Images from other z, such as truncated ones,
# or from other weights, such as their average, need their own moments.

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
  batches: Callable[[], Iterable[_Batch]],
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
  z = z_in_words(truncation)
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
        f"{examples} examples are to fill the accumulated moments of batch "
        "norm, but at least 1 is needed (evaluate.moments_examples, or "
        "--accu_examples)."
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
  of_z = "" if truncation is None else f" of z {z_in_words(truncation)}"
  return f"{words}{of_z}"


def _are_stored(gan, truncation):
  """Returns whether the moments to use are from a checkpoint."""
  return truncation is None and _filling_of(gan) is None and are_filled(gan)


def fill_accumulators(
  gan: AbstractGAN, batches: Iterable[_Batch], averaged: bool = True
) -> None:
  """Adds the moments of batches (z, labels or None) to the accumulated ones."""
  with _open_switches(accumulators(gan, "update_accus")):
    for z, labels in batches:
      generate(gan, z, labels, averaged, batch_size=len(z))


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


# ---- Latents -----------------------------------------------------------------


def draw(
  gan: AbstractGAN,
  n: int,
  seed: int,
  classes: Optional[Sequence[int]] = None,
  truncation: Optional[float] = None,
) -> _Batch:
  """Returns z [n, z_dim] from `eval_z`, and labels [n] or None.

  Args:
    gan: an AbstractGAN.
    n: how many.
    seed: determines them.
    classes: labels to take in turn; None for all of them.
    truncation: draws z from a normal distribution cut at +- this instead.
  """
  if truncation is None:
    with draws.seeded([seed, 0]):
      z = latents.eval_z([n, gan.options.z_dim]).numpy()
  else:
    z = truncated(n, gan.options.z_dim, truncation, seed)
  if not gan.num_classes:
    return z, None
  taken = np.asarray(classes or range(gan.num_classes))
  return z, taken[np.arange(n) % len(taken)].astype(np.int32)


def drawn_batches(
  gan: AbstractGAN,
  examples: int,
  seed: int,
  batch_size: int = _BATCH_SIZE,
  truncation: Optional[float] = None,
) -> Iterator[_Batch]:
  """Yields batches (z, labels or None) of at least `examples` in total."""
  batch_size = max(1, min(batch_size, examples))
  n = -(-examples // batch_size) * batch_size
  if not n:
    return
  z, labels = draw(gan, n, seed, truncation=truncation)
  for start in range(0, n, batch_size):
    part = slice(start, start + batch_size)
    yield z[part], None if labels is None else labels[part]


def truncated(n: int, z_dim: int, threshold: float, seed: int) -> np.ndarray:
  """Returns z [n, z_dim] from N(0, 1) given that |z| < threshold.

  The truncation trick of https://arxiv.org/abs/1809.11096 draws values outside
  again; this inverts the distribution function instead.
  """
  if not threshold > 0:
    raise ValueError(
      f"truncation = {threshold}. It must be above 0, such as 0.5."
    )
  p = special.erf(threshold / np.sqrt(2.0))  # P(|z| < threshold)
  with draws.seeded([seed, 0]):
    u = draws.uniform([n, z_dim], -1.0, 1.0).numpy().astype(np.float64)
  return (np.sqrt(2.0) * special.erfinv(p * u)).astype(np.float32)


def z_in_words(truncation: Optional[float] = None) -> str:
  """Returns a description of the distribution that `draw` draws z from."""
  if truncation is None:
    return latents.eval_z_in_words()
  return f"normal, cut at {truncation}"


def follows_training() -> bool:
  """Returns whether `draw` draws z as training does, see gans/latents.py."""
  return latents.follows_z()
