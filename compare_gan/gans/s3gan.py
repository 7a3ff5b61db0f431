"""S3GAN: high-fidelity images with fewer labels (arxiv.org/abs/1903.02271).

A conditional GAN for data in which most images may have no label (-1). D's
features feed up to three heads in addition to its own scores:

  rotation    predicts the angle of a turned image, as in SSGAN
  predictor   predicts the class; its answer replaces missing labels
  projection  adds <embedding of y, features> to the scores
"""

from typing import Annotated
from typing import Any
from typing import Optional
import warnings

from compare_gan.configuration import accepted
from compare_gan.context import replica
from compare_gan.context.scope import scope
from compare_gan.gans import penalty_lib
from compare_gan.gans import rotation_task
from compare_gan.gans import settings_checks
from compare_gan.gans.modular_gan import ModularGAN
from compare_gan.gans.modular_gan import Scored
from compare_gan.gans.seen import SLOPES_AS_SEEN
from compare_gan.gans.term import Offers
from compare_gan.layers import initializers
from compare_gan.layers.linear import Embedding
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

_MODES = ("rotation", "none")


@gin.configurable(denylist=["dataset", "options", "seed"])
class S3GAN(ModularGAN):
  """See above; the bindings of ModularGAN act here too.

  Args:
    dataset, options, seed: as for ModularGAN.
    self_supervision: "rotation" or "none".
    rotated_batch_fraction: k; batch_size / k images at all four angles
      together, made from a quarter as many.
    weight_rotation_loss_d, weight_rotation_loss_g: of the rotation losses.
    project_y: adds the projection; the architecture's own must then be off.
    use_predictor: adds the predictor, whose answers the projection sees.
    use_soft_pred: its answer is a distribution instead of the likeliest class.
    weight_class_loss: of the predictor's loss on real images with a label.
    use_soft_labels: the dataset's labels are rows of class weights.
    fakes_made_again: each update makes its own fakes, as in the original: G's
      moving averages and power iterations move once for each update of D and of
      G. False: G's update goes through the fakes of D's last update, which
      saves a pass of G and a move. Joint fakes are never made again.
  """

  def __init__(
    self,
    dataset: Any,
    options: Any,
    seed: int = 0,
    self_supervision: Annotated[str, accepted.OneOf(*_MODES)] = "rotation",
    rotated_batch_fraction: accepted.Count = gin.REQUIRED,
    weight_rotation_loss_d: accepted.NotNegative = 1.0,
    weight_rotation_loss_g: accepted.NotNegative = 0.2,
    project_y: bool = False,
    use_predictor: bool = False,
    use_soft_pred: bool = False,
    weight_class_loss: accepted.NotNegative = 1.0,
    use_soft_labels: bool = False,
    fakes_made_again: bool = True,
  ) -> None:
    self._wants = (project_y, use_predictor)
    super().__init__(dataset, options, seed)
    if self_supervision not in _MODES:
      raise ValueError(
        f"S3GAN.self_supervision = {self_supervision!r} is unknown. It can be "
        f"{' or '.join(map(repr, _MODES))}."
      )
    self._check_combination(project_y, use_predictor)
    self._turns = rotation_task.Turns(
      _turned(options, rotated_batch_fraction), "S3GAN.rotated_batch_fraction"
    )
    self._supervised = self_supervision == "rotation"
    self._weight_d = weight_rotation_loss_d
    self._weight_g = weight_rotation_loss_g
    self._soft_answers = use_soft_pred
    self._weight_class = weight_class_loss
    self._soft_labels = use_soft_labels
    self.fakes_made_again = fakes_made_again and not self.joint_fakes

  def _check_combination(self, project_y, use_predictor):
    if not self.num_classes:
      raise ValueError(
        "S3GAN needs labels: set ModularGAN.conditional = True, on a dataset "
        "that has some."
      )
    if use_predictor and not project_y:
      raise ValueError(
        "S3GAN.use_predictor = True needs S3GAN.project_y = True, which sees "
        "the predicted labels."
      )
    settings_checks.require_joint_scores(self, "S3GAN")
    if self.penalty.fn is not penalty_lib.no_penalty:
      raise ValueError(
        f"penalty.fn = @{self.penalty.fn.__name__}, but S3GAN supports no "
        "penalty: its scores come from D and from heads beside it. Leave "
        "penalty.fn at @no_penalty."
      )
    scores = getattr(self.discriminator, "scores", None)
    if project_y and getattr(scores, "embedding", None):
      warnings.warn(
        f"S3GAN.project_y = True, but {self.discriminator.title} projects y "
        "itself: the scores contain two projections. Set "
        f"{self.discriminator.title}.project_y = False.",
        stacklevel=3,
      )

  def make_heads(self) -> tuple[Linear, ...]:
    network = self.discriminator
    size, kernel_fn = network.num_features, network.kernel_fn
    projects, predicts = self._wants
    self._rotation = rotation_task.make_head(network)
    self._predictor = self._projection = None
    if predicts:
      with scope("discriminator_predictor"):
        self._predictor = Linear(
          size, self.num_classes, kernel_fn=kernel_fn, name="predictor_linear"
        )
    if projects:
      self._projection = Embedding(
        self.num_classes,
        size,
        kernel_fn,
        initializers.glorot_normal,
        name="discriminator_projection",
      )
    heads = (self._rotation, self._predictor, self._projection)
    return tuple(head for head in heads if head)

  @property
  def d_alone_scores(self) -> bool:
    project_y, _ = self._wants
    return not project_y

  def d_sees_labels(self) -> bool:
    return self._projection is not None or super().d_sees_labels()

  def one_hot(self, labels: tf.Tensor) -> tf.Tensor:
    labels = tf.convert_to_tensor(labels)
    if not labels.dtype.is_floating:
      return super().one_hot(labels)
    if not self._soft_labels:
      raise ValueError(
        f"The dataset's labels are {labels.dtype.name} {labels.shape}, weights "
        "of classes. Set S3GAN.use_soft_labels = True."
      )
    return labels

  def label_weights(self, y: Optional[tf.Tensor]) -> Optional[tf.Tensor]:
    return _weights_of_labels(y) if self._predictor else None

  def offers(self) -> Offers:
    offers = super().offers()
    # The heads contribute to the scores.
    for name in ("discriminator", "view_logits", *SLOPES_AS_SEEN):
      del offers[name]
    return offers

  def losses(self, batch: Any, made: Any) -> Scored:
    n = tf.shape(made.images)[0]
    real, fake, y = self._score_all(batch, made.images)
    features = tf.concat([real.features, fake.features], axis=0)
    logits = tf.concat([real.logits, fake.logits], axis=0)
    d_loss, g_loss, scalars = 0.0, 0.0, {}

    if self._predictor:
      classes = self._predictor(features, is_training=True)
      loss = _class_loss(classes[:n], batch.y, batch.y_weight)
      share = tf.reduce_mean(_has_label(batch.y))
      d_loss += self._weight_class * loss
      scalars.update({"loss/class_loss_real": loss, "label_frac": share})
      y = _completed(y, classes, self._soft_answers)
    if self._projection:
      embedded = self._projection(tf.stop_gradient(y), is_training=True)
      logits += tf.reduce_sum(embedded * features, axis=1, keepdims=True)
    if self._supervised:
      angles = rotation_task.tell_angles(self._rotation, features)
      real_angles, fake_angles = tf.split(angles, 2)
      real_loss, real_accuracy = self._turns.loss(real_angles)
      fake_loss, fake_accuracy = self._turns.loss(fake_angles)
      d_loss += self._weight_d * real_loss
      g_loss += self._weight_g * fake_loss
      scalars.update(
        {
          "loss/real_loss": real_loss,
          "loss/fake_loss": fake_loss,
          "accuracy/real": real_accuracy,
          "accuracy/fake": fake_accuracy,
        }
      )

    real_logits, fake_logits = tf.split(logits, 2)
    scored = self.gan_losses(
      _first_with(real, real_logits, n), _first_with(fake, fake_logits, n)
    )
    return Scored(
      scored.d_loss + d_loss,
      scored.g_loss + g_loss,
      scored.real,
      scored.fake,
      scalars,
    )

  def _score_all(self, batch, fakes):
    """Returns D's outputs for real and fake images, and the labels of both."""
    images, real_y, fake_y = batch.images, batch.y, batch.fake_y
    if self._supervised:
      images, fakes = self._turns.images(images), self._turns.images(fakes)
      real_y = self._turns.labels(real_y, real_y)
      fake_y = self._turns.labels(fake_y, fake_y)
    real, fake = self.score(images, real_y, fakes, fake_y)
    if real.features.shape.rank != 2:
      raise ValueError(
        f"S3GAN's heads take features of rank 2, but those of "
        f"{self.discriminator.title} are {real.features.shape}. Choose another "
        "options.architecture."
      )
    return real, fake, tf.concat([real_y, fake_y], axis=0)


