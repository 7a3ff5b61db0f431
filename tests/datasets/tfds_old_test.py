"""Folders as tensorflow-datasets 1.2.0 left them: no features.json."""

import json

from compare_gan.datasets import catalogue
from compare_gan.datasets import tfds_builders
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = pytest.mark.usefixtures("own_cache")


def _example(**features):
  """Returns the bytes of a tf.train.Example of bytes and integers."""
  made = tf.train.Example()
  for name, value in features.items():
    feature = made.features.feature[name.replace("__", "/")]
    if isinstance(value, bytes):
      feature.bytes_list.value.append(value)
    else:
      feature.int64_list.value.append(value)
  return made.SerializeToString()


def _png(i, shape):
  return pictures.encode(pictures.pixels(i, *shape))


def _write(folder, name, splits, facts=None, classes=()):
  """Writes a prepared dataset.

  Args:
    folder: name and version, as cifar10/1.0.2.
    name: of the files.
    splits: {"train": a list of examples for each file}.
    facts: of dataset_info.json, beside what is there always.
    classes: of label.labels.txt.
  """
  folder.mkdir(parents=True)
  for split, files in splits.items():
    for i, examples in enumerate(files):
      path = f"{name}-{split}.tfrecord-{i:05d}-of-{len(files):05d}"
      with tf.io.TFRecordWriter(str(folder / path)) as writer:
        for example in examples:
          writer.write(example)
  if classes:
    text = "".join(f"{name}\n" for name in classes)
    (folder / "label.labels.txt").write_text(text)
  stored = [
    {
      "name": split,
      "numShards": str(len(files)),
      "statistics": {"numExamples": str(sum(map(len, files)))},
    }
    for split, files in splits.items()
  ]
  about = {
    "citation": "@TECHREPORT{Krizhevsky09}",
    "description": "60000 32x32 colour images",
    "name": name,
    "sizeInBytes": "170498071",
    "supervisedKeys": {"input": "image", "output": "label"},
    "version": folder.name,
    "splits": stored,
    **(facts or {}),
  }
  (folder / "dataset_info.json").write_text(json.dumps(about, indent=4))


_CLASSES = (
  *("airplane", "automobile", "bird", "cat", "deer"),
  *("dog", "frog", "horse", "ship", "truck"),
)


def _cifar10(folder, files=10):
  """20 training images in ten files, picture i of class i % 10; 5 others."""

  def example(i):
    return _example(image=_png(i, (32, 32, 3)), label=i % 10)

  train = [[example(i) for i in range(k, 20, files)] for k in range(files)]
  test = [[example(i) for i in range(100, 105)]]
  _write(folder, "cifar10", {"train": train, "test": test}, classes=_CLASSES)


def _open(folder, name, *bindings):
  gin.clear_config()
  gin.parse_config([f'dataset.name = "{name}"', *bindings])
  return catalogue.dataset(tfds_data_dir=str(folder))


def _numbers(dataset, split, among):
  """Returns {number of the picture: its label}, by what it shows."""
  numbers = {
    pictures.pixels(i, *dataset.image_shape).tobytes(): i for i in among
  }
  found = {}
  for batch in dataset.in_order(split, 4).as_numpy_iterator():
    for image, label in zip(batch["images"], batch["labels"]):
      image = np.rint(255 * image).astype(np.uint8)
      found[numbers[image.tobytes()]] = int(label)
  return found


@pytest.mark.parametrize("memory_bytes", [2**30, 0])
@pytest.mark.parametrize("version", ["1.0.2", "3.0.0"])
def test_cifar10_of_the_model_cards_version(version, memory_bytes, tmp_path):
  _cifar10(tmp_path / "dätä dir" / "cifar10" / version)
  memory = f"tfds_images.memory_bytes = {memory_bytes}"
  dataset = _open(tmp_path / "dätä dir", "cifar10", memory)
  assert (dataset.size("train"), dataset.size("eval")) == (20, 5)
  assert _numbers(dataset, "train", range(20)) == {i: i % 10 for i in range(20)}
  assert _numbers(dataset, "eval", range(100, 105)) == {
    i: i % 10 for i in range(100, 105)
  }
  pictures.assert_is_a_function_of_seed_and_t(dataset)


