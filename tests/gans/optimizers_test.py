"""The optimisers against tf.compat.v1.train's and against sums done by hand."""

import pathlib
import subprocess
import sys
import textwrap

from compare_gan.configuration import gin_externals  # noqa: F401
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.gans import optimizers
from compare_gan.gans import tf1_schedules as schedules
from compare_gan.gans.schedules import piecewise_schedule
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell

pytestmark = pytest.mark.versions("TensorFlow has moved its optimizers")

SLOTLESS = ("GradientDescent", "ProximalGradientDescent")

CASES = [
  ("Adam", {}),
  ("Adam", dict(beta1=0.0, beta2=0.9, epsilon=1e-3)),
  ("GradientDescent", {}),
  ("Momentum", dict(momentum=0.9)),
  ("Momentum", dict(momentum=0.9, use_nesterov=True)),
  ("RMSProp", {}),
  ("RMSProp", dict(decay=0.7, momentum=0.5, epsilon=0.1)),
  ("RMSProp", dict(momentum=0.5, centered=True)),
  ("Adagrad", {}),
  ("Adadelta", dict(rho=0.9, epsilon=1e-3)),
  ("Ftrl", {}),
  ("Ftrl", dict(learning_rate_power=-0.3, beta=0.5)),
  (
    "Ftrl",
    dict(
      l1_regularization_strength=0.3,
      l2_regularization_strength=0.2,
      l2_shrinkage_regularization_strength=0.1,
    ),
  ),
  ("AdagradDA", {}),
  (
    "AdagradDA",
    dict(l1_regularization_strength=0.1, l2_regularization_strength=0.2),
  ),
  ("ProximalAdagrad", {}),
  (
    "ProximalAdagrad",
    dict(l1_regularization_strength=0.3, l2_regularization_strength=0.2),
  ),
  ("ProximalGradientDescent", {}),
  (
    "ProximalGradientDescent",
    dict(l1_regularization_strength=0.3, l2_regularization_strength=0.2),
  ),
]


def optimizer_class(name):
  return getattr(optimizers, f"{name}Optimizer")


def variable(value, name="w"):
  value = np.asarray(value, np.float32)
  return scope.variable(name, value.shape, lambda rng, shape: value)


def built(optimizer, *variables):
  optimizer.build(variables)
  return optimizer


@pytest.mark.parametrize("name, arguments", CASES)
def test_five_steps_are_those_of_tf1(name, arguments):
  rng = np.random.RandomState(0)
  start = rng.randn(3, 2).astype(np.float32)
  ours, theirs = variable(start), tf.Variable(start)
  step = tf.Variable(0, dtype=tf.int64)
  optimizer = built(optimizer_class(name)(0.1, **arguments), ours)
  if name == "AdagradDA":
    arguments = dict(arguments, global_step=step)
  reference = getattr(tf.compat.v1.train, f"{name}Optimizer")(0.1, **arguments)
  for _ in range(5):
    noise = tf.constant(rng.randn(3, 2), tf.float32)
    optimizer.apply_gradients([(ours + noise, ours)], step)
    reference.apply_gradients([(theirs + noise, theirs)])
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)
    step.assign_add(1)


@pytest.mark.parametrize(
  "name, arguments, expected",
  [
    ("GradientDescent", {}, 0.8),
    ("Momentum", dict(momentum=0.9), 0.8),
    ("Momentum", dict(momentum=0.9, use_nesterov=True), 1 - 0.1 * 3.8),
    ("Adam", {}, 0.9),  # The corrected m / sqrt(v) is 1.
    ("Adam", dict(beta2=0.75, epsilon=1.0), 1 - 0.1 * 0.5 * 2 / (1 + 1)),
    ("RMSProp", dict(decay=0.75), 1 - 0.1 * 2 / np.sqrt(1.75)),
    ("Adagrad", dict(initial_accumulator_value=12.0), 1 - 0.1 * 2 / 4),
    ("AdagradDA", {}, -0.1 * 2 / np.sqrt(4.1)),
    (
      "ProximalGradientDescent",
      dict(l1_regularization_strength=2, l2_regularization_strength=10),
      (0.8 - 0.2) / 2,
    ),
  ],
)
def test_first_step_from_1_with_gradient_2_and_rate_a_tenth(
  name, arguments, expected
):
  w = variable(1.0)
  optimizer = built(optimizer_class(name)(0.1, **arguments), w)
  optimizer.apply_gradients([(tf.constant(2.0), w)], step=0)
  np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6)


