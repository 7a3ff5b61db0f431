"""Cached arrays: made once, whole or not at all."""

import errno
import hashlib
import multiprocessing
import os
import subprocess
import sys

from compare_gan.datasets import cache
import numpy as np
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "new" / "folder"))
  monkeypatch.setattr(cache, "_warned", set())
  return tmp_path / "new" / "folder"


def _refuse():
  raise AssertionError("made again")


def test_made_once():
  made = np.arange(6, dtype=np.uint8).reshape(2, 3)
  np.testing.assert_array_equal(cache.array("x", lambda: made), made)
  np.testing.assert_array_equal(cache.array("x", _refuse), made)
  np.testing.assert_array_equal(cache.array("y", lambda: made + 1), made + 1)


def test_file_is_an_npy_with_its_digest(folder):
  cache.array("x", lambda: np.arange(3))
  content = (folder / "x.npy").read_bytes()
  assert content[-32:] == hashlib.sha256(content[:-32]).digest()
  np.testing.assert_array_equal(np.load(folder / "x.npy"), range(3))


@pytest.mark.parametrize("place", [0, 100, 130, -40, -1])
def test_one_flipped_bit_is_noticed(folder, place):
  cache.array("x", lambda: np.arange(30))
  content = bytearray((folder / "x.npy").read_bytes())
  content[place] ^= 1
  (folder / "x.npy").write_bytes(content)
  made = cache.array("x", lambda: np.arange(30))
  np.testing.assert_array_equal(made, range(30))
  np.testing.assert_array_equal(cache.array("x", _refuse), range(30))


@pytest.mark.parametrize("length", [0, 10, 32, 200])
def test_truncated_file_is_noticed(folder, length):
  cache.array("x", lambda: np.arange(30))
  content = (folder / "x.npy").read_bytes()
  (folder / "x.npy").write_bytes(content[:length])
  made = cache.array("x", lambda: np.arange(30))
  np.testing.assert_array_equal(made, range(30))


def test_nothing_stands_there_before_it_is_complete(folder, monkeypatch):
  def interrupt(*args):
    raise KeyboardInterrupt

  monkeypatch.setattr(os, "replace", interrupt)
  with pytest.raises(KeyboardInterrupt):
    cache.array("x", lambda: np.arange(3))
  assert not list(folder.iterdir())


# ---- A cache that cannot be used ---------------------------------------------


@pytest.fixture
def refused(tmp_path, monkeypatch, caplog):
  """The cache is below a file, where nobody can make a folder."""
  (tmp_path / "file").write_text("")
  place = tmp_path / "file" / "cache"
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(place))
  return place


def _warnings(caplog):
  return [
    r.getMessage()
    for r in caplog.records
    if "will compute again" in r.getMessage()
  ]


def test_a_folder_that_cannot_be_made_is_done_without(refused, caplog):
  for name in ("x", "y"):
    np.testing.assert_array_equal(
      cache.array(name, lambda: np.arange(3)), range(3)
    )
  [warning] = _warnings(caplog)
  assert str(refused) in warning and "COMPARE_GAN_CACHE=" in warning


@pytest.mark.parametrize("failing", ["_is_intact", "_load"])
def test_a_file_that_cannot_be_read_is_made_in_memory(
  failing, folder, monkeypatch, caplog
):
  cache.array("x", lambda: np.arange(3))
  before = (folder / "x.npy").read_bytes()

  def call(function, *args, **kwargs):
    if function.__name__ == failing:
      raise PermissionError(errno.EACCES, "Permission denied")
    return function(*args, **kwargs)

  monkeypatch.setattr(cache.files, "call", call)
  np.testing.assert_array_equal(cache.array("x", lambda: np.ones(2)), [1, 1])
  [warning] = _warnings(caplog)
  assert "x.npy cannot be read (Permission denied)" in warning
  assert (folder / "x.npy").read_bytes() == before


def test_a_folder_for_files_is_found_in_any_case(refused, caplog):
  found = cache.writable_folder()
  assert found == cache.writable_folder() != refused
  (found / "a").write_text("")
  assert len(_warnings(caplog)) == 1


def test_the_folder_for_files_is_the_caches(folder):
  assert cache.writable_folder() == folder
  assert not list(folder.iterdir())


def _make_in_process(barrier, results):
  def make():
    barrier.wait()  # Both are making it.
    return np.arange(1000)

  results.put(int(cache.array("x", make).sum()))


@pytest.mark.once
@pytest.mark.long
def test_two_processes_at_once(folder):
  # Not "fork": what other tests have loaded may not survive one.
  context = multiprocessing.get_context("spawn")
  barrier, results = context.Barrier(2, timeout=60), context.Queue()
  processes = [
    context.Process(target=_make_in_process, args=(barrier, results))
    for _ in range(2)
  ]
  for process in processes:
    process.start()
  assert [results.get(timeout=60) for _ in processes] == [499500] * 2
  for process in processes:
    process.join()
  assert [path.name for path in folder.iterdir()] == ["x.npy"]
  np.testing.assert_array_equal(cache.array("x", _refuse), range(1000))


@pytest.mark.long
def test_who_has_no_logging_set_up_sees_the_bare_line(tmp_path):
  code = (
    "from compare_gan.datasets import cache; import numpy as np;"
    "cache.array('ones', lambda: np.ones(2))"
  )
  said = subprocess.run(
    [sys.executable, "-c", code],
    env=plain_shell.checkout(COMPARE_GAN_CACHE=tmp_path),
    stderr=subprocess.PIPE,
    text=True,
    check=True,
  ).stderr
  line = f"Making {tmp_path / 'ones.npy'} once, which may take minutes."
  assert line in said.splitlines()
