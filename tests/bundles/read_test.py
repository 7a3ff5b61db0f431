"""Bundles as model_dirs: the same images, and nothing but what was asked."""

import os

from compare_gan.bundles import archive
from compare_gan.bundles import read
from compare_gan.bundles import safetensors
from compare_gan.bundles import shipped
from compare_gan.bundles.manifest import BundleError
from compare_gan.context import scope
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.gans import ema
from compare_gan.storage import model_dir
from compare_gan.storage import transfer
import numpy as np
import pytest
import tensorflow as tf

from tests.bundles import tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
  folder = tmp_path / "cache"
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(folder))
  return folder


def _images(folder):
  gan = model_dir.load(folder)
  moments.fill_moments(gan, lambda: sampling.drawn_batches(gan, 6400, 43), 6400)
  return sampling.generate(gan, *sampling.draw(gan, 4, seed=1))


@pytest.mark.parametrize("dtype,error", [("float32", 0.0), ("float16", 2e-3)])
def test_images_are_those_of_the_model_dir(tmp_path, dtype, error):
  path = tiny.bundle(tmp_path, dtype=dtype)
  expected = _images(tiny.model(tmp_path / "model"))
  made = _images(read.as_model_dir(path))
  np.testing.assert_allclose(made, expected, rtol=0, atol=error)


def test_a_bundle_is_unpacked_once(tmp_path, cache):
  path = tiny.bundle(tmp_path)
  folder = read.as_model_dir(path)
  copy = tmp_path / "copy.zip"
  copy.write_bytes((tmp_path / "a.zip").read_bytes())
  before = os.stat(folder).st_mtime_ns
  assert read.as_model_dir(str(copy)) == folder
  assert os.stat(folder).st_mtime_ns == before
  assert os.listdir(cache / "bundles") == [os.path.basename(folder)]


def test_a_bundle_that_was_changed_is_refused_although_it_is_unpacked(tmp_path):
  path = tiny.bundle(tmp_path)
  read.as_model_dir(path)
  found = archive.read(path)[1]
  found["README.md"] += b" "
  with open(path, "wb") as file:
    file.write(archive.encode(found))
  with pytest.raises(BundleError, match="README.md has .* bytes"):
    read.as_model_dir(path)


def test_other_paths_are_left_alone(tmp_path):
  folder = tiny.model(tmp_path / "model")
  for path in (folder, f"{folder}/model.ckpt-7", str(tmp_path / "nowhere")):
    assert read.as_model_dir(path) == path


def test_a_zip_that_is_not_there(tmp_path):
  with pytest.raises(FileNotFoundError, match="no bundle .*b.zip.*shipped are"):
    read.as_model_dir(str(tmp_path / "b.zip"))


def test_a_file_comes_before_a_shipped_name(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  name = shipped.names()[0]
  assert read.find(name) == shipped.path_of(name)
  os.mkdir(name)
  assert read.find(name) is None


def test_code_of_others_is_refused_unless_it_is_trusted(tmp_path):
  path = tiny.bundle(tmp_path, tiny.OWN_CODE)
  with pytest.raises(BundleError) as error:
    read.as_model_dir(path)
  said = str(error.value)
  assert "`import tests.architectures.own_architecture` runs code" in said
  assert "options.architecture = 'tests.architectures" in said
  assert said.endswith("add --trust_bundle_code.")
  gan = model_dir.load(read.as_model_dir(path, trust_code=True))
  assert (
    type(gan.generator).__module__ == "tests.architectures.own_architecture"
  )


def test_nothing_is_imported_before_the_refusal(tmp_path, monkeypatch):
  (tmp_path / "evil_module.py").write_text("raise SystemExit('executed')")
  monkeypatch.syspath_prepend(tmp_path)
  path = tiny.repacked(
    tiny.bundle(tmp_path),
    tmp_path / "b.zip",
    config_gin=f"import evil_module\n{tiny.CONFIG}".encode(),
  )
  with pytest.raises(BundleError, match="import evil_module"):
    read.as_model_dir(path)


@pytest.mark.parametrize(
  "change,reason",
  [
    ({"model_json": b"{}"}, "model.json does not say image_shape"),
    ({"model_json": b"\xff"}, "model.json does not say image_shape"),
    ({"weights_safetensors": b"{}"}, "no safetensors file. It has 2 bytes"),
  ],
)
def test_files_that_are_not_what_they_should_be(
  tmp_path, cache, change, reason
):
  path = tiny.repacked(tiny.bundle(tmp_path), tmp_path / "b.zip", **change)
  with pytest.raises(BundleError, match=reason):
    read.as_model_dir(path)
  assert not os.listdir(cache / "bundles")


def test_a_weight_that_is_missing(tmp_path):
  path = tiny.bundle(tmp_path)
  arrays = safetensors.decode(archive.read(path)[1]["weights.safetensors"])
  name = f"generator/g_fc1/kernel{ema.SUFFIX}"
  del arrays[name]
  other = tiny.repacked(
    path,
    tmp_path / "b.zip",
    weights_safetensors=safetensors.encode(arrays),
  )
  with pytest.raises(ValueError, match="The generator in .* has no .*kernel"):
    model_dir.load(read.as_model_dir(other))


def test_what_a_bundle_lacks_cannot_be_used(tmp_path):
  gan = model_dir.load(read.as_model_dir(tiny.bundle(tmp_path)))
  z = tf.zeros([2, 4])
  with pytest.raises(ValueError, match="discriminator .*--with_discriminator"):
    gan.discriminate(gan.generate(z))
  with pytest.raises(ValueError, match="discriminator"):
    _ = gan.discriminator.variables
  with pytest.raises(ValueError, match="needs the raw weights"):
    gan.generate(z, averaged=False)


def test_a_whole_bundle_can_be_used(tmp_path):
  path = tiny.bundle(tmp_path, with_discriminator=True)
  gan = model_dir.load(read.as_model_dir(path))
  old = model_dir.load(tiny.model(tmp_path / "model"))
  z = tf.zeros([2, 4])
  for averaged in (False, True):
    images = gan.generate(z, averaged=averaged, batch_moments=True)
    np.testing.assert_array_equal(
      images, old.generate(z, averaged=averaged, batch_moments=True)
    )
  np.testing.assert_array_equal(
    gan.discriminate(images).logits, old.discriminate(images).logits
  )


@pytest.mark.parametrize("whole", [False, True])
def test_a_new_training_starts_from_it(tmp_path, whole):
  path = tiny.bundle(tmp_path, with_discriminator=whole)
  values = transfer.values(read.weights_of(path))
  gan = model_dir.load(tiny.model(tmp_path / "model"))
  old = {scope.full_name(v): v.numpy() for v in gan.variables}
  name = "generator/g_fc1/kernel"
  first = values(name, old[name].shape, tf.float32)
  # Without the weights themselves, with their average.
  source = name if whole else f"{name}{ema.SUFFIX}"
  np.testing.assert_array_equal(first, old[source])
  assert (old[name] != old[f"{name}{ema.SUFFIX}"]).all()
  d, *_ = [scope.full_name(v) for v in gan.discriminator.variables]
  assert (values(d, old[d].shape, tf.float32) is not None) == whole