def test_variables_have_the_names_of_a_tf1_checkpoint():
  with scope.scope("generator"):
    w = variable([1.0, 2.0], "kernel")
  optimizer = built(optimizers.AdamOptimizer(name="g_opt"), w)
  assert [scope.full_name(v) for v in optimizer.variables] == [
    "g_opt/beta1_power",
    "g_opt/beta2_power",
    "generator/kernel/g_opt",
    "generator/kernel/g_opt_1",
  ]
  assert not optimizer.trainable_variables
  assert optimizer.slot(w, "v").shape == [2]


def test_a_third_slot_counts_on():
  w = variable(1.0)
  optimizer = built(optimizers.RMSPropOptimizer(0.1, centered=True), w)
  names = [scope.full_name(v) for v in optimizer.variables]
  assert names == ["w/RMSProp", "w/RMSProp_1", "w/RMSProp_2"]


def test_ftrl_names_its_slots_on_request():
  w = variable(1.0)
  optimizer = built(optimizers.FtrlOptimizer(0.1, accum_name="square"), w)
  names = [scope.full_name(v) for v in optimizer.variables]
  assert names == ["w/square", "w/Ftrl"]


def test_adam_counts_its_own_steps():
  w = variable(1.0)
  adam = built(optimizers.AdamOptimizer(beta1=0.5, beta2=0.25), w)
  powers = adam.variables[:2]
  assert [p.numpy() for p in powers] == [0.5, 0.25]
  adam.apply_gradients([(tf.constant(1.0), w)], step=100)
  assert [p.numpy() for p in powers] == [0.25, 0.0625]


def test_first_values_of_slots_can_come_from_a_checkpoint():
  w = variable([1.0, 2.0])
  optimizer = optimizers.MomentumOptimizer(0.1, 0.5, name="d_opt")
  with scope.building(values=lambda name, shape, dtype: [3.0, 4.0]):
    optimizer.build([w])
  np.testing.assert_array_equal(optimizer.slot(w, "momentum"), [3.0, 4.0])


def test_the_step_chooses_the_rate_of_a_schedule():
  w = variable(1.0)
  rate = schedules.piecewise_constant(boundaries=[5], values=[0.1, 0.01])
  sgd = built(optimizers.GradientDescentOptimizer(rate), w)
  sgd.apply_gradients([(tf.constant(1.0), w)], step=5)
  sgd.apply_gradients([(tf.constant(1.0), w)], step=6)
  np.testing.assert_allclose(w.numpy(), 0.89, rtol=1e-6)


def test_a_traced_step_is_the_same_step():
  w = variable([1.0, 2.0])
  adam = built(optimizers.AdamOptimizer(0.1), w)
  traced = tf.function(lambda g, step: adam.apply_gradients([(g, w)], step))
  for step in range(2):
    traced(tf.constant([1.0, -1.0]), tf.constant(step))
  # A constant gradient moves Adam by the learning rate.
  np.testing.assert_allclose(w, [0.8, 2.2], rtol=1e-5)


def test_gradients_of_lookups_and_of_half_precision_do():
  table, w = variable([1.0, 2.0], "table"), variable([1.0], "w")
  sgd = built(optimizers.GradientDescentOptimizer(0.5), table, w)
  rows = tf.IndexedSlices(tf.constant([1.0, 1.0]), tf.constant([1, 1]), [2])
  half = tf.constant([1.0], tf.float16)
  sgd.apply_gradients([(rows, table), (half, w)], step=0)
  np.testing.assert_array_equal(table, [1.0, 1.0])
  np.testing.assert_array_equal(w, [0.5])


def test_a_missing_gradient_names_the_variable():
  w = variable(1.0, "lost")
  sgd = built(optimizers.GradientDescentOptimizer(0.1), w)
  with pytest.raises(ValueError, match="no gradient for lost"):
    sgd.apply_gradients([(None, w)], step=0)


def test_a_forgotten_build_says_so():
  w = variable(1.0, "kernel")
  with pytest.raises(
    ValueError, match=r"Adam lacks the slots of kernel.*build"
  ):
    optimizers.AdamOptimizer().apply_gradients([(tf.constant(1.0), w)], 0)


def test_a_second_build_is_refused():
  adam = built(optimizers.AdamOptimizer(), variable(1.0))
  with pytest.raises(ValueError, match="only once"):
    adam.build([])


@pytest.mark.parametrize("name", SLOTLESS)
def test_no_slots_no_variables(name):
  optimizer = built(optimizer_class(name)(0.1), variable(1.0))
  assert optimizer.variables == ()


