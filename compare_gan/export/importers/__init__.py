"""Weights of PyTorch projects, read into networks of ours without PyTorch.

A family of networks is a file here with NAME, NORMED, EPSILON, `recognises`,
`generator` and `discriminator`, and a name in FAMILIES. Sees layers.
"""

from collections.abc import Sequence
import importlib
from types import ModuleType
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.export.importers import torch_file
from compare_gan.export.importers.pairing import Pairing
from compare_gan.export.importers.restricted_pickle import Tensor
import numpy as np

FAMILIES = ("biggan_pytorch", "studiogan", "mimicry")
_NESTED = ("state_dict", "model_state_dict", "G_ema", "G", "model")
_STEPS = ("global_step", "step", "itr")


class Weights(NamedTuple):
  """The tensors of a network in a file.

  Attributes:
    file: the TorchFile.
    tensors: {name: Tensor}.
    step: of the training, None if the file does not say.
  """

  file: torch_file.TorchFile
  tensors: dict[str, Tensor]
  step: Optional[int]

  def read(self, name: str) -> np.ndarray:
    """Returns the numbers of a tensor."""
    return self.file.array(self.tensors[name])


def open_weights(path: str) -> Weights:
  """Returns the Weights in a file of torch.save."""
  file = torch_file.TorchFile(path)
  step = None
  content = file.content
  if isinstance(content, dict):
    found = [content[name] for name in _STEPS if name in content]
    step = next((value for value in found if isinstance(value, int)), None)
    for name in _NESTED:
      if isinstance(content.get(name), dict):
        content = content[name]
        break
  if not isinstance(content, dict) or not all(
    isinstance(name, str) for name in content
  ):
    raise ValueError(f"{path} holds no state_dict: {_kind(content)}.")
  tensors = {
    name: value for name, value in content.items() if isinstance(value, Tensor)
  }
  if not tensors:
    raise ValueError(
      f"{path} holds no state_dict: it has {sorted(content)[:6]} and no "
      "tensors among them. Save torch.save(network.state_dict(), path)."
    )
  prefix = "module."  # of torch.nn.DataParallel
  if all(name.startswith(prefix) for name in tensors):
    tensors = {name[len(prefix) :]: value for name, value in tensors.items()}
  return Weights(file, tensors, step)


def _kind(content: Any) -> str:
  return f"it is of the type {type(content).__name__}"


def family_of(weights: Weights, name: Optional[str]) -> ModuleType:
  """Returns the module of a family.

  Args:
    weights: of the file.
    name: one of FAMILIES; None to tell by the names of the tensors.
  """
  if name is not None and name not in FAMILIES:
    raise ValueError(
      f"--family={name} is unknown. It can be {', '.join(FAMILIES)}."
    )
  for candidate in FAMILIES if name is None else (name,):
    module = importlib.import_module(f"{__package__}.{candidate}")
    if module.recognises(set(weights.tensors)):
      return module
  raise ValueError(
    f"{weights.file.path} is not a network of {name or ', '.join(FAMILIES)}: "
    f"its tensors are {', '.join(sorted(weights.tensors)[:6])} ..."
  )


def pair(
  weights: Weights,
  family: ModuleType,
  network: Any,
  role: str,
  epsilon: Optional[float] = None,
) -> Pairing:
  """Returns the Pairing of a network of ours with a file.

  Args:
    weights: of the file.
    family: its module.
    network: made inside `scope.building(allocate=False)`.
    role: "generator" or "discriminator".
    epsilon: of the file's batch norms; None for the family's.
  """
  shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
  pairing = Pairing(network, shapes, weights.read, family.NORMED)
  try:
    getattr(family, role)(
      pairing, family.EPSILON if epsilon is None else epsilon
    )
    pairing.finish()
  except ValueError as error:
    raise ValueError(f"{weights.file.path}: {error}") from error
  return pairing


def covered(pairings: Sequence[Pairing]) -> list[str]:
  """Returns the lines of a table: what of the files became what, or why not."""
  lines = []
  for pairing in pairings:
    for row in pairing.rows:
      source = ", ".join(row.theirs) or "no tensor"
      note = f" ({row.note})" if row.note else ""
      lines.append(f"read     {row.ours} <- {source}{note}")
    for name, why in pairing.training_only.items():
      lines.append(f"left out {name}: {why}")
  return lines
