"""What tensorflow-datasets prepared, without a network."""

from compare_gan.datasets import catalogue
import gin
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]


class TinyImages(tfds.core.GeneratorBasedBuilder):
  """Pictures as `spec` says."""

  VERSION = tfds.core.Version("1.0.0")
  spec = {}

  def _info(self):
    image = tfds.features.Image(
      shape=self.spec["shape"],
      dtype=self.spec.get("dtype", np.uint8),
      encoding_format="png",
    )
    features = {"image": image}
    if self.spec["classes"]:
      names = self.spec.get("names")
      features["label"] = tfds.features.ClassLabel(
        names=names, num_classes=None if names else self.spec["classes"]
      )
    return tfds.core.DatasetInfo(
      builder=self, features=tfds.features.FeaturesDict(features)
    )

  def _split_generators(self, manager):
    del manager
    splits = self.spec["splits"]
    return {split: self._generate_examples(n) for split, n in splits.items()}

  def _generate_examples(self, n):
    shape, sizes = self.spec["shape"], self.spec["sizes"]
    for i in range(n):
      size = sizes[i % len(sizes)] if sizes else shape[:2]
      image = pictures.pixels(i, *size, shape[-1])
      example = {"image": image.astype(self.spec.get("dtype", np.uint8))}
      if self.spec["classes"]:
        example["label"] = i % self.spec["classes"]
      yield i, example


def prepare(
  folder,
  name,
  shape,
  splits,
  classes=0,
  sizes=None,
  dtype=np.uint8,
  names=None,
):
  """Prepares a tiny dataset and puts it in the place of a large one."""
  TinyImages.spec = {
    "shape": shape,
    "splits": splits,
    "classes": classes,
    "sizes": sizes,
    "dtype": dtype,
    "names": names,
  }
  TinyImages(data_dir=str(folder / "made")).download_and_prepare()
  (folder / name).parent.mkdir(parents=True, exist_ok=True)
  (folder / name).mkdir(exist_ok=True)
  made = folder / "made" / "tiny_images" / "1.0.0"
  made.rename(folder / name / "1.0.0")


def open_dataset(folder, name, *bindings, **more):
  gin.clear_config()
  gin.parse_config([f'dataset.name = "{name}"', *bindings])
  return catalogue.dataset(tfds_data_dir=str(folder), **more)


def _as_tfds_reads(folder, name, split):
  """Returns {bytes of the image: label} by tensorflow-datasets itself."""
  path = next((folder / name).glob("[0-9]*"))
  builder = tfds.builder_from_directory(str(path))
  return {
    e["image"].tobytes(): int(e.get("label", 0))
    for e in tfds.as_numpy(builder.as_dataset(split=split))
  }


def _found(dataset, split):
  found = {}
  for batch in dataset.in_order(split, 4).as_numpy_iterator():
    for image, label in zip(batch["images"], batch["labels"]):
      found[np.rint(255 * image).astype(np.uint8).tobytes()] = int(label)
  return found


@pytest.mark.parametrize("memory_bytes", [2**30, 0])
@pytest.mark.parametrize(
  "name,folder,shape",
  [
    ("cifar10", "cifar10", (32, 32, 3)),
    ("cifar100", "cifar100", (32, 32, 3)),
    ("mnist", "mnist", (28, 28, 1)),
    ("fashion-mnist", "fashion_mnist", (28, 28, 1)),
  ],
)
def test_small_datasets(name, folder, shape, memory_bytes, tmp_path):
  prepare(tmp_path, folder, shape, {"train": 11, "test": 5}, classes=10)
  dataset = open_dataset(
    tmp_path, name, f"tfds_images.memory_bytes = {memory_bytes}"
  )
  assert (dataset.size("train"), dataset.size("eval")) == (11, 5)
  assert dataset.eval_samples == 10000
  for split, theirs in (("train", "train"), ("eval", "test")):
    assert _found(dataset, split) == _as_tfds_reads(tmp_path, folder, theirs)
  pictures.assert_is_a_function_of_seed_and_t(dataset)


