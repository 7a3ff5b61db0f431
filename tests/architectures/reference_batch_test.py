"""Networks with virtual batch norms keep their first rows as reference."""

from compare_gan.architectures import abstract_arch
from compare_gan.context import replica
from compare_gan.context import state
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

_OWN = "tests.architectures.normed_architecture"
pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _discriminator():
  gin.parse_config("""
    D.batch_norm_fn = @virtual_batch_norm
    virtual_batch_norm.reference_size = 2
  """)
  return abstract_arch.make_discriminator(_OWN, (2, 2, 1))


def _x(seed, size=3):
  return tf.random.stateless_uniform([size, 2, 2, 1], [seed, 0])


def test_the_first_batch_is_the_reference():
  d = _discriminator()
  assert d(_x(0), None, True).logits.shape == (3, 1)
  d(_x(1), None, True)
  np.testing.assert_array_equal(d.reference.rows["x"], _x(0)[:2])


def test_of_several_first_passes_the_first_one_counts():
  d = _discriminator()
  with state.deferred() as updates:
    d(_x(0), None, True)
    d(_x(1), None, True)
  for update in updates:
    update.apply()
  np.testing.assert_array_equal(d.reference.rows["x"], _x(0)[:2])


def test_an_image_does_not_depend_on_its_batch():
  d = _discriminator()
  d(_x(0), None, True)
  alone = d(_x(5)[:1], None, False).logits
  np.testing.assert_allclose(d(_x(5), None, False).logits[:1], alone, rtol=1e-5)


def test_the_reference_is_seen_with_the_weights_of_now():
  d = _discriminator()
  d(_x(0), None, True)
  before = d(_x(5), None, False).features.numpy()
  # Twice the activations, the reference's too: nothing changes but by epsilon.
  d.hidden.kernel.kernel.assign(1e3 * d.hidden.kernel.kernel)
  once = d(_x(5), None, False).features.numpy()
  d.hidden.kernel.kernel.assign(2.0 * d.hidden.kernel.kernel)
  np.testing.assert_allclose(
    d(_x(5), None, False).features, once, rtol=1e-3, atol=1e-4
  )
  assert np.max(np.abs(before)) > 0


def test_a_network_without_them_stays_as_it_is():
  d = abstract_arch.make_discriminator(_OWN, (2, 2, 1))
  assert not hasattr(d, "reference")


def test_fewer_rows_than_the_reference_are_refused():
  with pytest.raises(ValueError, match=r"reference_size = 2.*batch_size"):
    _discriminator()(_x(0, size=1), None, True)


def test_replicas_are_refused():
  class Two(replica.Replicas):
    def num_replicas(self):
      return 2

  d = _discriminator()
  with replica.running(Two()):
    with pytest.raises(ValueError, match="virtual_batch_norm.*2 replicas"):
      d(_x(0), None, True)


def test_a_gan_trains_with_them_in_a_graph():
  gin.parse_config("""
    D.batch_norm_fn = @virtual_batch_norm
    virtual_batch_norm.reference_size = 2
    D.kernel_fn = @forced_weight_norm
    loss.fn = @hinge
    penalty.fn = @no_penalty
  """)
  gan = tiny.gan(architecture=_OWN)
  assert gan.discriminator.title == "normed_architecture.Discriminator"
  before = tiny.values(gan.discriminator)
  scalars = tf.function(gan.train_step)(tiny.batches(1))
  after = tiny.values(gan.discriminator)
  assert after["discriminator/reference/is_filled"] == 1
  np.testing.assert_allclose(
    after["discriminator/reference/x"], tiny.batches(1)[0]["images"]
  )
  assert np.any(
    after["discriminator/norm/gamma"] != before["discriminator/norm/gamma"]
  )
  assert np.isfinite(scalars["loss/d_0"])