@pytest.mark.parametrize(
  "make, message",
  [
    (lambda: optimizers.AdamOptimizer("0.1"), "AdamOptimizer.learning_rate"),
    (lambda: optimizers.AdamOptimizer(beta1=1.0), r"a number in \[0, 1\)"),
    (lambda: optimizers.AdamOptimizer(beta2="b"), "AdamOptimizer.beta2 = 'b'"),
    (
      lambda: optimizers.AdamOptimizer(bias_correction="sum"),
      "bias_correction = 'sum'; it must be 'product' or 'power'",
    ),
    (lambda: optimizers.AdamWOptimizer(decayed="none"), "'kernels' or 'all'"),
    (lambda: optimizers.AdamWOptimizer(weight_decay=-1), "must be 0 or more"),
    (lambda: optimizers.AdamOptimizer().corrected(1.5), r"must be in \(0, 1\]"),
    (lambda: optimizers.AdagradOptimizer(0.1, 0.0), "must be a number above 0"),
    (lambda: optimizers.FtrlOptimizer(0.1, 0.5), "must be 0 or less"),
    # A schedule without its () in the gin file.
    (lambda: optimizers.AdamOptimizer(lambda step: lambda step: 0.1), r"\(\)"),
  ],
)
def test_what_cannot_work_is_refused_at_once(make, message):
  with pytest.raises(ValueError, match=message):
    make()


def test_constructors_are_those_of_tf1():
  for name in {name for name, _ in CASES}:
    ours = optimizer_class(name).__init__.__code__
    ours = ours.co_varnames[1 : ours.co_argcount]
    theirs = getattr(tf.compat.v1.train, f"{name}Optimizer").__init__.__code__
    theirs = theirs.co_varnames[1 : theirs.co_argcount]
    assert theirs[: len(ours)] == ours, name


# ---- Schedules of betas, AdamW, steps that may be left out -------------------


def test_constant_betas_and_schedules_of_them_make_the_same_steps():
  a, b = variable([1.0, 2.0], "a"), variable([1.0, 2.0], "b")
  numbers = built(optimizers.AdamOptimizer(0.1, 0.5, 0.75), a)
  constant = lambda value: lambda step: tf.constant(value)  # noqa: E731
  scheduled = built(
    optimizers.AdamOptimizer(0.1, constant(0.5), constant(0.75)), b
  )
  for step in range(3):
    g = tf.constant([1.0, -2.0]) * (step + 1.0)
    numbers.apply_gradients([(g, a)], step)
    scheduled.apply_gradients([(g, b)], step)
  np.testing.assert_allclose(a, b, rtol=1e-6)


def test_moments_stay_means_while_beta2_rises():
  """A constant gradient moves Adam by the learning rate, whatever beta2 is."""
  w = variable(0.0)
  beta2 = piecewise_schedule([(0, 0.5), (1, 0.75), (2, 0.99)])
  adam = built(optimizers.AdamOptimizer(0.1, 0.0, beta2), w)
  for step in range(3):
    adam.apply_gradients([(tf.constant(3.0), w)], step)
    np.testing.assert_allclose(w.numpy(), -0.1 * (step + 1), rtol=1e-5)


def test_bias_corrected_by_powers_of_the_present_beta():
  """As PyTorch: v is 5.625 and beta2^2 0.5625 at the second step."""
  w = variable(0.0)
  beta2 = piecewise_schedule([(0, 0.5), (1, 0.75)])
  adam = built(
    optimizers.AdamOptimizer(0.1, 0.0, beta2, bias_correction="power"), w
  )
  moved = []
  for step in range(2):
    adam.apply_gradients([(tf.constant(3.0), w)], step)
    moved.append(float(w))
  second = 0.3 / (5.625 / 0.4375) ** 0.5
  np.testing.assert_allclose(moved, [-0.1, -0.1 - second], rtol=1e-5)
  assert [scope.full_name(v) for v in adam.variables][0] == "Adam/steps"


@pytest.mark.parametrize("how,step", [("product", 1.2), ("power", 1.6)])
def test_epsilon_is_added_before_the_correction_or_after_it(how, step):
  """v is 1, its correction 1/4: 4 (1/2) 2 / (1 + 2/3), or 4 2 / (2 + 1/2)."""
  w = variable(0.0)
  epsilon = 2 / 3 if how == "product" else 0.5
  adam = built(
    optimizers.AdamOptimizer(4.0, 0.0, 0.75, epsilon, bias_correction=how), w
  )
  adam.apply_gradients([(tf.constant(2.0), w)], 0)
  assert float(w) == pytest.approx(-2.0 * step, rel=1e-5)


