"""Images that tensorflow-datasets has prepared, read from its own files.

The datasets of google/compare_gan's gin files, with its crops and sizes
(tfds_crops.py), and any other as "tfds:<name>" or "tfds:<name>/<config>"; also
files that its old versions have prepared (tfds_old.py). Nothing is downloaded
here: `python -m compare_gan datasets prepare --name cifar10` does that.

Records are found by number (tfds_records.py), so that an epoch is a permutation
of all images and batch t, with its crops, is a function of (seed, t). A dataset
stays in memory if its pixels are not random and fit.
"""

from collections.abc import Sequence
import hashlib
from typing import Any
from typing import Optional
from typing import Union

from compare_gan.configuration import gin_roles
from compare_gan.datasets import abstract_dataset
from compare_gan.datasets import damage
from compare_gan.datasets import in_memory
from compare_gan.datasets import stamps
from compare_gan.datasets import tfds_builders
from compare_gan.datasets import tfds_crops
from compare_gan.datasets import tfds_info
from compare_gan.datasets import tfds_records
import gin
import numpy as np
import tensorflow as tf

_CROP_NUMBERS = 3  # random numbers that a distorted crop takes
_BYTES = (None, tfds_crops.crop_or_pad, tfds_crops.shrink)  # these give bytes


class TfdsImages(in_memory.InMemoryDataset):
  """Prepared images; the files are opened when a split is requested.

  Args:
    info: a tfds_info.DatasetInfo.
    data_dir: where tensorflow-datasets keeps its data; None for its default.
    on_error: "raise" or "skip", for damaged files.
    memory_bytes: splits of up to this many bytes of pixels stay in memory.
    soft_labels: path of an npy of probabilities [images of train, classes].
  """

  def __init__(
    self,
    info: tfds_info.DatasetInfo,
    data_dir: Optional[str],
    on_error: str = "raise",
    memory_bytes: int = 2**30,
    soft_labels: Optional[str] = None,
  ) -> None:
    super().__init__(
      info.name, info.image_shape, info.num_classes, info.eval_samples
    )
    if info.prepare is tfds_crops.imagenet:
      tfds_crops.refuse_other_labels()
      # A wrong crop raises here, not in the training loop.
      tfds_crops.train_crop(), tfds_crops.eval_crop()
    if info.eval_size is not None:
      self.known_sizes = {"eval": info.eval_size}
    self._info = info
    self._data_dir = data_dir
    self._on_error = on_error
    self._memory_bytes = memory_bytes
    self._builder = None
    self._splits: dict[str, tuple[Any, np.ndarray]] = {}
    self._soft_labels = soft_labels
    self._can_stay = not info.is_random and info.labels in ("own", "single")
    if info.prepare not in _BYTES:
      self._can_stay = False  # Its pixels are not bytes.
    if not self._can_stay:
      self.parallel_reads = tf.data.AUTOTUNE
    self.numbers_per_image = info.is_random * _CROP_NUMBERS + (
      info.labels in ("random", "soft")
    )
    self.preparation = {"resize": self._eval_preparation()}

  def size(self, split: str) -> int:
    return len(self._opened(split)[1])

  def class_names(self) -> tuple[str, ...]:
    if self.num_classes and not self.classes and self._info.labels == "own":
      feature = self._opened_builder().info.features[self._info.label_feature]
      self.classes = tuple(feature.names)
    return super().class_names()

  def stamp(self, split: str) -> Optional[str]:
    if self._soft_labels is not None:
      return None  # Nothing tells when that file changes.
    records, numbers = self._opened(split)
    return stamps.digest(
      records.stamp,
      hashlib.sha256(numbers.tobytes()).hexdigest(),
      self._info._replace(prepare=self._eval_preparation()),
      tf.__version__,  # its decoders are used
    )

  def _eval_preparation(self):
    """Returns the name of the preparation of images in order."""
    prepare = self._info.prepare
    if prepare is None:
      return "none"
    if prepare is tfds_crops.imagenet:
      prepare = tfds_crops.eval_crop()
    return prepare.__name__

  def read(
    self, split: str, indices: tf.Tensor, u: Optional[tf.Tensor] = None
  ) -> tuple[tf.Tensor, tf.Tensor]:
    if self._fits(split):
      return super().read(split, indices)
    return self._read_files(split, indices, u)

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    size = self.size(split)
    images = in_memory.empty([size, *self.image_shape])
    labels = np.zeros(size, np.int64)
    batches = tf.data.Dataset.range(size).batch(256)
    batches = batches.map(
      lambda i: self._read_files(split, i), num_parallel_calls=2
    )
    batches = abstract_dataset.with_options(batches)
    first = 0
    for some_images, some_labels in batches.as_numpy_iterator():
      images[first : first + len(some_images)] = some_images
      labels[first : first + len(some_images)] = some_labels
      first += len(some_images)
    return images, labels

  def bytes_in_memory(self, split: str) -> int:
    if not self._fits(split):
      return 0
    return int(np.prod(self.image_shape)) * self.size(split)

  def _fits(self, split):
    size = int(np.prod(self.image_shape)) * self.size(split)
    return self._can_stay and size <= self._memory_bytes

  def _read_files(self, split, indices, u=None):
    records, numbers = self._opened(split)
    info, features = self._info, self._builder.info.features
    crops = split == "train" and u is not None and info.is_random

    def read_records(i: np.ndarray) -> np.ndarray:
      return np.array([records.read(k) for k in numbers[i]], object)

    def decode(example: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
      found = features.deserialize_example(example[0])
      image = found[info.image_feature]
      if info.prepare is not None:
        image = info.prepare(
          image, info.image_shape, example[1] if crops else None
        )
      label = tf.constant(0, tf.int64)
      if info.num_classes and info.labels == "own":
        label = tf.cast(found[info.label_feature], tf.int64)
      return tf.ensure_shape(image, info.image_shape), label

    examples = tf.numpy_function(read_records, [indices], tf.string)
    examples = tf.ensure_shape(examples, indices.shape)
    dtype = tf.uint8 if self._gives_bytes() else tf.float32
    images, labels = tf.map_fn(
      decode,
      (examples, u) if crops else (examples,),
      fn_output_signature=(dtype, tf.int64),
    )
    if info.labels in ("random", "soft"):
      labels = self._drawn_labels(split, indices, u)
    elif info.labels == "own" and info.num_classes:
      labels = self._in_range(labels)
    return images, labels

  def _gives_bytes(self):
    return self._info.prepare in _BYTES

  def _in_range(self, labels):
    is_good = (labels >= 0) & (labels < self.num_classes)
    message = f"{self.name}: a label is outside of 0 to {self.num_classes - 1}."
    check = tf.debugging.Assert(tf.reduce_all(is_good), [message, labels])
    with tf.control_dependencies([check] if check is not None else []):
      return tf.identity(labels)

  def _drawn_labels(self, split, indices, u):
    """Returns labels: drawn anew in training, fixed for images in order."""
    if u is not None:
      u = u[:, -1]
    else:
      random = np.random.RandomState([self.seed % 2**32, len(split)])
      u = tf.gather(random.uniform(size=self.size(split)), indices)
      u = tf.cast(u, tf.float32)
    if self._info.labels == "random":
      return tfds_crops.choice(u, self.num_classes)
    shares = tf.gather(self._probabilities(split), indices)
    below = tf.cumsum(shares, axis=1) < u[:, None]
    found = tf.reduce_sum(tf.cast(below, tf.int32), axis=1)
    return tf.minimum(found, self.num_classes - 1)

  def _probabilities(self, split):
    """Returns the probabilities of soft labels, float32 [size, num_classes]."""
    if self._soft_labels is None:
      raise ValueError(
        f"dataset.name = {self.name!r} needs tfds_images.soft_labels, the path "
        "of an npy of probabilities [images, classes] in the order of the "
        "prepared files ({split} is put in its place: 'soft-{split}.npy')."
      )
    path = self._soft_labels.replace("{split}", split)
    shares = np.load(path, allow_pickle=False).astype(np.float32)
    if shares.shape != (self.size(split), self.num_classes):
      raise ValueError(
        f"tfds_images.soft_labels: {path} has the shape {shares.shape}, not "
        f"{(self.size(split), self.num_classes)}."
      )
    with tf.init_scope(), tf.device("CPU:0"):
      return tf.constant(shares)

  def _opened_builder(self):
    if self._builder is None:
      self._builder = tfds_builders.open_builder(
        self._info.tfds_name, self._data_dir, self.name
      )
    return self._builder

  def _opened(self, split):
    """Returns the records of a split and the numbers of its images."""
    if split not in self._splits:
      builder, info = self._opened_builder(), self._info
      chosen = info.train_split if split == "train" else info.eval_split
      records, numbers, bad = tfds_records.records_of(builder, chosen)
      bad = [damage.Bad(split, *found) for found in bad]
      damage.refuse_or_warn(self.name, bad, len(numbers), self._on_error)
      self.bad = [*self.bad, *bad]
      if split == "train" and info.min_side:
        numbers = tfds_records.large_enough(records, numbers, info)
      self._splits[split] = records, numbers
    return self._splits[split]


gin_roles.declare("tfds_images", paths=["soft_labels"])


@gin.configurable(
  "tfds_images",
  module="compare_gan.datasets",
  allowlist=[
    "image_size",
    "train_split",
    "eval_split",
    "image_feature",
    "label_feature",
    "eval_samples",
    "memory_bytes",
    "soft_labels",
  ],
)
def tfds_images(
  info: Union[tfds_info.DatasetInfo, str],
  data_dir: Optional[str] = None,
  on_error: str = "raise",
  image_size: Optional[Union[int, Sequence[int]]] = None,
  train_split: Optional[str] = None,
  eval_split: Optional[str] = None,
  image_feature: Optional[str] = None,
  label_feature: Optional[str] = None,
  eval_samples: int = 10000,
  memory_bytes: int = 2**30,
  soft_labels: Optional[str] = None,
) -> TfdsImages:
  """Returns a prepared dataset.

  Args:
    info: a tfds_info.DatasetInfo, or "<name>[/<config>]" of any image dataset.
    data_dir: where tensorflow-datasets keeps its data.
    on_error: `dataset.on_error`.
    image_size: 64 or (height, width), to which the middle square of the images
      is averaged. A dataset in the table accepts it only if it has no crop of
      its own, such as 32 for MNIST.
    train_split, eval_split: such as "train[:90%]"; None for those of the table,
      or for train and test (or validation, or else the last tenth of train).
    image_feature, label_feature: None if there is only one of each.
    eval_samples: at most; for a dataset that is not in the table.
    memory_bytes: splits of up to this many bytes of pixels stay in memory.
    soft_labels: path of an npy of probabilities [images of train, classes].
  """
  if isinstance(info, str):
    chosen = tfds_info.any_dataset(
      info, data_dir, image_size, image_feature, label_feature, eval_samples
    )
  else:
    chosen = info if image_size is None else tfds_info.resized(info, image_size)
  chosen = chosen._replace(
    train_split=train_split or chosen.train_split,
    eval_split=eval_split or chosen.eval_split,
    eval_size=None if eval_split else chosen.eval_size,
  )
  return TfdsImages(chosen, data_dir, on_error, memory_bytes, soft_labels)
