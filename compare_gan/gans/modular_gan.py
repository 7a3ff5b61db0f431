"""The GAN of any generator, discriminator, loss and penalty.

`train_step` is Algorithm 1 of Goodfellow et al. (2014): D is updated
`options.disc_iters` times, then G `options.gen_iters` times. As in the original
G uses the images and the z of D's last batch; with
`experimental_force_graph_unroll` it gets a batch of its own, and all fakes are
made before D's first update. `global_step` counts these steps, whatever the
number of updates in them: schedules, the average of the weights, checkpoints
and `options.training_steps` go by it.
"""

import contextlib
from typing import NamedTuple
from typing import Optional
import warnings
import zlib

from compare_gan import draws
from compare_gan import pixels
from compare_gan import replica
from compare_gan.architectures import abstract_arch
from compare_gan.gans import ema
from compare_gan.gans import label_use
from compare_gan.gans import latents
from compare_gan.gans import loss_lib
from compare_gan.gans import loss_scale
from compare_gan.gans import micro_batches
from compare_gan.gans import optimizers
from compare_gan.gans import penalty_lib
from compare_gan.gans.abstract_gan import AbstractGAN
from compare_gan.gans.augmentation import Augmentation
from compare_gan.layers import initializers
from compare_gan.layers import recompute
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
  y_weight: Optional[tf.Tensor] = None  # [N], of y in a loss of labels


