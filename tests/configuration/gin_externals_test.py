"""The TensorFlow names that existing gin files use."""

from compare_gan.configuration import gin_externals
from compare_gan.context import draws
from compare_gan.gans import optimizers
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's names move")

# All that gin.tf.external_configurables of gin 0.1.4 knew.
NAMES = {
  "tf.losses": """
    absolute_difference cosine_distance hinge_loss huber_loss log_loss
    mean_pairwise_squared_error mean_squared_error sigmoid_cross_entropy
    softmax_cross_entropy sparse_softmax_cross_entropy""",
  "tf.nn": """
    crelu dropout elu leaky_relu relu relu6 sigmoid softmax softplus softsign
    tanh""",
  "tf.random": "gamma multinomial normal poisson truncated_normal uniform",
  "tf.train": """
    AdadeltaOptimizer AdagradDAOptimizer AdagradOptimizer AdamOptimizer
    FtrlOptimizer GradientDescentOptimizer MomentumOptimizer
    ProximalAdagradOptimizer ProximalGradientDescentOptimizer RMSPropOptimizer
    exponential_decay inverse_time_decay natural_exp_decay piecewise_constant
    polynomial_decay""",
}
ALL_NAMES = [
  f"{m}.{name}" for m, names in NAMES.items() for name in names.split()
]


@gin.configurable(module="gin_externals_test")
def receive(value=None):
  return value


@pytest.mark.parametrize("name", ALL_NAMES)
def test_a_name_is_a_reference(name):
  gin.parse_config(f"receive.value = @{name}")
  assert callable(receive())


def test_an_optimiser_is_bound_as_in_an_existing_file():
  gin.parse_config("""
    receive.value = @tf.train.AdamOptimizer
    tf.train.AdamOptimizer.beta1 = 0.5
    tf.train.AdamOptimizer.beta2 = 0.75
  """)
  adam = receive()(0.1, name="d_opt")
  adam.build([])
  assert [v.numpy() for v in adam.variables] == [0.5, 0.75]
  assert adam.name == "d_opt"


def test_optimisers_stay_classes():
  gin.parse_config("""
    receive.value = @tf.train.AdamOptimizer
    AdamOptimizer.beta1 = 0.5
  """)

  class Mine(optimizers.AdamOptimizer):
    pass

  mine = Mine(0.1)
  mine.build([])
  assert mine.variables[0].numpy() == 0.5
  assert isinstance(mine, optimizers.AdamOptimizer)
  assert isinstance(receive()(0.1), optimizers.AdamOptimizer)
  assert issubclass(receive(), optimizers.Optimizer)


def test_two_scopes_make_two_optimisers():
  gin.parse_config("""
    receive.value = [@d/AdamOptimizer, @g/AdamOptimizer]
    d/AdamOptimizer.beta1 = 0.5
    g/AdamOptimizer.beta1 = 0.25
  """)
  made = [make(0.1) for make in receive()]
  for adam in made:
    assert isinstance(adam, optimizers.AdamOptimizer)
    adam.build([])
  assert [adam.variables[0].numpy() for adam in made] == [0.5, 0.25]


def test_a_schedule_is_bound_with_brackets():
  gin.parse_config("""
    receive.value = @tf.train.exponential_decay()
    tf.train.exponential_decay.learning_rate = 0.8
    tf.train.exponential_decay.decay_steps = 10
    tf.train.exponential_decay.decay_rate = 0.5
  """)
  adam = optimizers.AdamOptimizer(receive())
  np.testing.assert_allclose(adam.learning_rate(10), 0.4)


def test_a_distribution_is_bound_and_seeded():
  gin.parse_config("""
    receive.value = @tf.random.normal
    tf.random.normal.mean = 100.0
  """)
  with draws.seeded([1, 2]):
    x = receive()(shape=[4, 2], stddev=1.0)
  with draws.seeded([1, 2]):
    np.testing.assert_array_equal(x, draws.normal([4, 2], 100.0))


def test_an_operative_config_can_be_read_again():
  gin.parse_config("""
    # Parameters for AdamOptimizer:
    # ==========================================================================
    AdamOptimizer.beta1 = 0.5
    AdamOptimizer.beta2 = 0.999
    AdamOptimizer.epsilon = 1e-08
    AdamOptimizer.use_locking = False

    # Parameters for normal:
    # ==========================================================================
    normal.mean = 0.0
    normal.seed = None
  """)
  assert gin.query_parameter("tf.random.normal.mean") == 0.0
  optimizers.AdamOptimizer(0.1, name="g_opt")
  lines = gin.operative_config_str().split("\n")
  assert "AdamOptimizer.epsilon = 1e-08" in lines
  assert "AdamOptimizer.use_locking = False" in lines


def test_unknown_names_are_errors_of_gin():
  with pytest.raises(ValueError, match="tf.train.AdamWOptimizer"):
    gin.parse_config("receive.value = @tf.train.AdamWOptimizer")
  with pytest.raises(ValueError, match="beta3"):
    gin.parse_config("tf.train.AdamOptimizer.beta3 = 0.1")


def test_dropout_keeps_the_mean():
  with draws.seeded([1, 2]):
    x = gin_externals.dropout(tf.ones([1000, 10]), keep_prob=0.25).numpy()
  assert set(x.ravel()) == {0.0, 4.0}
  np.testing.assert_allclose(x.mean(), 1.0, atol=0.05)


REDUCTIONS = ["none", *(f"weighted_{how}" for how in (
  "sum", "mean", "sum_over_batch_size", "sum_by_nonzero_weights",
))]  # fmt: skip


@pytest.mark.parametrize("name", NAMES["tf.losses"].split())
def test_losses_are_those_of_tf1(name):
  rng = np.random.RandomState(0)
  predictions = rng.rand(4, 5).astype(np.float32)
  labels = rng.randint(2, size=[4, 5])
  weights = np.float32([[1.0], [0.0], [2.0], [0.5]])
  arguments = {}
  if name == "cosine_distance":
    arguments = dict(axis=1)
  elif name == "sparse_softmax_cross_entropy":
    labels = labels[:, 0]
  elif name.endswith("cross_entropy"):
    arguments = dict(label_smoothing=0.1)
  if "softmax" in name:
    weights = weights[:, 0]
  cases = [dict(reduction=reduction) for reduction in REDUCTIONS]
  for case in [{}] if name == "mean_pairwise_squared_error" else cases:
    actual, expected = (
      getattr(module, name)(
        labels, predictions, weights=weights, **arguments, **case
      )
      for module in (gin_externals, tf.compat.v1.losses)
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_losses_by_hand():
  loss = gin_externals.huber_loss([0.0, 0.0], [0.5, 3.0], delta=1.0)
  np.testing.assert_allclose(loss, (0.125 + 2.5) / 2)
  # Pairs of (0, 1, 3): 1 + 9 + 4, and three of them.
  loss = gin_externals.mean_pairwise_squared_error([[0, 0, 0]], [[0, 1, 3]])
  np.testing.assert_allclose(loss, 14 / 3, rtol=1e-6)


def test_an_unknown_reduction_names_the_known_ones():
  with pytest.raises(ValueError, match="'weighted_mean'"):
    gin_externals.hinge_loss([1.0], [1.0], reduction="mean")
