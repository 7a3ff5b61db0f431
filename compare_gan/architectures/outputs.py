"""What networks return, and the last layers that make it."""

from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.context.scope import Module
from compare_gan.layers import linear
import tensorflow as tf


class DiscriminatorOutput(NamedTuple):
  """Of N images."""

  prob: tf.Tensor  # [N, 1], sigmoid(logits)
  logits: tf.Tensor  # [N, 1]
  features: tf.Tensor  # input of the last linear layer


class EncoderOutput(NamedTuple):
  """A distribution over z for each of N images."""

  sample: tf.Tensor  # [N, z_dim], what the GAN uses
  mean: tf.Tensor  # [N, z_dim]
  stddev: Optional[tf.Tensor]  # [N, z_dim], None for a deterministic encoder
  # [N, C], the last convolution's, averaged over pixels: what classifiers use.
  features: Optional[tf.Tensor] = None


class JointOutput(NamedTuple):
  """Scores of N pairs (x, z), each [N, 1] (https://arxiv.org/abs/1907.02544)."""

  s_x: tf.Tensor  # of the image alone
  s_z: tf.Tensor  # of the latent alone
  s_xz: tf.Tensor  # of the pair


class Scores(Module):
  """The end of most discriminators: logits linear in the features, plus, for a
  projection discriminator (https://arxiv.org/abs/1802.05637), <e(y), features>.

  Args:
    channels: length of the features.
    num_classes: width of y.
    kernel_fn: of both linear maps.
    project_y: adds the projection, in scope `embedding_fc`.
    embedding_init: initialiser of the embedding, None for the gin one.
    name: scope of the linear layer.
    owner: the network, for messages.
  """

  def __init__(
    self,
    channels: int,
    num_classes: int,
    kernel_fn: Callable[..., tf.Module],
    project_y: bool = False,
    embedding_init: Optional[Callable] = None,
    name: str = "disc_final_fc",
    owner: str = "The discriminator",
  ) -> None:
    super().__init__()
    self.channels = channels
    self.linear = linear.Linear(channels, 1, kernel_fn=kernel_fn, name=name)
    self.embedding = None
    if project_y:
      if not num_classes:
        raise ValueError(
          f"{owner} has project_y = True, but gets no labels. Set "
          "ModularGAN.conditional = True on a dataset with labels, or "
          "project_y = False."
        )
      self.embedding = linear.Embedding(
        num_classes, channels, kernel_fn, embedding_init, "embedding_fc"
      )

  def __call__(
    self,
    features: tf.Tensor,
    y: Optional[tf.Tensor],
    is_training: bool,
    returned_features: Optional[tf.Tensor] = None,
  ) -> DiscriminatorOutput:
    # Scores are float32, whatever the convolutions compute in.
    features = tf.cast(features, tf.float32)
    logits = self.linear(features, is_training)
    if self.embedding:
      if y is None:
        raise ValueError("A projection discriminator needs y, but got None.")
      e = self.embedding(y, is_training)
      logits += tf.reduce_sum(e * features, axis=1, keepdims=True)
    if returned_features is None:
      returned_features = features
    return DiscriminatorOutput(tf.sigmoid(logits), logits, returned_features)


def image_range(x: tf.Tensor, activation: str) -> tf.Tensor:
  """Returns pixels in [0, 1]: "sigmoid", or "tanh" scaled by a half."""
  x = tf.cast(x, tf.float32)
  if activation == "sigmoid":
    return tf.sigmoid(x)
  if activation == "tanh":
    return 0.5 * tf.tanh(x) + 0.5
  raise ValueError(
    f"activation = {activation!r}. Pixels are made by 'sigmoid' or 'tanh'."
  )