@pytest.mark.parametrize("fake", [False, True])
def test_known_datasets_are_resized(fake, tmp_path):
  """As tf.image.resize does it, to bytes."""
  prepare(tmp_path, "mnist", (28, 28, 1), {"train": 3, "test": 1}, classes=10)
  dataset = open_dataset(
    tmp_path, "mnist", "tfds_images.image_size = 32", fake=fake
  )
  assert (dataset.image_shape, dataset.num_classes) == ((32, 32, 1), 10)
  batch = next(dataset.in_order("train", 3).as_numpy_iterator())
  assert batch["images"].shape == (3, 32, 32, 1)
  if not fake:
    stored = {
      np.rint(tf.image.resize(image, [32, 32])).astype(np.uint8).tobytes()
      for image in (
        np.frombuffer(s, np.uint8).reshape(28, 28, 1)
        for s in _as_tfds_reads(tmp_path, "mnist", "train")
      )
    }
    assert set(_found(dataset, "train")) == stored


def test_datasets_with_a_crop_of_their_own_are_not_resized(tmp_path):
  with pytest.raises(ValueError, match="crop of its own.*tfds:celeb_a"):
    open_dataset(tmp_path, "celeb_a", "tfds_images.image_size = 32")


def test_dummy_mnist_of_tfds(tmp_path):
  """tensorflow-datasets' own testing dataset."""
  builder = tfds.testing.DummyMnist(data_dir=str(tmp_path))
  builder.download_and_prepare()
  dataset = open_dataset(tmp_path, "tfds:dummy_mnist")
  assert dataset.image_shape == (28, 28, 1)
  assert dataset.num_classes == 10
  assert dataset.size("train") == builder.info.splits["train"].num_examples
  assert _found(dataset, "eval") == _as_tfds_reads(
    tmp_path, "dummy_mnist", "test"
  )


def test_names_of_classes_are_those_of_tfds(tmp_path):
  names, splits = ["ship", "frog"], {"train": 2, "test": 2}
  prepare(tmp_path, "own", (4, 4, 3), splits, classes=2, names=names)
  dataset = open_dataset(tmp_path, "tfds:own")
  assert dataset.class_names() == ("ship", "frog")


def test_dummy_dataset_of_tfds_has_no_images(tmp_path):
  tfds.testing.DummyDataset(data_dir=str(tmp_path)).download_and_prepare()
  with pytest.raises(ValueError, match="no images, but"):
    open_dataset(tmp_path, "tfds:dummy_dataset")


def test_celeb_a_is_cropped_and_resized(tmp_path):
  shape = (218, 178, 3)
  prepare(tmp_path, "celeb_a", shape, {"train": 4, "test": 2})
  dataset = open_dataset(tmp_path, "celeb_a")
  images = next(iter(dataset.in_order("eval", 2)))["images"].numpy()
  assert images.shape == (2, 64, 64, 3)
  # Row k of the result is at 160 / 64 k = 2.5 k of the crop, whose corner is
  # (29, 9); whole numbers for even k need no blend.
  stored = list(_as_tfds_reads(tmp_path, "celeb_a", "test"))
  whole = np.stack([np.frombuffer(s, np.uint8).reshape(shape) for s in stored])
  expected = whole[:, 29:189:5, 9:169:5] / 255.0
  found = images[:, ::2, ::2]
  order = [0, 1] if np.allclose(found, expected, atol=1e-6) else [1, 0]
  np.testing.assert_allclose(found, expected[order], atol=1e-6)
  pictures.assert_is_a_function_of_seed_and_t(dataset, batch_size=2)


def test_lsun_is_cropped_or_padded_and_split_at_99_percent(tmp_path):
  prepare(
    tmp_path,
    "lsun/bedroom",
    (None, None, 3),
    {"train": 100},
    sizes=[(130, 140), (100, 128)],
  )
  dataset = open_dataset(tmp_path, "lsun-bedroom")
  assert (dataset.size("train"), dataset.size("eval")) == (99, 1)
  assert dataset.eval_samples == 30000
  images = next(iter(dataset.in_order("train", 20)))["images"].numpy()
  assert images.shape == (20, 128, 128, 3)
  padded = (images[:, :14] == 0).all(axis=(1, 2, 3))
  assert 0 < padded.sum() < 20
  assert (images[padded][:, -14:] == 0).all()


@pytest.fixture
def imagenet(tmp_path):
  prepare(
    tmp_path,
    "imagenet2012",
    (None, None, 3),
    {"train": 6, "validation": 3},
    classes=1000,
    sizes=[(80, 100), (420, 400), (90, 70)],
  )
  return tmp_path