def test_powers_and_products_of_constant_betas_are_the_same():
  a, b = variable([1.0, 2.0], "a"), variable([1.0, 2.0], "b")
  both = [
    (built(optimizers.AdamOptimizer(0.1, 0.5, 0.75, bias_correction=how), w), w)
    for how, w in (("product", a), ("power", b))
  ]
  for step in range(3):
    for adam, w in both:
      g = tf.constant([1.0, -2.0]) * (step + 1.0)
      adam.apply_gradients([(g, w)], step, when=tf.constant(step != 1))
  np.testing.assert_allclose(a, b, rtol=1e-6)


def test_correction_of_stylegan2():
  adam = optimizers.AdamOptimizer(0.0025, 0.0, 0.99).corrected(16 / 17)
  assert float(adam.learning_rate(0)) == pytest.approx(0.00235294, rel=1e-5)
  assert adam._betas == pytest.approx((0.0, 0.9905855))
  adam = optimizers.AdamOptimizer(0.0025, 0.0, 0.99).corrected(0.8)
  assert adam._betas[1] == pytest.approx(0.9919920)


def test_a_corrected_optimiser_keeps_its_class_and_the_first_stays_as_it_was():
  first = optimizers.AdamWOptimizer(0.1, beta2=0.99, weight_decay=0.5)
  second = first.corrected(0.5)
  assert type(second) is type(first)
  assert float(first.learning_rate(0)) == pytest.approx(0.1)
  w, v = variable(1.0, "kernel"), variable(1.0, "v")
  built(second, w)
  second.apply_gradients([(tf.constant(1.0), w)], 0)
  np.testing.assert_allclose(w.numpy(), 1.0 - 0.05 - 0.05 * 0.5, rtol=1e-5)
  built(first, v)  # which has its own slots


def test_other_optimisers_refuse_the_correction():
  with pytest.raises(ValueError, match="RMSPropOptimizer has no correction"):
    optimizers.RMSPropOptimizer(0.1).corrected(0.8)


@pytest.mark.parametrize("decayed, bias", [("kernels", 1.9), ("all", 1.8)])
def test_decoupled_decay_of_kernels_or_of_all(decayed, bias):
  kernel, b = variable(2.0, "kernel"), variable(2.0, "bias")
  adamw = optimizers.AdamWOptimizer(0.1, weight_decay=0.5, decayed=decayed)
  built(adamw, kernel, b)
  one = tf.constant(1.0)
  adamw.apply_gradients([(one, kernel), (one, b)], 0)
  # Adam's first step is 0.1; the decay is 0.1 * 0.5 * 2.
  np.testing.assert_allclose([kernel, b], [1.8, bias], rtol=1e-6)


def test_a_cards_betas_are_those_of_adamw_too():
  gin.parse_config("""
    AdamOptimizer.beta1 = 0.5
    AdamOptimizer.beta2 = 0.75
    AdamWOptimizer.beta2 = 0.25
  """)
  assert optimizers.AdamWOptimizer(0.1)._betas == (0.5, 0.25)


@pytest.mark.parametrize("name, arguments", CASES)
def test_a_step_that_is_not_due_moves_nothing(name, arguments):
  w = variable([1.0, 2.0])
  optimizer = built(optimizer_class(name)(0.1, **arguments), w)
  step = tf.function(
    lambda g, when: optimizer.apply_gradients([(g, w)], 0, when)
  )
  step(tf.constant([1.0, -1.0]), tf.constant(True))
  before = [w.numpy(), *(v.numpy() for v in optimizer.variables)]
  assert not np.array_equal(before[0], [1.0, 2.0])
  step(tf.constant([np.nan, 1.0]), tf.constant(False))
  after = [w.numpy(), *(v.numpy() for v in optimizer.variables)]
  np.testing.assert_equal(after, before)


def test_rare_optimisers_are_loaded_when_they_are_asked_for():
  code = """
    import sys
    from compare_gan.gans import optimizers
    rare = "compare_gan.gans.shrinking_optimizers"
    assert rare not in sys.modules
    optimizers.FtrlOptimizer(0.1)
    assert rare in sys.modules
    print("done")
  """
  result = subprocess.run(
    [sys.executable, "-c", textwrap.dedent(code)],
    cwd=pathlib.Path(optimizers.__file__).parents[2],
    capture_output=True,
    text=True,
    timeout=120,
    env=plain_shell.checkout(),
  )
  assert result.stdout == "done\n", result.stderr


