"""Compares a network's variables with the tensors of a PyTorch file.

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
from compare_gan.layers import attention
from compare_gan.layers import batch_norm
from compare_gan.layers import kernel as kernel_lib
from compare_gan.layers import spectral_norm
import numpy as np


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


class Comparison:
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
    self.normed = normed
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
      self.network.kernel_fn in (kernel_lib.Kernel, spectral_norm.SpectralNorm),
      "its kernels are parametrised in another way than the file's",
      f"{owner}.kernel_fn and {owner}.weight_norm to their defaults",
    )

  def require_epsilon(self, epsilon: float) -> None:
    """Refuses batch norms that add another number to the variance."""
    for module in self.modules(batch_norm.StandardizeBatch):
      self.require(
        module.epsilon == epsilon,
        f"its batch norms add {module.epsilon:g} to the variance, and the "
        f"file's {epsilon:g}",
        f"standardize_batch.epsilon = {epsilon:g}, or --batch_norm_epsilon if "
        "the file was trained with another number",
      )

  def require_max_pooling(self) -> None:
    """Refuses attention that averages cells, where the file takes maxima."""
    for module in self.modules(attention.NonLocalBlock):
      self.require(
        module.pooling == "max",
        "its attention averages cells of 2x2 pixels, and the file's takes "
        "their maxima",
        'non_local_block.pooling = "max"',
      )

  def modules(self, kind: type) -> list[Any]:
    """Returns the parts of the network that are of a class."""
    return [m for m in self.network.submodules if isinstance(m, kind)]

  def require_same_norm(self, ours: str, theirs: str) -> bool:
    """Refuses a layer with spectral norm whose pair has none.

    Returns:
      Whether both have it.
    """
    is_normed = self.has(theirs + self.normed.u)
    owner = "G" if self._root == "generator" else "D"
    wants = self.wants(f"{ours}/kernel/u_var")
    self.require(
      wants == is_normed,
      f"{ours} has {'a' if wants else 'no'} spectral norm, and the file's "
      f"{theirs} has {'one' if is_normed else 'none'}",
      f"{owner}.spectral_norm = {is_normed}",
    )
    return is_normed

  # ---- The network's side ----------------------------------------------------

  def wants(self, ours: str) -> bool:
    """Returns whether the network has a variable, without "generator/"."""
    return self.wanted_shape(ours) is not None

  def wanted_shape(self, ours: str) -> Optional[tuple[int, ...]]:
    """Returns the shape of a variable of the network, None if it has none."""
    spec = self._specs.get(f"{self._root}/{ours}")
    return None if spec is None else tuple(spec.shape)

  # ---- The file's side -------------------------------------------------------

  def has(self, name: str) -> bool:
    """Returns whether the file has a tensor of this name."""
    return name in self.shapes

  def has_layer(self, name: str) -> bool:
    """Returns whether the file has a layer with this name and a weight."""
    return self.weight_of(name) in self.shapes

  def weight_of(self, layer: str) -> str:
    """Returns the name of a layer's weight, normalised or not."""
    normed = layer + self.normed.weight
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
