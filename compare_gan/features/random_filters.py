"""Features of an untrained network: fixed random filters.

16 filters of 5x5 pixels are applied to the picture at full, half and quarter
size. The mean and the standard deviation over the picture, after relu, are 96
features. They detect textures, blur and ghosts, but little of a picture's
content. Nothing is downloaded, trained or cached.
"""

from typing import Any

from compare_gan.configuration import accepted
from compare_gan.features import abstract_extractor
import gin
import numpy as np
import tensorflow as tf

_FILTERS = 16
_SIZE = 5
_SCALES = 3


@gin.configurable(
  "random_filters", module="compare_gan.features", denylist=["dataset"]
)
@abstract_extractor.named("random_filters")
def random_filters(
  dataset: Any, seed: accepted.Seed = 0
) -> abstract_extractor.AbstractExtractor:
  """Returns the extractor for images like the dataset's.

  Args:
    dataset: whose images have as many colors.
    seed: of the filters; another one makes other features, whose scores cannot
      be compared.
  """
  return RandomFilters(dataset.image_shape[-1], seed)


class RandomFilters(abstract_extractor.AbstractExtractor):
  """96 features and no logits."""

  name = "random_filters"

  def __init__(self, channels: int, seed: int) -> None:
    shape = [_SIZE, _SIZE, channels, _FILTERS]
    filters = np.random.RandomState(seed).standard_normal(shape)
    filters /= np.sqrt(np.sum(filters**2, axis=(0, 1, 2)))
    self._filters = filters.astype(np.float32)
    self._apply = tf.function(self._statistics, autograph=False)

  def identity(self) -> str:
    return abstract_extractor.digest(self.name, 1, self._filters)

  def extract(self, images: tf.Tensor) -> tuple[tf.Tensor, None]:
    return self._apply(images), None

  def _statistics(self, images):
    x = 2.0 * images - 1.0
    found = []
    for scale in range(_SCALES):
      if scale:
        x = tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="SAME")
      response = tf.nn.relu(tf.nn.conv2d(x, self._filters, 1, "SAME"))
      mean, variance = tf.nn.moments(response, axes=[1, 2])
      found += [mean, tf.sqrt(variance)]
    return tf.concat(found, axis=-1)
