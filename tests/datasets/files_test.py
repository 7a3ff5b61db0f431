"""Files by number, in folders and archives."""

import builtins
import concurrent.futures
import errno
import io
import os
import tarfile
import zipfile

from compare_gan.datasets import files as files_lib
import pytest

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")

_FILES = {"a/1.png": b"one" * 50, "a/2.png": b"two", "b/3.png": b""}


def _tar(path, files, mode="w"):
  with tarfile.open(path, mode) as archive:
    for name, data in files.items():
      info = tarfile.TarInfo(name)
      info.size = len(data)
      archive.addfile(info, io.BytesIO(data))
  return path


def _make(kind, folder, files):
  if kind == "folder":
    return pictures.write_tree(folder / "tree", files)
  if kind.startswith("zip"):
    method = (
      zipfile.ZIP_STORED if kind == "zip stored" else zipfile.ZIP_DEFLATED
    )
    return pictures.zipped(folder / "x.zip", files, method)
  _, _, packer = kind.partition(".")
  return _tar(folder / f"x.{kind}", files, f"w:{packer}")


_KINDS = ["folder", "zip", "zip stored", "tar", "tar.gz", "tar.bz2", "tar.xz"]


@pytest.mark.parametrize("kind", _KINDS)
def test_names_and_bytes(kind, tmp_path, own_cache):  # noqa: F811
  files = files_lib.open_files(
    str(_make(kind, tmp_path, _FILES)), "folder.path"
  )
  assert list(files.names) == sorted(_FILES)
  assert [files.read(i) for i in range(3)] == [
    _FILES[name] for name in files.names
  ]
  assert files.bad == []


@pytest.mark.parametrize("kind", _KINDS)
def test_many_threads_read_at_once(kind, tmp_path, own_cache):  # noqa: F811
  contents = {f"{i:02}.png": bytes([i]) * 999 for i in range(40)}
  files = files_lib.open_files(str(_make(kind, tmp_path, contents)), "x")
  with concurrent.futures.ThreadPoolExecutor(8) as pool:
    read = list(pool.map(files.read, list(range(40)) * 5))
  assert read == list(contents.values()) * 5


@pytest.mark.parametrize("kind", _KINDS)
def test_stamp_changes_with_the_files(kind, tmp_path, own_cache):  # noqa: F811
  first = files_lib.open_files(str(_make(kind, tmp_path, _FILES)), "x").stamp
  again = files_lib.open_files(str(_make(kind, tmp_path, _FILES)), "x")
  del again
  longer = {**_FILES, "a/2.png": b"two and a half" * 40}
  other = files_lib.open_files(str(_make(kind, tmp_path, longer)), "x").stamp
  assert first != other


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
  "name", ["../out.png", "/etc/x.png", "a/../../x.png", "C:/x.png", "..\\x.png"]
)
def test_names_that_lead_out_are_named(kind, name, tmp_path):
  files = files_lib.open_files(
    str(_make(kind, tmp_path, {**_FILES, name: b"x"})), "folder.path"
  )
  assert list(files.names) == sorted(_FILES)
  (bad,) = files.bad
  assert "leads out" in bad[1]


def test_links_in_a_tar_are_bad(tmp_path):
  path = _tar(tmp_path / "x.tar", _FILES)
  with tarfile.open(path, "a") as archive:
    info = tarfile.TarInfo("link.png")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    archive.addfile(info)
  files = files_lib.open_files(str(path), "folder.path")
  assert files.bad == [("link.png", "it is a link, a device or a sparse file")]


def test_changed_bytes_in_a_zip_are_noticed(tmp_path):
  path = _make("zip stored", tmp_path, _FILES)
  content = path.read_bytes().replace(b"oneone", b"oneonE", 1)
  path.write_bytes(content)
  files = files_lib.open_files(str(path), "folder.path")
  with pytest.raises(ValueError, match="CRC"):
    files.read(0)


