"""Top-k: how many fakes count, and which."""

from compare_gan.gans import loss_lib
from compare_gan.gans import top_k
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.math.top_k takes a tensor for k")

_LOGITS = tf.constant([[1.0], [4.0], [2.0], [3.0]])


def test_k_shrinks_once_an_epoch():
  counts = top_k.TopK(steps_per_epoch=10, gamma=0.99, nu=0.5)
  ks = [int(counts.k(64, epoch)) for epoch in range(6)]
  assert ks == [64, 63, 62, 62, 61, 60]


def test_the_best_remain():
  counts = top_k.TopK(steps_per_epoch=1, gamma=0.5, nu=0.5)
  np.testing.assert_array_equal(counts.best(_LOGITS, 0, 1)[:, 0], [4, 3, 2, 1])
  np.testing.assert_array_equal(counts.best(_LOGITS, 1, 1)[:, 0], [4, 3])


def test_only_gs_loss_sees_the_best():
  counts = top_k.TopK(steps_per_epoch=1, gamma=0.5, nu=0.5)
  losses = loss_lib.get_losses(
    _LOGITS, _LOGITS, loss_lib.wasserstein, counts, more={"step": 1}
  )
  assert float(losses.g_loss) == -3.5
  assert float(losses.d_loss) == 0.0


@pytest.mark.parametrize(
  "options,sentence",
  [
    ({"steps_per_epoch": 0}, "top_k.steps_per_epoch = 0"),
    ({"steps_per_epoch": 1, "nu": 0.0}, "top_k.nu = 0.0"),
  ],
)
def test_bad_settings_are_refused(options, sentence):
  with pytest.raises(ValueError, match=sentence):
    top_k.TopK(**options)
