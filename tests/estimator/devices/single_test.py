"""Steps of one device that XLA compiles."""

from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import single
import pytest
import tensorflow as tf

from tests.schedules import runs

pytestmark = pytest.mark.versions("XLA compiles the step")

_STEPS = "options.training_steps = 2"


@pytest.mark.long
def test_a_compiled_training_makes_the_same_steps(tmp_path):
  plain = runs.train(tmp_path / "plain", _STEPS)
  compiled = runs.train(tmp_path / "xla", _STEPS, "run_config.xla = True")
  assert set(plain) == set(compiled)
  for name, value in plain.items():
    assert compiled[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_xla_runs_what_it_compiles():
  def step(batches):
    return {"loss/sum": tf.reduce_sum(batches[0]["x"])}

  compiled = single.OneDevice("CPU:0").compiled(step)
  batch = {"x": tf.constant([1.0, 2.0])}
  assert float(compiled([batch])["loss/sum"]) == 3.0
  hlo = compiled.experimental_get_compiler_ir([batch])(stage="hlo")
  assert "reduce" in hlo


def test_what_xla_does_not_have_is_told_with_the_way_out():
  def step(batches):
    return {"loss/rows": tf.numpy_function(len, [batches[0]["x"]], tf.int64)}

  on = single.OneDevice("CPU:0")
  with pytest.raises(tf.errors.OpError) as raised:
    on.compiled(step)([{"x": tf.constant([1.0, 2.0])}])
  words = "XLA .* have PyFunc on .* Set run_config.xla = False."
  with pytest.raises(ValueError, match=words):
    on.explain(raised.value)


def test_other_errors_of_a_step_are_left_as_they_are():
  error = tf.errors.InvalidArgumentError(None, None, "Not a number")
  single.OneDevice("CPU:0").explain(error)


def test_several_replicas_are_not_compiled():
  class Two(base.Devices):
    def num_replicas(self):
      return 2

  with pytest.raises(ValueError, match="xla = True is for .* 2 replicas"):
    Two().compiled(len)
