"""Folders and archives of images as datasets."""

import errno
import os
import tarfile
import zipfile

from compare_gan.datasets import catalogue
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]


def _open(path, *bindings, name="folder"):
  gin.clear_config()
  gin.parse_config(
    [f'dataset.name = "{name}"', f'{name}.path = "{path}"', *bindings]
  )
  return catalogue.dataset()


def _split_tree():
  tree = pictures.tree()
  return {
    f"{split}/{name}": data
    for split, some in (("train", list(tree)[:4]), ("test", list(tree)[4:]))
    for name, data in ((name, tree[name]) for name in some)
  }


def _all(dataset, split):
  batches = list(dataset.in_order(split, 3).as_numpy_iterator())
  return [
    np.concatenate([batch[key] for batch in batches])
    for key in ("images", "labels")
  ]


def test_folders_are_classes_and_splits(tmp_path):
  folder = pictures.write_tree(tmp_path / "flowers", _split_tree())
  dataset = _open(folder)
  assert dataset.name == "flowers"
  assert dataset.image_shape == (8, 8, 3)
  assert (dataset.num_classes, dataset.classes) == (2, ("a", "b"))
  assert (dataset.size("train"), dataset.size("eval")) == (4, 2)
  assert dataset.eval_samples == 2
  images, labels = _all(dataset, "train")
  for image, i in zip(images, (0, 2, 1, 3)):  # a/0 a/2 b/1 b/3
    np.testing.assert_array_equal(np.rint(255 * image), pictures.pixels(i))
  np.testing.assert_array_equal(labels, [0, 0, 1, 1])


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("name", ["folder", "archive"])
def test_archive_is_the_same_dataset(name, on_disk, tmp_path):
  path = pictures.zipped(tmp_path / "x.zip", _split_tree())
  bindings = [f"{name}.memory_bytes = 0"] if on_disk else []
  found = _all(_open(path, *bindings, name=name), "train")
  folder = pictures.write_tree(tmp_path / "x", _split_tree())
  for mine, other in zip(found, _all(_open(folder), "train")):
    np.testing.assert_array_equal(mine, other)


def test_folder_around_everything_is_no_class(tmp_path):
  files = {f"flowers/{name}": data for name, data in pictures.tree().items()}
  dataset = _open(pictures.zipped(tmp_path / "x.zip", files))
  assert dataset.classes == ("a", "b")


def test_images_without_folders_have_no_labels(tmp_path):
  files = {name[2:]: data for name, data in pictures.tree().items()}
  dataset = _open(pictures.write_tree(tmp_path / "x", files))
  assert dataset.num_classes == 0
  assert not _all(dataset, "train")[1].any()


def test_loose_images_beside_folders_are_unclear(tmp_path):
  files = {**pictures.tree(), "loose.png": pictures.encode(pictures.pixels(0))}
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(ValueError, match="loose.png.*folder.labels = False"):
    _open(folder)
  assert _open(folder, "folder.labels = False").num_classes == 0


def test_held_out_images_do_not_train(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(20))
  dataset = _open(folder, "folder.eval_fraction = 0.25")
  assert (dataset.size("train"), dataset.size("eval")) == (15, 5)
  train, held = _all(dataset, "train")[0], _all(dataset, "eval")[0]
  assert not (train[:, None] == held[None]).all(axis=(2, 3, 4)).any()


def test_eval_path(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(6))
  other = pictures.zipped(tmp_path / "y.zip", pictures.tree(2))
  dataset = _open(folder, f'folder.eval_path = "{other}"')
  assert (dataset.size("train"), dataset.size("eval")) == (6, 2)


def test_class_of_the_test_images_alone_is_bad(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(6))
  other = pictures.write_tree(tmp_path / "y", pictures.tree(2, ("a", "new")))
  with pytest.raises(ValueError, match=r"new/1.png: 'new' is not a class"):
    _open(folder, f'folder.eval_path = "{other}"')


def test_sizes_must_be_one_or_chosen(tmp_path):
  files = {
    "0.png": pictures.encode(pictures.pixels(0, 4, 6)),
    "1.png": pictures.encode(pictures.pixels(1, 8, 8)),
  }
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(ValueError, match=r"\d.png: it is .*set image_size"):
    _open(folder)
  many = {f"{i}.png": files[f"{i % 2}.png"] for i in range(10)}
  with pytest.raises(ValueError, match="differ in size.*folder.image_size"):
    _open(pictures.write_tree(tmp_path / "many", many))
  assert _open(folder, "folder.image_size = 5").image_shape == (5, 5, 3)
  dataset = _open(folder, "folder.image_size = (4, 2)", "folder.colors = 1")
  assert dataset.image_shape == (4, 2, 1)


