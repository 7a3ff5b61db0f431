"""Files by number, in folders and archives."""

import builtins
import concurrent.futures
import errno
import os
import tarfile
import zipfile

from compare_gan.datasets import numbered_files
import pytest

from tests.datasets import containers
from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


@pytest.mark.parametrize("kind", containers.KINDS)
def test_names_and_bytes(kind, tmp_path, own_cache):  # noqa: F811
  files = numbered_files.open_files(
    str(containers.make(kind, tmp_path, containers.FILES)), "folder.path"
  )
  assert list(files.names) == sorted(containers.FILES)
  assert [files.read(i) for i in range(3)] == [
    containers.FILES[name] for name in files.names
  ]
  assert files.bad == []


@pytest.mark.parametrize("kind", containers.KINDS)
def test_many_threads_read_at_once(kind, tmp_path, own_cache):  # noqa: F811
  contents = {f"{i:02}.png": bytes([i]) * 999 for i in range(40)}
  files = numbered_files.open_files(
    str(containers.make(kind, tmp_path, contents)), "x"
  )
  with concurrent.futures.ThreadPoolExecutor(8) as pool:
    read = list(pool.map(files.read, list(range(40)) * 5))
  assert read == list(contents.values()) * 5


@pytest.mark.parametrize("kind", containers.KINDS)
def test_stamp_changes_with_the_files(kind, tmp_path, own_cache):  # noqa: F811
  first = numbered_files.open_files(
    str(containers.make(kind, tmp_path, containers.FILES)), "x"
  ).stamp
  again = numbered_files.open_files(
    str(containers.make(kind, tmp_path, containers.FILES)), "x"
  )
  del again
  longer = {**containers.FILES, "a/2.png": b"two and a half" * 40}
  other = numbered_files.open_files(
    str(containers.make(kind, tmp_path, longer)), "x"
  ).stamp
  assert first != other


def test_links_that_lead_back_end(tmp_path):
  folder = pictures.write_tree(tmp_path / "tree", containers.FILES)
  (folder / "a" / "up").symlink_to(folder)
  assert list(numbered_files.open_files(str(folder), "x").names) == sorted(
    containers.FILES
  )


@pytest.mark.parametrize(
  "make,message",
  [
    (lambda p: None, "no such folder or file"),
    (
      lambda p: p.write_bytes(b"PK nonsense"),
      "not a folder, zip, tar or tar.gz",
    ),
  ],
)
def test_no_archive(tmp_path, make, message):
  make(tmp_path / "x")
  with pytest.raises((ValueError, OSError), match=f"folder.path.*{message}"):
    numbered_files.open_files(str(tmp_path / "x"), "folder.path")


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
  folder = pictures.write_tree(tmp_path / "tree", containers.FILES)
  refuse(os, function, tmp_path / name)
  with pytest.raises(PermissionError, match=f"{name} cannot be read"):
    numbered_files.open_files(str(folder), "folder.path")


def test_archive_that_cannot_be_read_is_named(tmp_path, refuse):
  path = containers.make("zip", tmp_path, containers.FILES)
  refuse(builtins, "open", path)
  with pytest.raises(PermissionError, match="x.zip cannot be read"):
    numbered_files.open_files(str(path), "folder.path")


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
  files = {**containers.FILES, **_LEFT_BEHIND, "my__MACOSX/5.png": b"five"}
  found = numbered_files.open_files(
    str(containers.make(kind, tmp_path, files)), "x"
  )
  assert list(found.names) == [*sorted(containers.FILES), "my__MACOSX/5.png"]
  assert (found.folders, found.bad) == (["a", "b", "my__MACOSX"], [])


def test_folders_without_files_are_listed(tmp_path):
  folder = pictures.write_tree(tmp_path / "tree", containers.FILES)
  (folder / "empty").mkdir()
  with zipfile.ZipFile(
    containers.make("zip", tmp_path, containers.FILES), "a"
  ) as archive:
    archive.write(folder / "empty", "empty")
  with tarfile.open(
    containers.make("tar", tmp_path, containers.FILES), "a"
  ) as archive:
    archive.add(folder / "empty", "empty")
  for name in ("tree", "x.zip", "x.tar"):
    files = numbered_files.open_files(str(tmp_path / name), "x")
    assert files.folders == ["a", "b", "empty"]


def test_links_to_folders_are_folders(tmp_path):
  """Also to a folder that is there under its own name."""
  folder = pictures.write_tree(tmp_path / "tree", containers.FILES)
  other = pictures.write_tree(tmp_path / "other", {"5.png": b"five"})
  (folder / "c").symlink_to(folder / "a")
  (folder / "d").symlink_to(other)
  names = list(numbered_files.open_files(str(folder), "x").names)
  assert names == [*sorted(containers.FILES), "c/1.png", "c/2.png", "d/5.png"]


def test_links_in_circles_are_passed_over_with_a_warning(tmp_path, caplog):
  folder = pictures.write_tree(tmp_path / "tree", containers.FILES)
  (folder / "a" / "up").symlink_to(folder)
  (folder / "b" / "here.png").symlink_to(folder / "b" / "here.png")
  files = numbered_files.open_files(str(folder), "x")
  assert list(files.names) == sorted(containers.FILES)
  assert files.bad == [("b/here.png", "a broken link, or not a file")]
  assert "a/up leads back to" in caplog.text


def test_links_between_many_folders_end(tmp_path, monkeypatch):
  monkeypatch.setattr(numbered_files, "_MAX_LINKS", 9)
  folders = [tmp_path / "tree" / name for name in "abcd"]
  for folder in folders:
    folder.mkdir(parents=True)
  for folder in folders:
    for other in folders:
      (folder / f"to_{other.name}").symlink_to(other)
  with pytest.raises(ValueError, match="more than 9 links to .*/tree/[abcd]"):
    numbered_files.open_files(str(tmp_path / "tree"), "x")
