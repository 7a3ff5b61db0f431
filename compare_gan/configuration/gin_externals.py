"""Registers with gin the TensorFlow names that existing gin files use.

gin itself registered them only for TF1 (`gin.tf.external_configurables`). This
file registers them, with TF1's arguments, on every version:

  ModularGAN.g_optimizer_fn = @tf.train.AdamOptimizer
  tf.train.AdamOptimizer.beta1 = 0.0
  z.distribution_fn = @tf.random.normal

`import compare_gan.configuration.gin_externals` registers the names. Those of
the optimisers stand at their classes, in gans/optimizers.py.
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.configuration import late_names
from compare_gan.context import draws
from compare_gan.gans import optimizers
from compare_gan.gans import tf1_schedules
import gin
import tensorflow as tf

_BY_NONZERO = "weighted_sum_by_nonzero_weights"
_ACCEPTED = accepted.OneOf(
  *("none", "weighted_sum", "weighted_mean", "weighted_sum_over_batch_size"),
  _BY_NONZERO,
)
_Reduction = Annotated[str, _ACCEPTED]


def crelu(
  features: tf.Tensor, axis: int = -1, name: Optional[str] = None
) -> tf.Tensor:
  """Returns relu(x) beside relu(-x) (https://arxiv.org/abs/1603.05201).

  Args:
    features: x, of any shape.
    axis: along which the two are concatenated: it becomes twice as long.
    name: of the operation.
  """
  return tf.nn.crelu(features, axis=axis, name=name)


def dropout(
  x: tf.Tensor,
  keep_prob: Optional[accepted.Share] = None,
  noise_shape: Optional[Sequence[int]] = None,
  seed: Optional[int] = None,
  name: Optional[str] = None,
  rate: Optional[accepted.Share] = None,
) -> tf.Tensor:
  """Returns x / keep_prob with probability keep_prob (1 - rate), else 0.

  Args:
    x: of any shape.
    keep_prob: probability that an element is kept, above 0.
    noise_shape: shape of the draws, 1 along dimensions that share them. None:
      that of x.
    seed: a number that distinguishes this call from others.
    name: not used.
    rate: 1 - keep_prob, to be given instead of it.
  """
  if (keep_prob is None) == (rate is None):
    raise ValueError(
      f"dropout got keep_prob = {keep_prob} and rate = {rate}. Give exactly "
      "one of them."
    )
  if rate is not None:
    keep_prob = 1.0 - rate
  x = tf.convert_to_tensor(x)
  u = draws.uniform(
    tf.shape(x) if noise_shape is None else noise_shape, seed=seed
  )
  return tf.where(u < keep_prob, x / keep_prob, tf.zeros_like(x))


# The losses of tf.losses: a formula for each example, `weights` (a scalar or of
# the same rank) and a reduction. `scope` and `loss_collection` have no effect.


def _reduce(losses, weights, reduction):
  weights = tf.cast(weights, tf.float32)
  total = tf.reduce_sum(losses * weights)
  weights += tf.zeros_like(losses)
  if reduction == "none":
    return losses * weights
  if reduction == "weighted_sum":
    return total
  if reduction == "weighted_mean":
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights))
  if reduction == "weighted_sum_over_batch_size":
    return total / tf.cast(tf.size(losses), tf.float32)
  if reduction == _BY_NONZERO:
    count = tf.math.count_nonzero(weights, dtype=tf.float32)
    return tf.math.divide_no_nan(total, count)
  raise ValueError(f"reduction = {reduction!r}. {_ACCEPTED.refusal(reduction)}")


def absolute_difference(
  labels: tf.Tensor,
  predictions: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """|p - y|.

  Args:
    labels: y, the wanted values.
    predictions: p, of the same shape.
    weights: factors of the losses, a number or a tensor that broadcasts.
    scope, loss_collection: have no effect.
    reduction: "none", "weighted_sum", "weighted_mean" (over the sum of
      weights), "weighted_sum_over_batch_size" (over the number of losses) or
      "weighted_sum_by_nonzero_weights" (over the number of weights that are not
      0).
  """
  y, p = _floats(labels, predictions)
  return _reduce(tf.abs(p - y), weights, reduction)


def cosine_distance(
  labels: tf.Tensor,
  predictions: tf.Tensor,
  axis: Optional[int] = None,
  weights: Union[float, tf.Tensor] = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
  dim: Optional[int] = None,
) -> tf.Tensor:
  """1 - <y, p> along `axis` (`dim` in older files), both of length 1.

  Args:
    labels, predictions: as for absolute_difference.
    axis: of the vectors, -1 for the last one; it, or dim, must be given.
    weights, scope, loss_collection, reduction: as for absolute_difference.
    dim: TF1's older name for axis.
  """
  axis = dim if axis is None else axis
  if axis is None:
    raise ValueError("cosine_distance got no axis. Set it; -1 is the last one.")
  y, p = _floats(labels, predictions)
  losses = 1.0 - tf.reduce_sum(p * y, axis=axis, keepdims=True)
  return _reduce(losses, weights, reduction)


def hinge_loss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """max(0, 1 - (2 y - 1) logit), labels 0 or 1.

  Args:
    labels: y, each 0 or 1.
    logits: of the same shape.
    weights, scope, loss_collection, reduction: as for absolute_difference.
  """
  y, logits = _floats(labels, logits)
  losses = tf.nn.relu(1.0 - (2.0 * y - 1.0) * logits)
  return _reduce(losses, weights, reduction)


def huber_loss(
  labels: tf.Tensor,
  predictions: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  delta: float = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """e^2 / 2 for e = |p - y| <= delta, and linear beyond.

  Args:
    labels, predictions, weights: as for absolute_difference.
    delta: the error from which on the loss is linear.
    scope, loss_collection, reduction: as for absolute_difference.
  """
  y, p = _floats(labels, predictions)
  e = tf.abs(p - y)
  near = tf.minimum(e, delta)
  return _reduce(0.5 * near**2 + delta * (e - near), weights, reduction)


def log_loss(
  labels: tf.Tensor,
  predictions: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  epsilon: float = 1e-7,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """-y log(p + epsilon) - (1 - y) log(1 - p + epsilon).

  Args:
    labels: y, from 0 to 1.
    predictions: p, probabilities of the same shape.
    weights: as for absolute_difference.
    epsilon: keeps the logarithms finite.
    scope, loss_collection, reduction: as for absolute_difference.
  """
  y, p = _floats(labels, predictions)
  losses = -y * tf.math.log(p + epsilon)
  losses -= (1.0 - y) * tf.math.log(1.0 - p + epsilon)
  return _reduce(losses, weights, reduction)


def mean_pairwise_squared_error(
  labels: tf.Tensor,
  predictions: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
) -> tf.Tensor:
  """Mean of (e_i - e_j)^2 over the pairs in an example, e = p - y; summed up.

  The number of pairs counts only elements whose weight is not 0.

  Args:
    labels, predictions, weights, scope, loss_collection: as for
      absolute_difference.
  """
  y, p = _floats(labels, predictions)
  e, axes = p - y, list(range(1, p.shape.rank))
  weights = tf.cast(weights, tf.float32)
  present = tf.cast(weights + tf.zeros_like(e) != 0.0, tf.float32)
  n = tf.reduce_sum(present, axes, keepdims=True)
  squares = n * tf.reduce_sum(e**2, axes, keepdims=True)
  squares -= tf.reduce_sum(e, axes, keepdims=True) ** 2
  losses = tf.math.divide_no_nan(squares, 0.5 * n * (n - 1.0))
  return tf.reduce_sum(losses * weights)


def mean_squared_error(
  labels: tf.Tensor,
  predictions: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """(p - y)^2.

  Args:
    labels, predictions, weights, scope, loss_collection, reduction: as for
      absolute_difference.
  """
  y, p = _floats(labels, predictions)
  return _reduce((p - y) ** 2, weights, reduction)


def sigmoid_cross_entropy(
  multi_class_labels: tf.Tensor,
  logits: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  label_smoothing: accepted.Share = 0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """Cross entropy of independent labels, drawn towards 1/2 by the smoothing.

  Args:
    multi_class_labels: y, from 0 to 1, any number of which may be 1.
    logits: of the same shape.
    weights: as for absolute_difference.
    label_smoothing: share of 1/2 in the labels, 0 for none.
    scope, loss_collection, reduction: as for absolute_difference.
  """
  y, logits = _floats(multi_class_labels, logits)
  y = y * (1.0 - label_smoothing) + 0.5 * label_smoothing
  losses = tf.nn.sigmoid_cross_entropy_with_logits(y, logits)
  return _reduce(losses, weights, reduction)


def softmax_cross_entropy(
  onehot_labels: tf.Tensor,
  logits: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  label_smoothing: accepted.Share = 0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """Cross entropy of K classes, labels drawn towards 1/K by the smoothing.

  Args:
    onehot_labels: [N, K], probabilities of the classes.
    logits: [N, K], the scores of the classes.
    weights: as for absolute_difference.
    label_smoothing: share of 1/K in the labels, 0 for none.
    scope, loss_collection, reduction: as for absolute_difference.
  """
  y, logits = _floats(onehot_labels, logits)
  k = tf.cast(tf.shape(y)[-1], tf.float32)
  y = y * (1.0 - label_smoothing) + label_smoothing / k
  losses = tf.nn.softmax_cross_entropy_with_logits(y, logits)
  return _reduce(losses, weights, reduction)


def sparse_softmax_cross_entropy(
  labels: tf.Tensor,
  logits: tf.Tensor,
  weights: Union[float, tf.Tensor] = 1.0,
  scope: Optional[str] = None,
  loss_collection: Optional[str] = "losses",
  reduction: _Reduction = _BY_NONZERO,
) -> tf.Tensor:
  """Cross entropy of K classes, labels being their numbers.

  Args:
    labels: [N], numbers of the classes, from 0 to K - 1.
    logits: [N, K], the scores of the classes.
    weights, scope, loss_collection, reduction: as for absolute_difference.
  """
  losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
  return _reduce(losses, weights, reduction)


def _floats(*tensors):
  return [tf.cast(x, tf.float32) for x in tensors]


def _register(module, functions):
  for function in functions:
    gin.external_configurable(function, module=module)


late_names.load_when_named(optimizers.RARE_MODULE, optimizers.RARE)
for _name in ("AdagradOptimizer", *optimizers.RARE):
  gin_roles.declare(
    _name,
    first_values=[
      "initial_accumulator_value",
      "initial_gradient_squared_accumulator_value",
    ],
  )

_register(
  "tf.train",
  (
    tf1_schedules.exponential_decay,
    tf1_schedules.inverse_time_decay,
    tf1_schedules.natural_exp_decay,
    tf1_schedules.piecewise_constant,
    tf1_schedules.polynomial_decay,
  ),
)
_register(
  "tf.random",
  (
    draws.gamma,
    draws.multinomial,
    draws.normal,
    draws.poisson,
    draws.truncated_normal,
    draws.uniform,
  ),
)
# The __name__ of some differs from their name in TensorFlow's API.
for _name in (
  "elu",
  "leaky_relu",
  "relu",
  "relu6",
  "sigmoid",
  "softmax",
  "softplus",
  "softsign",
  "tanh",
):
  gin.external_configurable(getattr(tf.nn, _name), _name, module="tf.nn")
_register("tf.nn", (crelu, dropout))
_register(
  "tf.losses",
  (
    absolute_difference,
    cosine_distance,
    hinge_loss,
    huber_loss,
    log_loss,
    mean_pairwise_squared_error,
    mean_squared_error,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
  ),
)
