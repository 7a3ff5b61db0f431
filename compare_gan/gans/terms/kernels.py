"""The kernels of a network, which some regularisers act on."""

from collections.abc import Sequence

from compare_gan.context.scope import full_name
import tensorflow as tf


def kernels_of(weights: Sequence[tf.Variable]) -> list[tf.Variable]:
  """Returns those of linear layers, convolutions and embeddings.

  With a weight norm, kernels are not trained weights, so none is returned.
  """
  return [w for w in weights if full_name(w).endswith("/kernel")]


def require_kernels(kernels: Sequence[tf.Variable], name: str) -> None:
  """Raises if there are none."""
  if not kernels:
    raise ValueError(
      f"@{name} acts on kernels, but D.weight_norm = True fixes the length of "
      "all kernels of this network. Set D.weight_norm = False (G.weight_norm "
      "for G), or choose another penalty."
    )


def as_matrix(kernel: tf.Variable) -> tf.Tensor:
  """Returns W [prod(shape[:-1]), shape[-1]], whose columns are the filters."""
  return tf.reshape(kernel, [-1, kernel.shape[-1]])