def test_what_unpacks_to_more_than_it_says(tmp_path):
  path = _make("zip", tmp_path, {"a.png": b"\0" * 10**6})
  content = bytearray(path.read_bytes())
  place = content.rindex((10**6).to_bytes(4, "little"))
  content[place : place + 4] = (100).to_bytes(4, "little")
  path.write_bytes(bytes(content))
  files = files_lib.open_files(str(path), "folder.path")
  with pytest.raises(ValueError, match="CRC"):
    files.read(0)


def test_encrypted_and_huge_entries_are_bad(tmp_path):
  info = zipfile.ZipInfo("x.png")
  info.file_size = 2**40
  zip_file = files_lib.Zip(str(_make("zip", tmp_path, _FILES)))
  assert "claims to hold" in zip_file._fault(info)
  info.flag_bits |= 1
  assert "encrypted" in zip_file._fault(info)


def test_truncated_tar_says_where(tmp_path):
  path = _make("tar", tmp_path, {"a.png": b"1" * 600, "b.png": b"2" * 600})
  with open(path, "r+b") as file:
    file.truncate(2000)
  files = files_lib.open_files(str(path), "folder.path")
  assert list(files.names) == ["a.png"]
  assert files.bad


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz"])
def test_damaged_tar_gz(kind, tmp_path, own_cache):  # noqa: F811
  path = _make(kind, tmp_path, {"a.png": os.urandom(40000)})
  with open(path, "r+b") as file:
    file.truncate(20000)
  with pytest.raises(ValueError, match="damaged"):
    files_lib.open_files(str(path), "folder.path")
  assert not own_cache.exists() or not list(own_cache.iterdir())


def test_links_that_lead_back_end(tmp_path):
  folder = pictures.write_tree(tmp_path / "tree", _FILES)
  (folder / "a" / "up").symlink_to(folder)
  assert list(files_lib.open_files(str(folder), "x").names) == sorted(_FILES)


@pytest.mark.parametrize(
  "make,message",
  [
    (lambda p: None, "no such folder or file"),
    (lambda p: p.write_bytes(b"PK nonsense"), "no folder, zip, tar or tar.gz"),
  ],
)
def test_no_archive(tmp_path, make, message):
  make(tmp_path / "x")
  with pytest.raises((ValueError, OSError), match=f"folder.path.*{message}"):
    files_lib.open_files(str(tmp_path / "x"), "folder.path")


# ---- What is not to be missing, and what is not to be there ------------------


