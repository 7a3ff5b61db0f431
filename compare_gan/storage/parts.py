"""Which parts of a GAN a model_dir holds, if it does not hold all of them.

  parts.json    ["generator", ...], the parts; without it, everything is there

A shared model usually has what images are made with and nothing else. Other
parts of the rebuilt GAN then have no weights, and whatever uses them is an
error rather than noise.
"""

from collections.abc import Sequence
import json
import os
from typing import Any
from typing import Optional

from compare_gan.context import scope
from compare_gan.storage import files

GENERATOR = (
  "generator"  # G as it makes images: averaged, if there is an average
)
RAW = "raw weights"  # those that G's average was taken of
ENCODER = "encoder"
DISCRIMINATOR = "discriminator"
ALL = (GENERATOR, RAW, ENCODER, DISCRIMINATOR)

_NAME = "parts.json"
_HOW = {
  RAW: "--with_discriminator",
  ENCODER: "--with_encoder",
  DISCRIMINATOR: "--with_discriminator",
}


def write(model_dir: str, held: Sequence[str]) -> None:
  """Records which parts a model_dir holds."""
  files.write_text(os.path.join(model_dir, _NAME), json.dumps(list(held)))


def read(model_dir: str) -> Optional[list[str]]:
  """Returns the parts that a model_dir holds, None for all of them."""
  text = files.read_text_if_any(os.path.join(model_dir, _NAME))
  return None if text is None else json.loads(text)


def of(gan: Any) -> dict[str, set[str]]:
  """Returns {part: full names of its variables} of a GAN's networks.

  State that the average shares with the weights, such as moments, belongs to
  GENERATOR. A part that the GAN does not have is left out.
  """
  average = getattr(gan, "averaged_generator", None)
  generator = _names(average or gan.generator)
  found = {GENERATOR: generator}
  if average:
    found[RAW] = _names(gan.generator) - generator
  if gan.has_encoder:
    found[ENCODER] = _names(gan.averaged_encoder or gan.encoder)
    found[RAW] = found.get(RAW, set()) | (_names(gan.encoder) - found[ENCODER])
  d = {name for network in gan.networks_of("d") for name in _names(network)}
  found[DISCRIMINATOR] = d
  return {part: names for part, names in found.items() if names}


def _names(network):
  return {scope.full_name(v) for v in network.variables}


def values_of(tensors: dict[str, Any]) -> Any:
  """Returns the `values` for `scope.building` of a GAN that lacks parts.

  What is missing begins anew.
  """

  def value(name: str, shape: Any, dtype: Any) -> Any:
    del shape, dtype
    return tensors.get(name)

  return value


def refuse_missing(
  gan: Any, held: Sequence[str], tensors: dict[str, Any], model_dir: str
) -> None:
  """Makes a GAN refuse to use what it has no weights for.

  Raises:
    ValueError: a part that should be there lacks variables.
  """
  needed = of(gan)
  for part in held:
    lacking = sorted(needed.get(part, set()) - set(tensors))
    if lacking:
      raise ValueError(
        f"The {part} in {model_dir} has no {lacking[0]}. Were other gin "
        "bindings used to train it?"
      )
  if DISCRIMINATOR in needed and DISCRIMINATOR not in held:
    gan.discriminator = _Missing(DISCRIMINATOR)
    gan.discriminate = gan.discriminator
  if ENCODER in needed and ENCODER not in held:
    gan.encoder = gan.averaged_encoder = _Missing(ENCODER)
    gan.encode = gan.encoder
  if RAW in needed and RAW not in held:
    gan.generate = _only_averaged(gan.generate, 2)
    if gan.has_encoder:
      gan.encode = _only_averaged(gan.encode, 1)


def _only_averaged(function, place):
  """Returns a function that refuses `averaged = False`.

  Args:
    function: of the GAN.
    place: of `averaged` among its arguments.
  """

  def refusing(*args: Any, **kwargs: Any) -> Any:
    given = args[place] if len(args) > place else kwargs.get("averaged", True)
    if not given:
      raise _missing(RAW)
    return function(*args, **kwargs)

  return refusing


class _Missing:
  """Stands for a network without weights: using it is an error."""

  def __init__(self, part: str) -> None:
    self._part = part

  def __call__(self, *args: Any, **kwargs: Any) -> Any:
    raise _missing(self._part)

  def __getattr__(self, name: str) -> Any:
    if name.startswith("_"):  # TensorFlow asks for some.
      raise AttributeError(name)
    raise _missing(self._part)


def _missing(part):
  return ValueError(
    f"This needs the {part} of the model, which the bundle does not hold. Ask "
    f"for a bundle that was made with {_HOW[part]}."
  )