@pytest.mark.parametrize(
  "binding,message",
  [
    ("folder.image_size = 0", "image_size = 0"),
    ('folder.resize = "crop"', "resize = 'crop'.*center_crop"),
    ('folder.background = "red"', "background = 'red'"),
    ("folder.colors = 4", "colors = 4"),
    ("folder.eval_fraction = 1.5", "eval_fraction = 1.5"),
    ('dataset.on_error = "ignore"', "on_error = 'ignore'.*'raise' or 'skip'"),
    ('folder.eval_path = "/no/such"', "eval_path = '/no/such'"),
  ],
)
def test_wrong_bindings(binding, message, tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree())
  with pytest.raises((ValueError, OSError), match=message):
    _open(folder, binding)


def test_no_images(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", {"notes.txt": b"hello"})
  with pytest.raises(ValueError, match="folder.path.*holds no images"):
    _open(folder)


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_batches_are_functions_of_seed_and_t(kind, on_disk, tmp_path):
  files = pictures.tree(11)
  path = pictures.write_tree(tmp_path / "x", files)
  if kind == "zip":
    path = pictures.zipped(tmp_path / "x.zip", files)
  bindings = ["folder.memory_bytes = 0"] if on_disk else []
  dataset = _open(path, "dataset.flip = True", *bindings)
  pictures.assert_is_a_function_of_seed_and_t(dataset)


def _with_damage(tmp_path):
  files = pictures.tree(8)
  files["a/0.png"] = files["a/0.png"][:40]
  files["b/1.png"] = b"no image"
  return pictures.write_tree(tmp_path / "x", files)


def test_damage_is_refused_by_name(tmp_path):
  with pytest.raises(ValueError) as raised:
    _open(_with_damage(tmp_path), "folder.image_size = 8")
  for part in ("2 of 8 examples", "a/0.png", "b/1.png", "on_error = 'skip'"):
    assert part in str(raised.value)


@pytest.mark.parametrize("on_disk", [False, True])
def test_damage_is_skipped_by_choice(on_disk, tmp_path, caplog):
  bindings = ["folder.memory_bytes = 0"] if on_disk else []
  dataset = _open(
    _with_damage(tmp_path), 'dataset.on_error = "skip"', *bindings
  )
  assert dataset.size("train") + dataset.size("eval") == 6
  assert "2 of 8 examples" in caplog.text and "b/1.png" in caplog.text
  images = np.concatenate([_all(dataset, s)[0] for s in ("train", "eval")])
  expected = [pictures.pixels(i).tolist() for i in range(2, 8)]
  found = np.rint(255 * images).astype(int).tolist()
  assert sorted(found) == sorted(expected)


def test_the_check_is_made_once(tmp_path, monkeypatch):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree())
  first = _all(_open(folder, "folder.image_size = 8"), "train")[0]
  from compare_gan.datasets import image_decoding

  def refuse(*args):
    raise AssertionError("decoded again")

  monkeypatch.setattr(image_decoding, "decode", refuse)
  dataset = _open(folder, "folder.image_size = 8")
  np.testing.assert_array_equal(_all(dataset, "train")[0], first)


def test_changed_files_are_checked_again(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree())
  _open(folder)
  (folder / "a" / "0.png").write_bytes(b"spoilt")
  with pytest.raises(ValueError, match="a/0.png"):
    _open(folder)


def test_file_that_goes_bad_later_is_named(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree())
  dataset = _open(folder, "folder.memory_bytes = 0")
  for name in pictures.tree():
    (folder / name).write_bytes(b"")
  with pytest.raises(
    tf.errors.OpError, match=r"[ab]/\d.png could be read when"
  ):
    next(iter(dataset.batches("train", 2)))


@pytest.mark.parametrize("colors", [1, 3])
@pytest.mark.parametrize("gray", [False, True])
def test_plain_jpegs_have_the_same_pixels_in_any_way(gray, colors, tmp_path):
  """Read from disk by TensorFlow's op, or into memory by PIL."""
  files = {
    f"{i}.jpg": pictures.encode(
      pictures.pixels(i, 24, 24, 1 if gray else 3), "JPEG"
    )
    for i in range(6)
  }
  folder = pictures.write_tree(tmp_path / "x", files)
  bindings = [f"folder.colors = {colors}"]
  expected = _all(_open(folder, *bindings), "train")[0]
  dataset = _open(folder, "folder.memory_bytes = 0", *bindings)
  np.testing.assert_array_equal(_all(dataset, "train")[0], expected)
  assert dataset._are_plain["train"] == (gray or colors == 3)


