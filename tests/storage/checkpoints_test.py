"""Checkpoints: whole, readable by TensorFlow, or not there."""

import os
import tempfile

from compare_gan.storage import checkpoints
import numpy as np
import pytest
import tensorflow as tf

from tests.estimator.stored import read_all

pytestmark = pytest.mark.versions("TensorFlow's checkpoint format")

W = np.arange(6, dtype=np.float32).reshape(2, 3)


def files(folder):
  return sorted(os.listdir(folder))


# ---- Round trips -------------------------------------------------------------


def test_what_is_written_is_read(tmp_path):
  tensors = {"g/kernel": tf.Variable(W), "g/bias": tf.constant([1.0]), "a": W}
  prefix = checkpoints.write(str(tmp_path), 10, tensors)
  shapes, read = checkpoints.load(prefix)
  assert shapes == {"g/kernel": [2, 3], "g/bias": [1], "a": [2, 3]}
  np.testing.assert_array_equal(read("g/kernel"), W)
  np.testing.assert_array_equal(read("g/bias"), [1.0])


@pytest.mark.parametrize(
  "value",
  [
    np.int32(-7),
    np.int64(2**62 + 1),
    np.float64(0.1),
    np.float32(1e-12),
    np.float16(0.1),
    np.bool_(True),
  ],
  ids=lambda value: value.dtype.name,
)
def test_scalars_keep_their_type_and_all_digits(value, tmp_path):
  prefix = checkpoints.write(str(tmp_path), 1, {"step": value})
  read = np.asarray(read_all(prefix)["step"])
  assert read.dtype == value.dtype
  assert read.shape == ()
  assert read == value


def test_the_prefix_names_the_step(tmp_path):
  prefix = checkpoints.write(str(tmp_path), 10, {"w": W})
  assert prefix == str(tmp_path / "model.ckpt-10")
  assert files(tmp_path) == [
    "checkpoint",
    "model.ckpt-10.data-00000-of-00001",
    "model.ckpt-10.index",
  ]


def test_a_missing_folder_is_made(tmp_path):
  folder = tmp_path / "a" / "b"
  prefix = checkpoints.write(str(folder), 0, {"w": W})
  np.testing.assert_array_equal(read_all(prefix)["w"], W)


