"""A new training takes what an old one learned."""

from compare_gan.context import scope
from compare_gan.storage import checkpoints
from compare_gan.storage import transfer
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow's checkpoint format")

_EMA = "/ExponentialMovingAverage"


def _write(folder, gan, step=7):
  tensors = {scope.full_name(v): v for v in gan.variables}
  return checkpoints.write(str(folder), step, tensors)


def _new(path, num_classes=3, **chosen):
  """Returns a GAN that starts from `path`, and the Values."""
  values = transfer.values(str(path), num_classes)
  dataset = tiny.DATASET._replace(num_classes=num_classes)
  with scope.building(values=values):
    return tiny.gan(seed=2, dataset=dataset, **chosen), values


def _trained():
  gan = tiny.gan(seed=1)
  gan.train_step(tiny.batches(1))
  return gan


def test_networks_are_taken_and_training_starts_anew(tmp_path):
  old = _trained()
  prefix = _write(tmp_path, old)
  for path in (prefix, tmp_path):
    gan, values = _new(path)
    before, after = tiny.values(old), tiny.values(gan)
    for name in before:
      if name.startswith(("generator/", "discriminator/")):
        if "_opt" in name:
          assert not after[name].any()
        else:
          np.testing.assert_array_equal(after[name], before[name])
    assert int(gan.global_step) == int(gan.global_step_disc) == 0
    assert not values.new and not values.reshaped
    assert "0 variables new: none" in values.report()


def test_checkpoint_of_tensorflow_1_is_taken(tmp_path):
  old = tiny.gan(seed=1)
  weights = {
    scope.full_name(v): v.numpy()
    for network in (old.generator, old.discriminator)
    for v in network.trainable_variables
  }
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    for name, value in weights.items():
      tf.compat.v1.get_variable(name, initializer=value, use_resource=False)
    session.run(tf.compat.v1.global_variables_initializer())
    saver = tf.compat.v1.train.Saver()
    prefix = saver.save(session, str(tmp_path / "model.ckpt"), 3)
  gan, values = _new(prefix)
  assert set(values.reused) == set(weights)
  np.testing.assert_array_equal(
    gan.generator.hidden.kernel.kernel, old.generator.hidden.kernel.kernel
  )


def test_exported_model_is_taken(tmp_path):
  old = tiny.gan(seed=1)
  exported = tf.Module()
  exported.weights = list(old.generator.variables)
  tf.saved_model.save(exported, str(tmp_path))
  gan, values = _new(tmp_path)
  assert len(values.reused) == len(old.generator.variables)
  assert all(name.startswith("discriminator") for name in values.new)
  np.testing.assert_array_equal(gan.generator.out.bias, old.generator.out.bias)


def test_average_starts_as_the_old_one_or_as_a_copy(tmp_path):
  name = "generator/out/kernel"
  without = _trained()
  _write(tmp_path / "without", without)
  gin.bind_parameter("ModularGAN.g_use_ema", True)
  old = tiny.gan(seed=1, training_steps=99999)
  for v in old.averaged_generator.trainable_variables:
    v.assign(tf.fill(v.shape, 7.0))
  _write(tmp_path / "with", old)
  gan, _ = _new(tmp_path / "with", training_steps=99999)
  assert np.all(tiny.values(gan)[name + _EMA] == 7.0)
  assert not np.any(tiny.values(gan)[name] == 7.0)
  gan, values = _new(tmp_path / "without", training_steps=99999)
  np.testing.assert_array_equal(
    tiny.values(gan)[name + _EMA], tiny.values(without)[name]
  )
  assert name + _EMA in values.new


@pytest.mark.parametrize("classes,reshaped", [(2, True), (4, False)])
def test_tables_of_classes_keep_their_first_rows(tmp_path, classes, reshaped):
  names = [f"generator/norm/condition/{x}/kernel" for x in ("gamma", "beta")]
  gin.parse_config(
    """
    ModularGAN.conditional = True
    G.batch_norm_fn = @conditional_batch_norm
    """
  )
  old = tiny.gan(seed=1)  # 3 classes
  _write(tmp_path, old)
  gan, values = _new(tmp_path, num_classes=classes)
  for name in names:
    assert (name in values.reshaped) == reshaped
    assert (name in values.new) != reshaped
    rows = min(classes, 3)
    kept = np.array_equal(
      tiny.values(gan)[name][:rows], tiny.values(old)[name][:rows]
    )
    assert kept == reshaped
  # Its input is z and the label together: no table of classes.
  assert "generator/hidden/kernel" in values.new


def test_other_shapes_start_anew_and_are_named(tmp_path):
  _write(tmp_path, _trained())
  gin.parse_config("tests.architectures.own_architecture.Generator.ch = 3")
  _, values = _new(tmp_path)
  assert set(values.new) == {
    "generator/hidden/kernel",
    "generator/hidden/bias",
    "generator/out/kernel",
  }
  assert "3 variables new: generator/hidden/kernel" in values.report()


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_accumulated_moments_start_empty(tmp_path, network):
  gin.parse_config(
    """
    standardize_batch.use_moving_averages = False
    G.batch_norm_fn = @batch_norm
    D.batch_norm_fn = @batch_norm
    """
  )
  cards = "tests.architectures.normed_architecture"
  old = tiny.gan(architecture=cards)
  totals = [v for v in old.variables if "/accu/" in scope.full_name(v)]
  for v in totals:
    v.assign(tf.ones_like(v) * 3)
  _write(tmp_path, old)
  gan, values = _new(tmp_path, architecture=cards)
  found = tiny.values(getattr(gan, network))
  accumulated = {name: x for name, x in found.items() if "/accu/" in name}
  assert len(accumulated) == 4
  for value in accumulated.values():
    np.testing.assert_allclose(value, 0.0, atol=1e-11)
  assert len(values.emptied) == 8
  assert "8 variables of accumulated moments start empty" in values.report()
  kept = "generator/norm/gamma"
  np.testing.assert_array_equal(tiny.values(gan)[kept], tiny.values(old)[kept])


def test_moving_averages_are_taken(tmp_path):
  gin.parse_config("G.batch_norm_fn = @batch_norm")
  old = tiny.gan()
  old.generator.norm.standardize.moving_mean.assign([5.0, 6.0])
  _write(tmp_path, old)
  gan, values = _new(tmp_path)
  np.testing.assert_array_equal(
    gan.generator.norm.standardize.moving_mean, [5.0, 6.0]
  )
  assert not values.emptied and "start empty" not in values.report()


def test_unknown_path_is_refused(tmp_path):
  with pytest.raises(FileNotFoundError, match="options.init_from = .*nowhere"):
    transfer.values(str(tmp_path / "nowhere"))


def test_checkpoint_with_nothing_in_common_is_refused(tmp_path):
  checkpoints.write(str(tmp_path), 1, {"global_step": 1, "other": [1.0]})
  _, values = _new(tmp_path)
  with pytest.raises(ValueError, match="has none of this GAN's .* other"):
    values.report()
