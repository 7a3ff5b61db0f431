"""Pairs a network's variables with the tensors of a PyTorch file.

A family's file (biggan_pytorch.py, ...) walks through the network and says for
each layer what it is called there. Here are the layers' layouts; comparison.py
has the rules.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Optional

from compare_gan.export.importers import singular_vectors
from compare_gan.export.importers.comparison import Comparison
from compare_gan.export.importers.comparison import Normed as Normed
from compare_gan.export.importers.comparison import Row as Row
import numpy as np
import tensorflow as tf


class Pairing(Comparison):
  """What of a file becomes which variable of a network, layer by layer."""

  def constant(self, ours: str, value: float, note: str) -> None:
    """Gives a variable of ours the same number everywhere."""
    shape = self.wanted_shape(ours) or ()
    self.put(ours, [], shape, lambda: np.full(shape, value, np.float32), note)

  def copy(
    self,
    ours: str,
    theirs: str,
    order: Optional[np.ndarray] = None,
    scale: float = 1.0,
  ) -> None:
    """Takes a vector or a number as it is, in another order, or scaled."""
    shape = self.shape_of(theirs)
    if shape == (1,) and self.wanted_shape(ours) == ():
      shape = ()

    def make() -> np.ndarray:
      found = self.read(theirs).reshape(shape)
      return scale * (found if order is None else found[order])

    self.put(
      ours, [theirs], shape, make, "" if scale == 1.0 else f"times {scale:g}"
    )

  def linear(
    self,
    ours: str,
    theirs: str,
    inputs: Optional[np.ndarray] = None,
    outputs: Optional[np.ndarray] = None,
    bias: Optional[float] = None,
  ) -> None:
    """[out, in] becomes [in, out].

    Args:
      ours, theirs: names of the layers.
      inputs, outputs: reorder the axes.
      bias: the number that our bias gets, if theirs has none.
    """
    self._layer(ours, theirs, lambda w: w.T, inputs, outputs, constant=bias)

  def conv(self, ours: str, theirs: str, scale: float = 1.0) -> None:
    """[out, in, height, width] becomes [height, width, in, out].

    A file's kernel of one pixel fits into the middle of one of 3x3 pixels whose
    others are 0: the same map.

    Args:
      ours, theirs: names of the layers.
      scale: of kernel and bias.
    """
    wanted = self.wanted_shape(f"{ours}/kernel")
    theirs_size = self.shape_of(self.weight_of(theirs))[2:]
    ours_size = theirs_size if wanted is None else wanted[:2]
    pad = theirs_size == (1, 1) and ours_size == (3, 3)

    def arrange(weight: np.ndarray) -> np.ndarray:
      weight = weight.transpose(2, 3, 1, 0)
      if pad:
        weight = np.pad(weight, [(1, 1), (1, 1), (0, 0), (0, 0)])
      return weight if scale == 1.0 else np.float32(scale) * weight

    note = "one pixel, in the middle of 3x3" if pad else ""
    note = note or ("" if scale == 1.0 else f"times {scale:g}")
    self._layer(ours, theirs, arrange, scale=scale, note=note)

  def deconv(self, ours: str, theirs: str) -> None:
    """[in, out, height, width] becomes [height, width, out, in]."""
    self._layer(ours, theirs, lambda w: w.transpose(2, 3, 1, 0))

  def conv_as_deconv(self, ours: str, theirs: str) -> None:
    """A convolution of stride 1 is a deconvolution with its kernel turned."""
    self._layer(
      ours,
      theirs,
      lambda w: w[:, :, ::-1, ::-1].transpose(2, 3, 0, 1),
      note="turned by 180 degrees",
    )

  def embedding(
    self, ours: str, theirs: str, bias: Optional[float] = None
  ) -> None:
    """[classes, dim] stays as it is; `bias` as for `linear`."""
    self._layer(
      ours, theirs, lambda w: w, first_axis_is_rows=True, constant=bias
    )

  def moments(
    self, ours: str, means: Sequence[str], variances: Sequence[str]
  ) -> None:
    """Takes a batch norm's moments, of the first names that the file has.

    They become moving averages, or accumulators that have seen one batch.
    """
    mean = next((name for name in means if self.has(name)), means[0])
    variance = next((n for n in variances if self.has(n)), variances[0])
    if not self.wants(f"{ours}/accu/accu_mean"):
      self.copy(f"{ours}/moving_mean", mean)
      self.copy(f"{ours}/moving_variance", variance)
      return
    self.copy(f"{ours}/accu/accu_mean", mean)
    self.copy(f"{ours}/accu/accu_variance", variance)
    self.constant(f"{ours}/accu/accu_counter", 1.0, "one batch")
    self.constant(f"{ours}/accu/update_accus", 0, "closed")

  def _layer(
    self,
    ours: str,
    theirs: str,
    arrange: Callable[[np.ndarray], np.ndarray],
    inputs: Optional[np.ndarray] = None,
    outputs: Optional[np.ndarray] = None,
    scale: float = 1.0,
    note: str = "",
    first_axis_is_rows: bool = False,
    constant: Optional[float] = None,
  ) -> None:
    """Pairs kernel, bias and spectral norm of a layer."""
    weight = self.weight_of(theirs)
    shape = self.shape_of(weight)

    def arranged(array: np.ndarray) -> np.ndarray:
      array = arrange(array)
      return array if inputs is None else np.take(array, inputs, axis=-2)

    def kernel() -> np.ndarray:
      found = arranged(self.read(weight))
      return found if outputs is None else np.take(found, outputs, axis=-1)

    ours_shape = arrange(np.broadcast_to(np.float32(0), shape)).shape
    self.put(f"{ours}/kernel", [weight], ours_shape, kernel, note)
    bias = f"{theirs}.bias"
    if constant is not None:
      self.constant(f"{ours}/bias", constant, f"{constant:g}, a constant there")
    elif self.has(bias) or self.wants(f"{ours}/bias"):
      self.copy(f"{ours}/bias", bias, outputs, scale)
    if self.require_same_norm(ours, theirs):
      vectors = singular_vectors.Vectors(
        self, theirs, shape, first_axis_is_rows
      )
      singular_vectors.pair(self, ours, vectors, kernel, arranged, outputs)


def map_order(channels: int, pixels: int) -> np.ndarray:
  """Returns where the outputs [channels, pixels] of a file stand in ours.

  A linear layer makes a map: [C, H, W] there, [H, W, C] here.
  """
  return np.arange(channels * pixels).reshape(channels, pixels).T.reshape(-1)


def last_first(first: int, last: int) -> np.ndarray:
  """Returns the order of [a, b] as [b, a], of lengths `first` and `last`."""
  return np.concatenate([np.arange(first, first + last), np.arange(first)])


def values(
  pairings: Sequence[Pairing], suffix: str
) -> Callable[[str, Any, Any], Any]:
  """Returns a `values` for `scope.building`.

  Args:
    pairings: of the networks.
    suffix: of moving averages, which get the same values.
  """

  def value(name: str, shape: Any, dtype: tf.DType) -> Optional[np.ndarray]:
    del shape, dtype
    if name.endswith(suffix):
      name = name[: -len(suffix)]
    found = (pairing.value(name) for pairing in pairings)
    return next((array for array in found if array is not None), None)

  return value
