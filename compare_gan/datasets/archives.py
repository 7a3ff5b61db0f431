"""Zip and tar archives as files that are read by number.

What an archive says about itself is not trusted: names that lead out of it,
sizes that it cannot hold and entries that are not files are `bad`. A zip or tar
is read in place; a tar.gz, tar.bz2 or tar.xz is unpacked once, into the cache.
"""

import bz2
import gzip
import lzma
import os
import pathlib
import struct
import tarfile
import tempfile
import zipfile
import zlib

from compare_gan.datasets import stamps
from compare_gan.storage import files as storage

MAX_BYTES = 2**28  # of one image file
_MAX_RATIO = 64  # of a tar to its tar.gz: images hardly become smaller
_BLOCK = 2**20
_LEFT_BEHIND = frozenset(  # by macOS, Windows, a Synology, ext4
  {
    "__MACOSX",
    "$RECYCLE.BIN",
    "System Volume Information",
    "@eaDir",
    "lost+found",
  }
)
# The first bytes of a zip, or of a program that unpacks itself.
_ZIP_STARTS = (b"PK", b"MZ", b"#!")
_PACKED = ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma))
_IS_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, OSError)


class Zip:
  """The files in a zip, each read and unpacked by itself."""

  _LOCAL_HEADER = struct.Struct("<4s22xHH")
  _METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

  @staticmethod
  def is_one(path: str) -> bool:
    return _start(path).startswith(_ZIP_STARTS) and zipfile.is_zipfile(path)

  def __init__(self, path: str) -> None:
    self.path = path
    self.stamp = stamps.digest(stamps.file_stamp(path))
    try:
      with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    # A damaged directory of a zip raises struct.error, NotImplementedError, ...
    except Exception as error:
      raise ValueError(f"{path} is a damaged zip: {error}") from error
    # Some Windows programs write that system's own separator.
    entries = [
      (i.filename.replace("\\", "/"), i, self._fault(i)) for i in infos
    ]
    self.bad, good, self.folders = _sort_out(entries)
    self.names = [name for name, _ in good]
    self._infos = [info for _, info in good]

  def _fault(self, info):
    if info.flag_bits & 1:
      return "it is encrypted"
    if info.compress_type not in self._METHODS:
      return (
        f"it is compressed by method {info.compress_type}, and only deflate "
        "is read"
      )
    if info.file_size > MAX_BYTES:
      return f"it claims to hold {info.file_size} bytes"
    return None

  def read(self, i: int) -> bytes:
    info = self._infos[i]
    with open(self.path, "rb") as file:
      file.seek(info.header_offset)
      header = file.read(self._LOCAL_HEADER.size)
      if len(header) < self._LOCAL_HEADER.size:
        raise ValueError("the zip ends before it")
      magic, *lengths = self._LOCAL_HEADER.unpack(header)
      if magic != b"PK\3\4":
        raise ValueError("the zip has other data in its place")
      file.seek(sum(lengths), os.SEEK_CUR)
      data = file.read(info.compress_size)
    if info.compress_type == zipfile.ZIP_DEFLATED:
      data = _inflate(data, info.file_size)
    if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
      raise ValueError("its bytes are damaged (CRC)")
    return data


def _inflate(data, size):
  """Returns inflated raw deflate data, at most one byte more than `size`."""
  try:
    return zlib.decompressobj(-15).decompress(data, size + 1)
  except zlib.error as error:
    raise ValueError(f"it cannot be decompressed: {error}") from error


