"""import_v1: a TF1 checkpoint becomes a model_dir, or the command says why not.

The checkpoints are written here, by TensorFlow 1's names.
"""

from compare_gan.__main__ import main
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

_CONFIG = f"""
import tests.architectures.own_architecture
dataset.name = "mnist"
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
train_imagenet_transform.crop_method = "distorted"
"""


def _old_names(values):
  """Renames what TensorFlow 1 called differently."""
  renamed = {}
  for name, value in values.items():
    name = name.replace("d_opt/beta", "disc_step_1/beta")
    renamed[name.replace("g_opt/beta", "gen_step/cond/beta")] = value
  return renamed


def _write_old(folder, change=lambda values: values):
  """Writes checkpoint and config as the original would; returns flags."""
  gin.parse_config(_CONFIG, skip_unknown=True)
  gan = tiny.gan()
  gan.global_step.assign(7)
  values = change(_old_names(tiny.values(gan)))
  names = sorted(values)
  tf.raw_ops.SaveV2(
    prefix=str(folder / "model.ckpt-7"),
    tensor_names=names,
    shape_and_slices=[""] * len(names),
    tensors=[tf.constant(values[name]) for name in names],
  )
  (folder / "old.gin").write_text(_CONFIG)
  gin.clear_config()
  return [
    f"--checkpoint={folder / 'model.ckpt-7'}",
    f"--gin_config={folder / 'old.gin'}",
    f"--model_dir={folder / 'new'}",
    "--image_shape=4,4,1",
    "--num_classes=3",
  ], tiny.values(gan)


def test_every_variable_arrives(tmp_path, capsys):
  flags, values = _write_old(tmp_path)
  assert main(["import_v1", *flags]) == 0
  out = capsys.readouterr().out
  assert "read     d_opt/beta1_power (disc_step_1/beta1_power)" in out
  assert f"{len(values)} variables read, 0 skipped, 0 missing." in out
  gin.clear_config()
  loaded = tiny.values(model_dir.load(str(tmp_path / "new")))
  for name, value in values.items():
    np.testing.assert_array_equal(loaded[name], value, err_msg=name)
  assert (tmp_path / "new" / "model.ckpt-7.index").exists()


def test_skipped_and_missing_are_named(tmp_path, capsys):
  def change(values):
    del values["generator/out/bias"]
    return {**values, "beta1_power": np.float32(0.5)}

  flags, _ = _write_old(tmp_path, change)
  assert main(["import_v1", *flags]) == 0
  out = capsys.readouterr().out
  assert "skipped  beta1_power" in out
  assert "missing  generator/out/bias" in out
  assert "1 skipped, 1 missing." in out


def test_wrong_shape_is_refused_by_name_and_writes_nothing(tmp_path, capsys):
  def change(values):
    return {**values, "generator/out/bias": np.zeros(5, np.float32)}

  flags, _ = _write_old(tmp_path, change)
  assert main(["import_v1", *flags]) == 1
  assert "generator/out/bias is [5]" in capsys.readouterr().err
  assert not (tmp_path / "new").exists()


def test_bindings_are_kept_with_the_model(tmp_path):
  flags, _ = _write_old(tmp_path)
  binding = "--gin_bindings=eval_z.distribution_fn = @tf.random.normal"
  assert main(["import_v1", *flags, binding]) == 0
  text = (tmp_path / "new" / "operative_config-7.gin").read_text()
  assert text == _CONFIG + "eval_z.distribution_fn = @tf.random.normal\n"


def test_used_model_dir_is_refused(tmp_path, capsys):
  flags, _ = _write_old(tmp_path)
  assert main(["import_v1", *flags]) == 0
  gin.clear_config()
  assert main(["import_v1", *flags]) == 1
  assert "already holds checkpoints" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["checkpoint", "gin_config"])
def test_missing_file_is_named(tmp_path, capsys, flag):
  flags, _ = _write_old(tmp_path)
  assert main(["import_v1", *flags, f"--{flag}={tmp_path}/nowhere"]) == 1
  assert f"{tmp_path}/nowhere" in capsys.readouterr().err


def test_half_an_image_shape_is_refused(tmp_path, capsys):
  flags, _ = _write_old(tmp_path)
  assert main(["import_v1", *flags, "--image_shape=4,4"]) == 1
  assert "has 2 numbers, not three" in capsys.readouterr().err


def test_shape_comes_from_the_dataset(tmp_path, capsys):
  """Without --image_shape it is mnist's, which this network does not have."""
  flags, _ = _write_old(tmp_path)
  assert main(["import_v1", *flags[:3]]) == 1
  assert "[784]" in capsys.readouterr().err
