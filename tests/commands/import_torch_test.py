"""import_torch: a file of PyTorch becomes a model_dir."""

from compare_gan.__main__ import main
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest

from tests.export.importers import cases
from tests.export.importers import torch_writer

pytestmark = pytest.mark.versions("writes and reads checkpoints")

_CASE = "mimicry/G"
_REST = """
options.gan_class = @ModularGAN
options.batch_size = 2
options.training_steps = 1
options.z_dim = 8
ModularGAN.g_use_ema = True
dataset.name = "cifar10"
"""


def _flags(folder):
  torch_writer.write(
    folder / "netG.pth",
    cases.arrays(_CASE),
    lambda state_dict: {"model_state_dict": state_dict, "global_step": 9},
  )
  (folder / "a.gin").write_text(
    cases.CASES[_CASE][0]
    + "resnet_biggan.Discriminator.project_y = False\n"
    + 'spectral_norm.singular_value = "right"\n'
    + _REST
  )
  return [
    f"--generator={folder / 'netG.pth'}",
    f"--gin_config={folder / 'a.gin'}",
    f"--model_dir={folder / 'new'}",
    "--image_shape=32,32,3",
  ]


@pytest.mark.long
def test_imported_model_makes_the_recorded_images(tmp_path, capsys):
  assert main(["import_torch", *_flags(tmp_path)]) == 0
  out = capsys.readouterr().out
  assert "read     generator/B1/up_conv1/kernel <- block2.c1.weight" in out
  assert "left out b5.num_batches_tracked: counts training steps" in out
  assert "missing  discriminator/B1/same_conv1/kernel: not in the" in out
  assert "(global_step 9)" in out
  gin.clear_config()
  gan, step = model_dir.load_step(str(tmp_path / "new"))
  assert step == 9
  for network in (gan.generator, gan.averaged_generator):
    found = cases.output(_CASE, network).reshape(-1)
    np.testing.assert_allclose(found, cases.expected(_CASE), atol=1e-5)


def test_refusal_writes_nothing(tmp_path, capsys):
  flags = [*_flags(tmp_path), '--gin_bindings=G.upsampling = "nearest"']
  assert main(["import_torch", *flags]) == 1
  assert 'Set G.upsampling = "bilinear"' in capsys.readouterr().err
  assert not (tmp_path / "new").exists()
