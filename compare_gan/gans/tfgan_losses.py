"""The losses of TF-GAN, `loss.fn = @tfgan.<name>`, computed by TF-GAN itself.

They are means over the batch of one replica. Our losses of similar names are in
`loss_lib`. The differences: `least_squares_loss` takes the logits themselves
and half of each square, `minimax_loss` and `modified_loss` smooth the labels of
real images by default (`tfgan.modified_loss.label_smoothing = 0.0`), and
`relativistic_loss` compares within a replica.
"""

from compare_gan.configuration import accepted
from compare_gan.gans import tfgan_compat
from compare_gan.gans.loss_lib import GANLosses
import gin
import tensorflow as tf

_INPUTS = ["d_real_logits", "d_fake_logits"]
_configurable = gin.configurable(module="tfgan", denylist=_INPUTS)


def _losses(name, real, fake, for_d=None, for_g=None):
  """Returns GANLosses from TF-GAN's pair of functions of this name."""
  losses = tfgan_compat.tfgan().losses.wargs
  discriminator = getattr(losses, f"{name}_discriminator_loss")
  generator = getattr(losses, f"{name}_generator_loss")
  for_d = for_d or {}
  return GANLosses(
    d_loss=discriminator(real, fake, **for_d),
    d_loss_real=discriminator(real, fake, generated_weights=0.0, **for_d),
    d_loss_fake=discriminator(real, fake, real_weights=0.0, **for_d),
    g_loss=generator(fake, **(for_g or {})),
  )


@_configurable
def wasserstein_loss(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Difference of mean scores (https://arxiv.org/abs/1701.07875)."""
  return _losses("wasserstein", d_real_logits, d_fake_logits)


@_configurable
def wasserstein_hinge_loss(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  real_hinge: float = 1.0,
  generated_hinge: float = 1.0,
) -> GANLosses:
  """Hinge loss (https://arxiv.org/abs/1705.02894), with hinges of one's own.

  Args:
    real_hinge: scores of real images above it cost D nothing.
    generated_hinge: scores of fakes below minus it cost D nothing.
  """
  hinges = dict(real_hinge=real_hinge, generated_hinge=generated_hinge)
  return _losses("wasserstein_hinge", d_real_logits, d_fake_logits, hinges)


@_configurable
def minimax_loss(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  label_smoothing: accepted.Share = 0.25,
) -> GANLosses:
  """The zero-sum game of https://arxiv.org/abs/1406.2661.

  TF-GAN adds a constant to G's loss, that of a real image with the logit 1.

  Args:
    label_smoothing: D's label for real images is 1 minus half of it. 0 for
      none.
  """
  smoothing = dict(label_smoothing=label_smoothing)
  return _losses("minimax", d_real_logits, d_fake_logits, smoothing)


@_configurable
def modified_loss(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  label_smoothing: accepted.Share = 0.25,
) -> GANLosses:
  """The same for D, while G maximises log D(fake).

  Args:
    label_smoothing: as for tfgan.minimax_loss.
  """
  smoothing = dict(label_smoothing=label_smoothing)
  return _losses("modified", d_real_logits, d_fake_logits, smoothing)


@_configurable
def least_squares_loss(
  d_real_logits: tf.Tensor,
  d_fake_logits: tf.Tensor,
  real_label: float = 1.0,
  fake_label: float = 0.0,
) -> GANLosses:
  """Halves of squares (https://arxiv.org/abs/1611.04076).

  Args:
    real_label: the logit that D is to give to real images, and G's fakes are to
      get.
    fake_label: the logit that D is to give to fakes.
  """
  labels = dict(real_label=real_label, fake_label=fake_label)
  return _losses(
    "least_squares",
    d_real_logits,
    d_fake_logits,
    labels,
    dict(real_label=real_label),
  )


@_configurable
def relativistic_loss(
  d_real_logits: tf.Tensor, d_fake_logits: tf.Tensor
) -> GANLosses:
  """Relativistic average GAN (https://arxiv.org/abs/1807.00734).

  TF-GAN returns the sum only; both parts are given as half of it.
  """
  losses = tfgan_compat.tfgan().losses.wargs
  d_loss = losses.relativistic_discriminator_loss(d_real_logits, d_fake_logits)
  half = tf.multiply(0.5, d_loss)
  return GANLosses(
    d_loss=d_loss,
    d_loss_real=half,
    d_loss_fake=half,
    g_loss=losses.relativistic_generator_loss(d_real_logits, d_fake_logits),
  )
