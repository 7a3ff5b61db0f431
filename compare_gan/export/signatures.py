"""What an exported generator is called with, and what it returns.

The names, shapes and ranges of programs for which others have scripts:

  biggan       z [1, z_dim], y int32 [1, 1]     -> output in [-1, 1]
  bigbigan     x1 [256, z_dim], x2 int32 [256]  -> output in [0, 1]
  compare_gan  z [64, z_dim], y int32 [64]      -> output in [0, 1]
  dcgan        z [64, z_dim], y int32 [64]      -> generator_1/Tanh in [-1, 1]

z is float32, the output float32 [N, H, W, colors]. A generator that is not
conditional has no second input.
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple
from typing import Optional

import numpy as np
import tensorflow as tf


class Port(NamedTuple):
  """An input, or the output."""

  name: str
  shape: tuple  # None for a batch of any size
  dtype: str  # numpy's name

  def spec(self) -> tf.TensorSpec:
    return tf.TensorSpec(list(self.shape), tf.as_dtype(self.dtype), self.name)

  def bytes(self) -> int:
    """Returns how many bytes a file with its values has."""
    return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class Signature(NamedTuple):
  """Names of tensors, and what they hold.

  Attributes:
    name: of the signature.
    z, y, output: names of the tensors.
    low, high: values of pixels 0 and 1 in the output.
    batch: how many images at once, if a file has a fixed number.
    y_is_column: whether y is [N, 1] instead of [N].
    y_is_weights: whether y is the weights of the classes, float32
      [N, num_classes], instead of labels.
  """

  name: str
  z: str = "z"
  y: str = "y"
  output: str = "output"
  low: float = 0.0
  high: float = 1.0
  batch: int = 64
  y_is_column: bool = False
  y_is_weights: bool = False

  def inputs(self, gan: Any, batch: Optional[int]) -> list[Port]:
    """Returns the Ports of a GAN's inputs; `batch` is None for any size."""
    ports = [Port(self.z, (batch, gan.options.z_dim), "float32")]
    if gan.num_classes and self.y_is_weights:
      ports.append(Port(self.y, (batch, gan.num_classes), "float32"))
    elif gan.num_classes:
      shape = (batch, 1) if self.y_is_column else (batch,)
      ports.append(Port(self.y, shape, "int32"))
    return ports

  def output_of(self, gan: Any, batch: Optional[int]) -> Port:
    """Returns the Port of a GAN's images."""
    return Port(self.output, (batch, *gan.image_shape), "float32")

  def function(
    self, generate: Callable[[tf.Tensor, Optional[tf.Tensor]], tf.Tensor]
  ) -> Callable[..., tf.Tensor]:
    """Returns `generate` (z, labels [N] or weights) with this signature."""

    def images(z: tf.Tensor, y: Optional[tf.Tensor] = None) -> tf.Tensor:
      with tf.name_scope("model"):  # Keeps its names apart from ports'.
        if y is not None and not self.y_is_weights:
          y = tf.reshape(y, [-1])
        return self.from_pixels(generate(z, y))

    return images

  def arrays(
    self, z: np.ndarray, labels: Optional[np.ndarray] = None
  ) -> list[np.ndarray]:
    """Returns latents, and the labels or weights if any, as inputs."""
    given = [np.asarray(z, np.float32)]
    if labels is not None and self.y_is_weights:
      given.append(np.asarray(labels, np.float32))
    elif labels is not None:
      y = np.asarray(labels).astype(np.int32)
      given.append(y[:, None] if self.y_is_column else y)
    return given

  def from_pixels(self, images: tf.Tensor) -> tf.Tensor:
    """Returns images in [0, 1] in the range of the output."""
    if (self.low, self.high) == (0.0, 1.0):
      return images
    return images * (self.high - self.low) + self.low

  def to_pixels(self, output: np.ndarray) -> np.ndarray:
    """Returns an output, or several, as images in [0, 1]."""
    return (output - self.low) / (self.high - self.low)


SIGNATURES = {
  signature.name: signature
  for signature in (
    Signature("biggan", low=-1.0, batch=1, y_is_column=True),
    Signature("bigbigan", z="x1", y="x2", batch=256),
    Signature("compare_gan"),
    Signature("dcgan", output="generator_1/Tanh", low=-1.0),
  )
}


def get(name: str) -> Signature:
  """Returns the Signature of this name."""
  if name not in SIGNATURES:
    raise ValueError(
      f"--signature={name} is unknown. It can be {', '.join(SIGNATURES)}."
    )
  return SIGNATURES[name]


def run(
  model: Callable[..., np.ndarray],
  signature: Signature,
  batch: Optional[int],
  z: np.ndarray,
  labels: Optional[np.ndarray] = None,
) -> np.ndarray:
  """Returns the images in [0, 1] that a model makes, [len(z), H, W, colors].

  Args:
    model: takes arrays in the order of the inputs, returns the output.
    signature: a Signature.
    batch: how many at a time; the last batch is filled up with the first rows.
      None for all at once.
    z: latents [N, z_dim].
    labels: ints [N], or None.
  """
  batch = batch or len(z)
  rows = np.arange(-(-len(z) // batch) * batch) % len(z)
  given = [array[rows] for array in signature.arrays(z, labels)]
  images = [
    signature.to_pixels(model(*(array[i : i + batch] for array in given)))
    for i in range(0, len(rows), batch)
  ]
  return np.concatenate(images)[: len(z)]
