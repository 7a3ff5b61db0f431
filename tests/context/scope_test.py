"""Names and first values of variables, and the ways to make them."""

import threading

from compare_gan.context import scope
from compare_gan.layers import initializers
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")

NORMAL = initializers.normal(1.0)


def names(variables):
  return [scope.full_name(v) for v in variables]


def in_thread(fn):
  """Returns what `fn` returns in a thread of its own."""
  results = []
  thread = threading.Thread(target=lambda: results.append(fn()))
  thread.start()
  thread.join()
  return results[0]


# ---- Names -------------------------------------------------------------------


def test_a_variable_is_named_by_the_scopes_around_it():
  with scope.scope("generator"):
    with scope.scope("1x1_conv"):
      inner = scope.variable("kernel", [2], initializers.zeros)
    outer = scope.variable("bias", [2], initializers.zeros)
  root = scope.variable("step", [], initializers.zeros)
  assert inner.name == "generator/1x1_conv/kernel:0"
  assert names([outer, root]) == ["generator/bias", "step"]


def test_a_scope_ends_with_an_error():
  with pytest.raises(KeyError):
    with scope.scope("generator"):
      raise KeyError
  v = scope.variable("v", [], initializers.zeros)
  assert names([v]) == ["v"]


def test_name_scopes_of_tensorflow_do_not_leak_into_a_name():
  with tf.name_scope("replica_1"), scope.scope("generator"):
    v = scope.variable("v", [], initializers.zeros)
  assert v.name == "generator/v:0"


def test_threads_do_not_share_scopes_and_builds():
  def make():
    return scope.variable("v", [3], initializers.zeros)

  with scope.scope("generator"), scope.building(allocate=False):
    other = in_thread(make)
    own = make()
  assert isinstance(other, tf.Variable)
  assert names([other, own]) == ["v", "generator/v"]


# ---- First values ------------------------------------------------------------


def seeded_values(order, seed=1):
  """Returns {name: first value} of variables made in that order."""
  with scope.building(seed=seed):
    return {n: scope.variable(n, [4], NORMAL).numpy() for n in order}


def test_a_first_value_does_not_depend_on_the_order_of_construction():
  forwards, backwards = seeded_values("abc"), seeded_values("cba")
  for name in "abc":
    np.testing.assert_array_equal(forwards[name], backwards[name])


def test_a_first_value_depends_on_the_seed():
  one, two = seeded_values("a", seed=1)["a"], seeded_values("a", seed=2)["a"]
  assert not np.any(one == two)


def test_a_first_value_depends_on_the_full_name():
  values = seeded_values("ab")
  with scope.building(seed=1), scope.scope("generator"):
    scoped = scope.variable("a", [4], NORMAL).numpy()
  assert not np.any(values["a"] == values["b"])
  assert not np.any(values["a"] == scoped)


def test_without_a_seed_first_values_are_fresh():
  first, second = seeded_values("a", None)["a"], seeded_values("a", None)["a"]
  assert not np.any(first == second)


def test_values_take_the_place_of_the_initialiser():
  asked = []

  def values(name, shape, dtype):
    asked.append((name, shape, dtype))
    return [7] if name == "d/a" else None

  with scope.building(values=values), scope.scope("d"):
    a = scope.variable("a", [1], initializers.ones)
    b = scope.variable("b", [1, 2], initializers.ones, dtype=tf.int32)
  assert asked == [("d/a", (1,), tf.float32), ("d/b", (1, 2), tf.int32)]
  np.testing.assert_array_equal(a.numpy(), np.float32([7]))
  np.testing.assert_array_equal(b.numpy(), np.int32([[1, 1]]))


def test_a_value_of_another_shape_is_refused_by_the_name_of_its_variable():
  with scope.building(values=lambda *_: np.zeros([3, 2])), scope.scope("d"):
    with pytest.raises(ValueError) as error:
      scope.variable("kernel", [2, 3], NORMAL)
  for part in ("d/kernel", "[3, 2]", "[2, 3]"):
    assert part in str(error.value)


# ---- Without memory, and copies ----------------------------------------------


def test_without_allocation_a_spec_stands_in_for_a_variable_of_any_size():
  def init(rng, shape):
    raise AssertionError("this would not fit into memory")

  with scope.scope("g"), scope.building(allocate=False):
    spec = scope.variable("v", [10**6, 10**6], init, False, tf.int32)
  assert spec == scope.VariableSpec(
    "g/v", (10**6, 10**6), tf.int32, trainable=False
  )
  assert scope.full_name(spec) == "g/v"


def test_an_inner_build_keeps_what_it_does_not_name():
  with scope.building(seed=1):
    with scope.building(allocate=False):
      spec = scope.variable("a", [4], NORMAL)
    with scope.building(values=lambda *_: None):
      v = scope.variable("a", [4], NORMAL)
  assert isinstance(spec, scope.VariableSpec)
  np.testing.assert_array_equal(v.numpy(), seeded_values("a", seed=1)["a"])


def network():
  with scope.scope("g"):
    return (
      scope.variable("kernel", [3], NORMAL),
      scope.variable("u_var", [3], NORMAL, trainable=False),
    )


def test_a_copy_has_its_own_weights_and_shares_the_state():
  originals = network()
  original = {scope.full_name(v): v for v in originals}
  with scope.building(original=original, suffix="/Average"):
    kernel, u_var = network()
  assert u_var is originals[1]
  assert names([kernel, u_var]) == ["g/kernel/Average", "g/u_var"]
  np.testing.assert_array_equal(kernel.numpy(), originals[0].numpy())
  kernel.assign([1.0, 2.0, 3.0])
  assert not np.any(kernel.numpy() == originals[0].numpy())


# ---- Modules -----------------------------------------------------------------


class Net(scope.Module):
  """Attributes in an order that is not that of their names."""

  def __init__(self):
    super().__init__()
    self.z = scope.variable("z", [], initializers.zeros)
    self.m = [scope.variable("m0", [], initializers.zeros)]
    self.y = Leaf()
    self.d = {"b": scope.variable("d_b", [], initializers.zeros)}
    self.again = self.y
    self.a = (scope.variable("a", [], initializers.zeros), None, "text")


class Leaf(scope.Module):
  def __init__(self):
    super().__init__()
    self.u = scope.variable("u", [], initializers.zeros, trainable=False)
    self.k = scope.variable("k", [], initializers.zeros)


@pytest.mark.parametrize("allocate", [True, False])
def test_a_module_lists_its_variables_once_in_the_order_of_construction(
  allocate,
):
  with scope.building(allocate=allocate):
    net = Net()
  assert names(net.variables) == ["z", "m0", "u", "k", "d_b", "a"]
  assert names(net.trainable_variables) == ["z", "m0", "k", "d_b", "a"]


class Foreign(tf.Module):
  """A layer that knows nothing of ours."""

  def __init__(self):
    super().__init__()
    self.w = tf.Variable(1.0, name="w")


def test_variables_of_a_foreign_module_count():
  net = Leaf()
  net.foreign = Foreign()
  assert names(net.variables) == ["u", "k", "w"]
