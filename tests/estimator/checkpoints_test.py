"""Checkpoints: whole, readable by TensorFlow, or not there."""

import os

from compare_gan.estimator import checkpoints
import numpy as np
import pytest
import tensorflow as tf

W = np.arange(6, dtype=np.float32).reshape(2, 3)


def read_all(prefix):
  shapes, read = checkpoints.load(prefix)
  return {name: read(name) for name in shapes}


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
  assert prefix == checkpoints.latest("model") == "model/model.ckpt-1"
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


def test_latest_is_the_highest_number(tmp_path):
  for step in (10, 9):
    checkpoints.write(str(tmp_path), step, {"w": W})
  assert checkpoints.latest(str(tmp_path)) == str(tmp_path / "model.ckpt-10")
  assert sorted(checkpoints.all_steps(str(tmp_path))) == [9, 10]


@pytest.mark.parametrize("name", ["", "missing", "file"])
def test_no_checkpoint_in_an_empty_or_missing_folder(name, tmp_path):
  touch(tmp_path, "file")
  (tmp_path / "empty").mkdir()
  folder = str(tmp_path / (name or "empty"))
  assert checkpoints.all_steps(folder) == []
  with pytest.raises(FileNotFoundError) as error:
    checkpoints.latest(folder)
  assert folder in str(error.value)


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
  assert checkpoints.latest(str(tmp_path)) == str(tmp_path / "model.ckpt-3")


# ---- What is broken ----------------------------------------------------------


@pytest.mark.parametrize("broken", [b"", b"no index", None])
def test_a_broken_index_is_named(broken, tmp_path):
  prefix = checkpoints.write(str(tmp_path), 1, {"w": W})
  index = tmp_path / "model.ckpt-1.index"
  index.write_bytes(index.read_bytes()[:-9] if broken is None else broken)
  with pytest.raises(FileNotFoundError) as error:
    checkpoints.load(prefix)
  assert prefix in str(error.value)


def test_a_missing_checkpoint_is_named(tmp_path):
  with pytest.raises(FileNotFoundError) as error:
    checkpoints.load(str(tmp_path / "model.ckpt-1"))
  assert str(tmp_path / "model.ckpt-1") in str(error.value)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
  touch(tmp_path, "model")
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path / "model"), 1, {"w": W})


@pytest.mark.parametrize("tensors", [{}, {"w": object()}])
def test_tensors_that_cannot_be_written_leave_nothing(tensors, tmp_path):
  with pytest.raises((ValueError, tf.errors.OpError)):
    checkpoints.write(str(tmp_path), 1, tensors)
  assert files(tmp_path) == []


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
  checkpoints.write(str(tmp_path), 1, {"w": W})
  before = files(tmp_path)

  def full(path):
    raise OSError(28, "No space left on device", path)

  monkeypatch.setattr(checkpoints.os, "fsync", full)
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path), 1, {"w": 2 * W})
  assert files(tmp_path) == before
  prefix = checkpoints.latest(str(tmp_path))
  np.testing.assert_array_equal(read_all(prefix)["w"], W)


def test_a_folder_in_place_of_the_index_leaves_no_data_behind(tmp_path):
  (tmp_path / "model.ckpt-1.index").mkdir()
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path), 1, {"w": W})
  assert files(tmp_path) == ["model.ckpt-1.index"]


def test_a_checkpoint_is_whole_where_the_pointer_to_it_fails(tmp_path):
  (tmp_path / "checkpoint").mkdir()
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path), 1, {"w": W})
  prefix = checkpoints.latest(str(tmp_path))
  np.testing.assert_array_equal(read_all(prefix)["w"], W)


def test_a_write_over_a_step_never_pairs_new_data_with_the_old_index(
  tmp_path, monkeypatch
):
  checkpoints.write(str(tmp_path), 1, {"w": W})
  replace = os.replace

  def die_before_the_index(source, target):
    if source.endswith(".index"):
      raise KeyboardInterrupt
    replace(source, target)

  monkeypatch.setattr(checkpoints.os, "replace", die_before_the_index)
  with pytest.raises(KeyboardInterrupt):
    checkpoints.write(str(tmp_path), 1, {"v": W[:1], "w": 2 * W})
  if checkpoints.all_steps(str(tmp_path)):
    prefix = checkpoints.latest(str(tmp_path))
    np.testing.assert_array_equal(read_all(prefix)["w"], W)


# ---- Small files -------------------------------------------------------------


def test_write_text_holds_the_new_text(tmp_path):
  path = tmp_path / "model.json"
  for text in ("old and long\n", "new\n"):
    checkpoints.write_text(str(path), text)
    assert path.read_text() == text
  assert files(tmp_path) == ["model.json"]


def test_write_text_keeps_the_old_text_if_it_fails(tmp_path, monkeypatch):
  path = tmp_path / "model.json"
  checkpoints.write_text(str(path), "old\n")

  def full(descriptor):
    raise OSError(28, "No space left on device")

  monkeypatch.setattr(checkpoints.os, "fsync", full)
  with pytest.raises(OSError):
    checkpoints.write_text(str(path), "new\n")
  assert path.read_text() == "old\n"