def test_a_newer_version_beside_it_counts(tmp_path):
  _cifar10(tmp_path / "cifar10" / "1.0.2", files=2)
  _cifar10(tmp_path / "cifar10" / "3.0.0")
  builder = tfds_builders.open_builder("cifar10", tmp_path, "cifar10")
  assert builder.info.full_name == "cifar10/3.0.0"
  builder = tfds_builders.open_builder("cifar10:1.0.2", tmp_path, "cifar10")
  assert builder.info.splits["train"].num_examples == 20


def test_celeb_a_has_images_beside_attributes(tmp_path):
  def example(i):
    return _example(
      image=_png(i, (218, 178, 3)), attributes__Bald=i % 2, landmarks__x=3
    )

  train, test = [[example(0), example(1)]], [[example(2)]]
  _write(
    tmp_path / "celeb_a" / "0.3.0", "celeb_a", {"train": train, "test": test}
  )
  dataset = _open(tmp_path, "celeb_a")
  image = next(iter(dataset.in_order("eval", 1)))["images"][0]
  assert image.shape == (64, 64, 3)
  # As it is without a blend: see tfds_images_test.
  whole = pictures.pixels(2, 218, 178, 3)[29:189:5, 9:169:5] / 255.0
  np.testing.assert_allclose(image[::2, ::2], whole, atol=1e-6)


def test_lsun_has_a_configuration_and_parts_of_a_split(tmp_path):
  examples = [_example(image=_png(i, (128, 128, 3))) for i in range(100)]
  files = [examples[:30], examples[30:]]
  _write(tmp_path / "lsun" / "bedroom" / "0.1.1", "lsun", {"train": files})
  dataset = _open(tmp_path, "lsun-bedroom")
  assert (dataset.size("train"), dataset.size("eval")) == (99, 1)
  assert set(_numbers(dataset, "eval", range(70, 100))) == {99}


def test_imagenet_has_jpegs_of_any_size_and_names_of_files(tmp_path):
  def example(i, size):
    image = tf.io.encode_jpeg(pictures.pixels(i, *size, 3)).numpy()
    return _example(image=image, label=700 + i, file_name=b"n01440764.JPEG")

  files = [[example(0, (80, 100))], [example(1, (90, 70))]]
  folder = tmp_path / "imagenet2012" / "2.0.1"
  _write(folder, "imagenet2012", {"train": files, "validation": files})
  dataset = _open(tmp_path, "imagenet_64")
  batch = next(iter(dataset.in_order("train", 2)))
  assert batch["images"].shape == (2, 64, 64, 3)
  assert batch["labels"].numpy().tolist() == [700, 701]


def test_any_name_has_the_shape_that_the_schema_says(tmp_path):
  """And as many classes as the statistics."""
  examples = [_example(image=_png(i, (8, 9, 1)), label=i) for i in range(4)]
  sizes = [{"size": str(n)} for n in (8, 9, 1)]
  facts = {
    "schema": {"feature": [{"name": "image", "shape": {"dim": sizes}}]},
    "splits": [
      {
        "name": "train",
        "statistics": {
          "features": [{"name": "label", "numStats": {"max": 3.0}}]
        },
      }
    ],
  }
  folder = tmp_path / "glyphs" / "0.0.1"
  _write(folder, "glyphs", {"train": [examples], "test": [examples]}, facts)
  dataset = _open(tmp_path, "tfds:glyphs")
  assert (dataset.image_shape, dataset.num_classes) == ((8, 9, 1), 4)
  assert _numbers(dataset, "train", range(4)) == {i: i for i in range(4)}


