"""Model_dirs and bundles that tests of bundles share."""

import atexit
import functools
import shutil
import tempfile

from compare_gan.bundles import archive
from compare_gan.bundles import manifest as manifest_lib
from compare_gan.bundles import write
from compare_gan.context import scope
from compare_gan.storage import model_dir
from compare_gan.storage import parts
import gin

STEP = 7
SHAPE = model_dir.DatasetShape((8, 8, 1), 3)
CONFIG = """
dataset.name = "shapes16"
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "dcgan_arch"
options.training_steps = 7
options.z_dim = 4
dcgan.Generator.ch = 2
dcgan.Discriminator.ch = 2
G.batch_norm_fn = @batch_norm
standardize_batch.use_moving_averages = False
ModularGAN.g_use_ema = True
"""
OWN_CODE = """
import tests.architectures.own_architecture
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "tests.architectures.own_architecture"
options.training_steps = 7
options.z_dim = 4
"""


def model(folder, config=CONFIG):
  """Writes a model_dir; returns its path as a text."""
  shutil.copytree(_model(config), folder)
  return str(folder)


@functools.cache
def _model(config):
  """Returns the path of a model_dir that is made once."""
  folder = tempfile.mkdtemp(prefix="model-")
  atexit.register(shutil.rmtree, folder, ignore_errors=True)
  gin.clear_config()
  gin.parse_config(config)
  with scope.building(seed=1):
    gan = model_dir.make_gan(SHAPE, seed=1)
  for variable in gan.generator.trainable_variables:
    variable.assign(variable + 0.25)  # not the average
  gan.global_step.assign(STEP)
  model_dir.write(folder, STEP, gan, SHAPE, config)
  gin.clear_config()
  return folder


def bundle(tmp_path, config=CONFIG, name="a.zip", **chosen):
  """Writes the bundle of `model(config=config)`; returns its path."""
  path = tmp_path / name
  path.write_bytes(_bundle(config, **chosen))
  return str(path)


@functools.cache
def _bundle(config, **chosen):
  made = write.make(_model(config), write.About("a"), **chosen)
  gin.clear_config()
  return made.data


def contents(**changes):
  """Returns {name: content} of the smallest bundle, without a manifest."""
  found = {
    manifest_lib.WEIGHTS: b"\x02\0\0\0\0\0\0\0{}",
    manifest_lib.CONFIG: b"",
    manifest_lib.MODEL: b'{"image_shape":[8,8,1],"num_classes":0,"seed":1}',
  }
  return {**found, **changes}


def with_manifest(found, **changes):
  """Returns contents with a manifest that fits them, but for the changes."""
  manifest = manifest_lib.Manifest(
    name="a",
    about="a model",
    step=STEP,
    dtype="float32",
    parts=[parts.GENERATOR],
    files={n: manifest_lib.file_of(data) for n, data in found.items()},
  )
  fields = {**vars(manifest), **changes}
  text = manifest_lib.encode(manifest_lib.Manifest(**fields))
  return {manifest_lib.NAME: text, **found}


def write_zip(path, found):
  """Writes contents as a zip; returns its path as a text."""
  path.write_bytes(archive.encode(found))
  return str(path)


def repacked(path, target, **changes):
  """Copies a bundle with other contents and a manifest that fits them."""
  manifest, found = archive.read(path)
  del found[manifest_lib.NAME]
  found.update({name.replace("_", "."): x for name, x in changes.items()})
  fields = {**vars(manifest)}
  del fields["files"]
  return write_zip(target, with_manifest(found, **fields))
