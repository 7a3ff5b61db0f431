"""A GAN that samples what the updates of a step see.

Each update sees real images with their labels, and fakes made from latents and
labels. batches.py says which update gets which batch, and fakes.py when its
fakes are made.
"""

import contextlib
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.context import pixels
from compare_gan.context import scope
from compare_gan.gans import batches as batches_lib
from compare_gan.gans import latents
from compare_gan.gans import settings_checks
from compare_gan.gans.augmentation import Augmentation
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Made
from compare_gan.gans.fakes import Pass
from compare_gan.gans.heads.class_head import ClassHead
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.networks import Networks
from compare_gan.gans.options import Options
from compare_gan.layers import initializers
import tensorflow as tf


class SamplingGAN(Networks):
  """See above; ModularGAN trains it.

  To sample in another way, override `sample`, `make_fakes` and `augmented`.

  Args:
    dataset, options, conditional, class_head: as for Networks.
    seed: of all draws.
    unrolled: whether G's update has a batch of its own.
    fit_labels: whether fakes have the labels of the real images.
  """

  fakes_made_again = False  # Whether each update makes its own fakes.

  def __init__(
    self,
    dataset: Any,
    options: Options,
    conditional: bool = False,
    class_head: Optional[Callable[..., ClassHead]] = None,
    seed: int = 0,
    unrolled: bool = False,
    fit_labels: bool = False,
  ) -> None:
    self.seed = seed
    self.unrolled = unrolled
    self.fit_labels = fit_labels
    self.augmentation = Augmentation(
      step=lambda: self.global_step, batch_size=options.batch_size
    )
    if self.has_encoder:
      settings_checks.require_no_pseudo_real(
        self.augmentation, type(self).__name__
      )
    super().__init__(dataset, options, conditional, class_head)
    self.global_step = _counter("global_step", tf.int64)
    self.global_step_disc = _counter("global_step_disc", tf.int32)

  @property
  def batches_per_step(self) -> int:
    return batches_lib.per_step(self.options, self.unrolled)

  # ---- What is sampled -------------------------------------------------------

  def sample_all(
    self, batches: list[dict[str, tf.Tensor]]
  ) -> tuple[list[Batch], Batch]:
    """Returns the Batches of the D updates, and that of the G updates."""
    return batches_lib.for_updates(
      batches, self.options, self.unrolled, self.sample
    )

  def sample(self, batch: dict[str, tf.Tensor], i: int) -> Batch:
    """Returns the Batch of a dict; draws the z and labels that it lacks."""
    size = tf.shape(batch["images"])[0]
    with self.noise("z", i, size):
      z = batch.get("z")
      if z is None:
        z = latents.z([size, self.options.z_dim])
    y = fake_y = None
    if self.num_classes:
      y = self.one_hot(batch["labels"])
      with self.noise("labels", i, size):
        labels = batches_lib.labels_of_fakes(
          batch, size, self.num_classes, self.fit_labels
        )
        fake_y = self.one_hot(labels)
    images = pixels.to_unit(batch["images"])
    return Batch(images, y, z, fake_y, self.label_weights(y))

  def label_weights(self, y: Optional[tf.Tensor]) -> Optional[tf.Tensor]:
    """Returns [N], what each label of a whole batch counts; None: all alike."""
    del y
    return None

  def noise(
    self, purpose: str, i: int, batch: Union[Batch, int, tf.Tensor]
  ) -> contextlib.AbstractContextManager:
    """Makes draws inside depend on seed, step, purpose, i and row position.

    Args:
      purpose: the name of what is drawn.
      i: the number of the update.
      batch: a whole Batch, or its size.
    """
    size = tf.shape(batch.images)[0] if isinstance(batch, Batch) else batch
    return batches_lib.seeded(self.seed, self.global_step, purpose, i, size)

  # ---- Fakes and augmentation ------------------------------------------------

  def make_fakes(self, passes: list[Pass], rows: Rows) -> list[Made]:
    """Returns what G makes of each pass, in training mode; a list of Made.

    Args:
      passes: see fakes.py; several of them may be made jointly.
      rows: their rows in the whole batches.
    """
    return list(map(Made, self.images_of(passes, rows)))

  def drawing(self, one: Pass, rows: Rows) -> contextlib.AbstractContextManager:
    size = tf.shape(one.batch.z)[0] * rows.parts
    stack = contextlib.ExitStack()
    stack.enter_context(self.noise("generator", one.number, size))
    stack.enter_context(rows.drawing())
    return stack

  def augmented(
    self, batch: Batch, made: Made, rows: Rows
  ) -> tuple[Batch, Made]:
    """Returns both with the images as `augmentation` changes them."""
    batch = batch._replace(images=self.augmentation.change(batch.images, rows))
    return batch, made._replace(
      images=self.augmentation.change(made.images, rows)
    )


def _counter(name, dtype):
  """Returns a variable that counts from 0."""
  return scope.variable(
    name, [], initializers.zeros, trainable=False, dtype=dtype
  )
