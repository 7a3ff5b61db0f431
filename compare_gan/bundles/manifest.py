"""manifest.json: what a bundle holds, and the SHA-256 of each file.

Readers refuse a format version that they do not know; a file that the version
does not name; and a file that is not exactly what the manifest says.
"""

from collections.abc import Mapping
import dataclasses
import hashlib
import json
from typing import Any
from typing import Optional

from compare_gan.storage import parts

NAME = "manifest.json"
FORMAT = "compare_gan bundle"
VERSION = 1

WEIGHTS = "weights.safetensors"
CONFIG = "config.gin"
MODEL = "model.json"
SCORES = "scores.jsonl"
SAMPLES = "samples.png"
README = "README.md"

# The files of version 1. None of them is executed.
_NEEDED = (WEIGHTS, CONFIG, MODEL)
MEMBERS = (*_NEEDED, SCORES, SAMPLES, README)
MAX_BYTES = 2**20  # of the manifest itself


class BundleError(ValueError):
  """A bundle that must not be used."""


@dataclasses.dataclass(frozen=True)
class File:
  """One file of a bundle."""

  sha256: str
  size: int


@dataclasses.dataclass(frozen=True)
class Manifest:
  """What a bundle holds.

  Attributes:
    name: of the model.
    about: one line on it.
    step: of the checkpoint.
    dtype: of the weights.
    parts: see storage/parts.py.
    files: {name: File}, of all files but the manifest.
    license: of the weights, None if it is not stated.
    left_out: gin names whose values were files of the maker's machine.
    made_with: {package: version}.
  """

  name: str
  about: str
  step: int
  dtype: str
  parts: list[str]
  files: Mapping[str, File]
  license: Optional[str] = None
  left_out: list[str] = dataclasses.field(default_factory=list)
  made_with: Mapping[str, str] = dataclasses.field(default_factory=dict)


def file_of(data: bytes) -> File:
  """Returns what a manifest says of a file."""
  return File(hashlib.sha256(data).hexdigest(), len(data))


def encode(manifest: Manifest) -> bytes:
  """Returns manifest.json."""
  content = {
    "format": FORMAT,
    "version": VERSION,
    **dataclasses.asdict(manifest),
  }
  return (json.dumps(content, indent=2) + "\n").encode("utf-8")


def decode(data: bytes) -> Manifest:
  """Returns the Manifest of manifest.json.

  Raises:
    BundleError: it is damaged, or of a version that is not known here.
  """
  try:
    content = json.loads(data.decode("utf-8"))
  except (ValueError, RecursionError) as error:
    raise BundleError(f"{NAME} is not JSON: {error}.") from error
  if not isinstance(content, dict) or content.get("format") != FORMAT:
    raise BundleError(f"{NAME} does not say that its format is {FORMAT!r}.")
  if content.get("version") != VERSION:
    raise BundleError(
      f"The bundle has format version {content.get('version')!r}, but this "
      f"compare_gan reads version {VERSION}. Install a newer one."
    )
  return Manifest(
    name=_field(content, "name", str),
    about=_field(content, "about", str),
    step=_field(content, "step", int),
    dtype=_field(content, "dtype", str),
    parts=_parts(_field(content, "parts", list)),
    files=_files(_field(content, "files", dict)),
    license=_field(content, "license", (str, type(None))),
    left_out=_field(content, "left_out", list),
    made_with=_field(content, "made_with", dict),
  )


def _field(content, name, kind) -> Any:
  value = content.get(name)
  if not isinstance(value, kind) or isinstance(value, bool):
    raise BundleError(f"{NAME} has {name} = {value!r}.")
  if kind is int and value < 0:
    raise BundleError(f"{NAME} has {name} = {value!r}, which is below 0.")
  return value


def _parts(found):
  if parts.GENERATOR not in found or not {*map(str, found)} <= {*parts.ALL}:
    raise BundleError(
      f"{NAME} has parts = {found!r}. They can be {', '.join(parts.ALL)}, and "
      f"{parts.GENERATOR} must be among them."
    )
  return found


def _files(found):
  unknown = sorted(set(found) - set(MEMBERS))
  if unknown:
    raise BundleError(
      f"The bundle holds {unknown[0]!r}. It can hold {', '.join(MEMBERS)}, and "
      "nothing else."
    )
  lacking = sorted(set(_NEEDED) - set(found))
  if lacking:
    raise BundleError(f"The bundle has no {lacking[0]}.")
  return {name: _file(name, entry) for name, entry in found.items()}


def _file(name, entry):
  digest = entry.get("sha256") if isinstance(entry, dict) else None
  size = entry.get("size") if isinstance(entry, dict) else None
  if not isinstance(digest, str) or type(size) is not int or size < 0:
    raise BundleError(f"{NAME} has no sha256 or no size of {name}.")
  return File(digest, size)


def require_size(name: str, size: int, wanted: File) -> None:
  """Raises BundleError unless a file has the size that the manifest says."""
  if size != wanted.size:
    raise BundleError(
      f"{name} has {size:,} bytes, but {NAME} says {wanted.size:,}. {_CHANGED}"
    )


def require_same(name: str, data: bytes, wanted: File) -> None:
  """Raises BundleError unless a file is exactly what the manifest says."""
  require_size(name, len(data), wanted)
  digest = file_of(data).sha256
  if digest != wanted.sha256:
    raise BundleError(
      f"{name} has the SHA-256 {digest}, but {NAME} says {wanted.sha256}. "
      f"{_CHANGED}"
    )


_CHANGED = "The bundle is damaged or was changed: get it again."
