"""Bundles as zips and folders: what is not exactly right is refused."""

import json
import os
import stat
import struct
import zipfile

from compare_gan.bundles import archive
from compare_gan.bundles import manifest as manifest_lib
from compare_gan.bundles.manifest import BundleError
import pytest

from tests.bundles import tiny

_GOOD = tiny.with_manifest(tiny.contents())


def _refusal(path):
  with pytest.raises(BundleError) as error:
    archive.read(str(path))
  assert str(error.value).startswith(f"{path} is refused. ")
  return str(error.value)


def _with_member(tmp_path, name, content=b"x", **fields):
  """Returns the path of a good zip with another member."""
  path = tmp_path / "a.zip"
  tiny.write_zip(path, _GOOD)
  info = zipfile.ZipInfo(name)
  for field, value in fields.items():
    setattr(info, field, value)
  with zipfile.ZipFile(path, "a") as file:
    file.writestr(info, content)
  return path


def test_what_is_written_is_read(tmp_path):
  path = tiny.write_zip(tmp_path / "a.zip", _GOOD)
  manifest, found = archive.read(path)
  assert found == _GOOD and manifest.step == tiny.STEP
  assert archive.contents(archive.encode(found)) == found


def test_the_same_files_make_the_same_zip():
  assert archive.encode(_GOOD) == archive.encode(_GOOD)


def test_a_folder_of_the_same_files_is_a_bundle(tmp_path):
  for name, content in _GOOD.items():
    (tmp_path / name).write_bytes(content)
  (tmp_path / "evil.py").write_text("never read")
  assert archive.is_bundle(str(tmp_path))
  assert archive.read(str(tmp_path))[1] == _GOOD
  (tmp_path / manifest_lib.CONFIG).write_text("z.stddev = 2.0")
  assert "config.gin has 14 bytes" in _refusal(tmp_path)


@pytest.mark.parametrize(
  "name",
  [
    "/etc/passwd",
    "../evil",
    "a/../../evil",
    "sub/config.gin",
    "..",
    ".hidden",
    "C:\\evil",
    "a\\b",
    "a b",
    "\u202egnp.exe",
    "sub/",
  ],
)
def test_names_that_leave_the_folder(tmp_path, name):
  assert "has a name with folders" in _refusal(_with_member(tmp_path, name))


def test_a_link(tmp_path):
  mode = (stat.S_IFLNK | 0o777) << 16
  path = _with_member(tmp_path, "SCORES", b"/etc/passwd", external_attr=mode)
  assert "'SCORES' is a link" in _refusal(path)


def test_an_encrypted_member(tmp_path):
  path = tmp_path / "a.zip"
  data = bytearray(archive.encode(_GOOD))
  data[data.rindex(b"PK\1\2") + 8] |= 1  # its flag in the directory
  path.write_bytes(data)
  assert "is encrypted" in _refusal(path)


def test_a_bomb(tmp_path):
  path = _with_member(
    tmp_path, "bomb", bytes(2 * 10**7), compress_type=zipfile.ZIP_DEFLATED
  )
  assert "20,000,000 bytes: this is how a zip bomb" in _refusal(path)


def test_many_members(tmp_path):
  path = tmp_path / "a.zip"
  with zipfile.ZipFile(path, "w") as file:
    for i in range(100):
      file.writestr(f"f{i}", b"")
  assert "100 members; 64 is the limit" in _refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(tmp_path):
  path = _with_member(tmp_path, manifest_lib.CONFIG, b"z.stddev = 2.0")
  assert "two members of one name" in _refusal(path)


def test_a_member_that_the_manifest_lacks(tmp_path):
  path = _with_member(tmp_path, "evil.py")
  assert "'evil.py', which the manifest lacks" in _refusal(path)


def test_a_member_that_is_missing(tmp_path):
  found = {n: x for n, x in _GOOD.items() if n != manifest_lib.CONFIG}
  path = tiny.write_zip(tmp_path / "a.zip", found)
  assert "It lacks 'config.gin'" in _refusal(path)


def test_another_content_of_the_same_size(tmp_path):
  found = tiny.with_manifest(tiny.contents(**{"config.gin": b"z.stddev = 1.0"}))
  found[manifest_lib.CONFIG] = b"z.stddev = 2.0"
  path = tiny.write_zip(tmp_path / "a.zip", found)
  said = _refusal(path)
  assert "config.gin has the SHA-256 " in said and "get it again" in said


@pytest.mark.parametrize("told", [10, 2**31])
def test_a_size_that_lies(tmp_path, told):
  """The zip's own directory says another size than there is."""
  path = tmp_path / "a.zip"
  data = bytearray(archive.encode(_GOOD))
  place = data.index(b"weights", data.index(b"PK\1\2")) - 46
  assert data[place : place + 4] == b"PK\1\2"
  old = struct.unpack_from("<I", data, place + 24)[0]
  if told == 10:  # and the manifest agrees
    found = tiny.contents(**{manifest_lib.WEIGHTS: bytes(20)})
    lie = manifest_lib.file_of(bytes(10))
    files = {n: manifest_lib.file_of(x) for n, x in found.items()}
    files[manifest_lib.WEIGHTS] = lie
    data = bytearray(archive.encode(tiny.with_manifest(found, files=files)))
    place = data.index(b"weights", data.index(b"PK\1\2")) - 46
    old = 20
  assert old != told
  struct.pack_into("<I", data, place + 24, told)
  path.write_bytes(data)
  said = _refusal(path)
  assert "damaged" in said or "zip bomb" in said


def test_every_shorter_zip_is_refused(tmp_path):
  data = archive.encode(_GOOD)
  for length in range(0, len(data), 37):
    (tmp_path / "a.zip").write_bytes(data[:length])
    assert "not a whole zip" in _refusal(tmp_path / "a.zip")


def test_every_changed_byte_is_refused_or_harmless(tmp_path):
  """Some bytes of a zip say nothing: dates, versions. Contents never differ."""
  data, path = archive.encode(_GOOD), tmp_path / "a.zip"
  for place in range(0, len(data), 5):
    changed = bytearray(data)
    changed[place] ^= 0xFF
    path.write_bytes(changed)
    try:
      assert archive.read(str(path))[1] == _GOOD
    except BundleError:
      pass


def test_a_zip_without_a_manifest(tmp_path):
  path = tiny.write_zip(tmp_path / "a.zip", tiny.contents())
  assert "It has no manifest.json: is it a bundle?" in _refusal(path)


def test_a_large_manifest(tmp_path):
  large = {**_GOOD, manifest_lib.NAME: os.urandom(2**20 + 1)}
  path = tiny.write_zip(tmp_path / "a.zip", large)
  assert "1,048,577 bytes; 1,048,576 is the limit" in _refusal(path)


def test_an_own_manifest_is_json():
  assert json.loads(_GOOD[manifest_lib.NAME])["version"] == 1
