"""Folders and archives of images as datasets."""

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
  with pytest.raises(ValueError, match=r"new/1.png: its label 2 is outside"):
    _open(folder, f'folder.eval_path = "{other}"')


def test_sizes_must_be_one_or_chosen(tmp_path):
  files = {
    "0.png": pictures.encode(pictures.pixels(0, 4, 6)),
    "1.png": pictures.encode(pictures.pixels(1, 8, 8)),
  }
  folder = pictures.write_tree(tmp_path / "x", files)
  with pytest.raises(ValueError, match=r"\d.png: it is .*image_size would"):
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
  from compare_gan.datasets import image_file

  def refuse(*args):
    raise AssertionError("decoded again")

  monkeypatch.setattr(image_file, "decode", refuse)
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
  assert "2 of 12 files are passed over, Thumbs.db for one" in caplog.text
  caplog.clear()
  _open(pictures.write_tree(tmp_path / "y", {**pictures.tree(10), **hidden}))
  assert "passed over" not in caplog.text


def test_pattern_says_which_images_are_used(tmp_path, caplog):
  files = {**pictures.tree(4), **pictures.tree(6, kind="JPEG")}
  folder = pictures.write_tree(tmp_path / "x", files)
  dataset = _open(folder, 'folder.pattern = "*.jpeg"')
  assert dataset.size("train") + dataset.size("eval") == 6
  assert "4 of 10 files" in caplog.text
  with pytest.raises(ValueError, match="no images of folder.pattern = .*gif"):
    _open(folder, 'folder.pattern = "*.gif"')


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
