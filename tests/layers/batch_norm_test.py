"""The normalisers of `G.batch_norm_fn`: what follows the standardisation.

The standardisation itself has standardize_batch_test.py.
"""

import functools

from compare_gan.context import scope
from compare_gan.layers import batch_norm
from compare_gan.layers.spectral_norm import SpectralNorm
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

ALL = [
  batch_norm.NoBatchNorm,
  batch_norm.BatchNorm,
  batch_norm.ConditionalBatchNorm,
  batch_norm.SelfModulatedBatchNorm,
]
# Two rows of two channels, which become -1 -1 and 1 1.
X = tf.constant([[0.0, 5.0], [4.0, 7.0]])
Y = tf.constant([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
Z = tf.constant([[1.0, -1.0], [2.0, 3.0]])
MOVING = ["bn1/moving_mean", "bn1/moving_variance"]


def make(norm, **arguments):
  """For two channels, z of two, and three classes; without epsilon."""
  gin.bind_parameter("standardize_batch.epsilon", 0.0)
  return norm(2, z_dim=2, y_dim=3, name="bn1", **arguments)


def names(layer):
  return [scope.full_name(v) for v in layer.variables]


def assign(layer, **values):
  """Sets the variables `gamma_kernel=...` of `<...>/gamma/kernel`."""
  by_name = {name: v for name, v in zip(names(layer), layer.variables)}
  for end, value in values.items():
    end = "/" + end.replace("_", "/")
    [v] = [v for name, v in by_name.items() if name.endswith(end)]
    v.assign(value)


def check(layer, expected):
  """For X, and for X as two images of one pixel."""
  expected = np.float32(expected)
  np.testing.assert_allclose(layer(X, Z, Y, True), expected, atol=1e-5)
  pixels = layer(X[:, None, None, :], Z, Y, True)
  np.testing.assert_allclose(pixels, expected[:, None, None, :], atol=1e-5)


# ---- no_batch_norm and batch_norm --------------------------------------------


def test_no_batch_norm_is_the_identity():
  layer = make(batch_norm.NoBatchNorm)
  assert not layer.variables
  assert layer(X, Z, Y, is_training=True) is X


def test_batch_norm_has_gamma_and_beta_after_its_averages():
  layer = make(batch_norm.BatchNorm)
  assert names(layer) == MOVING + ["bn1/gamma", "bn1/beta"]
  assert len(layer.trainable_variables) == 2


def test_batch_norm_starts_as_the_standardisation():
  check(make(batch_norm.BatchNorm), [[-1, -1], [1, 1]])


def test_batch_norm_is_gamma_times_the_standardised_plus_beta():
  layer = make(batch_norm.BatchNorm)
  assign(layer, gamma=[2.0, 3.0], beta=[10.0, 20.0])
  check(layer, [[8, 17], [12, 23]])


# ---- conditional_batch_norm --------------------------------------------------


def test_conditional_batch_norm_has_a_table_each():
  layer = make(batch_norm.ConditionalBatchNorm)
  condition = ["bn1/condition/gamma/kernel", "bn1/condition/beta/kernel"]
  assert names(layer) == MOVING + condition
  assert [v.shape.as_list() for v in layer.trainable_variables] == [[3, 2]] * 2


def test_conditional_batch_norm_takes_gamma_and_beta_by_label():
  layer = make(batch_norm.ConditionalBatchNorm)
  assign(
    layer,
    gamma_kernel=[[2.0, 3.0], [0.0, 0.0], [4.0, 5.0]],
    beta_kernel=[[10.0, 20.0], [0.0, 0.0], [30.0, 40.0]],
  )
  check(layer, [[8, 17], [34, 45]])  # No 1 is added to gamma.


def test_conditional_batch_norm_has_biases_on_request():
  gin.bind_parameter("conditional_batch_norm.use_bias", True)
  layer = make(batch_norm.ConditionalBatchNorm)
  condition = [
    f"bn1/condition/{part}/{kind}"
    for part in ("gamma", "beta")
    for kind in ("kernel", "bias")
  ]
  assert names(layer) == MOVING + condition
  zeros = np.zeros([3, 2])
  assign(layer, gamma_kernel=zeros, beta_kernel=zeros)
  check(layer, np.zeros([2, 2]))
  assign(layer, gamma_bias=[2.0, 3.0], beta_bias=[10.0, 20.0])
  check(layer, [[8, 17], [12, 23]])


def test_conditional_batch_norm_needs_labels_and_says_what_to_set():
  with pytest.raises(ValueError) as error:
    batch_norm.ConditionalBatchNorm(2, z_dim=2)
  for part in ("conditional_batch_norm", "ModularGAN.conditional"):
    assert part in str(error.value)


# ---- self_modulated_batch_norm -----------------------------------------------


def test_self_modulation_shares_a_hidden_layer():
  layer = make(batch_norm.SelfModulatedBatchNorm)
  shapes = {
    scope.full_name(v): v.shape.as_list() for v in layer.trainable_variables
  }
  assert names(layer)[:2] == MOVING
  assert list(shapes.items()) == [
    ("bn1/sbn/hidden/kernel", [2, 32]),
    ("bn1/sbn/hidden/bias", [32]),
    ("bn1/sbn/gamma/kernel", [32, 2]),
    ("bn1/sbn/gamma/bias", [2]),
    ("bn1/sbn/beta/kernel", [32, 2]),
    ("bn1/sbn/beta/bias", [2]),
  ]


def test_self_modulation_starts_around_a_gamma_of_1():
  layer = make(batch_norm.SelfModulatedBatchNorm)
  zeros = np.zeros([32, 2])
  assign(layer, gamma_kernel=zeros, beta_kernel=zeros)
  check(layer, [[-1, -1], [1, 1]])


def test_self_modulation_is_a_function_of_z():
  gin.bind_parameter("self_modulated_batch_norm.num_hidden", 2)
  layer = make(batch_norm.SelfModulatedBatchNorm)
  assign(
    layer,
    hidden_kernel=np.eye(2),
    hidden_bias=[0.0, 0.0],
    gamma_kernel=np.eye(2),
    gamma_bias=[0.0, 1.0],
    beta_kernel=10 * np.eye(2),
    beta_bias=[5.0, 0.0],
  )
  # relu(z) = 1 0 and 2 3; gamma = 1 1 and 2 4; beta = 15 0 and 25 30.
  check(layer, [[14, -1], [27, 34]])


def test_self_modulation_without_a_hidden_layer_is_linear_in_z():
  gin.bind_parameter("self_modulated_batch_norm.num_hidden", 0)
  layer = make(batch_norm.SelfModulatedBatchNorm)
  assert "bn1/sbn/hidden/kernel" not in names(layer)
  assign(layer, gamma_kernel=np.zeros([2, 2]), beta_kernel=np.eye(2))
  check(layer, [[0, -2], [3, 4]])  # The standardised plus z, not its relu.


def test_self_modulation_needs_z_and_says_what_to_set():
  with pytest.raises(ValueError) as error:
    batch_norm.SelfModulatedBatchNorm(2, y_dim=3)
  for part in ("self_modulated_batch_norm", "D.batch_norm_fn"):
    assert part in str(error.value)


# ---- All of them -------------------------------------------------------------


@pytest.mark.parametrize("norm, kernels", zip(ALL, [0, 0, 2, 3]))
def test_the_networks_norm_reaches_all_kernels(norm, kernels):
  layer = make(norm, kernel_fn=SpectralNorm)
  vectors = [name for name in names(layer) if name.endswith("kernel/u_var")]
  assert len(vectors) == kernels


@pytest.mark.parametrize("norm", ALL)
def test_a_normaliser_learns_whether_it_is_trained(norm):
  layer = make(norm, kernel_fn=SpectralNorm)
  state = [v for v in layer.variables if not v.trainable]
  before = [v.numpy() for v in state]
  layer(X, Z, Y, is_training=False)
  for v, value in zip(state, before):
    np.testing.assert_array_equal(v, value)
  layer(X, Z, Y, is_training=True)
  for v, value in zip(state, before):
    assert np.any(v.numpy() != value), v.name


@pytest.mark.parametrize("norm", ALL)
def test_pixels_of_an_image_share_gamma_and_beta(norm):
  layer = make(norm)
  x = np.random.RandomState(0).randn(2, 3, 4, 2).astype(np.float32)
  run = functools.partial(layer, z=Z, y=Y, is_training=False)
  whole = run(tf.constant(x)).numpy()
  for row, column in ((0, 0), (2, 1)):
    pixel = run(tf.constant(x[:, row, column, :])).numpy()
    np.testing.assert_allclose(whole[:, row, column], pixel, atol=1e-6)


@pytest.mark.parametrize("norm", ALL)
def test_the_result_has_the_type_of_the_input(norm):
  y = make(norm)(tf.cast(X, tf.float16), Z, Y, is_training=True)
  assert y.dtype == tf.float16