def test_any_name_without_a_schema_needs_a_size_and_classes(tmp_path):
  examples = [[_example(image=_png(0, (8, 9, 3)), label=1)]]
  folder = tmp_path / "birds" / "0.0.1"
  _write(folder, "birds", {"train": examples, "test": examples})
  with pytest.raises(
    ValueError, match="different sizes.*tfds_images.image_size"
  ):
    _open(tmp_path, "tfds:birds")
  with pytest.raises(ValueError, match="how many classes.*label.labels.txt"):
    _open(tmp_path, "tfds:birds", "tfds_images.image_size = 8")
  (folder / "label.labels.txt").write_text("sparrow\ntit\n")
  dataset = _open(tmp_path, "tfds:birds", "tfds_images.image_size = 8")
  assert (dataset.image_shape, dataset.num_classes) == ((8, 8, 3), 2)


def test_a_file_that_is_missing_is_said(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  _cifar10(folder)
  (folder / "cifar10-train.tfrecord-00003-of-00010").unlink()
  with pytest.raises(ValueError, match="9 of the 10 files .* 'train'"):
    _open(tmp_path, "cifar10").size("train")


def test_a_damaged_file_is_said(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  _cifar10(folder)
  path = folder / "cifar10-train.tfrecord-00003-of-00010"
  path.write_bytes(path.read_bytes()[:-10])
  with pytest.raises(ValueError, match="00003-of-00010.*damaged from byte"):
    _open(tmp_path, "cifar10").size("train")
  dataset = _open(tmp_path, "cifar10", 'dataset.on_error = "skip"')
  assert dataset.size("train") == 19
  assert set(_numbers(dataset, "train", range(20))) == set(range(20)) - {13}


def test_a_folder_without_files_is_said(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  folder.mkdir(parents=True)
  (folder / "dataset_info.json").write_text("{}")
  with pytest.raises(ValueError, match="neither features.json nor files like"):
    _open(tmp_path, "cifar10").size("train")
  (folder / "dataset_info.json").write_text("{")
  with pytest.raises(ValueError, match="dataset_info.json is not JSON"):
    _open(tmp_path, "cifar10").size("train")


def _copy(folder, *names, into):
  for name in names:
    (folder / into(name)).write_bytes((folder / name).read_bytes())


def test_files_of_another_set_are_not_mixed_in(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  _cifar10(folder, files=2)
  names = [f"cifar10-train.tfrecord-0000{i}-of-00002" for i in (0, 1)]
  _copy(folder, *names, into=lambda name: name.replace("cifar10", "other"))
  assert _open(tmp_path, "cifar10").size("train") == 20
  # Half of the files of each: as many as one set has.
  for name in (names[1], names[0].replace("cifar10", "other")):
    (folder / name).unlink()
  with pytest.raises(ValueError, match="1 of the 2 files .* 'train'"):
    _open(tmp_path, "cifar10").size("train")


def test_files_of_several_sets_are_refused(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  _cifar10(folder, files=1)
  name = "cifar10-train.tfrecord-00000-of-00001"
  for other in ("a", "b"):
    _copy(folder, name, into=lambda n, to=other: n.replace("cifar10", to))
  for path in folder.glob("cifar10-*"):
    path.unlink()
  with pytest.raises(
    ValueError, match="several datasets, a, b, .* is of cifar"
  ):
    _open(tmp_path, "cifar10").size("train")


def test_split_that_is_there_twice_is_refused(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  _cifar10(folder, files=2)
  name = "cifar10-train.tfrecord-00000-of-00002"
  _copy(folder, name, into=lambda n: n.replace("-00002", "-00001"))
  with pytest.raises(ValueError, match="holds its split 'train' twice"):
    _open(tmp_path, "cifar10").size("train")


def test_whole_files_of_fewer_examples_are_refused(tmp_path):
  folder = tmp_path / "cifar10" / "1.0.2"
  _cifar10(folder, files=2)
  with tf.io.TFRecordWriter(
    str(folder / "cifar10-train.tfrecord-00001-of-00002")
  ) as writer:
    writer.write(_example(image=_png(1, (32, 32, 3)), label=1))
  with pytest.raises(ValueError, match="11 examples in split 'train', .* 20"):
    _open(tmp_path, "cifar10").size("train")
