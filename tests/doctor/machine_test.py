"""Folders that can be written to, and memory that is enough."""

import pathlib

from compare_gan.doctor import machine
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import wrong
from compare_gan.memory import memory_limit
import pytest

_GIB = 2**30


def test_memory_says_whose_limit_it_is():
  one = machine.memory(memory_limit.Memory(2 * _GIB, 4 * _GIB, "container"))
  assert one.state == "ok"
  assert one.found == "2.0 of 4.0 GiB are free, the limit is the container's"


def test_too_little_memory_is_wrong():
  one = machine.memory(memory_limit.Memory(_GIB // 2, 4 * _GIB, "container"))
  assert one.state == "wrong"
  assert "limit of the container" in one.advice


def _folder(path, make=wrong):
  return machine.folder("cache", lambda: path, make, "Do this.")


def test_a_folder_that_is_not_there_yet_is_tried_around(tmp_path):
  one = _folder(tmp_path / "a" / "b")
  assert one.state == "ok"
  assert one.found.startswith(f"{tmp_path / 'a' / 'b'}, ")
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [absent, wrong])
def test_a_folder_that_cannot_be_written_to(make):
  one = _folder(pathlib.Path("/proc/compare_gan"), make)
  assert one.state == make("a", "b", "c").state
  assert one.found.startswith("/proc/compare_gan cannot be written to: ")
  assert one.advice == "Do this."


def test_a_file_in_place_of_a_folder(tmp_path):
  (tmp_path / "a").write_text("")
  assert "cannot be written to" in _folder(tmp_path / "a" / "b").found


def test_no_home_is_a_finding():
  def fails():
    raise RuntimeError("Could not determine home directory.")

  one = machine.folder("cache", fails, absent, "Do this.")
  assert one.state == "absent"
  assert one.found.startswith("cannot be found: Could not determine")


def test_a_full_disk_is_wrong(tmp_path, monkeypatch):
  monkeypatch.setattr(machine, "_LEAST_DISK", 2**60)
  assert _folder(tmp_path).state == "wrong"
