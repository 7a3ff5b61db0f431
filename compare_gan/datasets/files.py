"""Files to read by number: those of a folder, a zip or a tar.

Each kind has

  names      of the files, relative, with "/"; sorted
  bad        [(name, reason)] of entries that are no files to trust
  stamp      a digest of names, sizes and times: another one if files changed
  read(i)    the bytes of file i; any number of threads may call it

A zip and a tar are read in place; a tar.gz is unpacked once, into the cache.
"""

import gzip
import hashlib
import json
import os
import pathlib
import struct
import tarfile
import tempfile
import zipfile
import zlib

_MAX_BYTES = 2**28  # of one image file
_MAX_RATIO = 64  # of a tar to its tar.gz: images hardly become smaller
_BLOCK = 2**20


def open_files(path, gin_name):
  """Returns the files of a folder or an archive.

  Args:
    path: of the folder, zip, tar or tar.gz.
    gin_name: "folder.path", for messages.
  """
  if os.path.isdir(path):
    return Folder(path)
  if not os.path.isfile(path):
    raise FileNotFoundError(
      f"{gin_name} = {path!r}: there is no such folder or file."
    )
  for opens in (Zip, Tar):
    if opens.is_one(path):
      return opens(path)
  raise ValueError(
    f"{gin_name} = {path!r} is no folder, zip, tar or tar.gz, or a damaged one."
  )


def digest(*values):
  """Returns 16 letters for anything that JSON can hold."""
  text = json.dumps(values, sort_keys=True, default=str)
  return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def stamp_of(path):
  """Returns what changes with a file: [absolute path, size, time]."""
  status = os.stat(path)
  return [os.path.abspath(path), status.st_size, status.st_mtime_ns]


class Folder:
  """The files below a folder; hidden ones are left out."""

  def __init__(self, path):
    self.path = path
    self.bad = []
    found = sorted(self._walk())
    self.names = [name for name, _, _ in found]
    self.stamp = digest(os.path.abspath(path), found)

  def read(self, i):
    # Half of the time that open() takes.
    file = os.open(f"{self.path}/{self.names[i]}", os.O_RDONLY)
    try:
      size = os.fstat(file).st_size
      if size > _MAX_BYTES:
        raise ValueError(f"it has {size} bytes, more than {_MAX_BYTES}")
      return os.read(file, size)
    finally:
      os.close(file)

  def _walk(self):
    seen = set()
    for folder, children, files in os.walk(self.path, followlinks=True):
      real = os.path.realpath(folder)
      # A link may lead back up.
      children[:] = [c for c in sorted(children) if not c.startswith(".")]
      if real in seen:
        children[:] = []
        continue
      seen.add(real)
      for file in files:
        if file.startswith("."):
          continue
        path = os.path.join(folder, file)
        name = os.path.relpath(path, self.path).replace(os.sep, "/")
        if not os.path.isfile(path):
          self.bad.append((name, "a link to nothing, or no file"))
          continue
        status = os.stat(path)
        yield name, status.st_size, status.st_mtime_ns


class Zip:
  """The files in a zip, each read and unpacked by itself."""

  _LOCAL_HEADER = struct.Struct("<4s22xHH")
  _METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

  @staticmethod
  def is_one(path):
    return zipfile.is_zipfile(path)

  def __init__(self, path):
    self.path = path
    self.stamp = digest(stamp_of(path))
    try:
      with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    # A damaged directory of a zip raises struct.error, NotImplementedError, ...
    except Exception as error:
      raise ValueError(f"{path} is a damaged zip: {error}") from error
    entries = [(i.filename, i, self._fault(i)) for i in infos]
    self.bad, good = _sort_out(entries)
    self.names = [name for name, _ in good]
    self._infos = [info for _, info in good]

  def _fault(self, info):
    if info.flag_bits & 1:
      return "it is encrypted"
    if info.compress_type not in self._METHODS:
      return f"it is packed by method {info.compress_type}; deflate would do"
    if info.file_size > _MAX_BYTES:
      return f"it claims to hold {info.file_size} bytes"
    return None

  def read(self, i):
    info = self._infos[i]
    with open(self.path, "rb") as file:
      file.seek(info.header_offset)
      header = file.read(self._LOCAL_HEADER.size)
      if len(header) < self._LOCAL_HEADER.size:
        raise ValueError("the zip ends before it")
      magic, *lengths = self._LOCAL_HEADER.unpack(header)
      if magic != b"PK\3\4":
        raise ValueError("the zip has something else in its place")
      file.seek(sum(lengths), os.SEEK_CUR)
      data = file.read(info.compress_size)
    if info.compress_type == zipfile.ZIP_DEFLATED:
      data = _inflate(data, info.file_size)
    if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
      raise ValueError("its bytes are not those that were packed (CRC)")
    return data


