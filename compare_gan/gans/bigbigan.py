"""BigBiGAN (Donahue & Simonyan, 2019, https://arxiv.org/abs/1907.02544).

Besides G, which maps a latent to an image, there is an encoder E, which maps an
image to a latent. D sees pairs, (x, E(x)) and (G(z), z), and gives scores: s_x
of the image, s_z of the latent and s_xz of both. With s = s_x + s_z + s_xz

  L_D  = E[sum of max(0, 1 - s_i(x, E(x)))] + E[sum of max(0, 1 + s_i(G(z), z))]
  L_EG = E[s(x, E(x))] - E[s(G(z), z)]

E and G have one optimiser, that of `ModularGAN.g_lr`. Their gradient goes
through the last pass of E and G made for D, scored by D after its update. Of
several passes over the same images only that one moves E's state.

Real and fake pairs are scored in two passes, so that row i of the global batch
loses the same units to dropout on any number of replicas. Each part of
`options.micro_batches` has its own dropout and noise of E.
"""

from collections.abc import Sequence
import contextlib
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.architectures import abstract_arch
from compare_gan.context import draws
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.gans import loss_lib
from compare_gan.gans.batches import Batch
from compare_gan.gans.fakes import Made
from compare_gan.gans.fakes import Pass
from compare_gan.gans.micro_batches import Rows
from compare_gan.gans.modular_gan import ModularGAN
from compare_gan.gans.seen import SLOPES_AS_SEEN
from compare_gan.gans.seen import Scored
import gin
import tensorflow as tf

_TERMS = abstract_arch.JointOutput._fields


