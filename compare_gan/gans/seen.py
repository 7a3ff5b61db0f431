"""What an update has seen, by the names that regularisers use.

  x, x_fake      real and fake images as D sees them, [N, H, W, C]
  raw_x, raw_x_fake    the same before augmentation
  y, y_fake      their labels, [N, num_classes] or None
  z              the latents of the fakes, [N, z_dim]
  real_logits, fake_logits      D's scores of these images, [N, 1]
  real_features, fake_features  what D computes them from, [N, d]
  real_slopes, fake_slopes      d logits / d pixels at raw_x and raw_x_fake,
                 through the augmentation, from the pass that scored the images;
                 for pixels in [-1, 1], as in papers
  x_slopes, x_fake_slopes       d logits / d pixels at x and x_fake, for pixels
                 in [0, 1]; from that pass if D scores each image by itself,
                 else from a pass of their own
  view_logits    D's scores of the images that the regulariser's `views` gave
  real_anchor, fake_anchor      moving averages of the mean scores
  kernels        trainable kernels: D's, or G's in a term of G
  discriminator  D(images, y) -> DiscriminatorOutput, in training mode
  generator      G(z, y) -> images, in training mode
  styles, synthesis    G in two: styles(z, y) -> w and synthesis(w, y) ->
                 images; w is z itself if G has no styles
  joint_discriminator, code     of a GAN with an encoder: the sum of D's scores
                 of (images, codes, y), [N, 1], and the codes of x, [N, z_dim]
  uniform, normal      uniform(shape) -> draws; row i is image i's

In G's update the gradient goes through the fakes into G; in D's they are
constants.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.architectures.abstract_arch import DiscriminatorOutput
from compare_gan.context import pixels
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Made
from compare_gan.gans.micro_batches import Rows
import tensorflow as tf


class View(NamedTuple):
  """More images for D to score in the same pass."""

  images: tf.Tensor
  y: Optional[tf.Tensor]


class Scored(NamedTuple):
  """D's outputs and losses for a batch and its fakes."""

  d_loss: tf.Tensor  # without penalty
  g_loss: tf.Tensor
  real: DiscriminatorOutput
  fake: DiscriminatorOutput
  scalars: dict[str, tf.Tensor]  # to be logged, of G's update
  views: tuple[DiscriminatorOutput, ...] = ()
  d_scalars: Optional[dict[str, tf.Tensor]] = None  # of D's update


class Seen(NamedTuple):
  """What a penalty can use; `scored` is None until D has scored it."""

  batch: Batch  # images as D sees them, augmented
  made: Made  # the same
  scored: Optional[Scored]
  rows: Rows  # which of the whole batch these are
  raw_batch: Batch  # before augmentation
  raw_made: Made
  slopes: Optional["Slopes"] = None
  view_logits: Any = ()  # a list, for the requesting regulariser


def _scored(seen: Seen) -> Scored:
  if seen.scored is None:
    raise ValueError(
      "A regulariser's `views` asks for what D computes, but D scores the "
      "views in the same pass. `views` can ask for images, labels and draws."
    )
  return seen.scored


def _slopes(seen: Seen) -> "Slopes":
  if seen.slopes is None:
    raise ValueError(
      "No term that acts in this pass needs slopes, so none were recorded."
    )
  return seen.slopes


# What every GAN offers of a Seen; ModularGAN.offers adds its networks.
FIELDS: dict[str, Callable[[Seen], Any]] = {
  "x": lambda seen: seen.batch.images,
  "x_fake": lambda seen: seen.made.images,
  "raw_x": lambda seen: seen.raw_batch.images,
  "raw_x_fake": lambda seen: seen.raw_made.images,
  "y": lambda seen: seen.batch.y,
  "y_fake": lambda seen: seen.batch.fake_y,
  "z": lambda seen: seen.batch.z,
  "real_logits": lambda seen: _scored(seen).real.logits,
  "fake_logits": lambda seen: _scored(seen).fake.logits,
  "real_features": lambda seen: _scored(seen).real.features,
  "fake_features": lambda seen: _scored(seen).fake.features,
  "real_slopes": lambda seen: _slopes(seen).of("real_slopes", _scored(seen)),
  "fake_slopes": lambda seen: _slopes(seen).of("fake_slopes", _scored(seen)),
  "view_logits": lambda seen: list(seen.view_logits),
  "uniform": lambda seen: seen.rows.uniform,
  "normal": lambda seen: seen.rows.normal,
}
SLOPES = ("real_slopes", "fake_slopes")
SLOPES_AS_SEEN = ("x_slopes", "x_fake_slopes")
_OF_FAKES = ("fake_slopes", "x_fake_slopes")


class Slopes:
  """d logits / d pixels of the pass that scores the images.

  Those of real and of fake images come from one backward pass if both are
  wanted. All logits are summed: with batch norm in D the images mix.

  Args:
    wanted: names from SLOPES and SLOPES_AS_SEEN.
    real, fake: the images, before augmentation.
  """

  def __init__(
    self, wanted: list[str], real: tf.Tensor, fake: tf.Tensor
  ) -> None:
    self.wanted = wanted
    self._images = {"real_slopes": real, "fake_slopes": fake}
    self._tape = tf.GradientTape(watch_accessed_variables=False)
    self._found: dict[str, tf.Tensor] = {}

  @contextlib.contextmanager
  def watching(self) -> Iterator[None]:
    """Watches the images while D scores them inside."""
    if not self.wanted:
      yield
      return
    with self._tape:
      self._watch(SLOPES)
      yield

  def show(self, x: tf.Tensor, x_fake: tf.Tensor) -> None:
    """Watches the images as D sees them, too; inside `watching`."""
    self._images |= {"x_slopes": x, "x_fake_slopes": x_fake}
    self._watch(SLOPES_AS_SEEN)

  def _watch(self, names):
    images = [self._images[name] for name in names if name in self.wanted]
    if images:
      self._tape.watch(images)

  def of(self, name: str, scored: Scored) -> tf.Tensor:
    """Returns the slopes of a name that is wanted."""
    if not self._found:
      self._found = self._all(scored)
    return self._found[name]

  def _all(self, scored):
    of_fakes = {name in _OF_FAKES for name in self.wanted}
    logits = [
      output.logits
      for is_fake, output in enumerate((scored.real, scored.fake))
      if is_fake in of_fakes
    ]
    found = self._tape.gradient(
      logits, [self._images[name] for name in self.wanted]
    )
    return {
      name: pixels.PER_PAPERS_PIXEL * slopes if name in SLOPES else slopes
      for name, slopes in zip(self.wanted, found)
    }