# ---- What trains when nothing is held out, and what is no image --------------


@pytest.mark.parametrize("on_disk", [False, True])
def test_nothing_is_held_out_where_that_is_asked_for(on_disk, tmp_path, caplog):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(10))
  bindings = ["folder.memory_bytes = 0"] if on_disk else []
  dataset = _open(folder, "folder.eval_fraction = 0.0", *bindings)
  assert (dataset.size("train"), dataset.size("eval")) == (10, 10)
  assert "nothing is held out" in caplog.text
  for ours, theirs in zip(_all(dataset, "train"), _all(dataset, "eval")):
    np.testing.assert_array_equal(ours, theirs)
  assert dataset.name_of("eval", 3) == dataset.name_of("train", 3)


def test_images_of_both_splits_are_decoded_once(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(10))
  dataset = _open(folder, "folder.eval_fraction = 0.0")
  for split in ("train", "eval"):
    _all(dataset, split)
  pixels = [
    path.name
    for path in (tmp_path / "cache").glob("**/*")
    if "pixels" in path.name
  ]
  assert len(pixels) == 1


def test_test_folder_trains_too_where_nothing_is_held_out(tmp_path):
  folder = pictures.write_tree(tmp_path / "flowers", _split_tree())
  dataset = _open(folder, "folder.eval_fraction = 0.0")
  assert dataset.classes == ("a", "b") and dataset.size("train") == 6
  labels = _all(dataset, "train")[1]
  assert sorted(labels.tolist()) == [0, 0, 0, 1, 1, 1]


def test_bad_images_are_counted_once(tmp_path):
  with pytest.raises(ValueError, match="2 of 8 examples"):
    _open(
      _with_damage(tmp_path),
      "folder.eval_fraction = 0",
      "folder.image_size = 8",
    )


def test_files_that_are_no_images_are_passed_over_and_counted(tmp_path, caplog):
  files = {**pictures.tree(10), "a/notes.txt": b"hello", "Thumbs.db": b"x"}
  hidden = {".DS_Store": b"x", "a/._0.png": b"x"}
  folder = pictures.write_tree(tmp_path / "x", {**files, **hidden})
  dataset = _open(folder)
  assert dataset.size("train") + dataset.size("eval") == 10
  assert "2 of 12 files are ignored, such as Thumbs.db" in caplog.text
  caplog.clear()
  _open(pictures.write_tree(tmp_path / "y", {**pictures.tree(10), **hidden}))
  assert "ignored" not in caplog.text


def test_pattern_says_which_images_are_used(tmp_path, caplog):
  files = {**pictures.tree(4), **pictures.tree(6, kind="JPEG")}
  folder = pictures.write_tree(tmp_path / "x", files)
  dataset = _open(folder, 'folder.pattern = "*.jpeg"')
  assert dataset.size("train") + dataset.size("eval") == 6
  assert "4 of 10 files" in caplog.text
  with pytest.raises(ValueError, match="no images of folder.pattern = .*gif"):
    _open(folder, 'folder.pattern = "*.gif"')


# ---- Never fewer classes, and never test images that train -------------------


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_class_that_cannot_be_read_is_refused(on_error, tmp_path, monkeypatch):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree())
  scandir = os.scandir

  def refusing(path):
    if os.fspath(path) == str(folder / "b"):
      raise PermissionError(errno.EACCES, "Permission denied")
    return scandir(path)

  monkeypatch.setattr(os, "scandir", refusing)
  with pytest.raises(PermissionError, match="x/b cannot be read"):
    _open(folder, f'dataset.on_error = "{on_error}"')


@pytest.mark.parametrize(
  "name,data",
  [
    ("c/notes.txt", b"hello"),
    ("c/Thumbs.db", b"x"),
    ("c/0.tif", b"II*"),
    ("c/inside/.DS_Store", b"x"),
  ],
)
def test_class_without_images_is_refused(name, data, tmp_path):
  files = {**pictures.tree(10), name: data}
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(ValueError, match="folder: c would be a class like a"):
    _open(folder)
  dataset = _open(folder, "folder.classes = ['b', 'a']")
  assert (dataset.num_classes, dataset.classes) == (2, ("b", "a"))
  assert _open(folder, "folder.labels = False").num_classes == 0


