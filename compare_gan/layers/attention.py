"""BigGAN's form of SAGAN's non-local block (https://arxiv.org/abs/1805.08318).

Every pixel attends to every 2x2 cell: the matrix of weights is [N, HW, HW/4], a
gigabyte in float32 for 64 images of 64x64. `non_local_block.query_chunk` bounds
it: only this many pixels attend at a time, and the backward pass recomputes
their weights instead of keeping them.
"""

from collections.abc import Iterator
import contextlib
from typing import Annotated
from typing import Callable

from compare_gan.configuration import accepted
from compare_gan.context import precision
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.layers import initializers
from compare_gan.layers.conv import Conv2D
from compare_gan.layers.gin_names import ARCH_OPS
from compare_gan.layers.kernel import Kernel
import gin
import tensorflow as tf


def _max_pool(x):
  return tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")


def _average_pool(x):
  return tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="VALID")


_POOLING = {"max": _max_pool, "average": _average_pool}


@gin.configurable(
  "non_local_block",
  module=ARCH_OPS,
  denylist=["channels", "kernel_fn", "name"],
)
class NonLocalBlock(Module):
  """x + sigma conv(softmax(theta phi^T) g); sigma starts at 0.

  Args:
    channels: C of the input, 8 or more. theta and phi have C / 8 channels, g
      has C / 2.
    kernel_fn: of all four 1x1 convolutions.
    name: of the scope.
    query_chunk: how many pixels of an image attend at once; 0 is all.
    use_bias: gives the convolutions biases.
    pooling: how a 2x2 cell is summarised, "max" or "average".
  """

  def __init__(
    self,
    channels: int,
    kernel_fn: Callable[..., tf.Module] = Kernel,
    name: str = "non_local_block",
    query_chunk: accepted.CountOrZero = 0,
    use_bias: bool = False,
    pooling: Annotated[str, accepted.OneOf(*_POOLING)] = "max",
  ) -> None:
    super().__init__()
    if pooling not in _POOLING:
      raise ValueError(
        f"non_local_block.pooling = {pooling!r} is unknown. It can be "
        f"{' or '.join(map(repr, _POOLING))}."
      )
    if channels < 8:
      raise ValueError(
        f"An attention block needs 8 channels or more, got {channels}: make "
        "the network's ch larger or leave its blocks_with_attention empty."
      )
    if query_chunk < 0:
      raise ValueError(
        f"non_local_block.query_chunk = {query_chunk}; it must be a number of "
        "pixels, or 0 for all of them."
      )
    self.query_chunk = query_chunk
    self.pooling = pooling
    self._pool = _POOLING[pooling]

    def conv(in_channels: int, out_channels: int, name: str) -> Conv2D:
      return Conv2D(
        in_channels,
        out_channels,
        1,
        use_bias=use_bias,
        kernel_fn=kernel_fn,
        name=name,
      )

    with scope(name):
      self.theta = conv(channels, channels // 8, "conv2d_theta")
      self.phi = conv(channels, channels // 8, "conv2d_phi")
      self.g = conv(channels, channels // 2, "conv2d_g")
      self.sigma = variable("sigma", [], initializers.zeros)
      self.attn_g = conv(channels // 2, channels, "conv2d_attn_g")

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = precision.entering(x)
    theta = _pixels(self.theta(x, is_training))  # [N, HW, C/8]
    phi = _pixels(self._pool(self.phi(x, is_training)))  # [N, HW/4, C/8]
    g = _pixels(self._pool(self.g(x, is_training)))  # [N, HW/4, C/2]
    if self.query_chunk:
      attended = chunked_attention(theta, phi, g, self.query_chunk)
    else:
      attended = attention(theta, phi, g)
    height, width = x.shape[1], x.shape[2]
    attended = tf.reshape(attended, [-1, height, width, g.shape[-1]])
    update = self.attn_g(attended, is_training)
    return x + tf.cast(self.sigma, x.dtype) * update

  @contextlib.contextmanager
  def in_chunks_of(self, query_chunk: int) -> Iterator[None]:
    """Changes query_chunk inside, to measure what that would need."""
    before, self.query_chunk = self.query_chunk, query_chunk
    try:
      yield
    finally:
      self.query_chunk = before


def _pixels(x):
  return tf.reshape(x, [-1, x.shape[1] * x.shape[2], x.shape[3]])


def attention(
  queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor
) -> tf.Tensor:
  """softmax(Q K^T) V without 1 / sqrt(D): [N, Q, D], [N, K, D], [N, K, E]."""
  weights = _weights(queries, keys)
  return tf.matmul(tf.cast(weights, values.dtype), values)


def _weights(queries, keys):
  """Returns softmax(Q K^T), in float32: it sums thousands of small numbers."""
  scores = tf.matmul(queries, keys, transpose_b=True)
  return tf.nn.softmax(tf.cast(scores, tf.float32))


def chunked_attention(
  queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, chunk: int
) -> tf.Tensor:
  """`attention` with at most [N, chunk, K] weights at any time.

  This holds for the gradients too: the weights are recomputed, not kept. Each
  chunk waits for the previous one, or a graph would compute them in parallel.
  """
  parts = [
    slice(start, start + chunk) for start in range(0, queries.shape[1], chunk)
  ]

  @tf.custom_gradient
  def attend(
    queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor
  ) -> tuple[tf.Tensor, Callable]:
    def gradient(
      d_attended: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
      d_queries: list[tf.Tensor] = []
      d_keys, d_values = tf.zeros_like(keys), tf.zeros_like(values)
      for part in parts:
        with tf.control_dependencies([*d_queries[-1:], d_keys, d_values]):
          d_query, d_key, d_value = _attention_gradient(
            queries[:, part], keys, values, d_attended[:, part]
          )
          d_queries.append(d_query)
          d_keys += d_key
          d_values += d_value
      return tf.concat(d_queries, axis=1), d_keys, d_values

    attended: list[tf.Tensor] = []
    for part in parts:
      with tf.control_dependencies(attended[-1:]):
        attended.append(attention(queries[:, part], keys, values))
    return tf.concat(attended, axis=1), gradient

  return attend(queries, keys, values)


def _attention_gradient(queries, keys, values, d_attended):
  """Returns the gradients of `attention` with respect to its three inputs."""
  # A = softmax(S), S = Q K^T; dS = A (dA - sum(dA A)), row by row.
  weights = _weights(queries, keys)
  d_weights = tf.matmul(d_attended, values, transpose_b=True)
  d_weights = tf.cast(d_weights, tf.float32)
  d_scores = weights * (
    d_weights - tf.reduce_sum(d_weights * weights, -1, keepdims=True)
  )
  d_scores = tf.cast(d_scores, queries.dtype)
  weights = tf.cast(weights, values.dtype)
  return (
    tf.matmul(d_scores, keys),
    tf.matmul(d_scores, queries, transpose_a=True),
    tf.matmul(weights, d_attended, transpose_a=True),
  )
