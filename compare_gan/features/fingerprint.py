"""The hash of a dataset: what is kept on disk about it is kept under this."""

from compare_gan.datasets import abstract_dataset
from compare_gan.features import abstract_extractor
import numpy as np
import tensorflow as tf

_SAMPLE = 64  # examples of each split


def fingerprint(dataset):
  """Returns 12 hex digits of the sizes and of examples spread over the splits.

  The pixels count as they are decoded. The order that batches come in and
  whether they are flipped do not.
  """
  parts = [dataset.name, dataset.image_shape, dataset.num_classes]
  for split in abstract_dataset.SPLITS:
    size = dataset.size(split)
    parts += [split, size]
    if size:
      places = np.linspace(0, size - 1, min(size, _SAMPLE))
      indices = tf.constant(np.round(places).astype(np.int64))
      images, labels = dataset.read(split, indices)
      parts += [np.asarray(images), np.asarray(labels, np.int64)]
  return abstract_extractor.digest(*parts)
