"""Which packages compare_gan asks for: what setup.py says, read in one place.

In a checkout that is setup.py itself, which is read but not run; elsewhere the
metadata that the installation made of it.
"""

import ast
from collections.abc import Sequence
import dataclasses
from importlib import metadata
import pathlib
from typing import Any
from typing import Optional

from packaging import requirements
from packaging import specifiers

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
_KEYWORDS = ("python_requires", "install_requires")

Requirement = requirements.Requirement


class Unknown(LookupError):
  """Nothing here says what compare_gan requires."""


@dataclasses.dataclass(frozen=True)
class Required:
  """What is asked for on this Python.

  Attributes:
    python: its versions.
    needed: packages without which nothing works.
    extras: {name: packages} of `pip install compare_gan[name]`.
  """

  python: specifiers.SpecifierSet
  needed: Sequence[Requirement]
  extras: dict[str, Sequence[Requirement]]


def required(root: pathlib.Path = PACKAGE.parent) -> Required:
  """Returns what is required; raises Unknown if nothing says it.

  Args:
    root: the folder that holds compare_gan, and setup.py if it is a checkout.
  """
  setup_py = root / "setup.py"
  # Next to an installed package there may be another package's setup.py.
  if setup_py.is_file() and (root / "pyproject.toml").is_file():
    return _of_setup_py(setup_py)
  try:
    return _of_metadata(metadata.distribution("compare_gan"))
  except metadata.PackageNotFoundError as error:
    raise Unknown(
      f"compare_gan in {root} is neither installed nor a whole checkout"
    ) from error


def _of_setup_py(path):
  tree = ast.parse(path.read_text(encoding="utf-8"))
  said, extras = _arguments(tree), _constants(tree)["EXTRAS"]
  return Required(
    specifiers.SpecifierSet(said["python_requires"]),
    _that_apply(said["install_requires"]),
    {name: _that_apply(texts) for name, (_, texts) in extras.items()},
  )


def _constants(tree: ast.Module) -> dict[str, Any]:
  """Returns the lists and tables; each may use those above it."""
  constants: dict[str, Any] = {}
  for node in tree.body:
    if isinstance(node, ast.Assign):
      if isinstance(node.value, (ast.List, ast.Dict)):
        name = ast.unparse(node.targets[0])
        constants[name] = _value(node.value, constants)
  return constants


def _arguments(tree: ast.Module) -> dict[str, Any]:
  """Returns arguments of setuptools.setup."""
  [call] = [
    node
    for node in ast.walk(tree)
    if isinstance(node, ast.Call)
    and ast.unparse(node.func) == "setuptools.setup"
  ]
  return {
    keyword.arg: ast.literal_eval(keyword.value)
    for keyword in call.keywords
    if keyword.arg in _KEYWORDS
  }


def _value(node, constants):
  if isinstance(node, ast.Name):
    return constants[node.id]
  if isinstance(node, ast.Dict):
    return {
      ast.literal_eval(key): _value(value, constants)
      for key, value in zip(node.keys, node.values)
    }
  if isinstance(node, ast.Tuple):
    return tuple(_value(element, constants) for element in node.elts)
  if isinstance(node, ast.List):
    parts = [_part(element, constants) for element in node.elts]
    return [text for part in parts for text in part]
  return ast.literal_eval(node)


def _part(element, constants):
  if isinstance(element, ast.Starred):
    return _value(element.value, constants)
  return [ast.literal_eval(element)]


def _of_metadata(distribution: metadata.Distribution) -> Required:
  texts = distribution.requires or []
  extras = distribution.metadata.get_all("Provides-Extra") or []
  needed = _that_apply(texts, "")
  return Required(
    specifiers.SpecifierSet(distribution.metadata["Requires-Python"]),
    needed,
    {
      name: [one for one in _that_apply(texts, name) if one not in needed]
      for name in extras
    },
  )


def _that_apply(texts, extra: Optional[str] = None):
  """Returns the Requirements of this Python, without their markers."""
  found = []
  for text in texts:
    one = Requirement(text)
    if one.marker is None or one.marker.evaluate({"extra": extra or ""}):
      one.marker = None
      found.append(one)
  return found


# ---- What is here ------------------------------------------------------------

# Wheels that are TensorFlow under another name.
_STAND_INS = {
  "tensorflow": ("tensorflow-cpu", "tensorflow-tpu", "tensorflow-gpu"),
}


def version(name: str) -> Optional[str]:
  """Returns the version of an installed package, None if it is not here."""
  for known in (name, *_STAND_INS.get(name, ())):
    try:
      return metadata.version(known)
    except metadata.PackageNotFoundError:
      continue
  return None


def what_it_lacks(requirement: Requirement) -> list[str]:
  """Returns what of a requirement is not here, as pip would be asked for it."""
  found = version(requirement.name)
  if found is None or not fits(requirement, found):
    return [str(requirement)]
  lacking = []
  for extra in requirement.extras:
    lacking += _what_an_extra_lacks(requirement.name, extra)
  return lacking


def _what_an_extra_lacks(name, extra):
  """Returns packages of an extra of an installed package that are not here."""
  try:
    texts = metadata.requires(name) or []
  except metadata.PackageNotFoundError:  # A stand-in is here.
    return [f"{name}[{extra}]"]
  all_names = {one.name for one in _that_apply(texts)}
  of_extra = {one.name for one in _that_apply(texts, extra)} - all_names
  return sorted(one for one in of_extra if version(one) is None)


def fits(requirement: Requirement, found: str) -> bool:
  """Returns whether a version is one that is asked for."""
  return requirement.specifier.contains(found, prereleases=True)
