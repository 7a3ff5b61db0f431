"""Dropout by place in the global batch, and blocks of linear layers."""

from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.layers import dense_residual
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


def test_dropout_keeps_the_mean():
  with draws.seeded([1, 2]):
    y = dense_residual.dropout(tf.ones([100, 100]), 0.2, True).numpy()
  assert set(np.unique(y)) == {0.0, np.float32(1.25)}
  assert np.mean(y == 0.0) == pytest.approx(0.2, abs=0.02)


def test_dropout_goes_by_the_place_in_the_global_batch():
  with draws.seeded([1, 2]):
    whole = dense_residual.dropout(tf.ones([4, 50]), 0.5, True).numpy()
  with draws.seeded([1, 2], first=2):
    half = dense_residual.dropout(tf.ones([2, 50]), 0.5, True)
  np.testing.assert_array_equal(half, whole[2:])
  assert not np.array_equal(whole[:2], whole[2:])


def test_evaluation_drops_nothing():
  x = tf.ones([3, 5])
  np.testing.assert_array_equal(dense_residual.dropout(x, 0.9, False), x)
  np.testing.assert_array_equal(dense_residual.dropout(x, 0.0, True), x)


def test_block_by_hand():
  block = dense_residual.DenseResidual(1, 1, rate=0.0)
  for linear, k, b in (
    (block.linear1, 2.0, 0.0),
    (block.linear2, -3.0, 1.0),
    (block.shortcut, -1.0, 0.0),
  ):
    linear.kernel.kernel.assign([[k]])
    linear.bias.assign([b])
  # x = 1: 2 -> -5 -> -1, and -1 -> -0.2. x = -1: -0.4 -> 2.2, and 1.
  y = block(tf.constant([[1.0], [-1.0]]), True)
  np.testing.assert_allclose(y, [[-1.2], [3.2]], rtol=1e-6)


def test_training_drops_twice_in_the_path():
  block = dense_residual.DenseResidual(1, 2, rate=0.5)
  for linear in (block.linear1, block.linear2, block.shortcut):
    linear.kernel.kernel.assign(tf.ones_like(linear.kernel.kernel))
  with draws.seeded([0, 0]):
    y = block(tf.ones([400, 1]), True).numpy()
  # Of hidden units 2 or 0 each; of the sum, doubled, none; the shortcut is 1.
  assert set(np.unique(y)) == {1.0, 5.0, 9.0}
  assert np.mean(y == 1.0) == pytest.approx(0.5 + 0.5 * 0.25, abs=0.06)


def test_names():
  with scope.scope("H"):
    blocks = dense_residual.DenseResiduals(3, 2, 2)
  names = [scope.full_name(v) for v in blocks.variables]
  assert names[0] == "H/block1/linear1/kernel" and len(names) == 12
  assert blocks.blocks[0].linear1.kernel.kernel.shape == (3, 2)
  assert blocks.blocks[1].linear1.kernel.kernel.shape == (2, 2)


def test_impossible_rate_is_refused():
  with pytest.raises(ValueError, match="less than 1.*dropout"):
    dense_residual.DenseResidual(1, 1, rate=1.0)
