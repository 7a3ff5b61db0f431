"""Noise instead of a dataset: --data_fake_dataset.

For trying a configuration without its data: random images of the right shape.
As in google/compare_gan, there are 100 examples, all with the label 1.
"""

from collections.abc import Sequence

from compare_gan.datasets import in_memory
import numpy as np

_EXAMPLES = 100


class Noise(in_memory.InMemoryDataset):
  """Uniform noise with the name, shape and classes of another dataset."""

  def __init__(
    self, name: str, image_shape: Sequence[int], num_classes: int
  ) -> None:
    super().__init__(name, image_shape, num_classes, eval_samples=_EXAMPLES)

  def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState([sorted(("eval", "train")).index(split), 0])
    images = in_memory.empty([_EXAMPLES, *self.image_shape])
    images[...] = random.randint(0, 256, images.shape, dtype=np.uint8)
    label = 1 if self.num_classes > 1 else 0
    return images, np.full(_EXAMPLES, label)
