"""The GAN of any generator, discriminator, loss and penalty.

`train_step` is Algorithm 1 of Goodfellow et al. (2014): D is updated on
`options.disc_iters` batches, then G once. As in the original G uses the images
and the z of D's last batch; with `experimental_force_graph_unroll` it gets a
batch of its own, and all fakes are made before D's first update.
"""

import contextlib
from typing import NamedTuple
from typing import Optional
import zlib

from compare_gan import draws
from compare_gan import replica
from compare_gan.architectures import abstract_arch
from compare_gan.gans import ema
from compare_gan.gans import latents
from compare_gan.gans import loss_lib
from compare_gan.gans import optimizers
from compare_gan.gans import penalty_lib
from compare_gan.gans.abstract_gan import AbstractGAN
from compare_gan.layers import initializers
from compare_gan.layers import scope
from compare_gan.layers import state
import gin
import tensorflow as tf


class Batch(NamedTuple):
  """What one update sees: N real images, and what N fakes are made of."""

  images: tf.Tensor  # [N, H, W, C]
  y: Optional[tf.Tensor]  # [N, num_classes], None if not conditional
  z: tf.Tensor  # [N, z_dim]
  fake_y: Optional[tf.Tensor]  # [N, num_classes]


class Scored(NamedTuple):
  """What D makes of a batch and its fakes."""

  d_loss: tf.Tensor  # without penalty
  g_loss: tf.Tensor
  real: abstract_arch.DiscriminatorOutput
  fake: abstract_arch.DiscriminatorOutput
  scalars: dict[str, tf.Tensor]  # to be logged


