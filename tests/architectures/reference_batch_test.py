"""Networks with virtual batch norms keep their first rows as reference."""

from compare_gan.architectures import abstract_arch
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.context import state
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny
from tests.gans import two_replicas

_OWN = "tests.architectures.normed_architecture"
pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def _discriminator():
  gin.parse_config("""
    D.batch_norm_fn = @virtual_batch_norm
    virtual_batch_norm.reference_size = 2
  """)
  with scope.building(seed=1):
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


class _Second(replica.Replicas):
  """The second of two replicas; the first one has `rows`."""

  def __init__(self, rows):
    self.rows, self.sent = rows, []

  def num_replicas(self):
    return 2

  def replica_id(self):
    return 1

  def all_sum(self, x, group_size=None):
    self.sent.append(x.numpy())
    return x + self.rows


def test_replicas_share_the_rows_of_the_first_one():
  alone, second = _discriminator(), _discriminator()
  alone(_x(0), None, True)
  expected = alone(_x(5), None, True).logits
  replicas = _Second(_x(0)[:2])
  with replica.running(replicas):
    second(_x(1), None, True)
    logits = second(_x(5), None, True).logits
  np.testing.assert_array_equal(second.reference.rows["x"], _x(0)[:2])
  np.testing.assert_allclose(logits, expected, rtol=1e-5)
  assert not np.any(replicas.sent[0])


def _bind_for_replicas():
  gin.parse_config("""
    D.batch_norm_fn = @virtual_batch_norm
    virtual_batch_norm.reference_size = 2
    ModularGAN.g_lr = 0.1
    ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
    penalty.terms = [@r1]
  """)


def make_gan_for_replicas():
  """Returns the GAN that one and two replicas train."""
  _bind_for_replicas()
  return tiny.gan(architecture=_OWN, batch_size=4)


@pytest.mark.long
def test_two_replicas_act_as_one():
  one, two = two_replicas.rows(f"{__name__}:make_gan_for_replicas", size=4)
  for name, value in one.items():
    assert two[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


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
