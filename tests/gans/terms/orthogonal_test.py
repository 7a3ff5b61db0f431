"""Orthogonal forms of W = [[1, 1], [0, 1]], where W^T W = [[1, 1], [1, 2]]."""

from compare_gan.gans.terms import orthogonal
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.linalg computes kernels")

_W = tf.constant([[1.0, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize(
  "fn,value",
  [
    (orthogonal.orthogonal_penalty, 2.0),  # off the diagonal: 1 + 1
    (orthogonal.soft_orthogonal, 3.0),  # |[[0, 1], [1, 1]]|^2
    (orthogonal.double_soft_orthogonal, 6.0),  # W W^T = [[2, 1], [1, 1]]
    (orthogonal.mutual_coherence, 1.0),
  ],
)
def test_values(fn, value):
  assert float(fn([_W])) == pytest.approx(value)
  assert float(fn([_W, _W])) == pytest.approx(2 * value)


def test_the_spectral_norm_of_what_lacks_to_one():
  """[[0, 1], [1, 1]] has the golden ratio for its largest eigenvalue."""
  value = orthogonal.srip([_W], iterations=50)
  assert float(value) == pytest.approx(1.6180340, rel=1e-5)


def test_linear_layers_can_be_left_out():
  kernels = [_W, tf.reshape(_W, [1, 1, 2, 2])]
  value = orthogonal.soft_orthogonal(kernels, convolutions_only=True)
  assert float(value) == pytest.approx(3.0)


def test_no_kernels_are_refused():
  with pytest.raises(ValueError, match="@srip acts on kernels"):
    orthogonal.srip([])
