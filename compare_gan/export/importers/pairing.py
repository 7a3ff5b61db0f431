"""Pairs a network's variables with the tensors of a PyTorch file.

A family's file (biggan_pytorch.py, ...) walks through the network and says for
each layer what it is called there. Here are the layers' layouts and the rules:

* every variable of the network gets a value, or the import is refused;
* every tensor of the file is used, or known to matter in training alone;
* a network whose formula differs is refused, with the binding that would make
  it equal. Nothing is approximated.

Shapes are compared before a number is read. Numbers are read one tensor at a
time, when the variable is made.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.context import scope
from compare_gan.layers import kernel as kernel_lib
from compare_gan.layers.attention import NonLocalBlock
from compare_gan.layers.batch_norm import StandardizeBatch
from compare_gan.layers.spectral_norm import SpectralNorm
import numpy as np
import tensorflow as tf


class Normed(NamedTuple):
  """How a family names what its spectral norm stores, after the layer's name.

  Attributes:
    weight: the weight before the division.
    u: the vector on the side of the weight's first axis.
    v: the other vector, which evaluation uses as it is. "": evaluation makes
      one iteration from u.
  """

  weight: str
  u: str
  v: str = ""


class Row(NamedTuple):
  """Where a variable's value comes from."""

  ours: str
  theirs: tuple[str, ...]
  note: str = ""