def test_class_without_images_that_match_is_refused(tmp_path):
  files = {**pictures.tree(4, ("a",)), **pictures.tree(4, ("b",), "JPEG")}
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(ValueError, match="folder: b would be a class like a"):
    _open(folder, 'folder.pattern = "*.png"')


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_class_without_images_in_an_archive_is_refused(kind, tmp_path):
  folder = pictures.write_tree(
    tmp_path / "x", {**pictures.tree(6), "test/a/0.png": b"", "train/c/t": b""}
  )
  for name in ("a", "b"):
    (folder / name).rename(folder / "train" / name)
  path = tmp_path / f"x.{kind}"
  if kind == "zip":
    with zipfile.ZipFile(path, "w") as archive:
      for file in sorted(folder.rglob("*")):
        archive.write(file, file.relative_to(tmp_path))
  else:
    with tarfile.open(path, "w") as archive:
      archive.add(folder, "x")
  with pytest.raises(ValueError, match="x/train/c would be a class like a"):
    _open(path)


def test_damaged_class_keeps_its_label(tmp_path):
  """All of its files are links to nothing: it is there, without images."""
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(6, ("a", "c")))
  (folder / "b").mkdir()
  (folder / "b" / "0.png").symlink_to(tmp_path / "nothing")
  with pytest.raises(ValueError, match="b/0.png: a broken link"):
    _open(folder)
  dataset = _open(folder, 'dataset.on_error = "skip"')
  assert dataset.classes == ("a", "b", "c")
  assert set(_all(dataset, "train")[1]) == {0, 2}


def test_damaged_files_beside_the_classes_are_no_classes(tmp_path):
  files = {f"flowers/{name}": data for name, data in pictures.tree(6).items()}
  folder = pictures.write_tree(tmp_path / "x", files)
  (folder / "other").mkdir()
  for name in ("other/0.png", "0.png"):
    (folder / name).symlink_to(tmp_path / "nothing")
  dataset = _open(folder, 'dataset.on_error = "skip"')
  assert dataset.classes == ("a", "b")
  assert len(dataset.bad) == 2


@pytest.mark.parametrize(
  "train,test", [("Train", "Test"), ("training", "testing"), ("TRAIN", "VAL")]
)
@pytest.mark.parametrize("packed", [False, True])
def test_splits_by_other_names(train, test, packed, tmp_path):
  files = {
    name.replace("train/", f"{train}/").replace("test/", f"{test}/"): data
    for name, data in _split_tree().items()
  }
  if packed:
    path = pictures.zipped(tmp_path / "x.zip", files)
  else:
    path = pictures.write_tree(tmp_path / "x", files)
  dataset = _open(path)
  assert dataset.classes == ("a", "b")
  assert (dataset.size("train"), dataset.size("eval")) == (4, 2)
  assert dataset.name_of("eval", 0) == f"{test}/a/4.png"


def test_class_has_one_label_in_both_splits(tmp_path):
  """Where test images are of some of the classes only."""
  train, test = pictures.tree(6, ("a", "b", "c")), pictures.tree(2, ("c", "b"))
  files = {f"train/{name}": data for name, data in train.items()}
  files.update({f"val/{name}": data for name, data in test.items()})
  dataset = _open(pictures.write_tree(tmp_path / "x", files))
  assert dataset.num_classes == 3
  np.testing.assert_array_equal(_all(dataset, "eval")[1], [1, 2])


def test_test_images_without_classes_are_refused(tmp_path):
  files = {f"train/{name}": data for name, data in pictures.tree().items()}
  files["val/0.png"] = files["train/a/0.png"]
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(
    ValueError, match="val/0.png is not in a folder that would"
  ):
    _open(folder, 'dataset.on_error = "skip"')
  dataset = _open(folder, "folder.labels = False")
  assert (dataset.size("train"), dataset.size("eval")) == (6, 1)


def test_test_images_of_an_unknown_class_can_be_left_out(tmp_path):
  files = {f"train/{name}": data for name, data in pictures.tree(4).items()}
  new = pictures.tree(4, ("B", "b"))
  files.update({f"test/{name}": data for name, data in new.items()})
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(ValueError, match="2 of 8 .*\n.* test/B/0.png: 'B' is no"):
    _open(folder)
  dataset = _open(folder, 'dataset.on_error = "skip"')
  np.testing.assert_array_equal(_all(dataset, "eval")[1], [1, 1])
  assert [bad.name for bad in dataset.bad] == ["test/B/0.png", "test/B/2.png"]


def test_eval_path_may_have_folders_around_everything(tmp_path):
  paths = [
    pictures.zipped(
      tmp_path / f"{top}.zip",
      {f"{top}/{name}": data for name, data in pictures.tree(n).items()},
    )
    for top, n in (("flowers", 6), ("more", 2))
  ]
  dataset = _open(paths[0], f'folder.eval_path = "{paths[1]}"')
  assert dataset.classes == ("a", "b")
  np.testing.assert_array_equal(_all(dataset, "eval")[1], [0, 1])