def test_imagenet(imagenet):
  dataset = open_dataset(imagenet, "imagenet_64")
  assert (dataset.size("train"), dataset.size("eval")) == (6, 3)
  pictures.assert_is_a_function_of_seed_and_t(dataset)
  # One image, at several turns: other crops of it.
  images = np.concatenate(
    [
      batch["images"][batch["labels"] == 2]
      for batch in dataset.batches("train", 6).take(3).as_numpy_iterator()
    ]
  )
  assert len(images) == 3
  assert (images[0] != images[1]).any() and (images[1] != images[2]).any()
  # Evaluation sees the same one always.
  first, second = (
    next(iter(dataset.batches("eval", 3, seed=s))) for s in (0, 0)
  )
  np.testing.assert_array_equal(first["images"], second["images"])


def test_evaluation_is_without_chance(imagenet):
  dataset = open_dataset(imagenet, "imagenet_64")
  in_order = next(iter(dataset.in_order("eval", 3)))
  dealt = next(iter(dataset.batches("eval", 3)))
  for label in range(3):
    np.testing.assert_array_equal(
      in_order["images"][in_order["labels"] == label],
      dealt["images"][dealt["labels"] == label],
    )


def test_stamp_changes_with_the_crop_of_evaluation(imagenet):
  found = []
  for crop in ("middle", "middle", "none"):
    line = f"eval_imagenet_transform.crop_method = '{crop}'"
    dataset = open_dataset(imagenet, "imagenet_64", line)
    assert dataset.stamp("eval") != dataset.stamp("train")
    found.append((dataset.stamp("eval"), dataset.preparation["resize"]))
  assert found[0] == found[1]
  assert found[0][0] != found[2][0]
  assert [name for _, name in found[1:]] == ["middle_crop", "no_crop"]


def test_hq400_leaves_small_images_out(imagenet):
  dataset = open_dataset(imagenet, "imagenet_512_hq400")
  assert (dataset.size("train"), dataset.size("eval")) == (2, 3)


def test_single_and_random_classes(imagenet):
  dataset = open_dataset(imagenet, "single_class_imagenet_128")
  assert not next(iter(dataset.batches("train", 6)))["labels"].numpy().any()
  dataset = open_dataset(imagenet, "random_class_imagenet_128")
  labels = np.stack([b["labels"] for b in dataset.batches("train", 6).take(2)])
  assert len(np.unique(labels)) > 8 and labels.max() < 1000
  fixed = [next(iter(dataset.in_order("train", 6)))["labels"] for _ in "ab"]
  np.testing.assert_array_equal(*fixed)


def test_soft_labels_are_drawn_from_their_shares(imagenet):
  dataset = open_dataset(imagenet, "soft_labeled_imagenet_128")
  with pytest.raises(ValueError, match="tfds_images.soft_labels"):
    dataset.batches("train", 6)
  shares = np.zeros([6, 1000], np.float32)
  shares[:, 5], shares[:, 9] = 0.25, 0.75
  np.save(imagenet / "soft-train.npy", shares)
  path = str(imagenet / "soft-{split}.npy")
  dataset = open_dataset(
    imagenet,
    "soft_labeled_imagenet_128",
    f'tfds_images.soft_labels = "{path}"',
  )
  labels = next(iter(dataset.batches("train", 120)))["labels"].numpy()
  assert set(labels) == {5, 9}
  assert 0.6 < (labels == 9).mean() < 0.9


def test_labeled_only(imagenet):
  dataset = open_dataset(imagenet, "labeled_only_imagenet_128")
  assert dataset.size("train") == 6


@pytest.mark.parametrize(
  "binding,message",
  [
    ("train_imagenet_transform.crop_method = 'left'", "'left'.*'distorted'"),
    ("eval_imagenet_transform.crop_method = 'random'", "'random'.*'middle'"),
    ("replace_labels.file_pattern = 'a*'", "'a\\*'.*tfds_images.soft_labels"),
  ],
)
def test_what_imagenet_is_not_made_of_is_refused(imagenet, binding, message):
  with pytest.raises(ValueError, match=message):
    open_dataset(imagenet, "imagenet_64", binding)


def test_stl10_is_halved(tmp_path):
  prepare(tmp_path, "stl10", (96, 96, 3), {"unlabelled": 5, "test": 2}, 10)
  dataset = open_dataset(tmp_path, "stl10")
  assert (dataset.image_shape, dataset.num_classes) == ((48, 48, 3), 0)
  assert dataset.size("train") == 5
  assert next(iter(dataset.batches("train", 5)))["images"].shape[1:] == (
    48,
    48,
    3,
  )


