"""Spectral norm: the singular vectors of a layer of a PyTorch file."""

from collections.abc import Callable
from collections.abc import Sequence
import functools
from typing import Optional

from compare_gan.export.importers.comparison import Comparison
from compare_gan.layers import spectral_norm
import numpy as np


class Vectors:
  """The singular vectors of a layer of the file.

  Rows and columns are those of our matrix, [R, K]. The file's first axis is our
  columns, but the rows of an embedding.
  """

  def __init__(
    self,
    pairing: Comparison,
    theirs: str,
    shape: Sequence[int],
    is_on_rows: bool,
  ) -> None:
    normed = pairing.normed
    self.is_on_rows = is_on_rows
    self._read, self._shape = pairing.read, shape
    self._u = theirs + normed.u
    self._v = theirs + normed.v if normed.v else None
    self.names = [self._u] + ([self._v] if self._v else [])
    count = int(np.prod(pairing.shape_of(self._u)))
    if count != shape[0]:
      raise ValueError(
        f"The file's {self._u} has {count} numbers, and its weight {shape[0]} "
        "outputs: several singular values are not supported."
      )

  def known(self, outputs: Optional[np.ndarray]) -> np.ndarray:
    """Returns u, in our order."""
    u = self._read(self._u).reshape(-1)
    return u if outputs is None else u[outputs]

  def pair(
    self,
    kernel: np.ndarray,
    arranged: Callable[[np.ndarray], np.ndarray],
    outputs: Optional[np.ndarray],
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns the vectors [R] and [K] that evaluation uses."""
    u = self.known(outputs)
    if self._v:
      v = self._read(self._v).reshape(1, *self._shape[1:])
      v = v.reshape(-1) if self.is_on_rows else arranged(v).reshape(-1)
      return (u, v) if self.is_on_rows else (v, u)
    w = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    w = w.T if self.is_on_rows else w  # u is on the columns of w.
    v = _unit(w @ u)
    u = _unit(v @ w)
    found = (u, v) if self.is_on_rows else (v, u)
    return found[0].astype(np.float32), found[1].astype(np.float32)


def _unit(vector):
  return vector / max(np.linalg.norm(vector), 1e-12)


def pair(
  pairing: Comparison,
  ours: str,
  vectors: Vectors,
  kernel: Callable[[], np.ndarray],
  arranged: Callable[[np.ndarray], np.ndarray],
  outputs: Optional[np.ndarray],
) -> None:
  """Pairs what the spectral norm of a layer keeps.

  Args:
    pairing: notes the pairs.
    ours: name of the layer.
    vectors: the file's.
    kernel: returns our kernel.
    arranged: orders the axes of a kernel of the file as ours.
    outputs: reorders the last axis of ours.
  """
  u_name, v_name = f"{ours}/kernel/u_var", f"{ours}/kernel/v_var"
  rows = int(np.prod(_shape(pairing, f"{ours}/kernel")[:-1]))
  u_shape = _shape(pairing, u_name)
  is_left = u_shape == (rows, 1)  # and not [1, K]

  def shaped(vector: np.ndarray, is_column: bool) -> np.ndarray:
    return vector.reshape((-1, 1) if is_column else (1, -1))

  def one_of_both(number: int) -> np.ndarray:
    found = vectors.pair(kernel(), arranged, outputs)
    return shaped(found[number], is_left)

  if pairing.wants(v_name):
    numbers = (0, 1) if is_left else (1, 0)
    for name, number in zip((u_name, v_name), numbers):
      pairing.put(
        name,
        vectors.names,
        _shape(pairing, name),
        functools.partial(one_of_both, number),
      )
    return
  _require_same_iteration(pairing, ours, vectors, is_left)
  pairing.put(
    u_name,
    vectors.names,
    u_shape,
    lambda: shaped(vectors.known(outputs), is_left),
  )


def _shape(pairing, ours):
  shape = pairing.wanted_shape(ours)
  assert shape is not None, ours
  return shape


def _require_same_iteration(pairing, ours, vectors, is_left):
  """Refuses another power iteration in evaluation than the file's network."""
  pairing.require(
    not pairing.normed.v,
    "it makes a power iteration in evaluation, and the file's network, of "
    "torch.nn.utils.spectral_norm, uses the vectors of the last training step",
    "spectral_norm.iterate_in_eval = False",
  )
  pairing.require(
    is_left == vectors.is_on_rows,
    f"its {ours} keeps the {'left' if is_left else 'right'} singular vector, "
    "and the file's the other one",
    "spectral_norm.iterate_in_eval = False, which keeps both"
    + (
      ""
      if vectors.is_on_rows
      else ', or spectral_norm.singular_value = "right"'
    ),
  )
  rounds = {
    module.rounds for module in pairing.modules(spectral_norm.SpectralNorm)
  }
  pairing.require(
    rounds == {1},
    f"it makes {max(rounds)} power iterations in evaluation, and the file's "
    "network one",
    "spectral_norm.power_iteration_rounds = 1",
  )
