"""TFRecord files of Examples as a dataset."""

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


def example(image, label, names=("image/encoded", "image/class/label")):
  feature = {
    names[0]: tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
    names[1]: tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
  }
  features = tf.train.Features(feature=feature)
  return tf.train.Example(features=features).SerializeToString()


def write(folder, prefix="train", n=9, shards=2, label=lambda i: i % 3, **more):
  for shard in range(shards):
    path = folder / f"{prefix}-{shard:05}-of-{shards:05}"
    with tf.io.TFRecordWriter(str(path)) as writer:
      for i in range(shard, n, shards):
        image = pictures.encode(pictures.pixels(i))
        writer.write(example(image, label(i), **more))
  return folder / f"{prefix}-*"


def _open(path, *bindings):
  gin.clear_config()
  gin.parse_config(
    ['dataset.name = "tfrecord"', f'tfrecord.path = "{path}"', *bindings]
  )
  return catalogue.dataset()


def test_shards_are_one_dataset(tmp_path):
  held = write(tmp_path, "validation", n=2, shards=1)
  dataset = _open(write(tmp_path), f'tfrecord.eval_path = "{held}"')
  assert (dataset.size("train"), dataset.size("eval")) == (9, 2)
  assert (dataset.image_shape, dataset.num_classes) == ((8, 8, 3), 3)
  batch = next(iter(dataset.in_order("train", 9)))
  order = [0, 2, 4, 6, 8, 1, 3, 5, 7]
  for image, i in zip(batch["images"].numpy(), order):
    np.testing.assert_array_equal(np.rint(255 * image), pictures.pixels(i))
  np.testing.assert_array_equal(batch["labels"], np.array(order) % 3)


def test_names_of_features_are_bound(tmp_path):
  path = write(tmp_path, names=("pixels", "kind"))
  with pytest.raises(ValueError, match="tfrecord.image_feature"):
    _open(path, "tfrecord.image_size = 8")
  bindings = ['tfrecord.image_feature = "pixels"']
  dataset = _open(path, *bindings, 'tfrecord.label_feature = "kind"')
  assert dataset.num_classes == 3
  assert (
    _open(path, *bindings, "tfrecord.label_feature = None").num_classes == 0
  )


def test_labels_that_begin_at_1(tmp_path):
  path = write(tmp_path, label=lambda i: i % 3 + 1)
  dataset = _open(path, "tfrecord.first_label = 1", "tfrecord.num_classes = 3")
  labels = next(iter(dataset.in_order("train", 8)))["labels"].numpy()
  assert set(labels) == {0, 1, 2}


def test_labels_out_of_range(tmp_path):
  path = write(tmp_path, label=lambda i: 7 if i == 4 else 0)
  with pytest.raises(ValueError, match="of-00002#2: its label 7 is outside"):
    _open(path, "tfrecord.num_classes = 3")


def _spoil(path, offset):
  with open(path, "r+b") as file:
    file.seek(offset)
    byte = file.read(1)
    file.seek(offset)
    file.write(bytes([byte[0] ^ 255]))


@pytest.mark.parametrize("on_disk", [False, True])
def test_damaged_records(on_disk, tmp_path):
  path = write(tmp_path)
  _spoil(tmp_path / "train-00000-of-00002", 100)
  with pytest.raises(ValueError, match=r"train-00000-of-00002#0: .*CRC"):
    _open(path, "tfrecord.image_size = 8")
  bindings = ["tfrecord.memory_bytes = 0"] if on_disk else []
  dataset = _open(
    path, 'dataset.on_error = "skip"', "tfrecord.image_size = 8", *bindings
  )
  assert dataset.size("train") + dataset.size("eval") == 8


def test_no_such_files(tmp_path):
  with pytest.raises(FileNotFoundError, match="train-.*tfrecord.path"):
    _open(tmp_path / "train-*")


@pytest.mark.parametrize("on_disk", [False, True])
def test_batches_are_functions_of_seed_and_t(on_disk, tmp_path):
  bindings = ["tfrecord.memory_bytes = 0"] if on_disk else []
  dataset = _open(write(tmp_path), "dataset.flip = True", *bindings)
  pictures.assert_is_a_function_of_seed_and_t(dataset)


# ---- Sets of files -----------------------------------------------------------


@pytest.mark.parametrize(
  "folder,prefix,name",
  [
    ("flowers", "train", "flowers"),
    ("data", "cifar10-train.tfrecord", "cifar10"),
  ],
)
def test_sets_have_names_of_their_own(folder, prefix, name, tmp_path):
  (tmp_path / folder).mkdir()
  dataset = _open(write(tmp_path / folder, prefix))
  assert dataset.name == name


def test_files_of_the_cache_keep_their_names(tmp_path, own_cache):  # noqa: F811
  dataset = _open(write(tmp_path))
  dataset.size("train")
  next(iter(dataset.batches("train", 2)))
  names = {path.name.split("-")[0] for path in own_cache.iterdir()}
  assert names == {"records", "tfrecord"}


def test_train_and_test_files_are_not_mixed(tmp_path):
  write(tmp_path, "train")
  held = write(tmp_path, "test", n=2)
  with pytest.raises(ValueError, match="of several sets"):
    _open(tmp_path / "*")
  with pytest.raises(ValueError, match="tfrecord.eval_path = .*several sets"):
    _open(tmp_path / "train-*", f'tfrecord.eval_path = "{tmp_path / "t*"}"')
  with pytest.raises(ValueError, match="tfrecord.eval_path both match"):
    _open(held, f'tfrecord.eval_path = "{tmp_path}/test-00001*"')


@pytest.mark.parametrize("name", ["run[1]", "a*b", "what?"])
def test_letters_of_patterns_in_folders_are_letters(name, tmp_path):
  for folder, n in ((name, 9), ("run1", 2), ("aXb", 2), ("whatX", 2)):
    (tmp_path / folder).mkdir()
    path = write(tmp_path / folder, n=n)
  path = tmp_path / name / "train-*"
  dataset = _open(path, "tfrecord.eval_fraction = 0")
  assert (dataset.name, dataset.size("train")) == (name, 9)
  _spoil(tmp_path / name / "train-00000-of-00002", 100)
  with pytest.raises(ValueError, match=r"train-00000-of-00002#0: .*CRC"):
    _open(path, "tfrecord.image_size = 8")


def test_packed_file_is_said_to_be_one(tmp_path):
  options = tf.io.TFRecordOptions(compression_type="GZIP")
  path = tmp_path / "x.tfrecord"
  with tf.io.TFRecordWriter(str(path), options) as writer:
    writer.write(example(pictures.encode(pictures.pixels(0)), 0))
  for bindings in ((), ("tfrecord.image_size = 8",)):
    with pytest.raises(
      ValueError, match="x.tfrecord: compressed with gzip.*decompress"
    ):
      _open(path, *bindings)
