"""Settings of one network: gin scopes G, D and E."""

from compare_gan.architectures import abstract_arch
from compare_gan.context import gin_scope
from compare_gan.context import replica
from compare_gan.layers.batch_norm import StandardizeBatch
import gin
import pytest
import tensorflow as tf

_OWN = "tests.architectures.normed_architecture"
pytestmark = pytest.mark.versions("gin differs between them")


def _discriminator():
  return abstract_arch.make_discriminator(_OWN, (2, 2, 1))


def test_a_binding_in_a_scope_acts_on_one_network():
  gin.parse_config("""
    D.spectral_norm = True
    spectral_norm.power_iteration_rounds = 2
    G/spectral_norm.power_iteration_rounds = 3
  """)
  assert _discriminator().scores.linear.kernel.rounds == 2
  gin.parse_config("D/spectral_norm.power_iteration_rounds = 4")
  assert _discriminator().scores.linear.kernel.rounds == 4


def test_it_reaches_what_a_reference_makes():
  gin.parse_config("""
    D.batch_norm_fn = @batch_norm
    D/standardize_batch.decay = 0.5
  """)
  assert _discriminator().norm.standardize._decay == 0.5
  assert StandardizeBatch(1)._decay == 0.999


def test_initialisers_have_it_too():
  gin.parse_config("D/weights.initializer = 'no such'")
  with pytest.raises(ValueError, match="no such"):
    _discriminator()


def test_without_such_bindings_nothing_is_written_down_twice():
  gin.parse_config("D.spectral_norm = True")
  _discriminator()
  assert "D/" not in gin.operative_config_str()


def test_a_macro_of_that_name_is_no_setting():
  gin.parse_config("D = 3")
  with gin_scope.settings_of("D"):
    assert gin.current_scope() == []


def test_a_call_reads_the_settings_of_its_network():
  gin.parse_config("""
    D.batch_norm_fn = @batch_norm
    D/cross_replica_moments.group_size = 3
  """)

  class Two(replica.Replicas):
    def num_replicas(self):
      return 2

  discriminator = _discriminator()
  with replica.running(Two()):
    with pytest.raises(ValueError, match="group_size = 3"):
      discriminator(tf.zeros([2, 2, 2, 1]), None, True)
    StandardizeBatch(1)(tf.zeros([2, 1]), True)