@pytest.fixture
def refuse(monkeypatch):
  """Makes the system refuse a call, of os.scandir say, for one path."""

  def refuse(module, name, path):
    called = getattr(module, name)

    def refusing(given, *args, **kwargs):
      if os.fspath(given) == str(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
      return called(given, *args, **kwargs)

    monkeypatch.setattr(module, name, refusing)

  return refuse


@pytest.mark.parametrize("function", ["scandir", "stat"])
@pytest.mark.parametrize("name", ["tree", "tree/b"])
def test_folder_that_cannot_be_read_is_named(name, function, tmp_path, refuse):
  folder = pictures.write_tree(tmp_path / "tree", _FILES)
  refuse(os, function, tmp_path / name)
  with pytest.raises(PermissionError, match=f"{name} cannot be read"):
    files_lib.open_files(str(folder), "folder.path")


def test_archive_that_cannot_be_read_is_named(tmp_path, refuse):
  path = _make("zip", tmp_path, _FILES)
  refuse(builtins, "open", path)
  with pytest.raises(PermissionError, match="x.zip cannot be read"):
    files_lib.open_files(str(path), "folder.path")


def _with_a_zip_at_its_end(tmp_path):
  inner = pictures.zipped(
    tmp_path / "inner.zip", {"c/4.png": b"four"}, zipfile.ZIP_STORED
  )
  files = {**_FILES, "inner.zip": inner.read_bytes()}
  return _tar(tmp_path / "x.tar", files)


def test_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
  path = _with_a_zip_at_its_end(tmp_path)
  assert zipfile.is_zipfile(path)
  files = files_lib.open_files(str(path), "x")
  assert list(files.names) == [*sorted(_FILES), "inner.zip"]


def test_damaged_tar_that_ends_with_a_zip_is_no_zip(tmp_path):
  path = _with_a_zip_at_its_end(tmp_path)
  path.write_bytes(b"?" * 512 + path.read_bytes()[512:])
  with pytest.raises(ValueError, match="no folder, zip, tar.*or a damaged one"):
    files_lib.open_files(str(path), "folder.path")


_LEFT_BEHIND = {
  "__MACOSX/a/1.png": b"x",
  "a/._1.png": b"x",
  "a/.ipynb_checkpoints/1-checkpoint.png": b"x",
  ".thumbnails/1.png": b"x",
  "a/@eaDir/1.png/thumb.jpg": b"x",
  "lost+found/1.png": b"x",
}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_what_systems_leave_behind_is_not_there(kind, tmp_path):
  files = {**_FILES, **_LEFT_BEHIND, "my__MACOSX/5.png": b"five"}
  found = files_lib.open_files(str(_make(kind, tmp_path, files)), "x")
  assert list(found.names) == [*sorted(_FILES), "my__MACOSX/5.png"]
  assert (found.folders, found.bad) == (["a", "b", "my__MACOSX"], [])


def test_names_of_a_tar_that_was_made_of_a_dot(tmp_path):
  path = _tar(tmp_path / "x.tar", {f"./{n}": d for n, d in _FILES.items()})
  files = files_lib.open_files(str(path), "x")
  assert list(files.names) == sorted(_FILES)
  assert files.folders == ["a", "b"]


def test_names_of_a_zip_of_windows(tmp_path):
  stored = {n.replace("/", "\\"): d for n, d in _FILES.items()}
  files = files_lib.open_files(str(_make("zip", tmp_path, stored)), "x")
  assert list(files.names) == sorted(_FILES)
  assert [files.read(i) for i in range(3)] == list(_FILES.values())


def test_folders_without_files_are_listed(tmp_path):
  folder = pictures.write_tree(tmp_path / "tree", _FILES)
  (folder / "empty").mkdir()
  with zipfile.ZipFile(_make("zip", tmp_path, _FILES), "a") as archive:
    archive.write(folder / "empty", "empty")
  with tarfile.open(_make("tar", tmp_path, _FILES), "a") as archive:
    archive.add(folder / "empty", "empty")
  for name in ("tree", "x.zip", "x.tar"):
    files = files_lib.open_files(str(tmp_path / name), "x")
    assert files.folders == ["a", "b", "empty"]


# ---- Links -------------------------------------------------------------------


def test_links_to_folders_are_folders(tmp_path):
  """Also to a folder that is there under its own name."""
  folder = pictures.write_tree(tmp_path / "tree", _FILES)
  other = pictures.write_tree(tmp_path / "other", {"5.png": b"five"})
  (folder / "c").symlink_to(folder / "a")
  (folder / "d").symlink_to(other)
  names = list(files_lib.open_files(str(folder), "x").names)
  assert names == [*sorted(_FILES), "c/1.png", "c/2.png", "d/5.png"]


def test_links_in_circles_are_passed_over_with_a_warning(tmp_path, caplog):
  folder = pictures.write_tree(tmp_path / "tree", _FILES)
  (folder / "a" / "up").symlink_to(folder)
  (folder / "b" / "here.png").symlink_to(folder / "b" / "here.png")
  files = files_lib.open_files(str(folder), "x")
  assert list(files.names) == sorted(_FILES)
  assert files.bad == [("b/here.png", "a link to nothing, or no file")]
  assert "a/up leads back to" in caplog.text


def test_links_between_many_folders_end(tmp_path, monkeypatch):
  monkeypatch.setattr(files_lib, "_MAX_LINKS", 9)
  folders = [tmp_path / "tree" / name for name in "abcd"]
  for folder in folders:
    folder.mkdir(parents=True)
  for folder in folders:
    for other in folders:
      (folder / f"to_{other.name}").symlink_to(other)
  with pytest.raises(ValueError, match="more than 9 links to .*/tree/[abcd]"):
    files_lib.open_files(str(tmp_path / "tree"), "x")
