"""InfoGAN: codes in z that can be read from the images.

InfoGAN: Interpretable Representation Learning by Information Maximizing
Generative Adversarial Nets (Chen et al., 2016,
https://arxiv.org/abs/1606.03657). z begins with codes c, see latent_codes.py.
Q stands on D's features and predicts them. Its likelihood bounds the mutual
information from below (their equation 5):

  I(c; G(z)) >= E[log Q(c | G(z))] + H(c)

G and Q descend minus this bound, times a weight (lambda). As in the paper Q has
all layers but the last with D in common, so D's optimiser moves it, with fakes
of D's updates. The bound is logged in nats as `mutual_information/...`. It goes
up to ln K for a category of K.

It costs two small layers. Unlike in the paper Q's hidden layer has no batch
norm, so that it goes with any D.
"""

import math
from typing import Any

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.gans import latent_codes
from compare_gan.gans import latents
from compare_gan.gans.latent_codes import Codes
from compare_gan.gans.modular_gan import ModularGAN
from compare_gan.gans.modular_gan import Scored
from compare_gan.layers.activations import lrelu
from compare_gan.layers.linear import Linear
import gin
import tensorflow as tf

# A deviation below e^-6 would make a number's gradient as large as e^12.
_SMALLEST_LOG_DEVIATION = -6.0


@gin.configurable(denylist=["dataset", "options", "seed"])
class InfoGAN(ModularGAN):
  """See above; the bindings of ModularGAN act here too.

  Args:
    dataset, options, seed: as for ModularGAN.
    categorical_weight: lambda of the categories, 1 in the paper.
    continuous_weight: lambda of the continuous codes. The paper has a smaller
      one for them, which it does not name.
    hidden: units of Q's own layer; 0: Q is linear in D's features.
    learned_deviation: Q predicts a mean and a deviation of each continuous
      code. False: the deviation is 1.
  """

  def __init__(
    self,
    dataset: Any,
    options: Any,
    seed: int = 0,
    categorical_weight: accepted.NotNegative = 1.0,
    continuous_weight: accepted.NotNegative = 0.1,
    hidden: accepted.Count = 128,
    learned_deviation: bool = True,
  ) -> None:
    for name, value in (
      ("categorical_weight", categorical_weight),
      ("continuous_weight", continuous_weight),
      ("hidden", hidden),
    ):
      if not value >= 0:
        raise ValueError(f"InfoGAN.{name} = {value!r}. It must be 0 or more.")
    self._codes = _codes_of_z(options.z_dim)
    self._weights = (categorical_weight, continuous_weight)
    self._hidden = hidden
    self._learned_deviation = learned_deviation
    super().__init__(dataset, options, seed)

  def make_heads(self) -> tuple[Module, ...]:
    self.q = Q(
      self.discriminator, self._codes, self._hidden, self._learned_deviation
    )
    return (*super().make_heads(), self.q)

  def losses(self, batch: Any, made: Any) -> Scored:
    scored = super().losses(batch, made)
    bounds = self.q.information(scored.fake.features, batch.z)
    cost = -tf.add_n([w * bound for w, bound in zip(self._weights, bounds)])
    scalars = dict(scored.scalars)
    for kind, bound in zip(("categorical", "continuous"), bounds):
      if getattr(self._codes, kind):
        scalars[f"mutual_information/{kind}"] = bound
    return scored._replace(
      d_loss=scored.d_loss + cost, g_loss=scored.g_loss + cost, scalars=scalars
    )


class Q(Module):
  """Predicts the codes of images from D's features.

  A category has a softmax, a continuous code a normal distribution.

  Args:
    discriminator: has `num_features` and `kernel_fn`.
    codes: what is predicted.
    hidden, learned_deviation: as for InfoGAN.
  """

  def __init__(
    self, discriminator: Any, codes: Codes, hidden: int, learned_deviation: bool
  ) -> None:
    super().__init__()
    self._codes = codes
    self._learned_deviation = learned_deviation
    size, kernel_fn = discriminator.num_features, discriminator.kernel_fn
    numbers = codes.continuous * (2 if learned_deviation else 1)
    with scope("discriminator_q"):
      self.hidden = None
      if hidden:
        self.hidden = Linear(size, hidden, kernel_fn=kernel_fn, name="hidden")
      self.output = Linear(
        hidden or size,
        sum(codes.categorical) + numbers,
        kernel_fn=kernel_fn,
        name="output",
      )

  def information(
    self, features: tf.Tensor, z: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns bounds of the information in nats: of categories, of numbers.

    Args:
      features: D's, of the images made from z.
      z: [N, z_dim].
    """
    categories, numbers = self._codes.of(tf.cast(z, tf.float32))
    *logits, mean, log_deviation = self._predict(features)
    of_categories = tf.zeros([])
    for one_hot, row in zip(categories, logits):
      entropy = tf.nn.softmax_cross_entropy_with_logits(one_hot, row)
      of_categories += math.log(one_hot.shape[1]) - tf.reduce_mean(entropy)
    # H of U(-1, 1) is ln 2.
    log_q = _log_normal(numbers, mean, log_deviation)
    of_numbers = math.log(2.0) + log_q
    return of_categories, tf.reduce_mean(tf.reduce_sum(of_numbers, axis=1))

  def _predict(self, features):
    """Returns the logits of each category, means and logs of deviations."""
    x = tf.reshape(features, [tf.shape(features)[0], -1])
    if self.hidden:
      x = lrelu(self.hidden(x, is_training=True))
    x = tf.cast(self.output(x, is_training=True), tf.float32)
    *logits, mean, rest = tf.split(
      x, [*self._codes.categorical, self._codes.continuous, -1], axis=1
    )
    if not self._learned_deviation:
      return [*logits, mean, tf.zeros_like(mean)]
    return [*logits, mean, tf.maximum(rest, _SMALLEST_LOG_DEVIATION)]


def _log_normal(x, mean, log_deviation):
  """Returns log N(x; mean, deviation^2)."""
  scaled = (x - mean) * tf.exp(-log_deviation)
  return -0.5 * (tf.square(scaled) + math.log(2.0 * math.pi)) - log_deviation


def _codes_of_z(z_dim):
  """Returns the Codes that z has in training and in evaluation."""
  found = [_codes_of(name) for name in ("z", "eval_z")]
  found[0].check(z_dim)
  if found[0] != found[1]:
    raise ValueError(
      f"z has the codes {found[0]}, but eval_z has {found[1]}. Bind nothing on "
      "eval_z: it draws as z does then."
    )
  return found[0]


def _codes_of(name):
  codes = latent_codes.bound_codes(name)
  if codes is None:
    words = latents.z_in_words if name == "z" else latents.eval_z_in_words
    raise ValueError(
      f"InfoGAN needs latents with codes, but {name} draws {words()}. Set "
      f"{name}.distribution_fn = @latent_codes"
      f"{'' if name == 'z' else ', or bind nothing on eval_z'}."
    )
  return codes