@gin.configurable(denylist=["dataset", "options", "seed"])
class ModularGAN(AbstractGAN):
  """See above.

  Args:
    dataset: has `image_shape` and `num_classes`.
    options: see gans/options.py.
    seed: of z, labels and penalties.
    deprecated_split_disc_calls: D sees real and fake images in two passes.
    experimental_joint_gen_for_disc: the fakes of all D updates come from one
      pass of G; needs experimental_force_graph_unroll.
    experimental_force_graph_unroll: G gets a batch of its own.
    g_use_ema: keeps a moving average of G's weights.
    ema_decay, ema_start_step: of that average, a copy before the start.
    g_optimizer_fn, d_optimizer_fn: optimisers; D's default is G's.
    g_lr, d_lr: learning rates, numbers or schedules; D's default is G's.
    conditional: the networks see labels.
    fit_label_distribution: fakes have the labels of the real images instead of
      uniform ones.
  """

  has_encoder = False  # Whether options.encoder_architecture has a place.

  def __init__(
    self,
    dataset,
    options,
    seed=0,
    deprecated_split_disc_calls=False,
    experimental_joint_gen_for_disc=False,
    experimental_force_graph_unroll=False,
    g_use_ema=False,
    ema_decay=0.9999,
    ema_start_step=40000,
    g_optimizer_fn=optimizers.AdamOptimizer,
    d_optimizer_fn=None,
    g_lr=0.0002,
    d_lr=None,
    conditional=False,
    fit_label_distribution=False,
  ):
    super().__init__()
    if conditional and not dataset.num_classes:
      raise ValueError(
        "ModularGAN.conditional = True, but the dataset has no labels. Set it "
        "to False or choose another dataset.name."
      )
    if experimental_joint_gen_for_disc and not experimental_force_graph_unroll:
      raise ValueError(
        "ModularGAN.experimental_joint_gen_for_disc = True needs "
        "ModularGAN.experimental_force_graph_unroll = True: otherwise the "
        "fakes of one update are made at a time."
      )
    if options.encoder_architecture is not None and not self.has_encoder:
      raise ValueError(
        f"{type(self).__name__} has no encoder, but options."
        f"encoder_architecture = {options.encoder_architecture!r}. Leave it at "
        "None or choose another options.gan_class."
      )
    self.options = options
    self.num_classes = dataset.num_classes if conditional else 0
    self.image_shape = tuple(dataset.image_shape)
    self._seed = seed
    self._penalty_weight = options.lamba
    self._split_scores = deprecated_split_disc_calls
    self._joint_fakes = experimental_joint_gen_for_disc
    self._unrolled = experimental_force_graph_unroll
    self._fit_labels = fit_label_distribution
    self._ema_decay = ema_decay
    self._ema_start_step = ema_start_step

    self.generator = self._make_generator()
    self.discriminator = abstract_arch.make_discriminator(
      options.architecture, self.image_shape, self.num_classes
    )
    self.heads = self._make_heads()
    self.averaged_generator = None
    if g_use_ema:
      self.averaged_generator = ema.averaged_copy(
        self.generator, self._make_generator
      )
    self.d_optimizer = (d_optimizer_fn or g_optimizer_fn)(
      g_lr if d_lr is None else d_lr, name="d_opt"
    )
    self.d_optimizer.build(self._d_weights())
    self.g_optimizer = g_optimizer_fn(g_lr, name="g_opt")
    self.g_optimizer.build(self._g_weights())
    self.global_step = _counter("global_step", tf.int64)  # updates of G
    self.global_step_disc = _counter("global_step_disc", tf.int32)  # of D
    self.penalty = penalty_lib.Penalty(type(self).__name__, self._offers())
    self.anchors = None
    if "real_anchor" in self.penalty.needs:
      self.anchors = penalty_lib.ScoreAnchors()

  def _make_generator(self):
    return abstract_arch.make_generator(
      self.options.architecture,
      self.options.z_dim,
      self.image_shape,
      self.num_classes,
    )

  def _offers(self):
    """Returns the names of what there is for penalties, see penalty_lib."""
    names = list(_OFFERS)
    if not _kernels(self._d_weights()):  # With a weight norm they are not free.
      names.remove("kernels")
    return names

  def _make_heads(self):
    """Returns modules beside D that are trained with it, for subclasses."""
    return ()

  def _d_weights(self):
    heads = [v for head in self.heads for v in head.trainable_variables]
    return [*self.discriminator.trainable_variables, *heads]

  def _g_weights(self):
    return list(self.generator.trainable_variables)

  # ---- Algorithm 1 -----------------------------------------------------------

  @property
  def batches_per_step(self):
    return self.options.disc_iters + (1 if self._unrolled else 0)

  def train_step(self, batches):
    batches = [self._complete(batch, i) for i, batch in enumerate(batches)]
    scalars = {}
    if self._unrolled:
      all_fakes, g_tape = self._generate_all(batches)
      for i, (batch, fakes) in enumerate(zip(batches[:-1], all_fakes)):
        scalars.update(self._update_discriminator(batch, fakes, i))
      fakes = all_fakes[-1]
    else:
      for i, batch in enumerate(batches):
        fakes, g_tape = self._generate(batch)
        scalars.update(self._update_discriminator(batch, fakes, i))
    scalars.update(self._update_generator(batches[-1], fakes, g_tape))
    return scalars

  def _update_discriminator(self, batch, fakes, i):
    """Descends d_loss + lambda * penalty; returns scalars."""
    fakes = tf.stop_gradient(fakes)
    weights = self._d_weights()
    with _one_state(), _tape(weights) as tape:
      scored = self._losses(batch, fakes)
      with self._draws("penalty", i, batch):
        penalty = self.penalty(self._offered(batch, fakes, scored))
      d_loss = scored.d_loss + self._penalty_weight * penalty
    self._descend(self.d_optimizer, tape, d_loss, weights)
    if self.anchors:
      self.anchors.move(scored.real.logits, scored.fake.logits)
    self.global_step_disc.assign_add(1)
    return {f"loss/d_{i}": d_loss, "loss/penalty": penalty}

  def _update_generator(self, batch, fakes, g_tape):
    """Descends g_loss through the fakes that `g_tape` saw; returns scalars."""
    with _one_state(), g_tape:
      scored = self._losses(batch, fakes)
    self._descend(self.g_optimizer, g_tape, scored.g_loss, self._g_weights())
    if self.averaged_generator:
      decay = ema.decay_at(
        self.global_step, self._ema_decay, self._ema_start_step
      )
      ema.move(self.averaged_generator, self.generator, decay)
    self.global_step.assign_add(1)
    return {"loss/g": scored.g_loss, **scored.scalars}

  def _descend(self, optimizer, tape, loss, weights):
    pairs = [
      (replica.all_mean(gradient), weight)
      for gradient, weight in zip(tape.gradient(loss, weights), weights)
      if gradient is not None  # An embedding of y, say, that no layer asks for.
    ]
    optimizer.apply_gradients(pairs, self.global_step)

  # ---- Its parts -----------------------------------------------------------

  def _generate(self, batch):
    """Returns fakes, and the tape that can lead G's gradient through them."""
    with _one_state(), _tape(self._g_weights()) as g_tape:
      fakes = self.generator(batch.z, batch.fake_y, is_training=True)
    return fakes, g_tape

  def _generate_all(self, batches):
    """Returns the fakes of all batches, and a tape of the last ones.

    All come from the same power iteration; the moving averages of G see each
    batch in turn.
    """
    *d_batches, g_batch = batches
    with _one_state():
      if self._joint_fakes:
        z = tf.concat([batch.z for batch in d_batches], axis=0)
        y = None
        if self.num_classes:
          y = tf.concat([batch.fake_y for batch in d_batches], axis=0)
        joint = self.generator(z, y, is_training=True)
        fakes = tf.split(joint, len(d_batches))
      else:
        fakes = [
          self.generator(batch.z, batch.fake_y, is_training=True)
          for batch in d_batches
        ]
      with _tape(self._g_weights()) as g_tape:
        fakes.append(
          self.generator(g_batch.z, g_batch.fake_y, is_training=True)
        )
    return fakes, g_tape

  def _losses(self, batch, fakes):
    """Returns the Scored of a batch and its fakes."""
    real, fake = self._score(batch.images, batch.y, fakes, batch.fake_y)
    return self._gan_losses(real, fake)

  def _gan_losses(self, real, fake):
    losses = loss_lib.get_losses(real.logits, fake.logits)
    return Scored(losses.d_loss, losses.g_loss, real, fake, {})

  def _score(self, real, y, fakes, fake_y):
    """Returns D's outputs for real and for fake images."""
    if self._split_scores:
      return (
        self.discriminator(real, y, is_training=True),
        self.discriminator(fakes, fake_y, is_training=True),
      )
    images = tf.concat([real, fakes], axis=0)
    if self.num_classes:
      y = tf.concat([y, fake_y], axis=0)
    both = self.discriminator(images, y, is_training=True)
    halves = [tf.split(output, 2) for output in both]
    return tuple(
      abstract_arch.DiscriminatorOutput(*half) for half in zip(*halves)
    )

  def _offered(self, batch, fakes, scored):
    """Returns what `_OFFERS` names."""
    return {
      "discriminator": lambda x, y: self.discriminator(x, y, is_training=True),
      "x": batch.images,
      "x_fake": fakes,
      "y": batch.y,
      "y_fake": batch.fake_y,
      "real_logits": scored.real.logits,
      "fake_logits": scored.fake.logits,
      "real_anchor": self.anchors and self.anchors.real,
      "fake_anchor": self.anchors and self.anchors.fake,
      "kernels": _kernels(self._d_weights()),
      "uniform": draws.uniform,
    }

  def _complete(self, batch, i):
    """Returns the Batch of a dict, drawing the z and labels that it lacks."""
    size = tf.shape(batch["images"])[0]
    with self._draws("z", i, size):
      z = batch.get("z")
      if z is None:
        z = latents.z([size, self.options.z_dim])
    y = fake_y = None
    if self.num_classes:
      y = self._one_hot(batch["labels"])
      with self._draws("labels", i, size):
        fake_y = self._one_hot(self._sampled_labels(batch, size))
    return Batch(batch["images"], y, z, fake_y)

  def _sampled_labels(self, batch, size):
    if self._fit_labels:
      return batch["labels"]
    if "sampled_labels" in batch:
      return batch["sampled_labels"]
    return draws.uniform([size], 0, self.num_classes, dtype=tf.int32)

  def _one_hot(self, labels):
    """A label of -1, unknown, gives a row of zeros."""
    return tf.one_hot(labels, self.num_classes)

  def _draws(self, purpose, i, batch):
    """Draws inside depend on seed, step, purpose, i and the row's position."""
    size = tf.shape(batch.images)[0] if isinstance(batch, Batch) else batch
    key = (self._seed + zlib.crc32(f"{purpose}_{i}".encode())) & 0x7FFFFFFF
    seed = tf.stack([tf.constant(key, tf.int64), self.global_step])
    return draws.seeded(seed, first=replica.replica_id() * size)

  # ---- Evaluation ----------------------------------------------------------

  def generate(self, z, y=None, averaged=True):
    network = self.generator
    if averaged and self.averaged_generator:
      network = self.averaged_generator
    return network(z, self._class_weights(y), is_training=False)

  def discriminate(self, images, y=None):
    return self.discriminator(images, self._class_weights(y), is_training=False)

  def _class_weights(self, y):
    if not self.num_classes:
      return None
    if y is None:
      raise ValueError(
        f"This GAN is conditional: it needs labels from 0 to "
        f"{self.num_classes - 1}, got None."
      )
    y = tf.convert_to_tensor(y)
    return self._one_hot(y) if y.dtype.is_integer else y


# What ModularGAN has for penalties, see penalty_lib.
_OFFERS = (
  "discriminator",
  "x",
  "x_fake",
  "y",
  "y_fake",
  "real_logits",
  "fake_logits",
  "real_anchor",
  "fake_anchor",
  "kernels",
  "uniform",
)


def _kernels(weights):
  """Returns those of linear layers, convolutions and embeddings."""
  return [w for w in weights if scope.full_name(w).endswith("/kernel")]


def _counter(name, dtype):
  return scope.variable(
    name, [], initializers.zeros, trainable=False, dtype=dtype
  )


def _tape(weights):
  """Returns a tape that watches `weights` and nothing else."""
  tape = tf.GradientTape(watch_accessed_variables=False)
  with tape:
    tape.watch(weights)
  return tape


@contextlib.contextmanager
def _one_state():
  """All that happens inside sees the state before it; then the state moves."""
  with state.deferred() as updates:
    yield
  for update in updates:
    update.apply()