def test_a_relative_folder(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  prefix = checkpoints.write("model", 1, {"w": W})
  assert prefix == "model/model.ckpt-1"
  assert tf.train.latest_checkpoint("model") == prefix


def test_tensorflow_reads_every_checkpoint(tmp_path):
  for step in (5, 10):
    checkpoints.write(str(tmp_path), step, {"w": W * step})
  for step in (5, 10):
    reader = tf.train.load_checkpoint(str(tmp_path / f"model.ckpt-{step}"))
    np.testing.assert_array_equal(reader.get_tensor("w"), W * step)


def test_tensorflow_finds_the_latest(tmp_path):
  for step in (9, 10):
    prefix = checkpoints.write(str(tmp_path), step, {"w": W * step})
    assert tf.train.latest_checkpoint(str(tmp_path)) == prefix
  found = tf.train.get_checkpoint_state(str(tmp_path))
  assert list(found.all_model_checkpoint_paths) == [
    str(tmp_path / f"model.ckpt-{step}") for step in (9, 10)
  ]


def test_a_step_is_written_over(tmp_path):
  checkpoints.write(str(tmp_path), 1, {"w": W, "old": W})
  before = files(tmp_path)
  prefix = checkpoints.write(str(tmp_path), 1, {"w": 2 * W})
  found = read_all(prefix)
  assert list(found) == ["w"]
  np.testing.assert_array_equal(found["w"], 2 * W)
  assert files(tmp_path) == before


# ---- Finding -----------------------------------------------------------------


def touch(folder, *names):
  for name in names:
    (folder / name).write_bytes(b"")


def test_steps_are_numbers(tmp_path):
  touch(tmp_path, *(f"model.ckpt-{step}.index" for step in range(15)))
  assert sorted(checkpoints.all_steps(str(tmp_path))) == list(range(15))


@pytest.mark.parametrize("name", ["", "missing", "file"])
def test_no_checkpoint_in_an_empty_or_missing_folder(name, tmp_path):
  touch(tmp_path, "file")
  (tmp_path / "empty").mkdir()
  folder = str(tmp_path / (name or "empty"))
  assert checkpoints.all_steps(folder) == []


def test_only_an_index_counts(tmp_path):
  touch(
    tmp_path,
    "model.ckpt-7.data-00000-of-00001",
    "model.ckpt-8.index.writing",
    "model.ckpt-.index",
    "other.ckpt-9.index",
    "checkpoint",
  )
  assert checkpoints.all_steps(str(tmp_path)) == []
  checkpoints.write(str(tmp_path), 3, {"w": W})
  assert checkpoints.all_steps(str(tmp_path)) == [3]


# ---- Removing ----------------------------------------------------------------


@pytest.mark.parametrize(
  "keep, kept",
  [
    (1, [10]),
    (2, [9, 10]),
    (9, [1, 9, 10]),
    (0, [1, 9, 10]),
    (None, [1, 9, 10]),
  ],
)
def test_the_last_checkpoints_are_kept_whole(keep, kept, tmp_path):
  for step in (10, 1, 9):
    checkpoints.write(str(tmp_path), step, {"w": W * step})
  touch(tmp_path, "model.json", "model.ckpt-note.txt", "operative_config-1.gin")
  before = set(files(tmp_path))
  checkpoints.remove_old(str(tmp_path), keep, written=10)
  assert sorted(checkpoints.all_steps(str(tmp_path))) == kept
  for step in kept:
    w = read_all(str(tmp_path / f"model.ckpt-{step}"))["w"]
    np.testing.assert_array_equal(w, W * step)
  gone = before - set(files(tmp_path))
  assert len(gone) == 2 * (3 - len(kept))
  assert all(name.startswith("model.ckpt-") for name in gone)


def test_a_removal_that_is_killed_leaves_no_index_without_data(
  tmp_path, monkeypatch
):
  for step in (1, 2):
    checkpoints.write(str(tmp_path), step, {"w": W})

  def kill(path, remove=os.remove):
    remove(path)
    raise KeyboardInterrupt

  monkeypatch.setattr(checkpoints.os, "remove", kill)
  with pytest.raises(KeyboardInterrupt):
    checkpoints.remove_old(str(tmp_path), 1, written=2)
  assert checkpoints.all_steps(str(tmp_path)) == [2]


def test_checkpoints_of_later_steps_take_nobodys_place_and_stay(tmp_path):
  for step in (1, 2, 9):
    checkpoints.write(str(tmp_path), step, {"w": W})
  checkpoints.remove_old(str(tmp_path), 1, written=2)
  assert sorted(checkpoints.all_steps(str(tmp_path))) == [2, 9]
  assert len([name for name in files(tmp_path) if "ckpt-9" in name]) == 2


# ---- Setting aside -----------------------------------------------------------


def test_later_checkpoints_are_set_aside_with_all_their_bytes(tmp_path):
  for step in (1, 2, 3):
    checkpoints.write(str(tmp_path), step, {"w": W * step})
  names = checkpoints.set_aside(str(tmp_path), 1)
  assert names == ["damaged-model.ckpt-2", "damaged-model.ckpt-3"]
  assert checkpoints.all_steps(str(tmp_path)) == [1]
  for step in (2, 3):
    w = read_all(str(tmp_path / f"damaged-model.ckpt-{step}"))["w"]
    np.testing.assert_array_equal(w, W * step)
  assert checkpoints.set_aside(str(tmp_path), 1) == []


def test_what_is_set_aside_is_never_written_over(tmp_path):
  for factor in (1, 2, 3):
    checkpoints.write(str(tmp_path), 5, {"w": W * factor})
    checkpoints.set_aside(str(tmp_path), 4)
  for factor, number in ((1, ""), (2, "2-"), (3, "3-")):
    w = read_all(str(tmp_path / f"damaged-{number}model.ckpt-5"))["w"]
    np.testing.assert_array_equal(w, W * factor)


@pytest.mark.parametrize("moves", [0, 1])
def test_setting_aside_that_is_killed_loses_nothing(
  moves, tmp_path, monkeypatch
):
  for step in (1, 2):
    checkpoints.write(str(tmp_path), step, {"w": W * step})
  moved = []

  def kill(source, target, replace=os.replace):
    if len(moved) == moves:
      raise KeyboardInterrupt
    moved.append(target)
    replace(source, target)

  with monkeypatch.context() as patch:
    patch.setattr(os, "replace", kill)
    with pytest.raises(KeyboardInterrupt):
      checkpoints.set_aside(str(tmp_path), 1)
  checkpoints.set_aside(str(tmp_path), 1)
  checkpoints.remove_old(str(tmp_path), 1, written=1)
  w = read_all(str(tmp_path / "damaged-model.ckpt-2"))["w"]
  np.testing.assert_array_equal(w, W * 2)


# ---- Folders of any name -----------------------------------------------------

NAMES = [
  "lr[1]",
  "[!a]",
  "a*b",
  "a?",
  "{a,b}",
  "two words",
  "gr\u00f6\u00dfe",
  'it\'s "it"',
  "back\\slash",
  "%41#$HOME",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_may_have_any_name(name, tmp_path):
  folder = str(tmp_path / name)
  for step in (1, 2):
    prefix = checkpoints.write(folder, step, {"w": W * step, "v": W[0]})
  step, arrays = checkpoints.last_good(folder)
  assert step == 2
  np.testing.assert_array_equal(arrays["w"], W * 2)
  np.testing.assert_array_equal(read_all(prefix)["v"], W[0])
  flip_the_last_bit(f"{prefix}.data-00000-of-00001")
  with pytest.warns(UserWarning, match="ckpt-2 is damaged"):
    assert checkpoints.last_good(folder)[0] == 1


def flip_the_last_bit(path):
  with open(path, "r+b") as file:
    file.seek(-1, os.SEEK_END)
    last = file.read(1)[0]
    file.seek(-1, os.SEEK_END)
    file.write(bytes([last ^ 1]))


def test_a_pattern_does_not_read_from_the_folder_that_it_matches(tmp_path):
  checkpoints.write(str(tmp_path / "lr1"), 1, {"w": W})
  checkpoints.write(str(tmp_path / "lr[1]"), 1, {"w": 2 * W})
  found = read_all(str(tmp_path / "lr[1]" / "model.ckpt-1"))
  np.testing.assert_array_equal(found["w"], 2 * W)


def test_links_to_a_checkpoint_go_with_its_reader(tmp_path, monkeypatch):
  monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
  (tmp_path / "tmp").mkdir()
  prefix = checkpoints.write(str(tmp_path / "lr[1]"), 1, {"w": W})
  shapes, read = checkpoints.load(prefix)
  assert len(files(tmp_path / "tmp")) == 1
  del read
  assert files(tmp_path / "tmp") == []


def test_a_pattern_is_read_where_tmpdir_is_a_pattern_too(tmp_path, monkeypatch):
  odd = tmp_path / "two words [1] \u00f6"
  odd.mkdir()
  monkeypatch.setattr(tempfile, "tempdir", str(odd))
  prefix = checkpoints.write(str(odd / "m"), 1, {"w": W})
  np.testing.assert_array_equal(read_all(prefix)["w"], W)


# ---- Small files -------------------------------------------------------------


def test_write_text_holds_the_new_text(tmp_path):
  path = tmp_path / "model.json"
  for text in ("old and long\n", "new\n"):
    checkpoints.write_text(str(path), text)
    assert path.read_text() == text
  assert files(tmp_path) == ["model.json"]


def test_write_text_into_the_current_folder(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  checkpoints.write_text("model.json", "text\n")
  assert (tmp_path / "model.json").read_text() == "text\n"


def test_write_text_keeps_the_old_text_if_it_fails(tmp_path, monkeypatch):
  path = tmp_path / "model.json"
  checkpoints.write_text(str(path), "old\n")

  def full(descriptor):
    raise OSError(28, "No space left on device")

  monkeypatch.setattr(checkpoints.os, "fsync", full)
  with pytest.raises(OSError):
    checkpoints.write_text(str(path), "new\n")
  assert path.read_text() == "old\n"
