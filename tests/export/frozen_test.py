"""A frozen generator: only what depends on z and y is left."""

from compare_gan.context import scope
from compare_gan.export import frozen
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.export import generators
from tests.gans import tiny

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")


def _types(graph):
  return {operation.type for operation in graph.operations}


def test_norms_of_weights_are_numbers():
  gan = generators.make("resnet_cifar_arch")
  graph = frozen.freeze(gan)
  # Power iterations sum squares, take roots and divide kernels.
  assert not _types(graph) & {"Sum", "Rsqrt", "RealDiv", "ReadVariableOp"}
  assert set(graph.inputs) == {"z", "y"}
  assert graph.inputs["z"].shape == (1, generators.Z_DIM)


def test_freezing_moves_no_state():
  gin.bind_parameter("spectral_norm.update_in_eval", True)
  gan = generators.make("resnet_cifar_arch")
  before = [v.numpy() for v in gan.generator.variables]
  frozen.freeze(gan)
  for v, value in zip(gan.generator.variables, before):
    np.testing.assert_array_equal(v, value, err_msg=v.name)


def test_operations_come_after_what_they_need():
  graph = frozen.freeze(generators.make("dcgan_arch"))
  known = {tensor.name for tensor in graph.inputs.values()} | {*graph.constants}
  for operation in graph.operations:
    for tensor in operation.inputs:
      assert frozen.resolve(tensor, graph.aliases).name in known
    known |= {tensor.name for tensor in operation.outputs}
  assert frozen.resolve(graph.output, graph.aliases).name in known


def test_filled_moments_need_none_of_the_image():
  gin.bind_parameter("standardize_batch.use_moving_averages", False)
  gan = generators.make("dcgan_arch")
  for v in gan.generator.variables:
    if scope.full_name(v).endswith("update_accus"):
      v.assign(0)
  graph = frozen.freeze(gan)
  assert not _types(graph) & {"Mean", "Select", "SelectV2", "AssignVariableOp"}


@pytest.mark.parametrize("averaged", [True, False])
def test_averaged_weights_are_a_choice(averaged):
  gin.bind_parameter("ModularGAN.g_use_ema", True)
  gin.bind_parameter("ModularGAN.ema_start_step", 0)
  gan = tiny.gan()
  gan.generator.out.bias.assign(7.0 * tf.ones_like(gan.generator.out.bias))
  constants = frozen.freeze(gan, averaged).constants.values()
  has_raw = any((np.ravel(value) == 7.0).all() for value in constants)
  assert has_raw != averaged


def test_generator_that_ignores_its_inputs_is_refused():
  class Deaf(generators.Gan):
    def generate(self, z, y=None, averaged=True):
      return tf.zeros([1, 2, 2, 3])

  with pytest.raises(ValueError, match="neither z nor y"):
    frozen.freeze(Deaf(None))


def test_constants_may_wait_for_the_inputs():
  """As in attention in chunks, which takes one chunk after the other."""

  def generate(z):
    first = z + 1.0
    with tf.control_dependencies([first]):
      return first * tf.math.cumsum(tf.constant([1.0, 2.0]))

  found = frozen.freeze_function(
    generate, [tf.TensorSpec([1, 2], tf.float32, "z")]
  )
  values = [value.tolist() for value in found.constants.values()]
  assert [1.0, 3.0] in values


def test_custom_gradients_leave_no_operation():
  @tf.custom_gradient
  def double(z):
    return 2.0 * z, lambda dy: dy

  found = frozen.freeze_function(double, [tf.TensorSpec([1, 2], name="z")])
  assert _types(found) == {"Mul"}