def joint_hinge(
  real: list[tf.Tensor], fake: list[tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns L_D and L_EG, see above.

  Args:
    real: lists of scores [N, 1], of pairs (x, E(x)).
    fake: the same, of pairs (G(z), z).
  """
  d_loss = tf.add_n(
    [tf.reduce_mean(tf.nn.relu(1.0 - score)) for score in real]
    + [tf.reduce_mean(tf.nn.relu(1.0 + score)) for score in fake]
  )
  return d_loss, tf.reduce_mean(tf.add_n(real)) - tf.reduce_mean(tf.add_n(fake))


@gin.configurable(denylist=["dataset", "options", "seed"])
class BigBiGAN(ModularGAN):
  """See above; the bindings of ModularGAN act here too.

  Args:
    dataset, options, seed: as for ModularGAN. E is the Encoder of
      options.encoder_architecture, None for options.architecture.
    terms: which of the scores s_x, s_z and s_xz count.
  """

  has_encoder = True
  encoder: abstract_arch.AbstractEncoder

  @property
  def d_alone_scores(self) -> bool:
    return False

  def __init__(
    self,
    dataset: Any,
    options: Any,
    seed: int = 0,
    terms: Sequence[str] = _TERMS,
  ) -> None:
    _require_terms(terms)
    _require_hinge()
    self._terms = [term for term in _TERMS if term in terms]
    super().__init__(dataset, options, seed)
    if any("/accu/" in scope.full_name(v) for v in self.encoder.variables):
      raise ValueError(
        "BigBiGAN's encoder has accumulated moments, which nothing fills with "
        "real images. Set standardize_batch.use_moving_averages = True."
      )
    self.averaged_encoder: Optional[abstract_arch.AbstractEncoder] = None
    if self.averages:
      self.averaged_encoder = self.averages.copy_of(
        self.encoder, self.make_encoder
      )

  def make_encoder(self) -> abstract_arch.AbstractEncoder:
    return abstract_arch.make_encoder(
      self.options.encoder_architecture or self.options.architecture,
      self.image_shape,
      self.options.z_dim,
    )

  def make_discriminator(self) -> abstract_arch.AbstractJointDiscriminator:
    return abstract_arch.make_joint_discriminator(
      self.options.discriminator_architecture or self.options.architecture,
      self.image_shape,
      self.options.z_dim,
      self.num_classes,
    )

  def offers(self) -> dict[str, Callable[[Any], Any]]:
    offers = super().offers()
    # D scores pairs, but an image between two others has no latent.
    for name in ("discriminator", "view_logits", *SLOPES_AS_SEEN):
      del offers[name]
    joint = lambda *pairs: tf.add_n(self._scores(*pairs))  # noqa: E731
    return {
      **offers,
      "joint_discriminator": lambda seen: joint,
      "code": lambda seen: seen.made.codes,
    }

  # ---- What D is shown -------------------------------------------------------

  def make_fakes(self, passes: list[Pass], rows: Rows) -> list[Made]:
    images = self.images_of(passes, rows)
    codes = [self._codes(one, rows) for one in passes]
    return list(map(Made, images, codes))

  def _codes(self, one, rows):
    """Returns E's codes of a pass's real images."""
    batch = one.batch
    n = tf.shape(batch.images)[0]
    with self.noise("encoder", one.number, n):
      seed = [_any_seed(), rows.index]
    with contextlib.ExitStack() as stack:
      stack.enter_context(draws.seeded(seed, replica.replica_id() * n))
      if not one.moves:
        stack.enter_context(state.frozen())
      return self.encoder(batch.images, is_training=True).sample

  def augmented(
    self, batch: Batch, made: Made, rows: Rows
  ) -> tuple[Batch, Made]:
    seed = [_any_seed(), rows.index]
    batch, made = super().augmented(batch, made, rows)
    return batch, made._replace(seed=seed)

  # ---- Losses ----------------------------------------------------------------

  def losses(self, batch: Batch, made: Made) -> Scored:
    first = replica.replica_id() * tf.shape(batch.images)[0]
    with draws.seeded(made.seed, first):
      real = self._scores(batch.images, made.codes, batch.y)
      fake = self._scores(made.images, batch.z, batch.fake_y)
    d_loss, g_loss = joint_hinge(real, fake)
    scalars = {}
    for side, scores in (("real", real), ("fake", fake)):
      for term, score in zip(self._terms, scores):
        scalars[f"scores/{term}_{side}"] = tf.reduce_mean(score)
    return Scored(d_loss, g_loss, _summed(real), _summed(fake), scalars)

  def _scores(self, x, z, y, is_training=True):
    """Returns the scores that count, a list of float32 [N, 1]."""
    output = self.discriminator(x, z, y, is_training)
    return [tf.cast(getattr(output, t), tf.float32) for t in self._terms]

  # ---- Evaluation ------------------------------------------------------------

  def encode(
    self, images: Any, averaged: bool = True
  ) -> abstract_arch.EncoderOutput:
    """Returns the EncoderOutput of images, in evaluation mode.

    Args:
      images: [N, H, W, C] in [0, 1].
      averaged: uses the moving average of E's weights, if there is one.
    """
    network = self.encoder
    if averaged and self.averaged_encoder:
      network = self.averaged_encoder
    return network(tf.cast(images, tf.float32), is_training=False)

  def discriminate(
    self, images: Any, y: Any = None
  ) -> abstract_arch.DiscriminatorOutput:
    """Returns the DiscriminatorOutput of (x, E(x)); features are the scores."""
    images = tf.cast(images, tf.float32)
    codes = self.encode(images, averaged=False).mean
    y = self.class_weights(y)
    return _summed(self._scores(images, codes, y, is_training=False))


def _summed(scores):
  """Returns D's output for pairs; the logits are the sum of their scores."""
  logits = tf.add_n(scores)
  return abstract_arch.DiscriminatorOutput(
    tf.sigmoid(logits), logits, tf.concat(scores, axis=1)
  )


def _any_seed():
  """Returns a number that `draws` gives, the same on all replicas."""
  return draws.uniform([], 0, 2**31 - 1, dtype=tf.int32)


def _require_terms(terms):
  if isinstance(terms, str) or not terms or not set(terms) <= set(_TERMS):
    raise ValueError(
      f"BigBiGAN.terms = {terms!r}. It must be a list of some of "
      f"{', '.join(map(repr, _TERMS))}."
    )


def _require_hinge():
  """Raises if gin chooses another loss."""
  fn = gin.get_bindings("loss").get("fn", loss_lib.hinge)
  if getattr(fn, "__name__", None) != "hinge":
    raise ValueError(
      f"loss.fn = @{getattr(fn, '__name__', fn)}, but BigBiGAN's loss is the "
      "hinge of its three scores. Set loss.fn = @hinge or leave it out."
    )
