"""Images in TFRecord files of tf.train.Examples.

  dataset.name = "tfrecord"
  tfrecord.path = "/data/imagenet/train-*"
  tfrecord.eval_path = "/data/imagenet/validation-*"
  tfrecord.image_size = 64

As in google/compare_gan, an Example holds an encoded image as "image/encoded"
and its class as "image/class/label"; other names can be bound. Sharded files
are one dataset, in the order of their names; record_sets.py says which files
belong together. The dataset has the name of its files, or of their folder if
the files are only called "train". Records are read by number, so every epoch is
a permutation of all of them and no shuffle buffer is needed.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Annotated
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.datasets import encoded_images
from compare_gan.datasets import reader_options
from compare_gan.datasets import record_sets
from compare_gan.datasets import records as records_lib
import gin
import numpy as np

gin_roles.declare("tfrecord", paths=["path", "eval_path"])


@gin.configurable(
  "tfrecord", module="compare_gan.datasets", denylist=["on_error"]
)
def open_records(
  path: str = gin.REQUIRED,
  eval_path: Optional[str] = None,
  eval_fraction: Annotated[float, accepted.Range(least=0, below=1)] = 0.1,
  image_feature: str = "image/encoded",
  label_feature: Optional[str] = "image/class/label",
  num_classes: Optional[int] = None,
  first_label: int = 0,
  image_size: Optional[Union[int, Sequence[int]]] = None,
  colors: int = 3,
  resize: reader_options.Resize = "center_crop",
  background: reader_options.Background = "white",
  max_pixels: accepted.Count = 2**26,
  memory_bytes: accepted.CountOrZero = 2**30,
  eval_samples: accepted.Count = 10000,
  on_error: str = "raise",
) -> encoded_images.EncodedImages:
  """Returns the dataset of the Examples in files.

  Args:
    path: of the files, with * and ?. A part that exists exactly as written is
      taken literally: "/data/run[1]/train-*" is in run[1].
    eval_path: of the files for evaluation.
    eval_fraction: the share of records that is held out without eval_path.
    image_feature, label_feature: names in the Examples; label_feature is None
      if there are no labels.
    num_classes: None for one more than the largest label.
    first_label: label of the first class; some files of ImageNet begin with 1.
    image_size: 64 or (height, width); None if all images have the same size.
    colors, resize, background, max_pixels, memory_bytes, eval_samples: as in
      folder.
    on_error: `dataset.on_error`.
  """
  layout = reader_options.layout_of(
    "tfrecord", image_size, colors, resize, background, max_pixels
  )
  features = image_feature, label_feature, first_label
  paths, sources = _sources(path, eval_path, eval_fraction, features)
  return encoded_images.EncodedImages(
    record_sets.name_of(paths),
    sources,
    layout,
    num_classes if label_feature else 0,
    "tfrecord",
    on_error,
    memory_bytes,
    eval_samples,
    cache_name="tfrecord",  # under which files already exist
  )


READERS = {"tfrecord": open_records}


def _sources(path, eval_path, eval_fraction, features):
  """Returns the paths of the files that train, and {split: Source}.

  Args:
    path, eval_path, eval_fraction: as for `open_records`.
    features: (image_feature, label_feature, first_label).
  """
  paths = record_sets.files_of("tfrecord.path", path)
  train = _Examples(path, paths, *features)
  if eval_path is not None:
    held_paths = record_sets.files_of("tfrecord.eval_path", eval_path)
    record_sets.refuse_overlap(paths, held_paths)
    held = _Examples(eval_path, held_paths, *features)
    rows, held_rows = np.arange(len(train)), np.arange(len(held))
    held_bad = tuple(held.bad)
  else:
    rows, held_rows = reader_options.held_out(
      len(train), eval_fraction, "tfrecord"
    )
    held, held_bad = train, ()
  return paths, {
    "train": encoded_images.Source(train, rows, None, tuple(train.bad)),
    "eval": encoded_images.Source(held, held_rows, None, held_bad),
  }


class _Examples(records_lib.Records):
  """Records that are Examples with an image."""

  def __init__(
    self,
    pattern: str,
    paths: Iterable[str],
    image_feature: str,
    label_feature: Optional[str],
    first_label: int,
  ) -> None:
    super().__init__(paths)
    self._image = image_feature
    self._label = label_feature
    self._first_label = first_label
    self.stamp += f"-{image_feature}-{label_feature}-{first_label}"
    if not len(self) and not self.bad:
      raise ValueError(f"tfrecord: {pattern!r} holds no records.")

  def label_and_image(self, data: bytes) -> tuple[int, bytes]:
    """Returns the label and the encoded image of an Example's bytes."""
    from google.protobuf import message
    import tensorflow as tf

    try:
      features = tf.train.Example.FromString(data).features.feature
    except message.DecodeError as error:
      raise ValueError("not a tf.train.Example") from error
    image = self._one(features, self._image, "bytes_list")
    if self._label is None:
      return 0, image
    label = self._one(features, self._label, "int64_list")
    return label - self._first_label, image

  def _one(self, features, name, kind):
    values = getattr(features[name], kind).value if name in features else []
    if len(values) != 1:
      raise ValueError(
        f"its Example must have exactly one {name!r} ({kind}), but has "
        f"{sorted(features)}: see tfrecord.image_feature and label_feature"
      )
    return values[0]
