"""Folders that are splits, classes, or neither."""

from compare_gan.datasets import class_folders
import pytest


def _splits(*names, folders=(), classes=()):
  """Returns the two Parts of names; their folders are there, and others."""
  inside = set(folders)
  for name in names:
    parts = name.split("/")[:-1]
    inside.update("/".join(parts[: n + 1]) for n in range(len(parts)))
  return class_folders.splits(
    dict(enumerate(names)), sorted(inside), "folder", classes
  )


@pytest.mark.parametrize(
  "train,test",
  [
    ("train", "test"),
    ("Train", "Test"),
    ("TRAIN", "VAL"),
    ("training", "testing"),
    ("Training", "validation"),
    ("train", "valid"),
    ("train", "eval"),
    ("training", "evaluation"),
    ("train", "dev"),
  ],
)
def test_names_of_splits(train, test):
  ours, theirs = _splits(f"{train}/a/1.png", f"{train}/b/2.png", f"{test}/a/3")
  assert ours.names == {0: "a/1.png", 1: "b/2.png"}
  assert theirs.names == {2: "a/3"}
  assert (ours.above, ours.folders) == (f"{train}/", ("a", "b"))


def test_first_of_several_is_used(caplog):
  _, theirs = _splits("train/a/1", "val/a/2", "test/a/3", "more/a/4")
  assert theirs.names == {2: "a/3"}
  assert "Only the images in train and test are used" in caplog.text
  assert "['more', 'val']" in caplog.text


@pytest.mark.parametrize("test", ["test", "testing", "eval"])
def test_test_images_go_before_those_for_validation(test):
  _, theirs = _splits("train/a/1", "valid/a/2", f"{test}/a/3", "validation/a/4")
  assert theirs.names == {2: "a/3"}


def test_splits_inside_of_classes():
  ours, theirs = _splits("a/train/1", "a/test/2", "b/Train/x/3", "b/test/4")
  assert ours.names == {0: "a/1", 2: "b/x/3"}
  assert theirs.names == {1: "a/2", 3: "b/4"}


def test_folders_around_everything_are_no_classes():
  ours, theirs = _splits("x/train/train/a/1", "x/train/train/b/2", "x/test/a/3")
  assert ours.names == {0: "a/1", 1: "b/2"}
  assert theirs.names == {2: "a/3"}  # One class is not around everything.
  ours, theirs = _splits("x/y/a/1", "x/y/b/2")
  assert (ours.names, theirs) == ({0: "a/1", 1: "b/2"}, None)


@pytest.mark.parametrize(
  "names,folders,message",
  [
    (
      ("train/a/1", "Train/b/2", "test/a/3"),
      (),
      "Train and train are two names",
    ),
    (("train/a/1", "training/b/2", "val/a/3"), (), "could each hold"),
    (("test/a/1", "val/b/2"), (), "test and val hold images for evaluation"),
    (("train/a/1", "train/b/1"), ("test",), "test holds no images"),
    (("Test/a/1", "Test/b/1"), ("Train",), "Train holds no images"),
    (("x/train/a/1", "x/train/b/1"), ("x/val",), "x/val holds no images"),
    (("train2017/1", "val2017/2"), (), "folders train2017 and val2017"),
    (("trainA/1", "trainB/2", "testA/3", "testB/4"), (), "trainA and testA"),
    (("seg_train/a/1", "seg_test/a/2", "seg_pred/3"), (), "seg_train and"),
    (("training_set/a/1", "test_set/a/2"), (), "training_set and test_set"),
    (("train/train/a/1", "train/val/a/2", "test/a/3"), (), "is a split itself"),
    (("a/train/1", "a/test/2", "b/3"), (), "b/3 is in neither"),
  ],
)
def test_what_could_mix_them_is_refused(names, folders, message):
  with pytest.raises(ValueError, match=message):
    _splits(*names, folders=folders)


@pytest.mark.parametrize(
  "names",
  [
    ("bus/1", "car/2", "train/3"),
    ("bullet_train/1", "crash_test/2", "bus/3", "car/4", "tram/5"),
  ],
)
def test_classes_may_be_called_so(names):
  ours, theirs = _splits(*names)
  assert theirs is None
  tops = sorted(name.split("/")[0] for name in names)
  assert class_folders.classes_of(ours, "folder") == tops


def test_listed_classes_are_no_splits():
  ours, theirs = _splits("train/1", "test/2", classes=("train", "test"))
  assert (ours.names, theirs) == ({0: "train/1", 1: "test/2"}, None)


def test_folder_without_images_is_no_class():
  ours, _ = _splits("x/a/1", "x/b/2", folders=("x/c",))
  with pytest.raises(ValueError, match="x/c would be a class like a"):
    class_folders.classes_of(ours, "folder")


def test_images_beside_classes_are_unclear():
  for names in (("1", "a/2"), ("x/1", "x/a/2", "x/b/3")):
    ours, _ = _splits(*names)
    with pytest.raises(ValueError, match="1. Move.*folder.labels = False"):
      class_folders.classes_of(ours, "folder")


def test_images_without_folders_have_no_classes():
  ours, theirs = _splits("train/1", "train/2", "test/3", folders=("train/c",))
  assert class_folders.classes_of(ours, "folder") is None
  assert theirs.names == {2: "3"}
