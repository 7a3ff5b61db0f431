"""Files that are whole or absent, and sentences for what a system refuses."""

import errno
import os

from compare_gan.storage import files
import pytest


def _fail(monkeypatch, failing, number):
  """Makes each call of one function fail with an errno."""

  def call(function, *args, **kwargs):
    if getattr(function, "__name__", "") == failing:
      raise OSError(number, os.strerror(number), "somewhere")
    return function(*args, **kwargs)

  monkeypatch.setattr(files, "call", call)


def test_what_was_written_is_read(tmp_path):
  files.write_text(tmp_path / "a", "\u00e4\n")
  assert files.read_text(tmp_path / "a") == "\u00e4\n"
  assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("failing", ["open", "write", "fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_alone(
  tmp_path, monkeypatch, failing
):
  path = tmp_path / "a"
  files.write_text(path, "old")
  _fail(monkeypatch, failing, errno.ENOSPC)
  with pytest.raises(OSError, match="cannot be written: No space") as caught:
    files.write_text(path, "new")
  monkeypatch.undo()
  assert caught.value.errno == errno.ENOSPC
  assert "It needs 3 bytes" in str(caught.value)
  assert files.read_text(path) == "old"
  assert os.listdir(tmp_path) == ["a"]


def test_a_failed_copy_leaves_the_old_file_alone(tmp_path, monkeypatch):
  files.write_text(tmp_path / "a", "new")
  files.write_text(tmp_path / "b", "old")
  _fail(monkeypatch, "copyfile", errno.EIO)
  with pytest.raises(OSError, match="b cannot be written: Input/output"):
    files.copy(tmp_path / "a", tmp_path / "b")
  monkeypatch.undo()
  files.copy(tmp_path / "a", tmp_path / "b")
  assert files.read_text(tmp_path / "b") == "new"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_an_unreadable_file_is_not_a_missing_one(tmp_path, monkeypatch, number):
  files.write_text(tmp_path / "a", "text")
  assert files.read_text_if_any(tmp_path / "b") is None
  _fail(monkeypatch, "open", number)
  with pytest.raises(OSError, match="a cannot be read: ") as caught:
    files.read_text_if_any(tmp_path / "a")
  assert caught.value.errno == number


def test_a_missing_folder_has_no_names(tmp_path, monkeypatch):
  assert files.names(tmp_path / "nowhere") == []
  _fail(monkeypatch, "listdir", errno.EACCES)
  with pytest.raises(PermissionError, match="cannot be read"):
    files.names(tmp_path)


def test_a_sentence_is_not_wrapped_in_another(tmp_path, monkeypatch):
  _fail(monkeypatch, "makedirs", errno.EACCES)
  with pytest.raises(PermissionError) as caught:
    with files.refusals(tmp_path / "outer"):
      files.make_folder(tmp_path / "inner")
  assert "outer" not in str(caught.value)
