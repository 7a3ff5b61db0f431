"""The default features: a small classifier trained on the dataset itself.

Nothing has to be downloaded, and on one dataset the distances rank models as
they should: noise, blur, ghosts, lost classes and copies all score worse. But
they are not FIDs, whose name and published values belong to one Inception
network, and they can be compared within one dataset and one identity only.

The outputs of five 3x3 convolutions (16, 32, 64, 64, 64 channels) with batch
norm, on cells of 2x2 pixels, are averaged over the picture (64 features) and
mapped to logits. The network is trained once on batches of the train split,
which takes seconds, and cached. Larger pictures are area-averaged to 32 pixels
first. Without labels in the dataset, the network learns by how many quarter
turns a picture was rotated (https://arxiv.org/abs/1803.07728), and its logits
are of these four classes.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import copy
import math
import time
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.context.scope import building
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.datasets import cache
from compare_gan.features import abstract_extractor
from compare_gan.features.fingerprint import fingerprint
from compare_gan.layers import initializers
from compare_gan.layers.batch_norm import StandardizeBatch
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.kernel import Kernel
from compare_gan.layers.linear import Linear
import gin
import numpy as np
import tensorflow as tf

_VERSION = 1  # raise it when the same settings give other weights
_PIXELS = 32
_TURNS = 4
_CONVS = ((16, 1), (32, 2), (64, 2), (64, 1), (64, 1))  # channels and stride
_WARM_UP = 50  # steps


@gin.configurable(
  "classifier", module="compare_gan.features", denylist=["dataset"]
)
@abstract_extractor.named("classifier")
def classifier(
  dataset: Any,
  steps: accepted.CountOrZero = 1600,
  batch_size: accepted.Count = 32,
  learning_rate: accepted.Positive = 1e-2,
  seed: accepted.Seed = 0,
) -> abstract_extractor.AbstractExtractor:
  """Returns the extractor for a dataset, trained now or read from the cache.

  Args:
    dataset: an AbstractDataset.
    steps: number of training steps.
    batch_size: images per step.
    learning_rate: of Adam, reached in 50 steps; it falls to 0 along a cosine.
    seed: of the initial weights, the batches and the rotations.
  """
  settings = [steps, batch_size, learning_rate, seed]
  key = abstract_extractor.digest(_VERSION, fingerprint(dataset), *settings)
  by_turns = dataset.num_classes < 2
  num_classes = _TURNS if by_turns else dataset.num_classes
  with building(seed=seed):
    network = Network(dataset.image_shape[-1], num_classes)

  def train() -> np.ndarray:
    start = time.time()
    print(f"Training the features of {dataset.name}, once: {steps} steps.")
    accuracy = _train(network, dataset, by_turns, *settings)
    task = "turns" if by_turns else "classes"
    print(
      f"Features of {dataset.name} trained in {time.time() - start:.0f} s; "
      f"they predict the {task} of {accuracy:.1%} of the last images."
    )
    trained: Any = network.variables  # none is a VariableSpec here
    return np.concatenate([v.numpy().ravel() for v in trained])

  _set(network.variables, cache.array(f"classifier-{key}", train))
  return Classifier(network, by_turns)


class Classifier(abstract_extractor.AbstractExtractor):
  """The features and logits of a trained `Network`."""

  name = "classifier"

  def __init__(self, network: Any, by_turns: bool) -> None:
    self._network = network
    self._by_turns = by_turns
    self._apply = tf.function(
      lambda x: network(_small(x, square=by_turns), is_training=False),
      autograph=False,
    )

  def identity(self) -> str:
    weights = [v.numpy() for v in self._network.variables]
    return abstract_extractor.digest(
      self.name, _VERSION, self._by_turns, *weights
    )

  def extract(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return self._apply(images)


class Network(Module):
  """Pixels [N, H, W, C] -> 64 features and `num_classes` logits."""

  def __init__(self, channels: int, num_classes: int) -> None:
    super().__init__()
    channels *= 4  # A cell of 2x2 pixels becomes one position.
    self._blocks: list[_Block] = []
    with scope("classifier"):
      for out_channels, stride in _CONVS:
        with scope(f"block{len(self._blocks)}"):
          self._blocks.append(_Block(channels, out_channels, stride))
        channels = out_channels
      self._linear = Linear(channels, num_classes, kernel_fn=_kernel)

  def __call__(
    self, x: tf.Tensor, is_training: bool
  ) -> tuple[tf.Tensor, tf.Tensor]:
    x = tf.nn.space_to_depth(_even(2.0 * x - 1.0), 2)
    for block in self._blocks:
      x = block(x, is_training)
    features = tf.reduce_mean(x, axis=[1, 2])
    return features, self._linear(features, is_training)


class _Block(Module):
  """Convolution, batch norm, relu; no gin binding of the model affects it."""

  def __init__(self, in_channels: int, channels: int, stride: int) -> None:
    super().__init__()
    self._conv = Conv2D(
      in_channels, channels, stride=stride, use_bias=False, kernel_fn=_kernel
    )
    self._standardize = StandardizeBatch(
      channels,
      decay=0.95,
      epsilon=1e-3,
      use_moving_averages=True,
      use_cross_replica_mean=False,
    )
    self._gamma = variable("gamma", [channels], initializers.ones)
    self._beta = variable("beta", [channels], initializers.zeros)

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = self._standardize(self._conv(x, is_training), is_training)
    return tf.nn.relu(x * self._gamma + self._beta)


def _even(x):
  """Returns images padded with 0 to an even number of rows and columns."""
  height, width = x.shape[1:3]
  return tf.pad(x, [[0, 0], [0, height % 2], [0, width % 2], [0, 0]])


def _kernel(shape, init=None):
  """Returns a kernel that keeps the scale after relu (arXiv:1502.01852).

  It does not use `weights.initializer`, which is for the model that is scored.
  """
  del init
  fan_in = np.prod(shape[:-1])
  return Kernel(shape, initializers.truncated_normal(math.sqrt(2.0 / fan_in)))


def _small(images, square):
  """Returns images averaged to at most 32 pixels a side."""
  height, width = (min(size, _PIXELS) for size in images.shape[1:3])
  if square:
    height = width = min(height, width)
  if (height, width) == tuple(images.shape[1:3]):
    return images
  return tf.image.resize(images, [height, width], method="area")


def _train(network, dataset, by_turns, steps, batch_size, learning_rate, seed):
  """Trains the network; returns its accuracy on the last tenth of the steps."""
  dataset = copy.copy(dataset)
  dataset.flip = False  # Features must not depend on a GAN's training.
  adam = _Adam(network.trainable_variables, learning_rate, steps)

  @tf.function(autograph=False)
  def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    images = _small(images, square=by_turns)
    if by_turns:
      images, labels = _turned(images)
    with tf.GradientTape() as tape:
      _, logits = network(images, is_training=True)
      loss, correct = _cross_entropy(logits, labels)
    adam.update(tape.gradient(loss, network.trainable_variables))
    return correct

  correct = []
  batches = dataset.batches("train", batch_size, seed=seed).take(steps)
  for batch in batches:
    correct.append(step(batch["images"], batch["labels"]))
  return float(np.nanmean(correct[-max(1, steps // 10) :]))


def _turned(images):
  """Returns square images rotated by k quarter turns, and k [n].

  Each quarter of the batch has another k.
  """
  parts = [tf.image.rot90(images[k::_TURNS], k) for k in range(_TURNS)]
  labels = [tf.fill([tf.shape(x)[0]], k) for k, x in enumerate(parts)]
  return tf.concat(parts, 0), tf.concat(labels, 0)


def _cross_entropy(logits, labels):
  """Returns the mean loss, and the share of labels that were predicted.

  A label of -1 is unknown and does not count.
  """
  known = tf.cast(labels >= 0, tf.float32)
  labels = tf.maximum(labels, 0)
  losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
  told = tf.equal(tf.argmax(logits, -1, tf.int32), labels)
  count = tf.reduce_sum(known)
  loss = tf.math.divide_no_nan(tf.reduce_sum(known * losses), count)
  return loss, tf.reduce_sum(known * tf.cast(told, tf.float32)) / count


class _Adam:
  """Algorithm 1 of https://arxiv.org/abs/1412.6980, with warm-up and decay."""

  def __init__(
    self,
    variables: Sequence[tf.Variable],
    rate: float,
    steps: int,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
  ) -> None:
    zeros = [np.zeros(w.shape, np.float32) for w in variables]
    self._variables = variables
    self._rate, self._steps = rate, steps
    self._betas, self._epsilon = (beta1, beta2), epsilon
    self._t = tf.Variable(0.0, trainable=False)
    self._m = [tf.Variable(x, trainable=False) for x in zeros]
    self._v = [tf.Variable(x, trainable=False) for x in zeros]

  def update(self, gradients: Iterable[tf.Tensor]) -> None:
    beta1, beta2 = self._betas
    t = self._t.assign_add(1.0)
    falling = 0.5 + 0.5 * tf.cos(math.pi * (t - 1.0) / self._steps)
    rate = self._rate * tf.minimum(t / _WARM_UP, 1.0) * falling
    for w, g, m, v in zip(self._variables, gradients, self._m, self._v):
      m_hat = m.assign(beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
      v_hat = v.assign(beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
      w.assign_sub(rate * m_hat / (tf.sqrt(v_hat) + self._epsilon))


def _set(variables, flat):
  """Assigns the parts of one long array to the variables."""
  ends = np.cumsum([v.shape.num_elements() for v in variables])
  for target, part in zip(variables, np.split(flat, ends[:-1])):
    target.assign(part.reshape(target.shape))