def _turned(options, fraction):
  """Returns how many images of a batch, or of its part, are turned."""
  if fraction < 1 or options.batch_size % fraction:
    raise ValueError(
      f"S3GAN.rotated_batch_fraction = {fraction} does not divide "
      f"options.batch_size = {options.batch_size}."
    )
  turned = options.batch_size // fraction // 4
  if not turned or turned % options.micro_batches:
    raise ValueError(
      f"S3GAN.rotated_batch_fraction = {fraction} turns {turned} of "
      f"options.batch_size = {options.batch_size} images. It must be at least "
      f"1, and a multiple of options.micro_batches = {options.micro_batches}."
    )
  return turned // options.micro_batches


def _has_label(y):
  """Returns [N, 1], 1 where the row of y stands for a class."""
  return tf.cast(tf.reduce_sum(y, axis=1, keepdims=True) > 0.5, tf.float32)


def _completed(y, class_logits, soft):
  """Returns y with rows of zeros replaced by the predictor's answer."""
  if soft:
    prediction = tf.nn.softmax(class_logits)
  else:
    prediction = tf.one_hot(tf.argmax(class_logits, axis=1), y.shape[1])
  has_label = _has_label(y)
  return (1.0 - has_label) * prediction + has_label * y


def _weights_of_labels(y):
  """Returns [N], 0 where there is no label, with a mean of 1 or all 0.

  The mean is over the global batch. So the mean of weighted terms, over parts
  of a batch and over replicas, is the mean over all images with a label.
  """
  has_label = _has_label(y)[:, 0]
  share = replica.all_mean(tf.reduce_mean(has_label))
  return tf.math.divide_no_nan(has_label, share)


def _class_loss(class_logits, y, weights):
  """Returns the weighted mean cross-entropy."""
  entropy = tf.nn.softmax_cross_entropy_with_logits(y, class_logits)
  return tf.reduce_mean(weights * entropy)


def _first_with(output, logits, n):
  """Returns D's output for the first n images, with these logits."""
  output = output._replace(prob=tf.sigmoid(logits), logits=logits)
  return rotation_task.first(output, n)
