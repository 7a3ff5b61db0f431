"""What zips and tars say of themselves, and what of it is trusted."""

import os
import tarfile
import zipfile

from compare_gan.datasets import archives
from compare_gan.datasets import numbered_files
import pytest

from tests.datasets import containers
from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
  "name", ["../out.png", "/etc/x.png", "a/../../x.png", "C:/x.png", "..\\x.png"]
)
def test_names_that_lead_out_are_named(kind, name, tmp_path):
  files = numbered_files.open_files(
    str(containers.make(kind, tmp_path, {**containers.FILES, name: b"x"})),
    "folder.path",
  )
  assert list(files.names) == sorted(containers.FILES)
  (bad,) = files.bad
  assert "leads out" in bad[1]


def test_links_in_a_tar_are_bad(tmp_path):
  path = containers.tar(tmp_path / "x.tar", containers.FILES)
  with tarfile.open(path, "a") as archive:
    info = tarfile.TarInfo("link.png")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    archive.addfile(info)
  files = numbered_files.open_files(str(path), "folder.path")
  assert files.bad == [("link.png", "it is a link, a device or a sparse file")]


def test_changed_bytes_in_a_zip_are_noticed(tmp_path):
  path = containers.make("zip stored", tmp_path, containers.FILES)
  content = path.read_bytes().replace(b"oneone", b"oneonE", 1)
  path.write_bytes(content)
  files = numbered_files.open_files(str(path), "folder.path")
  with pytest.raises(ValueError, match="CRC"):
    files.read(0)


def test_what_unpacks_to_more_than_it_says(tmp_path):
  path = containers.make("zip", tmp_path, {"a.png": b"\0" * 10**6})
  content = bytearray(path.read_bytes())
  place = content.rindex((10**6).to_bytes(4, "little"))
  content[place : place + 4] = (100).to_bytes(4, "little")
  path.write_bytes(bytes(content))
  files = numbered_files.open_files(str(path), "folder.path")
  with pytest.raises(ValueError, match="CRC"):
    files.read(0)


def test_encrypted_and_huge_entries_are_bad(tmp_path):
  info = zipfile.ZipInfo("x.png")
  info.file_size = 2**40
  zip_file = archives.Zip(
    str(containers.make("zip", tmp_path, containers.FILES))
  )
  assert "claims to hold" in zip_file._fault(info)
  info.flag_bits |= 1
  assert "encrypted" in zip_file._fault(info)


def test_truncated_tar_says_where(tmp_path):
  path = containers.make(
    "tar", tmp_path, {"a.png": b"1" * 600, "b.png": b"2" * 600}
  )
  with open(path, "r+b") as file:
    file.truncate(2000)
  files = numbered_files.open_files(str(path), "folder.path")
  assert list(files.names) == ["a.png"]
  assert files.bad


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz"])
def test_damaged_tar_gz(kind, tmp_path, own_cache):  # noqa: F811
  path = containers.make(kind, tmp_path, {"a.png": os.urandom(40000)})
  with open(path, "r+b") as file:
    file.truncate(20000)
  with pytest.raises(ValueError, match="damaged"):
    numbered_files.open_files(str(path), "folder.path")
  assert not own_cache.exists() or not list(own_cache.iterdir())


def _with_a_zip_at_its_end(tmp_path):
  inner = pictures.zipped(
    tmp_path / "inner.zip", {"c/4.png": b"four"}, zipfile.ZIP_STORED
  )
  files = {**containers.FILES, "inner.zip": inner.read_bytes()}
  return containers.tar(tmp_path / "x.tar", files)


def test_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
  path = _with_a_zip_at_its_end(tmp_path)
  assert zipfile.is_zipfile(path)
  files = numbered_files.open_files(str(path), "x")
  assert list(files.names) == [*sorted(containers.FILES), "inner.zip"]


def test_damaged_tar_that_ends_with_a_zip_is_no_zip(tmp_path):
  path = _with_a_zip_at_its_end(tmp_path)
  path.write_bytes(b"?" * 512 + path.read_bytes()[512:])
  with pytest.raises(ValueError, match="not a folder, zip, tar.*or is damaged"):
    numbered_files.open_files(str(path), "folder.path")


def test_names_of_a_tar_that_was_made_of_a_dot(tmp_path):
  path = containers.tar(
    tmp_path / "x.tar", {f"./{n}": d for n, d in containers.FILES.items()}
  )
  files = numbered_files.open_files(str(path), "x")
  assert list(files.names) == sorted(containers.FILES)
  assert files.folders == ["a", "b"]


def test_names_of_a_zip_of_windows(tmp_path):
  stored = {n.replace("/", "\\"): d for n, d in containers.FILES.items()}
  files = numbered_files.open_files(
    str(containers.make("zip", tmp_path, stored)), "x"
  )
  assert list(files.names) == sorted(containers.FILES)
  assert [files.read(i) for i in range(3)] == list(containers.FILES.values())
