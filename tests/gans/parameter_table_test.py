"""The table of a network's variables."""

from compare_gan.context import scope
from compare_gan.gans import parameter_table
from compare_gan.layers import initializers
import pytest

pytestmark = pytest.mark.versions("lists tf.Variables")


def test_lines_of_a_table():
  with scope.scope("g"), scope.building(allocate=False):
    variables = [
      scope.variable("kernel", [3, 500], initializers.zeros),
      scope.variable("u_var", [3, 1], initializers.zeros, trainable=False),
    ]
  assert parameter_table.table("G", variables).splitlines() == [
    "G: 1,500 parameters",
    "  g/kernel  3x500        1,500",
    "  g/u_var     3x1  not trained",
  ]


def test_nothing_has_no_lines():
  assert parameter_table.table("G", []) == "G: 0 parameters"
