"""What a regulariser does to D: slopes, singular values, its share of the work.

  evaluate.microscope = True

writes microscope.json next to the scores of the newest checkpoint:

  step
  gradient_norms   {"real", "fake", "interpolated": |d logits / d x| per image}
  lipschitz        three lower bounds of D's Lipschitz constant:
                   largest_gradient at those images, by_ascent from the steepest
                   of them, of_pairs = |D(x) - D(x')| / |x - x'|
  singular_values  {layer: of W = [inputs, outputs] as D applies it, descending}
  penalty          its name, lamba * penalty, D's loss with it, its share of
                   that loss, and of the time of a step
  errors           {one of these: why there is no such number}

D is measured in evaluation mode, the penalty in training mode. Nothing changes
the model: accumulated moments that are empty, or of other z, are filled for
the measurement and then put back.
"""

import contextlib
import time
from typing import Any

from compare_gan.context import scope
from compare_gan.datasets import abstract_dataset
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.gans import penalty_lib
from compare_gan.layers import kernel as kernel_lib
import numpy as np
import tensorflow as tf

_IMAGES = 256
_STEEPEST = 16
_ASCENT_STEPS = 20
_TIMED_STEPS = 3
_MOMENTS_EXAMPLES = 6400

_KERNELS = (kernel_lib.Kernel, kernel_lib.SpectralNorm, kernel_lib.WeightNorm)


def look(
  gan: Any,
  dataset: abstract_dataset.AbstractDataset,
  averaged: bool = True,
  seed: int = 42,
  timed_steps: int = _TIMED_STEPS,
) -> dict[str, Any]:
  """Returns the contents described above, except for the step.

  Args:
    gan: a ModularGAN.
    dataset: an AbstractDataset.
    averaged: fakes are made with the moving average of G's weights.
    seed: of the latents and of the interpolation between real and fake images.
    timed_steps: number of steps made, and undone, with and without penalty.
  """
  found: dict[str, Any] = {}
  errors: dict[str, str] = {}
  with (
    moments.kept_moments(gan),
    _restoring_variables(gan),
    _noted(errors, "slopes"),
  ):
    _fill_moments(gan, dataset, averaged, seed)
    found.update(_slopes(gan, dataset, averaged, seed))
  with _restoring_variables(gan), _noted(errors, "singular_values"):
    found["singular_values"] = _singular_values(gan.discriminator)
  with _restoring_variables(gan), _noted(errors, "penalty"):
    found["penalty"] = _penalty(gan, dataset, timed_steps)
  return {**found, "errors": errors}


@contextlib.contextmanager
def _noted(errors, name):
  """Records why one measurement failed, so that the others are still shown."""
  try:
    yield
  except (ValueError, NotImplementedError, tf.errors.OpError) as error:
    errors[name] = str(error)


@contextlib.contextmanager
def _restoring_variables(gan):
  before = [variable.numpy() for variable in gan.variables]
  try:
    yield
  finally:
    for variable, value in zip(gan.variables, before):
      variable.assign(value)


# ---- Slopes ------------------------------------------------------------------


def _fill_moments(gan, dataset, averaged, seed):
  """Makes evaluation mode meaningful if moments are accumulated."""
  moments.fill_moments(
    gan,
    lambda: sampling.drawn_batches(gan, _MOMENTS_EXAMPLES, seed + 1),
    None,
    averaged=averaged,
  )
  moments.fill_discriminator(gan, dataset, _MOMENTS_EXAMPLES)


def _slopes(gan, dataset, averaged, seed):
  n = min(_IMAGES, dataset.size("train"))
  batch = next(iter(dataset.batches("train", n)))
  z, labels = sampling.draw(gan, n, seed)
  fake = tf.constant(sampling.generate(gan, z, labels, averaged))
  alpha = np.random.RandomState(seed).uniform(size=[n, 1, 1, 1])
  real, y = batch["images"], batch["labels"] if gan.num_classes else None
  fake_y = None if labels is None else tf.constant(labels)
  between = real + tf.constant(alpha, tf.float32) * (fake - real)

  slope = tf.function(
    lambda x, y: _logits_and_slope(gan, x, y), autograph=False
  )
  sets = {
    "real": (real, y),
    "fake": (fake, fake_y),
    "interpolated": (between, y),
  }
  norms = {name: slope(*pair)[1].numpy() for name, pair in sets.items()}
  ascent = tf.function(lambda x, y: _ascent(gan, x, y), autograph=False)
  ascended = max(
    _climb(ascent, x, y, norms[name]) for name, (x, y) in sets.items()
  )
  lipschitz = {
    "largest_gradient": max(float(norm.max()) for norm in norms.values()),
    "by_ascent": ascended,
    "of_pairs": _slope_of_pairs(slope, real, fake, y),
  }
  return {
    "gradient_norms": {name: x.tolist() for name, x in norms.items()},
    "lipschitz": lipschitz,
  }