class Tar:
  """The files in a tar, or in a tar.gz that is unpacked once."""

  @staticmethod
  def is_one(path: str) -> bool:
    try:
      with tarfile.open(path, "r:*"):
        return True
    except (tarfile.TarError, EOFError, OSError, zlib.error):
      return False

  def __init__(self, path: str) -> None:
    self.stamp = stamps.digest(stamps.file_stamp(path))
    self.path = _unpacked(path, self.stamp)
    size = os.path.getsize(self.path)
    entries = []
    self.bad = []
    try:
      with tarfile.open(self.path, "r:") as archive:
        for member in archive:
          name = f"{member.name}/" if member.isdir() else member.name
          entries.append((name, member, self._fault(member, size)))
        end = archive.offset
      if end < size and any(self._block(end)):
        # tarfile mistakes a damaged header for the end.
        raise ValueError(f"no header at byte {end}")
    # Damaged tar headers raise other errors than TarError, too.
    except Exception as error:
      self.bad.append(
        (path, f"the tar is damaged after entry {len(entries)}: {error}")
      )
    bad, good, self.folders = _sort_out(entries)
    self.bad += bad
    self.names = [name for name, _ in good]
    self._places = [(m.offset_data, m.size) for _, m in good]

  def _block(self, offset):
    with open(self.path, "rb") as file:
      file.seek(offset)
      return file.read(tarfile.BLOCKSIZE)

  def _fault(self, member, size):
    if not member.isreg() or member.sparse is not None:
      return "it is a link, a device or a sparse file"
    if member.size > MAX_BYTES:
      return f"it claims to hold {member.size} bytes"
    if member.offset_data + member.size > size:
      return "the tar ends within it"
    return None

  def read(self, i: int) -> bytes:
    offset, size = self._places[i]
    with open(self.path, "rb") as file:
      file.seek(offset)
      data = file.read(size)
    if len(data) != size:
      raise ValueError("the tar ends within it")
    return data


def _sort_out(entries):
  """Sorts the entries of an archive; the names of folders end with "/".

  Args:
    entries: [(name, entry, what is wrong with it or None)].

  Returns:
    bad: [(name, reason)].
    good: [(name, entry)], sorted.
    folders: the sorted names of all folders.
  """
  bad, good, folders = [], {}, set()
  for stored, entry, fault in entries:
    parts = [part for part in stored.split("/") if part not in ("", ".")]
    name = "/".join(parts)
    if any(is_left_out(part) for part in parts) and ".." not in name:
      continue
    wrong_name = _name_fault(stored)
    if not wrong_name:
      folders.update("/".join(parts[:n]) for n in range(1, len(parts)))
    if stored.endswith("/"):
      if name and not wrong_name:
        folders.add(name)
      continue
    fault = wrong_name or fault
    if not fault and name in good:
      fault = "its name occurs twice"
    if fault:
      bad.append((stored, fault))
    else:
      good[name] = entry
  return bad, sorted(good.items()), sorted(folders)


def is_left_out(name: str) -> bool:
  """Returns whether a file is hidden or was left behind by a system."""
  return name.startswith(".") or name in _LEFT_BEHIND


def is_trusted(name: str) -> bool:
  """Returns whether the name of a file stays in its folder or archive."""
  return _name_fault(name) is None


def _name_fault(name):
  """Returns why a name in an archive is not to be trusted, or None."""
  parts = name.replace("\\", "/").split("/")
  if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
    return "its path leads out of the archive"
  if "\0" in name:
    return "its name holds a zero byte"
  return None


def _start(path):
  with storage.call(open, path, "rb") as file:
    return file.read(8)


def _unpacked(path, stamp):
  """Returns the path of the unpacked tar, which is made if it is missing."""
  start = _start(path)
  unpacker = next((u for magic, u in _PACKED if start.startswith(magic)), None)
  if unpacker is None:
    return path
  # It imports TensorFlow, which listing files does not need.
  from compare_gan.datasets import cache

  name = f"{pathlib.Path(path).name}-{stamp}.tar"
  if os.access(cache.folder() / name, os.R_OK):
    return str(cache.folder() / name)
  plain = cache.writable_folder() / name
  if plain.exists():
    return str(plain)
  handle, draft = tempfile.mkstemp(dir=plain.parent, prefix=plain.name + ".")
  try:
    with os.fdopen(handle, "wb") as target:
      for block in _blocks(path, unpacker):
        target.write(block)
    os.replace(draft, plain)
  except BaseException:
    os.unlink(draft)
    raise
  return str(plain)


def _blocks(path, unpacker):
  """Yields a packed file's content, if it is not much larger than the file."""
  room = max(MAX_BYTES, _MAX_RATIO * os.path.getsize(path))
  with unpacker.open(path) as source:
    while True:
      try:
        block = source.read(_BLOCK)
      except _IS_DAMAGED as error:
        if getattr(error, "errno", None) is not None:
          raise  # An error of the disk.
        raise ValueError(f"{path} is a damaged archive: {error}") from error
      if not block:
        return
      room -= len(block)
      if room < 0:
        raise ValueError(
          f"{path} unpacks to more than {_MAX_RATIO} times its size."
        )
      yield block