class Fakes(NamedTuple):
  """What G makes of a batch, and how its gradient is found."""

  images: tf.Tensor  # [N, H, W, C]
  tape: Optional[tf.GradientTape]  # has seen G; None: G makes them again
  before: list  # the state of G that they come from, if there is no tape


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
    ema_warmup: its decay at step t is at most (1 + t) / (10 + t).
    g_optimizer_fn, d_optimizer_fn: optimisers; D's default is G's.
    g_lr, d_lr: learning rates, numbers or schedules; D's default is G's.
    conditional: the networks see labels.
    fit_label_distribution: fakes have the labels of the real images instead of
      uniform ones.
  """

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
    ema_warmup=False,
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
    if g_use_ema and ema_start_step >= options.training_steps:
      warnings.warn(
        f"ModularGAN.ema_start_step = {ema_start_step}, but the training ends "
        f"at options.training_steps = {options.training_steps}: the average of "
        "G's weights will be a copy of them. A smaller start would do.",
        stacklevel=2,
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
    self._ema_warmup = ema_warmup
    self._augment = Augmentation()
    self._named = set()  # optimisers whose idle weights have been named

    self.generator = self._make_generator()
    self.encoder = self._make_encoder() if self.has_encoder else None
    self.discriminator = self._make_discriminator()
    self.heads = self._make_heads()
    if conditional:
      self._require_use_of_labels()
    self.averaged_generator = None
    if g_use_ema:
      self.averaged_generator = ema.averaged_copy(
        self.generator, self._make_generator
      )
    self.d_optimizer = _optimizer(
      "d",
      d_optimizer_fn or g_optimizer_fn,
      g_lr if d_lr is None else d_lr,
      self._d_weights(),
    )
    self.g_optimizer = _optimizer("g", g_optimizer_fn, g_lr, self._g_weights())
    self.global_step = _counter("global_step", tf.int64)  # updates of G
    self.global_step_disc = _counter("global_step_disc", tf.int32)  # of D
    self.penalty = penalty_lib.Penalty(type(self).__name__, self._offers())
    self.g_penalty = penalty_lib.GeneratorPenalty(self._g_kernels())
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

  def _make_encoder(self):
    raise NotImplementedError  # has_encoder is for those who override this.

  def _make_discriminator(self):
    return abstract_arch.make_discriminator(
      self.options.architecture, self.image_shape, self.num_classes
    )

  def _require_use_of_labels(self):
    """Raises if the labels change nothing, warns if D does not see them.

    That D ignores them is no error: the original trains so, and half of its
    architectures have no other way. G's images then follow its labels, but
    nothing makes them look like their class.
    """
    g_sees, d_sees = self._g_sees_labels(), self._d_sees_labels()
    if not g_sees:
      raise ValueError(label_use.refusal(self.generator, self.discriminator))
    if not d_sees:
      warnings.warn(label_use.warning(self.discriminator), stacklevel=4)

  def _g_sees_labels(self):
    """Returns whether G's images depend on its labels."""
    z = [_FEW, self.options.z_dim]
    return label_use.depends_on_labels(
      self._make_generator,
      lambda g, y: g(tf.zeros(z), y, is_training=True),
      self.num_classes,
    )

  def _d_sees_labels(self):
    """Returns whether D's scores depend on the labels of the images."""
    x = [_FEW, *self.image_shape]
    return label_use.depends_on_labels(
      self._make_discriminator,
      lambda d, y: d(tf.zeros(x), y, is_training=True)[:2],
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

  def _g_kernels(self):
    return _kernels(self.generator.trainable_variables)

  # ---- Algorithm 1 -----------------------------------------------------------

  @property
  def batches_per_step(self):
    fresh = self.options.d_batches == "fresh"
    return (self.options.disc_iters if fresh else 1) + int(self._unrolled)

  def train_step(self, batches):
    if self.options.recompute and replica.num_replicas() > 1:
      raise ValueError(
        "options.recompute = True with "
        f"{replica.num_replicas()} replicas is not supported. Use one device, "
        "or options.micro_batches instead."
      )
    with recompute.using(self.options.recompute) as stages:
      scalars = self._train_step(batches)
    if self.options.recompute and not stages:
      raise ValueError(
        f"options.recompute = True, but {self.options.architecture!r} has no "
        "residual blocks that can be computed again. Set it to False."
      )
    return scalars

  def _train_step(self, batches):
    d_batches, g_batch = self._complete_all(batches)
    made = self._make_fakes(d_batches, g_batch)
    undone_if_skipped = self._undoing()
    scalars, g_skips = {}, []
    for i, batch in enumerate(d_batches):
      with undone_if_skipped(self.d_optimizer):
        scalars.update(self._update_discriminator(batch, next(made), i))
    for i in range(self.options.gen_iters):
      with undone_if_skipped(self.g_optimizer):
        scalars.update(self._update_generator(g_batch, next(made), i))
      g_skips.append(loss_scale.was_skipped(self.g_optimizer))
    self._move_average(tf.reduce_all(g_skips))
    self.global_step.assign_add(1)
    return scalars

  def _undoing(self):
    """Returns `undone_if_skipped(optimizer)`, to be entered for each update.

    An update that float16 overflowed in leaves all state as it was before it.
    If the fakes of all updates are made at once, G's state comes back to what
    it was before they were made, whichever of the updates is skipped.
    """
    of_g, rest = self._g_state(), self._d_state()
    at_start = None
    if self._unrolled and loss_scale.can_skip(self.g_optimizer):
      at_start = micro_batches.read(of_g)

    @contextlib.contextmanager
    def undone_if_skipped(optimizer):
      with loss_scale.undone_if_skipped(optimizer, of_g, at_start):
        with loss_scale.undone_if_skipped(optimizer, rest):
          yield

    return undone_if_skipped

  def _update_discriminator(self, batch, fakes, i):
    """Descends d_loss + lambda * penalty; returns scalars."""
    weights = self._d_weights()
    fake_images = tf.nest.map_structure(tf.stop_gradient, fakes.images)

    def loss(rows):
      part, part_fakes = rows.of((batch, fake_images))
      with _tape(weights) as tape:
        with self._draws("augment_d", i, batch):
          part, part_fakes = self._augmented(part, part_fakes, rows)
        scored = self._losses(part, part_fakes)
        with self._draws("penalty", i, batch):
          penalty = self.penalty(self._offered(part, part_fakes, scored, rows))
        d_loss = scored.d_loss + self._penalty_weight * penalty
      scalars = {f"loss/d_{i}": d_loss, "loss/penalty": penalty}
      return tape, d_loss, {**scalars, **_mean_logits(scored)}

    scalars = self._descend_mean("d", self.d_optimizer, loss, weights)
    real, fake = (scalars.pop(name) for name in _MEAN_LOGITS)
    if self.anchors:
      self.anchors.move(real, fake)
    self.global_step_disc.assign_add(1)
    return scalars

  def _update_generator(self, batch, fakes, i):
    """Descends g_loss through the fakes; returns scalars."""
    weights = self._g_weights()

    def loss(rows):
      part = rows.of(batch)
      tape, images = self._taped(part, rows.of(fakes.images), fakes.tape, rows)
      with tape:
        with self._draws("augment_g", i, batch):
          part, images = self._augmented(part, images, rows)
        scored = self._losses(part, images)
      return tape, scored.g_loss, {"loss/g": scored.g_loss, **scored.scalars}

    with micro_batches.held(self._g_state(), fakes.before):
      return self._descend_mean(
        "g", self.g_optimizer, loss, weights, self.g_penalty
      )

  def _descend_mean(self, name, optimizer, loss, weights, penalty=None):
    """Descends the mean loss of all parts of the batch; returns mean scalars.

    Args:
      name: "d" or "g", for the scalars.
      optimizer: of the weights.
      loss: `loss(rows)` -> its tape, the loss, and scalars.
      weights: to be moved.
      penalty: a GeneratorPenalty, or None; added once, to the mean.
    """
    names = []

    def part(rows):
      tape, value, scalars = loss(rows)
      names[:] = scalars
      gradients = self._gradients(optimizer, tape, value, weights)
      return gradients, [tf.stack(list(scalars.values()))]

    gradients, [values] = micro_batches.run(
      part,
      self.options.micro_batches,
      weights,
      1,
      micro_batches.mean,
      self._state(),
    )
    scalars = dict(zip(names, tf.unstack(values)))
    if penalty:
      with _tape(weights) as tape:
        value = penalty()
        weighted = penalty.weight * value
      more = self._gradients(optimizer, tape, weighted, weights)
      gradients = [_sum(pair) for pair in zip(gradients, more)]
      scalars[f"loss/{name}"] += weighted
      scalars[f"loss/{name}_penalty"] = value
    scalars[f"learning_rate/{name}"] = optimizer.learning_rate(self.global_step)
    norm = self._descend(optimizer, gradients, weights)
    if self.options.log_gradient_norms:
      scalars[f"grad_norm/{name}"] = norm
    scalars.update(loss_scale.scalars(optimizer, name))
    return scalars

  def _gradients(self, optimizer, tape, loss, weights):
    """Returns the gradients on this replica, float32; None where there is none.

    An embedding of y has none, say, that no layer asks for.
    """
    return loss_scale.gradients(optimizer, tape, loss, weights)

  def _descend(self, optimizer, gradients, weights):
    """Makes a step along the mean over all replicas; returns its norm.

    0 if the step was not made, because float16 overflowed.
    """
    self._name_without_gradient(optimizer, gradients, weights)
    pairs = [
      (replica.all_mean(gradient), weight)
      for gradient, weight in zip(gradients, weights)
      if gradient is not None
    ]
    optimizer.apply_gradients(pairs, self.global_step)
    norm = tf.linalg.global_norm([gradient for gradient, _ in pairs])
    return tf.where(loss_scale.was_skipped(optimizer), 0.0, norm)

  def _name_without_gradient(self, optimizer, gradients, weights):
    """Warns, once for each optimiser, of weights that it will never move."""
    if optimizer.name in self._named:
      return
    self._named.add(optimizer.name)
    names = [
      scope.full_name(weight)
      for gradient, weight in zip(gradients, weights)
      if gradient is None
    ]
    if names:
      shown = ", ".join(names[:_MOST_NAMES])
      more = len(names) - _MOST_NAMES
      warnings.warn(
        f"{len(names)} of the {len(weights)} weights that {optimizer.name} is "
        "to train get no gradient and stay as they are, since no loss depends "
        f"on them: {shown}{f' and {more} more' if more > 0 else ''}.",
        stacklevel=2,
      )

  def _move_average(self, skipped):
    """Moves the averages of the weights, unless they all stayed as they are."""
    if self.averaged_generator:
      decay = ema.decay_at(
        self.global_step,
        self._ema_decay,
        self._ema_start_step,
        self._ema_warmup,
      )
      decay = tf.where(skipped, 1.0, decay)
      for average, network in self._averages():
        ema.move(average, network, decay)

  def _averages(self):
    """Returns pairs, the average of a network and the network."""
    return [(self.averaged_generator, self.generator)]

  # ---- Its parts -----------------------------------------------------------

  def _make_fakes(self, d_batches, g_batch):
    """Yields the Fakes of each D update, then of each G update.

    Further G updates have new fakes, of the same z.
    """
    if self._unrolled:
      yield from self._generate([*d_batches, g_batch])
    else:
      for batch in d_batches:
        [fakes] = self._generate([batch])
        yield fakes
      yield fakes
    for _ in range(1, self.options.gen_iters):
      yield from self._generate([g_batch])

  def _generate(self, batches):
    """Returns the Fakes of all batches; G's gradient can pass the last ones.

    All come from the same power iteration; the moving averages of G see each
    batch in turn.
    """
    parts = self.options.micro_batches
    tape = _tape(self._g_weights()) if parts == 1 else None
    before = [] if tape else micro_batches.read(self._g_state())

    def part(rows):
      *first, last = rows.of(batches)
      made = self._images(first)
      with tape or contextlib.nullcontext():
        made += self._images([last])
      return [], made

    _, made = micro_batches.run(
      part, parts, [], len(batches), micro_batches.whole, self._g_state()
    )
    return [Fakes(x, tape, before) for x in made]

  def _images(self, batches):
    """Returns G's images of each batch, from one pass if they are joint."""
    if not self._joint_fakes or len(batches) < 2:
      return [self.generator(b.z, b.fake_y, is_training=True) for b in batches]
    z = tf.concat([batch.z for batch in batches], axis=0)
    y = None
    if self.num_classes:
      y = tf.concat([batch.fake_y for batch in batches], axis=0)
    return tf.split(self.generator(z, y, is_training=True), len(batches))

  def _taped(self, batch, images, tape, rows):
    """Returns a tape that has seen G make the images, and these."""
    del rows  # Of a batch that an encoder may want to know the place of.
    if tape:
      return tape, images
    with _tape(self._g_weights()) as tape:
      [images] = self._images([batch])
    return tape, images

  def _g_state(self):
    return _not_trained(self.generator)

  def _d_state(self):
    modules = (self.discriminator, *self.heads, self.anchors)
    return [v for m in modules if m is not None for v in _not_trained(m)]

  def _state(self):
    """Returns what an update may move beside weights."""
    return [*self._g_state(), *self._d_state()]

  def _augmented(self, batch, fakes, rows):
    """Returns both with the images changed by `augmentation.policy`."""
    images = self._augment(batch.images, rows.uniform)
    return batch._replace(images=images), self._augment(fakes, rows.uniform)

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

  def _offered(self, batch, fakes, scored, rows):
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
      "uniform": rows.uniform,
    }

  def _complete_all(self, batches):
    """Returns the Batches of the D updates, and that of the G updates."""
    of_d = list(batches[:-1] if self._unrolled else batches)
    if self.options.d_batches == "same":
      of_d *= self.options.disc_iters
    d_batches = [self._complete(batch, i) for i, batch in enumerate(of_d)]
    if self._unrolled:
      return d_batches, self._complete(batches[-1], len(d_batches))
    return d_batches, d_batches[-1]

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
    return Batch(pixels.to_unit(batch["images"]), y, z, fake_y)

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

  def generate(self, z, y=None, averaged=True, batch_moments=False):
    network = self.generator
    if averaged and self.averaged_generator:
      network = self.averaged_generator
    y = self._class_weights(y)
    if batch_moments:
      with state.frozen():
        return network(z, y, is_training=True)
    return network(z, y, is_training=False)

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


def _sum(terms):
  """Returns the sum of those that are not None, None if all are."""
  terms = [term for term in terms if term is not None]
  return tf.add_n(terms) if terms else None


def _not_trained(network):
  return [v for v in network.variables if not v.trainable]


_FEW = 2  # images that a network is shown to see what it makes of them
_MOST_NAMES = 5  # that a warning shows

_MEAN_LOGITS = ("logits/real", "logits/fake")


def _mean_logits(scored):
  means = [tf.reduce_mean(side.logits) for side in (scored.real, scored.fake)]
  return dict(zip(_MEAN_LOGITS, means))


def _optimizer(network, optimizer_fn, learning_rate, weights):
  """Returns the optimizer of "d" or "g", and of its loss scale."""
  optimizer = optimizer_fn(learning_rate, name=f"{network}_opt")
  optimizer = loss_scale.around(optimizer, network)
  optimizer.build(weights)
  return optimizer


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