def test_celeb_a_hq(tmp_path):
  prepare(tmp_path, "celeb_a_hq/128", (128, 128, 3), {"train": 20})
  dataset = open_dataset(tmp_path, "celeb_a_hq_128")
  assert (dataset.size("train"), dataset.size("eval")) == (18, 2)


def test_any_dataset_of_any_size(tmp_path):
  prepare(tmp_path, "birds", (None, None, 3), {"train": 10}, sizes=[(9, 20)])
  with pytest.raises(
    ValueError, match="different sizes.*tfds_images.image_size"
  ):
    open_dataset(tmp_path, "tfds:birds")
  dataset = open_dataset(tmp_path, "tfds:birds", "tfds_images.image_size = 9")
  assert dataset.image_shape == (9, 9, 3)
  assert (dataset.size("train"), dataset.size("eval")) == (9, 1)
  stored = _as_tfds_reads(tmp_path, "birds", "train")
  crops = {
    np.frombuffer(s, np.uint8).reshape(9, 20, 3)[:, 5:14].tobytes()
    for s in stored
  }
  found = {**_found(dataset, "train"), **_found(dataset, "eval")}
  assert set(found) == crops


def test_damaged_files_are_named(tmp_path):
  prepare(tmp_path, "cifar10", (32, 32, 3), {"train": 6, "test": 2}, 10)
  (path,) = (tmp_path / "cifar10" / "1.0.0").glob("*train.tfrecord*")
  with open(path, "r+b") as file:
    file.truncate(path.stat().st_size - 10)
  with pytest.raises(ValueError, match=r"tiny_images-train.*damaged from byte"):
    open_dataset(tmp_path, "cifar10").size("train")
  dataset = open_dataset(tmp_path, "cifar10", 'dataset.on_error = "skip"')
  assert dataset.size("train") == 5


def test_whole_file_of_fewer_examples_is_named(tmp_path):
  prepare(tmp_path, "cifar10", (32, 32, 3), {"train": 6, "test": 2}, 10)
  (path,) = (tmp_path / "cifar10" / "1.0.0").glob("*train.tfrecord*")
  examples = [d.numpy() for d in tf.data.TFRecordDataset(str(path))]
  with tf.io.TFRecordWriter(str(path)) as writer:
    for example in examples[:4]:
      writer.write(example)
  message = "tiny_images-train.* it holds 4 of its 6 examples"
  with pytest.raises(ValueError, match=message):
    open_dataset(tmp_path, "cifar10").size("train")
  dataset = open_dataset(tmp_path, "cifar10", 'dataset.on_error = "skip"')
  assert dataset.size("train") == 4


def test_images_of_16_bits_are_refused(tmp_path):
  prepare(tmp_path, "deep", (8, 8, 1), {"train": 10}, dtype=np.uint16)
  with pytest.raises(ValueError, match="'image' is of uint16. Images of bytes"):
    open_dataset(tmp_path, "tfds:deep")


def test_letters_of_patterns_are_letters(tmp_path):
  folder = tmp_path / "run[1]*"
  prepare(folder, "cifar10", (32, 32, 3), {"train": 6, "test": 2}, 10)
  prepare(tmp_path / "run1", "cifar10", (32, 32, 3), {"train": 3}, 10)
  dataset = open_dataset(folder, "cifar10")
  assert (dataset.size("train"), dataset.size("eval")) == (6, 2)
  assert len(_found(dataset, "train")) == 6


def test_fake_data(tmp_path):
  dataset = open_dataset(tmp_path, "imagenet_64", fake=True)
  assert dataset.eval_samples == 100
  assert (dataset.image_shape, dataset.num_classes) == ((64, 64, 3), 1000)
  batch = next(iter(dataset.batches("train", 8)))
  assert batch["images"].shape == (8, 64, 64, 3)
  assert (batch["labels"].numpy() == 1).all()
  again = next(
    iter(open_dataset(tmp_path, "imagenet_64", fake=True).batches("train", 8))
  )
  np.testing.assert_array_equal(batch["images"], again["images"])
  dataset = open_dataset(tmp_path, "celeb_a", fake=True)
  assert not next(iter(dataset.batches("train", 8)))["labels"].numpy().any()


def test_noise_is_no_gin_parameter():
  with pytest.raises(ValueError):
    gin.bind_parameter("dataset.fake", True)
