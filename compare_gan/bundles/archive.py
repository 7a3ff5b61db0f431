"""The files of a bundle, from a zip or a folder: checked before they are used.

A zip is not unpacked: its members are read by the names that a bundle can have.
A member that would leave the folder, a link, a wrong hash, a false size or a
member that grows without measure is an error that says so.
"""

from collections.abc import Mapping
import io
import os
import re
import stat
import zipfile

from compare_gan.bundles import manifest as manifest_lib
from compare_gan.bundles.manifest import BundleError
from compare_gan.bundles.manifest import Manifest
from compare_gan.storage import files

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MAX_MEMBERS = 64
# Texts shrink to a tenth or so; a bomb shrinks to a thousandth.
_MAX_GROWTH = 100
_FREE_GROWTH = 2**20  # bytes that any member may have
_DATE = (1980, 1, 1, 0, 0, 0)  # the same files make the same zip


# ---- Reading -----------------------------------------------------------------


def is_bundle(path: str) -> bool:
  """Returns whether a path is a zip, or a folder with the files of a bundle."""
  if os.path.isdir(path):
    return all(
      os.path.isfile(os.path.join(path, name))
      for name in (manifest_lib.NAME, manifest_lib.WEIGHTS)
    )
  return os.path.isfile(path) and (
    path.lower().endswith(".zip") or zipfile.is_zipfile(path)
  )


def read(path: str) -> tuple[Manifest, dict[str, bytes]]:
  """Returns the manifest and {name: content} of a bundle, hashes checked.

  The manifest itself is among the contents.

  Raises:
    BundleError: the bundle must not be used; the message says why.
  """
  try:
    return _checked(_source(path))
  except BundleError as error:
    raise BundleError(f"{path} is refused. {error}") from error


def contents(data: bytes) -> dict[str, bytes]:
  """Returns {name: content} of the zip of a bundle, hashes checked."""
  return _checked(_zip(data))[1]


def _checked(source):
  sizes, content_of = source
  if manifest_lib.NAME not in sizes:
    raise BundleError(f"It has no {manifest_lib.NAME}: is it a bundle?")
  if sizes[manifest_lib.NAME] > manifest_lib.MAX_BYTES:
    raise BundleError(
      f"{manifest_lib.NAME} has {sizes[manifest_lib.NAME]:,} bytes; "
      f"{manifest_lib.MAX_BYTES:,} is the limit."
    )
  first = content_of(manifest_lib.NAME)
  manifest = manifest_lib.decode(first)
  unlisted = sorted(set(sizes) - {manifest_lib.NAME, *manifest.files})
  if unlisted:
    raise BundleError(f"It holds {unlisted[0]!r}, which the manifest lacks.")
  lacking = sorted(set(manifest.files) - set(sizes))
  if lacking:
    raise BundleError(f"It lacks {lacking[0]!r}, which the manifest lists.")
  found = {manifest_lib.NAME: first}
  for name, wanted in manifest.files.items():
    manifest_lib.require_size(name, sizes[name], wanted)
    found[name] = content_of(name)
    manifest_lib.require_same(name, found[name], wanted)
  return manifest, found


def _source(path):
  return _folder(path) if os.path.isdir(path) else _zip(files.read_bytes(path))


def _folder(path):
  """Returns {name: size} of a folder, and a function that reads a file."""
  known = [manifest_lib.NAME, *manifest_lib.MEMBERS]
  # A folder can have more, such as the .git of a repository; it is not read.
  there = [n for n in known if os.path.isfile(os.path.join(path, n))]
  sizes = {name: os.path.getsize(os.path.join(path, name)) for name in there}

  return sizes, lambda name: files.read_bytes(os.path.join(path, name))


def _zip(data):
  """Returns {name: size} of a zip, and a function that reads a member."""
  try:
    archive = zipfile.ZipFile(io.BytesIO(data))
  except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
    raise BundleError(f"It is not a whole zip: {error}.") from error
  members = archive.infolist()
  if len(members) > _MAX_MEMBERS:
    raise BundleError(
      f"It has {len(members)} members; {_MAX_MEMBERS} is the limit."
    )
  for member in members:
    _require_harmless(member)
  infos = {member.filename: member for member in members}
  if len(infos) != len(members):
    raise BundleError("It has two members of one name.")

  sizes = {name: info.file_size for name, info in infos.items()}
  return sizes, lambda name: _member(archive, infos[name])


def _require_harmless(member):
  name = member.orig_filename
  if not _PLAIN_NAME.fullmatch(name):
    raise BundleError(
      f"Its member {name!r} has a name with folders, '..' or other signs that "
      "a bundle's files do not have."
    )
  kind = stat.S_IFMT(member.external_attr >> 16)
  if kind not in (0, stat.S_IFREG):
    raise BundleError(f"Its member {name!r} is a link, not a file.")
  if member.flag_bits & 1:
    raise BundleError(f"Its member {name!r} is encrypted.")
  growth = _MAX_GROWTH * member.compress_size + _FREE_GROWTH
  if member.file_size > growth:
    raise BundleError(
      f"Its member {name!r} would grow from {member.compress_size:,} to "
      f"{member.file_size:,} bytes: this is how a zip bomb looks."
    )


def _member(archive, info):
  """Returns the content of a member; reads no more than its size."""
  try:
    with archive.open(info) as file:
      return file.read(info.file_size)
  # zlib and lzma have errors of their own, without a common class.
  except Exception as error:
    raise BundleError(f"{info.filename} is damaged: {error}.") from error


# ---- Writing -----------------------------------------------------------------


def encode(found: Mapping[str, bytes]) -> bytes:
  """Returns the zip of {name: content}, in which texts are compressed."""
  data = io.BytesIO()
  with zipfile.ZipFile(data, "w") as archive:
    for name, content in found.items():
      info = zipfile.ZipInfo(name, _DATE)
      info.create_system = 3  # Unix, whatever the system is
      info.external_attr = (stat.S_IFREG | 0o644) << 16
      if name not in (manifest_lib.WEIGHTS, manifest_lib.SAMPLES):
        info.compress_type = zipfile.ZIP_DEFLATED
      archive.writestr(info, content)
  return data.getvalue()
