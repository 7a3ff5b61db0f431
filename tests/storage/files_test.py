"""Files that are whole or absent, and sentences for what a system refuses."""

import errno
import os
import tempfile

from compare_gan.storage import files
import pytest

pytestmark = pytest.mark.versions("an older Python has other errors")


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


def test_text_is_added(tmp_path, monkeypatch):
  for text in ("a\n", "\u00e4\n"):
    files.append_text(tmp_path / "a", text)
  assert files.read_text(tmp_path / "a") == "a\n\u00e4\n"
  _fail(monkeypatch, "write", errno.ENOSPC)
  with pytest.raises(OSError, match="a cannot be written: No space"):
    files.append_text(tmp_path / "a", "b")


def test_a_file_is_moved_and_removed(tmp_path, monkeypatch):
  files.write_text(tmp_path / "a", "text")
  files.move(tmp_path / "a", tmp_path / "b")
  assert files.names(tmp_path) == ["b"]
  with monkeypatch.context() as patch:
    _fail(patch, "remove", errno.EACCES)
    with pytest.raises(PermissionError, match="b cannot be written"):
      files.remove(tmp_path / "b")
  files.remove(tmp_path / "b")
  files.remove(tmp_path / "b")
  assert files.names(tmp_path) == []


def test_two_writers_of_one_file_do_not_meet(tmp_path, monkeypatch):
  drafts = []

  def call(function, *args, **kwargs):
    if function is os.replace:
      drafts.append(os.path.basename(args[0]))
    return function(*args, **kwargs)

  monkeypatch.setattr(files, "call", call)
  files.write_text(tmp_path / "a", "text", "-1")
  files.write_text(tmp_path / "a", "text", "-2")
  assert len(set(drafts)) == 2
  assert files.names(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["lr[1]", "a*", "a?", "back\\slash"])
def test_a_pattern_has_a_plain_name_too(name, tmp_path):
  (tmp_path / name).mkdir()
  with files.plain_name(str(tmp_path / name)) as plain:
    assert not files.is_pattern(plain)
    assert os.path.samefile(plain, tmp_path / name)
  assert not os.path.lexists(plain)
  assert (tmp_path / name).is_dir()


@pytest.fixture
def odd_tmpdir(tmp_path, monkeypatch):
  """Returns a folder for temporary files with a name of all sorts."""
  folder = tmp_path / "two words [1] *\u00f6"
  folder.mkdir()
  monkeypatch.setattr(tempfile, "tempdir", str(folder))
  return folder


def test_a_plain_name_does_not_stand_in_a_pattern(odd_tmpdir):
  """$TMPDIR itself may be one."""
  (odd_tmpdir / "a").write_text("here")
  with files.plain_name(str(odd_tmpdir / "a")) as plain:
    assert not files.is_pattern(plain)
    assert files.read_text(plain) == "here"
  assert not os.path.lexists(os.path.dirname(plain))


def test_no_place_for_a_plain_folder_is_a_sentence(odd_tmpdir, monkeypatch):
  _fail(monkeypatch, "mkdtemp", errno.EACCES)
  with pytest.raises(OSError, match="Set TMPDIR to a folder"):
    files.make_plain_folder()


def test_other_names_stay(tmp_path):
  for name in ("plain", "{a}", "two words", "\u00e4'"):
    with files.plain_name(str(tmp_path / name)) as plain:
      assert plain == str(tmp_path / name)


# ---- Patterns ----------------------------------------------------------------


def test_patterns_match_names(tmp_path):
  for name in ("a-1", "a-2", "b-1", ".a-3"):
    (tmp_path / name).write_text("")
  found = [os.path.basename(p) for p in files.matching(tmp_path / "a-?")]
  assert found == ["a-1", "a-2"]
  assert len(files.matching(tmp_path / "*")) == 3
  assert files.matching(tmp_path / "[bc]-1") == [str(tmp_path / "b-1")]
  assert files.matching(tmp_path / "c-*") == []
  assert files.matching(tmp_path / "no" / "a-*") == []


@pytest.mark.parametrize("name", ["run[1]", "a*b", "what?"])
def test_what_exists_is_no_pattern(name, tmp_path):
  for folder in (name, "run1", "aXb", "whatX"):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "x-1").write_text("")
  assert files.matching(tmp_path / name) == [str(tmp_path / name)]
  expected = [str(tmp_path / name / "x-1")]
  assert files.matching(tmp_path / name / "x-*") == expected


def test_patterns_of_folders_and_relative_ones(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  for folder in ("p1", "p2"):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "x").write_text("")
  (tmp_path / "p3").write_text("no folder")
  expected = [os.path.join("p1", "x"), os.path.join("p2", "x")]
  assert files.matching("p*/x") == expected


def test_folder_that_a_pattern_cannot_be_matched_in_is_named(
  tmp_path, monkeypatch
):
  def refuse(function, *args):
    if function is os.listdir:
      raise PermissionError(errno.EACCES, "Permission denied")
    return function(*args)

  monkeypatch.setattr(files, "call", refuse)
  with pytest.raises(PermissionError, match="cannot be read: Permission"):
    files.matching(tmp_path / "a-*")
