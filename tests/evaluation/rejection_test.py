"""Rejection sampling: probabilities by hand, and on a tiny GAN."""

from compare_gan.evaluation import rejection
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow makes what is rejected")


def test_probabilities_by_hand():
  # With gamma = 0 and eps = 0 they are exp(l - M), of l = 0 and 1, M = 2.
  f = rejection.log_odds(np.array([0.0, 1.0]), maximum=2.0, epsilon=0.0)
  np.testing.assert_allclose(
    rejection.acceptance(f, 0.0), [0.1353353, 0.3678794], rtol=1e-6
  )


def test_the_best_image_is_kept():
  f = rejection.log_odds(np.array([2.0], np.float32), maximum=2.0)
  np.testing.assert_allclose(f, [-np.log(1e-8)], rtol=1e-6)


class _Rejection(rejection.Rejection):
  """Proposals whose z is their logit."""

  def sample_of(self, logits, n, labels=None):
    rng = np.random.RandomState(0)

    def proposed(i, y):
      z = rng.choice(logits, [self.batch_size, 1])
      if y is not None:
        z = z + 100.0 * y[:, None]
      return z, z[:, 0] % 100.0, rng.uniform(size=self.batch_size)

    return self._kept(proposed, n, labels)


def test_kept_ones_are_the_better_ones():
  chosen = _Rejection(burn_in=100, batch_size=100)
  z = chosen.sample_of(np.linspace(0.0, 9.0, 50), 200)
  assert z.shape == (200, 1)
  assert z.mean() > 7.0  # of all of them it is 4.5


def test_labels_are_those_that_were_asked_for():
  chosen = _Rejection(burn_in=10, batch_size=8)
  labels = np.array([2, 0, 1, 0, 2])
  z = chosen.sample_of(np.linspace(0.0, 9.0, 50), 5, labels)
  np.testing.assert_array_equal(z[:, 0] // 100, labels)


def test_giving_up_is_said():
  chosen = _Rejection(burn_in=10, batch_size=2, max_batches=1)
  with pytest.raises(ValueError, match="rejection.max_batches = 1"):
    chosen.sample_of(np.array([0.0, 1.0]), 5)


def test_a_seed_gives_the_same_latents():
  gan = tiny.gan()
  chosen = rejection.Rejection(burn_in=10, batch_size=16)
  z = np.zeros([5, tiny.Z_DIM], np.float32)
  first, again, other = (
    chosen.sample(gan, z, None, seed=seed) for seed in (1, 1, 2)
  )
  np.testing.assert_array_equal(first, again)
  assert not np.array_equal(first, other)
  assert len(np.unique(first, axis=0)) == 5


def test_a_hinge_loss_gives_no_ratio():
  gan = tiny.gan()
  rejection.Rejection().check(gan)
  gin.parse_config("loss.fn = @hinge")
  with pytest.raises(ValueError, match="loss.fn = @hinge"):
    rejection.Rejection().check(gan)


@pytest.mark.parametrize("name", ["percentile", "burn_in", "epsilon"])
def test_bad_numbers_are_named(name):
  gin.bind_parameter(f"rejection.{name}", -1)
  with pytest.raises(ValueError, match=f"rejection.{name} = -1"):
    gin.get_configurable("rejection")()