def _logits_and_slope(gan, x, y):
  """Returns D's logits [N] and |d logits / d x| [N]."""
  with tf.GradientTape() as tape:
    tape.watch(x)
    logits = tf.reshape(gan.discriminate(x, y).logits, [-1])
  gradients = tape.gradient(logits, x)
  return logits, tf.sqrt(tf.reduce_sum(tf.square(gradients), [1, 2, 3]))


def _climb(ascent, x, y, norms):
  """Returns the largest slope on the way up from the steepest images."""
  first = np.argsort(-norms)[:_STEEPEST]
  x = tf.gather(x, first)
  y = None if y is None else tf.gather(y, first)
  steepest = float(norms.max())
  for _ in range(_ASCENT_STEPS):
    x, norm = ascent(x, y)
    steepest = max(steepest, float(tf.reduce_max(norm)))
  return steepest


def _ascent(gan, x, y):
  """Returns images a step further up their slopes, and |d logits / d x| [N].

  Steps are a hundredth of the pixels' range, clipped to the range.
  """
  with tf.GradientTape() as tape:
    tape.watch(x)
    _, norm = _logits_and_slope(gan, x, y)
  up = tape.gradient(norm, x)
  if up is None:  # D is linear.
    return x, norm
  length = tf.sqrt(tf.reduce_sum(tf.square(up), [1, 2, 3], keepdims=True))
  way = 0.01 * tf.sqrt(tf.cast(tf.size(x[0]), tf.float32))
  moved = x + way * up / tf.maximum(length, 1e-12)
  return tf.clip_by_value(moved, 0.0, 1.0), norm


def _slope_of_pairs(slope, real, fake, y):
  """Returns the largest |D(x) - D(x')| / |x - x'| of a real and a fake image.

  Both are scored under the real image's label: slopes are at a fixed label.
  """
  difference = np.abs(slope(real, y)[0].numpy() - slope(fake, y)[0].numpy())
  distance = np.sqrt(np.sum(np.square(real - fake), axis=(1, 2, 3)))
  return float(np.max(difference / np.maximum(distance, 1e-12)))


# ---- Singular values ---------------------------------------------------------


def _singular_values(network):
  """Returns {layer: singular values of its weights, once normalised}."""
  found = {}
  for module in network.submodules:
    if isinstance(module, _KERNELS):
      weights = module(is_training=False).numpy()
      matrix = weights.reshape([-1, weights.shape[-1]]).astype(np.float64)
      values = np.linalg.svd(matrix, compute_uv=False)
      found[_name_of_layer(module)] = values.tolist()
  return dict(sorted(found.items()))


def _name_of_layer(module):
  return scope.full_name(module.trainable_variables[0]).rpartition("/")[0]


# ---- The penalty -------------------------------------------------------------


def _penalty(gan, dataset, timed_steps):
  """Returns what the penalty adds to D's loss and to the time of a step."""
  name = gan.penalty.fn.__name__
  if name == penalty_lib.no_penalty.__name__:
    return {
      "name": name,
      "weighted": 0.0,
      "share_of_loss": 0.0,
      "share_of_time": 0.0,
    }
  batches = [
    next(iter(dataset.batches("train", gan.options.batch_size, start=i)))
    for i in range(gan.batches_per_step)
  ]
  with_penalty, scalars = _time_of_step(gan, batches, timed_steps)
  last = gan.options.disc_iters - 1
  d_loss = float(scalars[f"loss/d_{last}"])
  weighted = gan.options.lamba * float(scalars["loss/penalty"])
  with gan.without_penalty():
    without, _ = _time_of_step(gan, batches, timed_steps)
  others = abs(d_loss - weighted)
  return {
    "name": name,
    "weighted": weighted,
    "d_loss": d_loss,
    "share_of_loss": abs(weighted) / max(abs(weighted) + others, 1e-12),
    "seconds_with": with_penalty,
    "seconds_without": without,
    "share_of_time": max(0.0, 1.0 - without / with_penalty),
  }


def _time_of_step(gan, batches, timed_steps):
  """Returns the median seconds of a step, and the scalars of the first."""
  step = tf.function(lambda: gan.train_step(batches), autograph=False)
  scalars = {name: x.numpy() for name, x in step().items()}
  seconds = []
  for _ in range(timed_steps):
    start = time.perf_counter()
    for value in step().values():
      value.numpy()
    seconds.append(time.perf_counter() - start)
  return float(np.median(seconds)), scalars
