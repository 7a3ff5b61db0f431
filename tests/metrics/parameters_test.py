"""What is on a card of any function: defaults, bindings, in any form."""

import functools

from compare_gan.configuration import gin_roles
from compare_gan.metrics import contract
from compare_gan.metrics import parameters as parameters_lib
import gin
import numpy as np
import pytest


def _classify(images, penalty=0.5):
  raise AssertionError


@gin.configurable("metric_of_ones_own", denylist=["fake_images", "num_classes"])
@contract.takes_num_classes
def metric_of_ones_own(
  fake_images, k=3, path=None, threads=1, classify=_classify, num_classes=None
):
  return {"mine": float(k)}


@pytest.fixture(autouse=True)
def _roles(monkeypatch):
  for role in ("_PATHS", "_SPEEDS"):
    monkeypatch.setattr(gin_roles, role, set(getattr(gin_roles, role)))
  gin_roles.declare("metric_of_ones_own", paths=["path"], speeds=["threads"])


def _k(*lines):
  gin.parse_config(lines)
  return parameters_lib.parameters(metric_of_ones_own)["k"]


def test_inputs_places_and_speeds_are_left_out():
  assert parameters_lib.parameters(metric_of_ones_own) == {
    "classify": {
      "function": f"{__name__}._classify",
      "parameters": {"penalty": 0.5},
    },
    "k": 3,
  }


def test_bindings_count():
  assert _k("metric_of_ones_own.k = 4") == 4


def test_macros_are_their_values():
  assert _k("five = 5", "metric_of_ones_own.k = %five") == 5


def test_references_are_functions_with_their_parameters():
  found = _k(
    "metric_of_ones_own.k = @a/metric_of_ones_own",
    "a/metric_of_ones_own.k = 7",
  )
  assert found["function"].endswith("parameters_test.metric_of_ones_own")
  assert found["parameters"]["k"] == 7


def test_a_function_that_is_not_gins_has_its_defaults():
  def plain(fake_images, k=2):
    raise AssertionError

  assert parameters_lib.parameters(plain) == {"k": 2}


def test_a_wrapper_has_the_parameters_of_what_it_wraps():
  @functools.wraps(metric_of_ones_own)
  def wrapper(*args, **kwargs):
    return metric_of_ones_own(*args, **kwargs)

  gin.parse_config("metric_of_ones_own.k = 4")
  assert parameters_lib.parameters(wrapper)["k"] == 4


class _Thing:
  def __init__(self, size):
    self.size = size


@pytest.mark.parametrize(
  "value,expected",
  [
    (10.0, 10),
    (0.5, 0.5),
    (True, True),
    (None, None),
    ((1, 2.0), [1, 2]),
    ({2: "b", 1: "a"}, {"1": "a", "2": "b"}),
    (np.float32(0.5), 0.5),
    (np.array([1.0, 2.0]), {"shape": [2], "values": [1, 2]}),
  ],
  ids=repr,
)
def test_values_are_as_json_has_them(value, expected):
  def plain(k=value):
    raise AssertionError

  found = parameters_lib.parameters(plain)["k"]
  assert found == expected and type(found) is type(expected)


def _parameter(value):
  def plain(k):
    raise AssertionError

  plain.__defaults__ = (value,)
  return parameters_lib.parameters(plain)["k"]


def test_objects_are_what_they_hold():
  assert _parameter(_Thing(1)) == _parameter(_Thing(1)) != _parameter(_Thing(2))


def test_where_an_object_is_in_memory_does_not_count():
  assert _parameter(object()) == _parameter(object())
  assert _parameter(range(3)) != _parameter(range(4))
