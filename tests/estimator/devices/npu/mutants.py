"""Ways to get an NPU wrong: what the double, or a comparison, must catch.

Each is NpuDevices with one clause of its contract broken.
"""

import contextlib
from unittest import mock

from compare_gan.context import replica
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices.npu import adapter
from compare_gan.estimator.devices.npu import devices as npu
from compare_gan.estimator.devices.npu import planned_draws
import tensorflow as tf

_NPU = npu.NpuDevices


@contextlib.contextmanager
def active(name):
  """Inside, NpuDevices has the fault of that name; None for no fault."""
  with contextlib.ExitStack() as stack:
    for holder, attribute, value in _FAULTS[name]() if name else ():
      stack.enter_context(mock.patch.object(holder, attribute, value))
    yield


# ---- One card ----------------------------------------------------------------


def opens_late():
  """A variable is there before the card is opened, and nobody looks."""
  early = []

  def make_one(*unused):
    early.append(tf.Variable(0.0))

  return [(adapter, "require_no_variables", make_one)]


def seeds_before_opening():
  init, set_seed = _NPU.__init__, tf.random.set_seed

  def seeded_first(self, options=None, mode=None, seed=None):
    set_seed(seed)
    init(self, options, mode, None)

  return [(_NPU, "__init__", seeded_first)]


def sets_options_after_opening():
  configure, opened = _NPU._configure, _NPU._open

  def open_first(self, device_id):
    handle = opened(self, device_id)
    configure(self, {"deterministic": 1})
    return handle

  return [
    (_NPU, "_configure", lambda self, wanted: None),
    (_NPU, "_open", open_first),
  ]


def sets_unasked_options():
  configure = _NPU._configure

  def with_defaults(self, wanted):
    configure(self, {"hcom_parallel": True, **wanted})

  return [(_NPU, "_configure", with_defaults)]


def forgets_loop_size():
  return [(_NPU, "_set_loop_size", lambda self, steps: None)]


def forgets_remainder():
  whole = _NPU._set_loop_size
  return [(_NPU, "_set_loop_size", lambda self, steps: whole(self, 2))]


def two_whiles():
  run = _NPU.run

  def counting(self, step, batches):
    [one] = tf.while_loop(lambda i: i < 1.0, lambda i: (i + 1.0,), [0.0])
    return {k: v * one for k, v in run(self, step, batches).items()}

  return [(_NPU, "run", counting)]


def returns_from_the_loop():
  def loop(self, one_step, iterator, outputs):
    unsized = base.Devices.loop(self, one_step, iterator, outputs)

    def sized(steps):
      self._set_loop_size(steps)
      return unsized(steps)

    return sized

  return [(_NPU, "loop", loop)]


def two_elements_for_a_step():
  """Batches come one by one, noise with each."""

  def take(self, iterator, count):
    next(iterator)
    return next(iterator)

  return [(_NPU, "take", take)]


def draws_in_the_graph():
  def run(self, step, batches):
    with replica.running(self):
      scalars = step(list(batches["batches"]))
      return {k: replica.all_mean(v) for k, v in scalars.items()}

  return [(_NPU, "run", run)]


def float64_on_the_card():
  run = _NPU.run

  def in_float64(self, step, batches):
    scalars = run(self, step, batches)
    return {
      k: tf.cast(tf.cast(v, tf.float64) * 2.0, tf.float32)
      for k, v in scalars.items()
    }

  return [(_NPU, "run", in_float64)]


def noise_of_the_next_step():
  draw = planned_draws.Plan.draw
  return [(planned_draws.Plan, "draw", lambda plan, t: draw(plan, t + 1))]


def scales_the_loss_unasked():
  return [(_NPU, "precision", lambda self, run_config: ("float32", True))]


# ---- Two cards ---------------------------------------------------------------


def sums_float64():
  def all_sum(self, x, group_size=None):
    wide = tf.cast(x, tf.float64)
    wide = self._adapter.distribute.all_reduce(wide, reduction="sum")
    return tf.cast(wide, x.dtype)

  return [(_NPU, "all_sum", all_sum)]


def sums_outside_of_functions():
  init = _NPU.__init__

  def eager(self, *args, **kwargs):
    init(self, *args, **kwargs)
    self._sums = self.all_sum

  return [(_NPU, "__init__", eager)]


def means_for_sums():
  all_sum = _NPU.all_sum

  def of_floats(self, x, group_size=None):
    if not x.dtype.is_floating:
      return all_sum(self, x, group_size)
    return self._adapter.distribute.all_reduce(x, reduction="mean")

  return [(_NPU, "all_sum", of_floats)]


def sums_no_gradients():
  """Each card goes its own way with its own gradients."""
  all_sum = _NPU.all_sum

  def but_matrices(self, x, group_size=None):
    if len(x.shape) == 2 and x.dtype == tf.float32:
      return x * self.num_replicas()
    return all_sum(self, x, group_size)

  return [(_NPU, "all_sum", but_matrices)]


def same_rows_everywhere():
  return [(_NPU, "shard", lambda self: {"num_shards": 2, "shard": 0})]


def same_noise_everywhere():
  plan_step = planned_draws.plan_step

  def of_first(model, specs, number=1, index=0):
    return plan_step(model, specs, number, 0)

  return [(planned_draws, "plan_step", of_first)]


def sends_nothing():
  return [(_NPU, "broadcast", lambda self, variables: None)]


def _sends_all_but(part):
  def fault():
    broadcast = _NPU.broadcast

    def partly(self, variables):
      broadcast(self, [v for v in variables if part not in v.name])

    return [(_NPU, "broadcast", partly)]

  return fault


ONE_CARD = (
  opens_late,
  seeds_before_opening,
  sets_options_after_opening,
  sets_unasked_options,
  forgets_loop_size,
  forgets_remainder,
  two_whiles,
  returns_from_the_loop,
  two_elements_for_a_step,
  draws_in_the_graph,
  float64_on_the_card,
  noise_of_the_next_step,
  scales_the_loss_unasked,
)
_STATE = {
  "moments": "moving_variance",
  "u": "u_var",
  "averages": "ExponentialMovingAverage",
  "slots": "d_opt",
  "counters": "global_step_disc",
  "loss_scale": "loss_scale",
}
_FAULTS = {
  fault.__name__: fault
  for fault in (
    *ONE_CARD,
    sums_float64,
    sums_outside_of_functions,
    means_for_sums,
    sums_no_gradients,
    same_rows_everywhere,
    same_noise_everywhere,
    sends_nothing,
  )
}
_FAULTS.update(
  {f"sends_no_{name}": _sends_all_but(part) for name, part in _STATE.items()}
)
NAMES_OF_STATE = {f"sends_no_{name}": part for name, part in _STATE.items()}