def _inflate(data, size):
  """Returns what raw deflate data unpacks to, at most one byte too many."""
  try:
    return zlib.decompressobj(-15).decompress(data, size + 1)
  except zlib.error as error:
    raise ValueError(f"it does not unpack: {error}") from error


class Tar:
  """The files in a tar, or in a tar.gz that is unpacked once."""

  @staticmethod
  def is_one(path):
    try:
      with tarfile.open(path, "r:*"):
        return True
    except (tarfile.TarError, EOFError, OSError, zlib.error):
      return False

  def __init__(self, path):
    self.stamp = digest(stamp_of(path))
    self.path = _unpacked(path, self.stamp)
    size = os.path.getsize(self.path)
    entries = []
    self.bad = []
    try:
      with tarfile.open(self.path, "r:") as archive:
        for member in archive:
          if not member.isdir():
            entries.append((member.name, member, self._fault(member, size)))
        end = archive.offset
      if end < size and any(self._block(end)):
        # tarfile takes a damaged header for the end.
        raise ValueError(f"no header at byte {end}")
    # Headers of tar raise more than TarError when they are damaged.
    except Exception as error:
      self.bad.append(
        (path, f"the tar is damaged after entry {len(entries)}: {error}")
      )
    bad, good = _sort_out(entries)
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
    if member.size > _MAX_BYTES:
      return f"it claims to hold {member.size} bytes"
    if member.offset_data + member.size > size:
      return "the tar ends within it"
    return None

  def read(self, i):
    offset, size = self._places[i]
    with open(self.path, "rb") as file:
      file.seek(offset)
      data = file.read(size)
    if len(data) != size:
      raise ValueError("the tar ends within it")
    return data


def _sort_out(entries):
  """Returns [(name, reason)] of bad and [(name, entry)] of good entries."""
  bad, good = [], {}
  for name, entry, fault in entries:
    base = name.rsplit("/", 1)[-1]
    if base.startswith(".") and ".." not in name or "__MACOSX" in name:
      continue  # What systems leave behind.
    fault = fault or _name_fault(name)
    if not fault and name in good:
      fault = "its name comes twice"
    if fault:
      bad.append((name, fault))
    else:
      good[name] = entry
  return bad, sorted(good.items())


def _name_fault(name):
  """Returns why a name in an archive is not to be trusted, or None."""
  parts = name.replace("\\", "/").split("/")
  if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
    return "its name leads out of the archive"
  if "\0" in name:
    return "its name holds a zero byte"
  return None


def _unpacked(path, stamp):
  """Returns the path of a plain tar; makes it of a tar.gz if need be."""
  with open(path, "rb") as file:
    if file.read(2) != b"\x1f\x8b":
      return path
  # It imports TensorFlow, which listing files does not need.
  from compare_gan.datasets import cache

  name = f"{pathlib.Path(path).name}-{stamp}.tar"
  if os.access(cache.folder() / name, os.R_OK):
    return str(cache.folder() / name)
  plain = cache.writable_folder() / name
  if plain.exists():
    return str(plain)
  room = max(_MAX_BYTES, _MAX_RATIO * os.path.getsize(path))
  handle, draft = tempfile.mkstemp(dir=plain.parent, prefix=plain.name + ".")
  try:
    with os.fdopen(handle, "wb") as target, gzip.open(path) as source:
      for block in iter(lambda: source.read(_BLOCK), b""):
        room -= len(block)
        if room < 0:
          raise ValueError(
            f"{path} unpacks to more than {_MAX_RATIO} times its size."
          )
        target.write(block)
    os.replace(draft, plain)
  except (EOFError, zlib.error, gzip.BadGzipFile) as error:
    os.unlink(draft)
    raise ValueError(f"{path} is a damaged tar.gz: {error}") from error
  except BaseException:
    os.unlink(draft)
    raise
  return str(plain)