def test_eval_path_takes_the_place_of_a_test_folder(tmp_path, caplog):
  folder = pictures.write_tree(tmp_path / "x", _split_tree())
  other = pictures.write_tree(tmp_path / "y", pictures.tree(3, ("b",)))
  dataset = _open(folder, f'folder.eval_path = "{other}"')
  assert (dataset.size("train"), dataset.size("eval")) == (4, 3)
  assert f"eval_path = {str(other)!r}: those in test/ are not" in caplog.text
  assert _open(folder, f'folder.eval_path = "{folder}"').size("eval") == 2
  inner = folder / "test"
  assert _open(folder, f'folder.eval_path = "{inner}"').size("eval") == 2


def test_eval_path_inside_of_what_trains_is_refused(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(6, ("a", "held")))
  with pytest.raises(ValueError, match="x/held' would be in both"):
    _open(folder, f'folder.eval_path = "{folder / "held"}"')
  with pytest.raises(ValueError, match="x/held' would be in both"):
    _open(folder / "held", f'folder.eval_path = "{folder}"')


@pytest.mark.parametrize("with_images", [False, True])
@pytest.mark.parametrize("inner", ["test.zip", "c.tar.gz", "more/c.TAR"])
def test_archive_inside_is_refused(inner, with_images, tmp_path):
  files = {inner: b"PK"}
  if with_images:
    files.update(pictures.tree(10))
  path = tmp_path / "x.tar"
  with tarfile.open(path, "w") as archive:
    archive.add(pictures.write_tree(tmp_path / "x", files), ".")
  for where in (path, tmp_path / "x"):
    with pytest.raises(ValueError, match=f"holds the archive {inner}"):
      _open(where)


def test_archive_that_is_unpacked_is_passed_over(tmp_path):
  files = {**pictures.tree(10), "a.zip": b"PK", "x.tar.gz": b"PK"}
  folder = pictures.write_tree(tmp_path / "x", files)
  assert _open(folder).classes == ("a", "b")
  (folder / "other.zip").write_bytes(b"PK")
  assert _open(folder, 'folder.pattern = "*.png"').classes == ("a", "b")


def test_listed_classes_must_be_there(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(6))
  with pytest.raises(ValueError, match="c holds no images.*'a', 'b'"):
    _open(folder, "folder.classes = ['a', 'c']")
  with pytest.raises(ValueError, match="occurs twice"):
    _open(folder, "folder.classes = ['a', 'a']")


def test_listed_classes_are_those_that_are_read(tmp_path, caplog):
  folder = pictures.write_tree(tmp_path / "x", _split_tree())
  dataset = _open(folder, "folder.classes = ['b']")
  assert (dataset.size("train"), dataset.size("eval")) == (2, 1)
  assert dataset.num_classes == 1
  assert "2 images in train/ are ignored" in caplog.text


@pytest.mark.parametrize("name", ["run[1]", "a*b", "what?"])
def test_letters_of_patterns_are_letters(name, tmp_path):
  folder = pictures.write_tree(tmp_path / name / name, pictures.tree(6))
  pictures.write_tree(tmp_path / "run1", pictures.tree(2, ("z",)))
  path = pictures.zipped(tmp_path / name / "x.zip", pictures.tree(6))
  for where in (folder, path):
    dataset = _open(where)
    assert (dataset.classes, dataset.size("train")) == (("a", "b"), 5)


def test_stamp_changes_with_a_file(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", _split_tree())
  before = [_open(folder).stamp(split) for split in ("train", "eval")]
  assert before == [_open(folder).stamp(split) for split in ("train", "eval")]
  assert before[0] != before[1]
  name = sorted(name for name in _split_tree() if name.startswith("test"))[0]
  (folder / name).write_bytes(pictures.encode(pictures.pixels(99)))
  assert _open(folder).stamp("eval") != before[1]


def test_stamp_changes_with_how_images_are_made(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", _split_tree())
  stamps = {
    _open(folder, *lines).stamp("eval")
    for lines in (
      [],
      ["folder.image_size = 4"],
      ["folder.image_size = 4", "folder.crop = 6"],
      ["folder.colors = 1"],
    )
  }
  assert len(stamps) == 4


def test_preparation_is_said(tmp_path):
  folder = pictures.write_tree(tmp_path / "x", _split_tree())
  lines = ["folder.image_size = 4", "folder.resize = 'pad'", "folder.crop = 6"]
  assert _open(folder, *lines).preparation == {
    "resize": "pad",
    "crop": (6, 6),
    "background": "white",
  }
