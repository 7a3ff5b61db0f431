"""Looks at a GAN in training, and changes nothing in it.

The same z and the same real images are shown at every look, in training mode
and with all state frozen. All that is drawn is drawn when the probe is made. A
look takes one pass of G and of D, the gradient of D's scores with respect to
the fakes, and a sum of squares of each variable: less than a step.
"""

from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.context import draws
from compare_gan.context import pixels
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.evaluation import sampling
from compare_gan.gans import batches
from compare_gan.gans import seen
import numpy as np
import tensorflow as tf

_IMAGES = 64  # more takes longer, fewer make all numbers noisy
_MOST_PASSES = 8  # of a small batch; a large one takes one pass
_PIXELS = 16  # height and width to which images are averaged, at most
_SEED = 42
_ROUNDS = 2  # of the power iteration


class Scores(NamedTuple):
  """What D makes of n real images and n fakes."""

  real: np.ndarray  # logits [n]
  fake: np.ndarray  # logits [n]
  d_loss: float  # without penalty
  flat_loss: float  # D's loss if all images had the score 0
  d_pull: float  # mean |d loss / d logit| of D's loss, 1 if D is undecided
  g_pull: float  # the same of G's loss at the fakes
  slope: float  # mean |d logit / d image| at the fakes
  distance: float  # mean distance of a real image and a fake


class Look(NamedTuple):
  """All that a look shows; None where the GAN does not have it."""

  step: int
  scalars: dict[str, float]  # logged by the last step
  squares: dict[str, float]  # {variable: the sum of its squares}
  sigmas: dict[str, float]  # {kernel: about its largest singular value}
  weights: dict[str, tuple[str, ...]]  # {"d": names of D's weights, "g": G's}
  iterations: tuple[int, ...] = ()  # updates of D and of G in a step
  reals: Optional[np.ndarray] = None  # small images, [n, d]
  fakes: Optional[np.ndarray] = None  # the same, of the same z at each look
  scores: Optional[Scores] = None