# Devices must be set up before TensorFlow starts: a process of its own.
_ON_TWO_CPUS = """
  import numpy as np
  import tensorflow as tf
  cpu = tf.config.list_physical_devices("CPU")[0]
  tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
  )
  from compare_gan.gans import optimizers
  from compare_gan.layers import initializers
  from compare_gan.context import scope

  strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
  with strategy.scope():
    w = scope.variable("w", [2], initializers.ones)
    adam = optimizers.AdamOptimizer(0.1)
    adam.build([w])

  def step(do):
    context = tf.distribute.get_replica_context()
    # Replicas differ until their gradients are reduced.
    g = w * tf.cast(context.replica_id_in_sync_group, tf.float32)
    g = context.all_reduce("mean", g)

    def update():
      adam.apply_gradients([(g, w)], 0)
      return True

    return tf.cond(do, update, lambda: False)  # As every disc_iters-th time.

  run = tf.function(lambda do: strategy.run(step, (do,)))
  for do in (True, False, True):
    run(tf.constant(do))
  for variable in (w, *adam.variables):
    first, second = strategy.experimental_local_results(variable)
    np.testing.assert_array_equal(first, second)
  np.testing.assert_allclose(w.values[0], [0.8, 0.8], rtol=1e-3)
  np.testing.assert_allclose(adam.variables[0].values[1], 0.9**3, rtol=1e-6)

  def lazy_step(when):
    adam.apply_gradients([(tf.ones([2]), w)], 0, when)

  run_lazily = tf.function(lambda when: strategy.run(lazy_step, (when,)))
  before = [v.numpy() for v in strategy.experimental_local_results(w)]
  run_lazily(tf.constant(False))
  np.testing.assert_array_equal(
    before, [v.numpy() for v in strategy.experimental_local_results(w)]
  )
  run_lazily(tf.constant(True))
  first, second = strategy.experimental_local_results(w)
  assert (first.numpy() < before[0]).all()
  np.testing.assert_array_equal(first, second)
  print("done")
"""


@pytest.mark.long
def test_two_replicas_stay_equal():
  result = subprocess.run(
    [sys.executable, "-c", textwrap.dedent(_ON_TWO_CPUS)],
    cwd=pathlib.Path(optimizers.__file__).parents[2],
    capture_output=True,
    text=True,
    timeout=120,
    env=plain_shell.checkout(),
  )
  assert result.stdout.endswith("done\n"), result.stderr


# ---- TF1's operation for Adam ------------------------------------------------


class OnCpu(replica.Replicas):
  device_kind = "cpu"


class HalfAdam(optimizers.AdamOptimizer):
  """A formula of one's own."""

  def _update(self, w, g, rate, *slots):
    new_w, *slots = super()._update(w, g, rate, *slots)
    return (w + new_w) / 2.0, *slots


def kinds_of_op(optimizer):
  w = variable([1.0, 2.0])
  built(optimizer, w)

  def step() -> None:
    with replica.running(OnCpu()):
      optimizer.apply_gradients([(tf.constant([1.0, 2.0]), w)], 0)

  graph = tf.function(step).get_concrete_function().graph
  return {op.type for op in graph.get_operations()}


@pytest.mark.parametrize(
  "arguments",
  [
    {},
    dict(beta1=0.0, beta2=0.9, epsilon=1e-3),
    dict(beta2=piecewise_schedule([(0, 0.9), (2, 0.99)])),
  ],
)
def test_one_operation_makes_the_steps_of_the_formula(arguments):
  rng = np.random.RandomState(0)
  start = rng.randn(3, 2).astype(np.float32)
  ws = [variable(start), variable(start)]
  made = [built(optimizers.AdamOptimizer(0.1, **arguments), w) for w in ws]
  for step in range(5):
    gradient = tf.constant(rng.randn(3, 2), tf.float32)
    made[0].apply_gradients([(gradient, ws[0])], step)
    with replica.running(OnCpu()):
      made[1].apply_gradients([(gradient, ws[1])], step)
  for formula, fused in zip(made[0].variables, made[1].variables):
    np.testing.assert_allclose(fused, formula, rtol=1e-5, atol=1e-7)
  np.testing.assert_allclose(ws[1], ws[0], rtol=1e-5, atol=1e-6)


def test_only_adam_itself_uses_the_operation():
  assert "ResourceApplyAdam" in kinds_of_op(optimizers.AdamOptimizer(0.1))
  for optimizer in (optimizers.AdamWOptimizer(0.1), HalfAdam(0.1)):
    assert "ResourceApplyAdam" not in kinds_of_op(optimizer)
