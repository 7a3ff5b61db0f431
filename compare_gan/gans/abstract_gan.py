"""What a trainer, an evaluation and an export need of a GAN."""

import abc
from collections.abc import Iterator
import contextlib
import dataclasses
from typing import Any
from typing import Optional

from compare_gan.context.scope import Module


class AbstractGAN(Module, abc.ABC):
  """A GAN: networks, their optimisers, and one step of training.

  `variables` is everything to save. Labels y are ints [N], or rows of class
  weights [N, num_classes], or None for an unconditional GAN. `options` is the
  Options that it was made with.
  """

  # Whether options.encoder_architecture applies. If so, there is
  # `encode(images, averaged=True)` -> EncoderOutput, in evaluation mode.
  has_encoder = False

  @abc.abstractmethod
  def train_step(self, batches: list[dict[str, Any]]) -> dict[str, Any]:
    """Trains on `batches_per_step` batches; returns scalars {name: tensor}.

    A batch is a dict: `images` [N, H, W, C] in [0, 1] or uint8; `labels` [N]
    int, -1 for unknown; and, if noise is not to be drawn here, `z` [N, z_dim]
    and `sampled_labels` [N].
    """

  @property
  @abc.abstractmethod
  def batches_per_step(self) -> int:
    """How many batches `train_step` takes."""

  @abc.abstractmethod
  def generate(
    self,
    z: Any,
    y: Any = None,
    averaged: bool = True,
    batch_moments: bool = False,
    truncation: Optional[float] = None,
  ) -> Any:
    """Returns images for z [N, z_dim], in evaluation mode.

    Args:
      z: latents.
      y: labels.
      averaged: uses the moving average of the weights, if there is one.
      batch_moments: normalises by the moments of these very images, as in
        training, and moves no state: for accumulated moments that are not
        filled yet. An image then depends on the others.
      truncation: psi of G's styles, if it has any (`truncates_styles`).
    """

  @abc.abstractmethod
  def discriminate(self, images: Any, y: Any = None) -> Any:
    """Returns the DiscriminatorOutput of images, in evaluation mode."""

  @contextlib.contextmanager
  def with_options(self, **chosen: Any) -> Iterator[None]:
    """Changes options of steps inside, to measure what they would need.

    Args:
      **chosen: fields of the Options that act on steps: `micro_batches`, ...
    """
    with self._changed(options=dataclasses.replace(self.options, **chosen)):
      yield

  @contextlib.contextmanager
  def _changed(self, **fields):
    """Gives fields of this GAN other values inside."""
    before = {name: getattr(self, name) for name in fields}
    for name, value in fields.items():
      setattr(self, name, value)
    try:
      yield
    finally:
      for name, value in before.items():
        setattr(self, name, value)