class Probe:
  """Looks at a GAN.

  Args:
    gan: an AbstractGAN. Of one that is no ModularGAN, or whose D scores more
      than an image, only the variables and the fakes are looked at.
    dataset: its train images are the real ones; None for no images at all.
  """

  def __init__(self, gan: Any, dataset: Any) -> None:
    self._gan = gan
    self._names = [
      scope.full_name(v) for v in gan.variables if v.dtype.is_floating
    ]
    self._kernels = [
      v
      for v in gan.variables
      if v.trainable and v.shape.rank >= 2 and v.dtype.is_floating
    ]
    self._starts = [_start(v) for v in self._kernels]
    self._sides = weights_of_sides(gan)
    self._iterations = (gan.options.disc_iters, gan.options.gen_iters)
    self._weights = tf.function(self._of_variables, autograph=False)
    self._size = _pass_size(gan)
    self._data: list[tuple[Any, ...]] = []
    self._reals: Optional[np.ndarray] = None
    if dataset is not None:
      self._draw(dataset)
    self._images = tf.function(self._of_images, autograph=False)

  def _draw(self, dataset):
    size = self._size
    n = size * max(1, min(_MOST_PASSES, _IMAGES // size))
    batch = next(dataset.batches("train", n).as_numpy_iterator())
    z, fake_labels = sampling.draw(self._gan, n, _SEED)
    labels = batch["labels"] if self._gan.num_classes else None
    images = pixels.to_unit(tf.constant(batch["images"])).numpy()
    self._reals = _small(tf.constant(images)).numpy()
    for first in range(0, n, size):
      rows = slice(first, first + size)
      parts = (images, labels, z, fake_labels)
      self._data.append(
        tuple(None if x is None else tf.constant(x[rows]) for x in parts)
      )

  def look(self, step: int, scalars: dict[str, Any]) -> Look:
    """Returns the Look at a step whose logged scalars these are."""
    squares, sigmas = self._weights()
    look = Look(
      step,
      {name: float(x) for name, x in scalars.items()},
      dict(zip(self._names, squares.numpy().tolist())),
      dict(zip(map(scope.full_name, self._kernels), sigmas.numpy().tolist())),
      self._sides,
      self._iterations,
    )
    if not self._data:
      return look
    parts = [
      [None if x is None else x.numpy() for x in self._images(*data)]
      for data in self._data
    ]
    fakes, *scores = zip(*parts)
    look = look._replace(
      reals=self._reals, fakes=np.concatenate(fakes).astype(np.float64)
    )
    if scores[0][0] is None:
      return look
    real, fake, numbers = [np.stack(x).astype(np.float64) for x in scores]
    return look._replace(
      scores=Scores(
        real.ravel(), fake.ravel(), *np.mean(numbers, axis=0).tolist()
      )
    )

  def _of_variables(self):
    squares = [
      tf.cast(tf.reduce_sum(tf.square(v)), tf.float32)
      for v in self._gan.variables
      if v.dtype.is_floating
    ]
    sigmas = [_sigma(v, u) for v, u in zip(self._kernels, self._starts)]
    return tf.stack(squares), tf.stack(sigmas) if sigmas else tf.zeros([0])

  def _of_images(self, images, labels, z, fake_labels):
    """Returns small fakes, the logits of both, and the rest of Scores."""
    gan = self._gan
    with state.frozen(), draws.seeded([_SEED, 1]):
      y, fake_y = gan.class_weights(labels), gan.class_weights(fake_labels)
      fakes = gan.generator(z, fake_y, is_training=True)
      if not getattr(gan, "d_alone_scores", False):
        return _small(fakes), None, None, None
      with tf.GradientTape() as tape:
        tape.watch(fakes)
        real, fake = gan.scores_of(
          [seen.View(images, y), seen.View(fakes, fake_y)]
        )
        total = tf.reduce_sum(tf.cast(fake.logits, tf.float32))
      slopes = tape.gradient(total, fakes)
      batch = batches.Batch(images, y, z, fake_y)
      d_loss, d_pull, g_pull = _pulls(gan, batch, real, fake)
      # The unit of a pull: that of a D that cannot tell.
      flat = [x._replace(logits=tf.zeros_like(x.logits)) for x in (real, fake)]
      flat_loss, flat_d_pull, flat_g_pull = _pulls(gan, batch, *flat)
    numbers = [
      d_loss,
      flat_loss,
      d_pull / tf.maximum(flat_d_pull, _TINY),
      g_pull / tf.maximum(flat_g_pull, _TINY),
      tf.reduce_mean(_lengths(slopes)),
      tf.reduce_mean(_lengths(images - tf.cast(fakes, tf.float32))),
    ]
    logits = [tf.cast(x.logits, tf.float32) for x in (real, fake)]
    return _small(fakes), *logits, tf.stack(numbers)


_TINY = 1e-30


def first_look(gan: Any, step: int) -> Look:
  """Returns a Look at the weights alone, which needs no graph."""
  weights = weights_of_sides(gan)
  named = {scope.full_name(v): v for v in gan.variables}
  squares = {
    name: float(np.sum(np.square(named[name].numpy(), dtype=np.float64)))
    for names in weights.values()
    for name in names
  }
  return Look(step, {}, squares, {}, weights)


def weights_of_sides(gan: Any) -> dict[str, tuple[str, ...]]:
  """Returns {"d": names of D's weights, "g": names of G's}."""
  return {
    side: tuple(
      scope.full_name(v) for v in gan.weights_of(side) if v.dtype.is_floating
    )
    for side in ("d", "g")
    if hasattr(gan, "weights_of")
  }


def _pulls(gan, batch, real, fake):
  """Returns D's loss, and the sums of |d loss / d logit| of D and of G."""
  logits = [tf.cast(x.logits, tf.float32) for x in (real, fake)]
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(logits)
    scored = gan.gan_losses(
      real._replace(logits=logits[0]), fake._replace(logits=logits[1]), batch
    )
    d_loss, g_loss = tf.identity(scored.d_loss), tf.identity(scored.g_loss)
  return (
    d_loss,
    _sum_of_sizes(tape.gradient(d_loss, logits)),
    _sum_of_sizes(tape.gradient(g_loss, logits[1:])),
  )


def _sum_of_sizes(gradients):
  found = [tf.reduce_sum(tf.abs(g)) for g in gradients if g is not None]
  return tf.add_n(found) if found else tf.zeros([])


def _lengths(x):
  """Returns the length of each row, zeros for None."""
  if x is None:
    return tf.zeros([1])
  x = tf.cast(x, tf.float32)
  return tf.sqrt(tf.reduce_sum(tf.square(x), list(range(1, x.shape.rank))))


def _small(images):
  """Returns images [n, d], each square of pixels averaged to one."""
  images = tf.cast(images, tf.float32)
  height, width = images.shape[1:3]
  sides = [max(1, -(-side // _PIXELS)) for side in (height, width)]
  if max(sides) > 1:
    images = tf.nn.avg_pool2d(images, sides, sides, "SAME")
  return tf.reshape(images, [images.shape[0], -1])


def _pass_size(gan):
  """Returns how many images pass through the networks of a replica at once."""
  options = gan.options
  return max(1, min(_IMAGES, options.batch_size // options.micro_batches))


# ---- Singular values ---------------------------------------------------------


def _start(kernel):
  """Returns the first vector of a kernel's power iteration, [columns, 1]."""
  columns = int(kernel.shape[-1])
  rng = np.random.RandomState(_SEED)
  return tf.constant(rng.normal(size=[columns, 1]), tf.float32)


def _sigma(kernel, start):
  """Returns a lower bound of a kernel's largest singular value."""
  w = tf.cast(tf.reshape(kernel, [-1, kernel.shape[-1]]), tf.float32)
  v = start
  for _ in range(_ROUNDS):
    v = _unit(tf.matmul(w, tf.matmul(w, v), transpose_a=True))
  return tf.norm(tf.matmul(w, v))


def _unit(x):
  return x * tf.math.rsqrt(tf.maximum(tf.reduce_sum(tf.square(x)), _TINY))
