"""Twenty steps of the smallest GAN from each kind of source."""

from compare_gan import runner_lib
from compare_gan.datasets import catalogue
from compare_gan.estimator import run_config
from compare_gan.storage import checkpoints
import gin
import numpy as np
import pytest

from tests.datasets import pictures
from tests.datasets import tfds_images_test
from tests.datasets import tfrecord_test
from tests.datasets.pictures import own_cache  # noqa: F401
from tests.gans import tiny

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]

_CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 4
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 20
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
loss.fn = @non_saturating
penalty.fn = @no_penalty
run_config.tf_random_seed = 1
"""


def _folder(path):
  return "folder", pictures.write_tree(path / "x", pictures.tree(12))


def _archive(path):
  return "archive", pictures.zipped(path / "x.zip", pictures.tree(12))


def _arrays(path):
  images = np.stack([pictures.pixels(i) for i in range(12)])
  np.savez(path / "x.npz", images=images, labels=np.arange(12) % 2)
  return "arrays", path / "x.npz"


def _tfrecord(path):
  return "tfrecord", tfrecord_test.write(path, n=12)


def _tfds(path):
  tfds_images_test.prepare(path, "birds", (8, 8, 3), {"train": 12}, classes=2)
  return "tfds:birds", None


def _built_in(path):
  del path
  return "ring8", None


@pytest.mark.parametrize(
  "write", [_folder, _archive, _arrays, _tfrecord, _tfds, _built_in]
)
def test_training(write, tmp_path):
  name, path = write(tmp_path)
  gin.parse_config([_CONFIG, f'dataset.name = "{name}"', "dataset.flip = True"])
  if path is not None:
    gin.bind_parameter(f"{name}.path", str(path))
  dataset = catalogue.dataset(tfds_data_dir=str(tmp_path))
  runner_lib.run_with_schedule(
    "train",
    lambda: dataset,
    run_config.run_config(),
    str(tmp_path / "run"),
    "cpu",
  )
  step, values = checkpoints.last_good(str(tmp_path / "run"))
  assert step == 20
  for value in values.values():
    if np.issubdtype(np.asarray(value).dtype, np.floating):
      assert np.isfinite(value).all()
