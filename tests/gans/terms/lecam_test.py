"""LeCam by hand."""

from compare_gan.gans.terms import lecam
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("variables of a module are moved")

_R, _F = tf.constant([[2.0], [-1.0]]), tf.constant([[0.0], [1.0]])


def test_distances_to_the_other_sides_average():
  """((2.5)^2 + (-0.5)^2) / 2 + ((-0.5)^2 + 0.5^2) / 2 = 3.25 + 0.25."""
  assert float(lecam.distance(_R, _F, 0.5, -0.5)) == pytest.approx(3.5)


def test_with_relu_only_the_wrong_side_counts():
  """2.5^2 / 2 + 0.5^2 / 2 = 3.25."""
  assert float(lecam.distance(_R, _F, 0.5, -0.5, True)) == pytest.approx(3.25)


def test_the_first_averages_are_the_batchs_own():
  term = lecam.LeCam(decay=0.9)
  value, statistics = term(_R, _F)
  assert float(statistics["real"]) == float(statistics["fake"]) == 0.5
  assert float(value) == pytest.approx(float(lecam.distance(_R, _F, 0.5, 0.5)))
  term.move(**statistics)
  assert float(term.real) == pytest.approx(0.05)  # 0.1 * 0.5, with its bias


def test_it_waits_for_its_start():
  term = lecam.LeCam(start=1)
  value, statistics = term(_R, _F)
  assert float(value) == 0.0
  for _ in range(2):
    term.move(**statistics)
  assert float(term(_R, _F)[0]) > 0.0


def test_a_decay_of_1_is_refused():
  with pytest.raises(ValueError, match="lecam.decay = 1"):
    lecam.LeCam(decay=1)
