"""Pairing variables with a TF1 checkpoint's entries."""

from compare_gan.context.scope import VariableSpec
from compare_gan.export import tf1_checkpoint
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's checkpoint format")


def _spec(name, *shape):
  return VariableSpec(name, shape, tf.float32, True)


def test_names_of_weights_stay():
  name = "generator/B1/up_conv1/kernel/ExponentialMovingAverage"
  assert tf1_checkpoint.our_name(name) == name
  slot = "discriminator/d_conv1/bias/d_opt_1"
  assert tf1_checkpoint.our_name(slot) == slot


@pytest.mark.parametrize(
  "old,new",
  [
    ("disc_step_1/beta1_power", "d_opt/beta1_power"),
    ("disc_step/beta2_power", "d_opt/beta2_power"),
    ("gen_step/cond/beta1_power", "g_opt/beta1_power"),
    ("gen_step/beta2_power", "g_opt/beta2_power"),
  ],
)
def test_beta_powers_are_called_after_their_optimizer(old, new):
  assert tf1_checkpoint.our_name(old) == new


def test_every_name_is_read_skipped_or_missing():
  found = tf1_checkpoint.match(
    [_spec("generator/a", 2), _spec("generator/b"), _spec("g_opt/beta1_power")],
    {"generator/a": [2], "gen_step/beta1_power": [], "other": [3]},
  )
  assert found.source == {
    "generator/a": "generator/a",
    "g_opt/beta1_power": "gen_step/beta1_power",
  }
  assert found.missing == ["generator/b"]
  assert found.skipped == ["other"]


def test_all_wrong_shapes_are_named():
  with pytest.raises(ValueError) as error:
    tf1_checkpoint.match(
      [_spec("generator/a", 2), _spec("generator/b", 3), _spec("generator/c")],
      {"generator/a": [4], "generator/b": [3, 1], "generator/c": []},
    )
  text = str(error.value)
  assert "generator/a is [4] in the checkpoint and [2] in the network" in text
  assert (
    "generator/b is [3, 1] in the checkpoint and [3] in the network" in text
  )
  assert "generator/c" not in text


def test_checkpoint_of_something_else_is_refused():
  with pytest.raises(ValueError, match="none of the generator's variables"):
    tf1_checkpoint.match([_spec("generator/a", 2)], {"resnet50/conv": [3, 3]})


def test_values_come_from_the_matched_names():
  arrays = {"gen_step/beta1_power": np.float32(0.5)}
  found = tf1_checkpoint.Match(
    {"g_opt/beta1_power": "gen_step/beta1_power"}, ["generator/a"], []
  )
  value = tf1_checkpoint.values(found, arrays.__getitem__)
  assert value("g_opt/beta1_power", (), tf.float32) == 0.5
  assert value("generator/a", (2,), tf.float32) is None