class Pairing:
  """What of a file becomes which variable of a network.

  Args:
    network: made inside `scope.building(allocate=False)`.
    shapes: {name: shape} of the file's tensors.
    read: `read(name)` -> array.
    normed: the family's names for spectral norm.

  Attributes:
    rows: the pairs, in the order they were found.
    training_only: {name: why it is left out} of the file's other tensors.
  """

  def __init__(
    self,
    network: Any,
    shapes: Mapping[str, Sequence[int]],
    read: Callable[[str], np.ndarray],
    normed: Normed,
  ) -> None:
    self.network = network
    self.shapes = {name: tuple(shape) for name, shape in shapes.items()}
    self.read = read
    self.rows: list[Row] = []
    self.training_only: dict[str, str] = {}
    self._normed = normed
    self._specs = {scope.full_name(v): v for v in network.variables}
    self._root = next(iter(self._specs)).split("/")[0]
    self._make: dict[str, Callable[[], np.ndarray]] = {}

  # ---- What must be true -----------------------------------------------------

  def require(self, fits: Any, what: str, binding: str) -> None:
    """Refuses the import unless `fits`.

    Args:
      fits: whether the network's formula is the file's.
      what: how they differ.
      binding: what to set, as gin text or as words.
    """
    if not fits:
      raise ValueError(f"{self.network.title}: {what}. Set {binding}.")

  def require_title(self, *titles: str) -> None:
    """Refuses a network other than these, such as "resnet_biggan.Generator"."""
    self.require(
      self.network.title in titles,
      "the file's network is not this one",
      f"options.architecture to that of {' or '.join(titles)}",
    )

  def require_plain_kernels(self) -> None:
    """Refuses kernels that are neither plain nor divided by spectral norm."""
    owner = "G" if self._root == "generator" else "D"
    self.require(
      self.network.kernel_fn in (kernel_lib.Kernel, SpectralNorm),
      "its kernels are parametrised in another way than the file's",
      f"{owner}.kernel_fn and {owner}.weight_norm to their defaults",
    )

  def require_epsilon(self, epsilon: float) -> None:
    """Refuses batch norms that add another number to the variance."""
    for module in self._modules(StandardizeBatch):
      self.require(
        module.epsilon == epsilon,
        f"its batch norms add {module.epsilon:g} to the variance, and the "
        f"file's {epsilon:g}",
        f"standardize_batch.epsilon = {epsilon:g}, or --batch_norm_epsilon if "
        "the file was trained with another number",
      )

  def require_max_pooling(self) -> None:
    """Refuses attention that averages cells, where the file takes maxima."""
    for module in self._modules(NonLocalBlock):
      self.require(
        module.pooling == "max",
        "its attention averages cells of 2x2 pixels, and the file's takes "
        "their maxima",
        'non_local_block.pooling = "max"',
      )

  def _modules(self, kind):
    return [m for m in self.network.submodules if isinstance(m, kind)]

  def wants(self, ours: str) -> bool:
    """Returns whether the network has a variable, without "generator/"."""
    return f"{self._root}/{ours}" in self._specs

  # ---- The file's side -------------------------------------------------------

  def has(self, name: str) -> bool:
    """Returns whether the file has a tensor of this name."""
    return name in self.shapes

  def has_layer(self, name: str) -> bool:
    """Returns whether the file has a layer with this name and a weight."""
    return self.weight_of(name) in self.shapes

  def weight_of(self, layer: str) -> str:
    """Returns the name of a layer's weight, normalised or not."""
    normed = layer + self._normed.weight
    return normed if normed in self.shapes else f"{layer}.weight"

  def shape_of(self, name: str) -> tuple[int, ...]:
    """Returns the shape of a tensor of the file."""
    if name not in self.shapes:
      raise ValueError(
        f"The file has no {name}. It has {', '.join(sorted(self.shapes)[:4])} "
        "..., so it is not of this network or this family."
      )
    return self.shapes[name]

  def leave_out(self, names: Iterable[str], why: str) -> None:
    """Notes tensors that are not used, with the reason."""
    self.training_only.update({name: why for name in names})

  # ---- Pairs -----------------------------------------------------------------

  def put(
    self,
    ours: str,
    theirs: Sequence[str],
    shape: Sequence[int],
    make: Callable[[], np.ndarray],
    note: str = "",
  ) -> None:
    """Notes that a variable gets a value.

    Args:
      ours: name of the variable, without "generator/".
      theirs: names of the tensors that it is made of.
      shape: of the value.
      make: returns the value.
      note: what is done to it, beside the order of axes.
    """
    name = f"{self._root}/{ours}"
    for tensor in theirs:
      self.shape_of(tensor)
    spec = self._specs.get(name)
    if spec is None:
      raise ValueError(
        f"The file's {', '.join(theirs) or 'network'} has no place: "
        f"{self.network.title} has no variable {name}. It has "
        f"{', '.join(self._like(name))}."
      )
    if tuple(shape) != tuple(spec.shape):
      raise ValueError(
        f"The file's {', '.join(theirs)} gives {list(shape)}, and {name} is "
        f"{list(spec.shape)}. Widths, z and classes of the gin config must be "
        "the file's."
      )
    self.rows.append(Row(name, tuple(theirs), note))
    self._make[name] = make

  def _like(self, name):
    """Returns the variables whose names begin most like this one's."""
    scope_of = name.rsplit("/", 1)[0]
    while scope_of:
      found = [n for n in self._specs if n.startswith(scope_of + "/")]
      if found:
        return found[:6]
      scope_of = scope_of.rpartition("/")[0]
    return list(self._specs)[:6]

  def constant(self, ours: str, value: float, note: str) -> None:
    """Gives a variable of ours the same number everywhere."""
    spec = self._specs.get(f"{self._root}/{ours}")
    shape = () if spec is None else tuple(spec.shape)
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
    wanted = self._specs.get(f"{self._root}/{ours}")
    if shape == (1,) and wanted is not None and tuple(wanted.shape) == ():
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
    spec = self._specs.get(f"{self._root}/{ours}/kernel")
    theirs_size = self.shape_of(self.weight_of(theirs))[2:]
    ours_size = theirs_size if spec is None else tuple(spec.shape[:2])
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
    is_normed = self.has(theirs + self._normed.u)
    self._require_same_norm(ours, theirs, is_normed)
    if is_normed:
      vectors = _Vectors(self, theirs, shape, first_axis_is_rows)
      self._spectral_norm(ours, kernel, vectors, arranged, outputs)

  def _require_same_norm(self, ours, theirs, is_normed):
    owner = "G" if self._root == "generator" else "D"
    wants = self.wants(f"{ours}/kernel/u_var")
    self.require(
      wants == is_normed,
      f"{ours} has {'a' if wants else 'no'} spectral norm, and the file's "
      f"{theirs} has {'one' if is_normed else 'none'}",
      f"{owner}.spectral_norm = {is_normed}",
    )

  def _spectral_norm(self, ours, kernel, vectors, arranged, outputs):
    u_name = f"{ours}/kernel/u_var"
    v_name = f"{ours}/kernel/v_var"
    spec = self._specs[f"{self._root}/{u_name}"]
    keeps_both = self.wants(v_name)
    kernel_shape = tuple(self._specs[f"{self._root}/{ours}/kernel"].shape)
    rows = int(np.prod(kernel_shape[:-1]))
    is_left = tuple(spec.shape) == (rows, 1)  # and not [1, K]

    def pair() -> tuple[np.ndarray, np.ndarray]:
      return vectors.pair(kernel(), arranged, outputs)

    def shaped(vector: np.ndarray, is_column: bool) -> np.ndarray:
      return vector.reshape((-1, 1) if is_column else (1, -1))

    names = vectors.names
    if keeps_both:
      other = tuple(self._specs[f"{self._root}/{v_name}"].shape)
      self.put(
        u_name,
        names,
        tuple(spec.shape),
        lambda: shaped(pair()[0 if is_left else 1], is_left),
      )
      self.put(
        v_name,
        names,
        other,
        lambda: shaped(pair()[1 if is_left else 0], is_left),
      )
      return
    self.require(
      not self._normed.v,
      "it makes a power iteration in evaluation, and the file's network, of "
      "torch.nn.utils.spectral_norm, uses the vectors of the last training "
      "step",
      "spectral_norm.iterate_in_eval = False",
    )
    self.require(
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
    rounds = {m.rounds for m in self._modules(SpectralNorm)}
    self.require(
      rounds == {1},
      f"it makes {max(rounds)} power iterations in evaluation, and the file's "
      "network one",
      "spectral_norm.power_iteration_rounds = 1",
    )
    self.put(
      u_name,
      names,
      tuple(spec.shape),
      lambda: shaped(vectors.known(outputs), is_left),
    )

  # ---- The result ------------------------------------------------------------

  def finish(self) -> None:
    """Refuses what is left over, on either side."""
    paired = {row.ours for row in self.rows}
    missing = [name for name in self._specs if name not in paired]
    if missing:
      raise ValueError(
        f"The file has nothing for {', '.join(missing[:5])}"
        f"{' ...' if len(missing) > 5 else ''}, {len(missing)} variables of "
        f"{self.network.title}: its network is a different one. Choose the "
        "gin config of the file's network."
      )
    used = {name for row in self.rows for name in row.theirs}
    unused = [
      name
      for name in self.shapes
      if name not in used and name not in self.training_only
    ]
    if unused:
      raise ValueError(
        f"{self.network.title} has no place for {', '.join(unused[:5])}"
        f"{' ...' if len(unused) > 5 else ''}, {len(unused)} tensors of the "
        "file: its network is a different one. Choose the gin config of the "
        "file's network."
      )

  def value(self, name: str) -> Optional[np.ndarray]:
    """Returns the value of a variable by its full name, None if it has none."""
    return self._make[name]() if name in self._make else None


class _Vectors:
  """The singular vectors of a layer of the file.

  Rows and columns are those of our matrix, [R, K]. The file's first axis is our
  columns, but the rows of an embedding.
  """

  def __init__(self, pairing, theirs, shape, is_on_rows):
    normed = pairing._normed
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
