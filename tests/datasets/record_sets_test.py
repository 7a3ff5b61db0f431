"""Files of TFRecords: one set, whole, with a name of its own."""

from compare_gan.datasets import record_sets
import pytest


def _touch(folder, *names):
  folder.mkdir(parents=True, exist_ok=True)
  for name in names:
    (folder / name).write_bytes(b"")
  return folder


def _shards(name, count):
  return [f"{name}-{i:05}-of-{count:05}" for i in range(count)]


def _found(pattern):
  paths = record_sets.files_of("tfrecord.path", str(pattern))
  return [path.rpartition("/")[2] for path in paths]


@pytest.mark.parametrize(
  "pattern,names",
  [
    ("train-*", _shards("train", 3)),
    ("*", _shards("cifar10-train.tfrecord", 2)),
    ("part-?.tfrecord", ["part-a.tfrecord", "part-b.tfrecord"]),
    ("x.tfrecord", ["x.tfrecord"]),
    ("train-0000[01]-of-00003", _shards("train", 3)[:2]),  # as was asked for
  ],
)
def test_files_of_one_set(pattern, names, tmp_path):
  _touch(tmp_path, *names)
  assert _found(tmp_path / pattern) == names


@pytest.mark.parametrize(
  "pattern,names",
  [
    ("*", [*_shards("train", 2), *_shards("validation", 2)]),
    ("*.tfrecord", ["flowers_train.tfrecord", "flowers_test.tfrecord"]),
    ("*train*", [*_shards("a-train.tfrecord", 1), *_shards("b-train.x", 1)]),
    ("train*", [*_shards("train", 2), *_shards("train", 3)]),
  ],
)
def test_files_of_several_sets_are_refused(pattern, names, tmp_path):
  _touch(tmp_path, *names)
  with pytest.raises(ValueError, match="tfrecord.path = .*several sets, "):
    _found(tmp_path / pattern)


def test_folders_of_several_sets_are_refused(tmp_path):
  for split in ("train", "test"):
    _touch(tmp_path / split, "part-0.tfrecord")
  with pytest.raises(ValueError, match="several sets"):
    _found(tmp_path / "*" / "part-*")
  assert _found(tmp_path / "train" / "part-*") == ["part-0.tfrecord"]


def test_missing_file_of_a_set_is_named(tmp_path):
  _touch(tmp_path, *_shards("train", 4))
  (tmp_path / "train-00002-of-00004").unlink()
  with pytest.raises(FileNotFoundError, match="train-00002-of-00004 is miss"):
    _found(tmp_path / "train-*")
  some = "train-0000[01]-of-00004"
  assert _found(tmp_path / some) == _shards("train", 4)[:2]
  assert len(_found(tmp_path / "train-00003-of-00004")) == 1


def test_folder_is_refused(tmp_path):
  _touch(tmp_path / "train", "0.tfrecord")
  with pytest.raises(ValueError, match="train is a folder. Name the files"):
    _found(tmp_path / "train")


@pytest.mark.parametrize(
  "name,paths",
  [
    ("imagenet", _shards("/data/imagenet/train", 2)),
    ("imagenet", _shards("/data/imagenet/train/train", 2)),
    ("cifar10", _shards("/data/x/cifar10-train.tfrecord", 2)),
    ("celeb_a", ["/data/celeb_a-validation.tfrecords"]),
    ("flowers", ["/data/flowers_train.tfrecord"]),
    ("part", ["/data/part-00.tfrec", "/data/part-01.tfrec"]),
    ("set", ["/set/0000.tfrec", "/set/0001.tfrec"]),
  ],
)
def test_name_of_a_set(name, paths):
  assert record_sets.name_of(paths) == name


def test_one_file_in_both_is_refused(tmp_path):
  a, b = (str(_touch(tmp_path, name) / name) for name in ("a", "b"))
  record_sets.refuse_overlap([a], [b])
  record_sets.refuse_overlap([a, b], [a, b])  # One's own choice.
  with pytest.raises(ValueError, match="both match .*/a, whose images"):
    record_sets.refuse_overlap([a, b], [a])
