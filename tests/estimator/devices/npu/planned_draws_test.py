"""The noise of a step, drawn before it, is the noise of the step."""

from compare_gan.context import draws
from compare_gan.context import replica
from compare_gan.estimator.devices.npu import planned_draws
from compare_gan.memory import memory_check
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import bigbigan_test
from tests.gans import tiny

pytestmark = [
  pytest.mark.npu,
  pytest.mark.versions("Huawei's adapter is for TensorFlow 2.6.5"),
]

_SPECS = [{"x": tf.TensorSpec([2])}]


class Model:
  """Calls `step(model, batches)`, then counts."""

  def __init__(self, step):
    self.global_step = tf.Variable(0, dtype=tf.int64)
    self._step = step

  def train_step(self, batches):
    result = self._step(self, batches)
    self.global_step.assign_add(1)
    return {"result": result}


def _draw(plan, step):
  [drawn] = tf.data.Dataset.range(step, step + 1).map(plan.draw)
  return drawn


def _plan(step, **replicas):
  return planned_draws.plan_step(Model(step), _SPECS, **replicas)


def test_a_plan_draws_what_the_step_would():
  def step(model, batches):
    with draws.seeded([3, model.global_step]):
      first = draws.truncated_normal([2, 3])
      seed = draws.uniform([], 0, 100, dtype=tf.int32)
    with draws.seeded([seed, 5]):  # A seed that is drawn itself.
      return first, draws.uniform([4])

  plan = _plan(step)
  assert [spec.shape for spec in plan.specs] == [[2, 3], [], [4]]
  drawn = _draw(plan, 9)
  model = Model(step)
  model.global_step.assign(9)
  expected = model.train_step([{"x": tf.zeros([2])}])["result"]
  with draws.fed(drawn):
    actual = model.train_step([{"x": tf.zeros([2])}])["result"]
  np.testing.assert_array_equal(actual[0], expected[0])
  with draws.seeded([3, 9]):
    np.testing.assert_array_equal(expected[0], draws.truncated_normal([2, 3]))
  model.global_step.assign(9)
  expected = model.train_step([{"x": tf.zeros([2])}])["result"]
  np.testing.assert_array_equal(actual[1], expected[1])


def test_each_replica_has_its_rows():
  def step(model, batches):
    with draws.seeded([3, model.global_step], 2 * replica.replica_id()):
      return draws.normal([2, 5])

  second = _draw(_plan(step, number=2, index=1), 4)
  with draws.seeded([3, 4]):
    whole = draws.normal([4, 5])
  np.testing.assert_allclose(second[0], whole[2:], rtol=1e-5)


def test_nothing_drawn_is_nothing_planned():
  plan = _plan(lambda model, batches: batches[0]["x"])
  assert plan.draw(tf.constant(0, tf.int64)) == ()


def _seeded_by(value):
  def step(model, batches):
    with draws.seeded(
      tf.stack([tf.constant(1, tf.int64), value(model, batches)])
    ):
      return draws.normal([2])

  return step


def test_noise_must_not_hang_on_data():
  step = _seeded_by(lambda _, batches: tf.cast(batches[0]["x"][0], tf.int64))
  with pytest.raises(ValueError, match="depends on .*, which is on the device"):
    _plan(step)


def test_noise_must_not_hang_on_variables():
  other = tf.Variable(1, dtype=tf.int64)
  with pytest.raises(ValueError, match="depends on .*, which is on the device"):
    _plan(_seeded_by(lambda *_: other))


def test_noise_comes_before_the_step_is_counted():
  def moved(model, _):
    model.global_step.assign_add(1)
    return model.global_step

  with pytest.raises(ValueError, match="after the step has moved it"):
    _plan(_seeded_by(moved))


def test_noise_must_not_come_from_a_loop():
  def step(model, batches):
    with draws.seeded([1, model.global_step]):
      return tf.while_loop(
        lambda i, _: i < 2,
        lambda i, x: (i + 1, x + draws.normal([2])),
        (0, tf.zeros([2])),
      )

  with pytest.raises(ValueError, match="loop .* options.micro_batches = 1"):
    _plan(step)


def test_other_draws_than_planned_are_refused():
  with pytest.raises(ValueError, match=r"shape \[3\] .* one of shape \[2\]"):
    with draws.fed([tf.zeros([2])]):
      draws.normal([3])
  with pytest.raises(ValueError, match="not prepared"):
    with draws.fed([]):
      draws.normal([3])
  with pytest.raises(ValueError, match="1 of 1 draws .* not used"):
    with draws.fed([tf.zeros([2])]):
      pass


_CONDITIONAL = """
  ModularGAN.conditional = True
  penalty.fn = @dragan_penalty
  augmentation.policy = "translation,cutout"
"""
_WITH_DROPOUT = """
  tests.gans.bigbigan_test.Encoder.dropout = 0.5
  tests.gans.bigbigan_test.Encoder.noise = True
  tests.gans.bigbigan_test.Encoder.recompute = False
  tests.gans.bigbigan_test.JointDiscriminator.dropout = 0.5
  ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
"""


@pytest.mark.long
@pytest.mark.parametrize(
  "cls,architecture,bindings",
  [
    ("ModularGAN", tiny.ARCHITECTURE, _CONDITIONAL),
    ("BigBiGAN", bigbigan_test.__name__, _WITH_DROPOUT),
  ],
  ids=["conditional", "with dropout"],
)
def test_gans_train_the_same(cls, architecture, bindings):
  gin.parse_config(bindings)
  plain, planned = [tiny.gan(cls, architecture) for _ in range(2)]
  plan = planned_draws.plan_step(planned, memory_check.specs(planned))

  def step(batches, drawn):
    with draws.fed(drawn):
      return planned.train_step(batches)

  plain_step = tf.function(plain.train_step, autograph=False)
  step = tf.function(step, autograph=False)
  for t in range(2):
    batches = tiny.batches(plain.batches_per_step)
    plain_step(batches)
    step(batches, _draw(plan, t))
  for a, b in zip(plain.variables, planned.variables):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=a.name)
