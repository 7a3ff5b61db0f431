"""A SavedModel with a tower.json, which says what it is given and returns."""

import os
import shutil

from compare_gan.features import saved_model
from compare_gan.features import tower
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.features import tiny_tower

pytestmark = pytest.mark.versions("reads and writes SavedModels")


class _Means(tf.Module):
  """Means over the picture times a factor, and the picture."""

  def __init__(self, factor):
    super().__init__()
    self.factor = tf.Variable(factor)

  @tf.function(
    input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32, "pixels")]
  )
  def means(self, pixels):
    return {
      "features": self.factor * tf.reduce_mean(pixels, axis=[1, 2]),
      "pictures": tf.identity(pixels),
    }


def _write(folder, factor=1.0, inside=False, **changes):
  """Writes a SavedModel and its tower.json; returns the folder of both."""
  folder = str(folder)
  network = _Means(factor)
  path = folder if inside else os.path.join(folder, "saved_model")
  signatures = {"serving_default": network.means, "other": network.means}
  tf.saved_model.save(network, path, signatures=signatures)
  digest = tower.digest_of_weights(path, saved_model.weight_files(path))
  values = {"layout": "NHWC", "weights_sha256": digest, **changes}
  tiny_tower.write_json(folder, **values)
  return folder


def _images():
  rng = np.random.RandomState(0)
  return rng.randint(0, 256, [4, 16, 16, 3]).astype(np.uint8)


def _expected():
  return (_images() / 255).mean(axis=(1, 2)) - [0.5, 0.4, 0.3]


def _make(path, **given):
  return saved_model.saved_model(None, str(path), **given)


@pytest.mark.parametrize("inside", [True, False])
def test_images_are_prepared_as_it_says(tmp_path, inside):
  folder = _write(tmp_path / "vit", inside=inside)
  found = _make(folder)
  expected = _expected() / [0.2, 0.3, 0.4]
  np.testing.assert_allclose(found(_images()).features, expected, atol=1e-5)
  assert (found.name, found.settings["format"]) == (
    "vit",
    "saved_model, serving_default",
  )


def test_the_folder_of_the_model_itself_can_be_named(tmp_path):
  folder = _write(tmp_path / "vit")
  found = _make(os.path.join(folder, "saved_model"))
  assert found.identity() == _make(folder).identity()


def test_a_name_and_a_signature_can_be_chosen(tmp_path):
  folder = _write(tmp_path / "vit")
  found = _make(folder, name="mine", signature="other")
  assert found.name == "mine"
  assert found.identity() != _make(folder, name="mine").identity()
  with pytest.raises(ValueError, match="There are .'other', 'serving_default'"):
    _make(folder, signature="more")


def test_the_identity_is_of_weights_and_preprocessing(tmp_path):
  made = [
    _make(_write(tmp_path / str(i) / "vit", **changes)).identity()
    for i, changes in enumerate(
      [{}, {"factor": 2.0}, {"std": [0.2, 0.3, 0.5]}, {"crop": "shorter_side"}]
    )
  ]
  assert len(set(made)) == 4
  folder = tmp_path / "copied" / "vit"
  shutil.copytree(tmp_path / "0" / "vit", folder)
  assert _make(folder).identity() == made[0]


@pytest.mark.parametrize(
  "changes,message",
  [
    ({"layout": "NCHW"}, r"layout = 'NCHW' .* takes \[None, 16, 16, 3\]"),
    ({"output": "pictures"}, r"'pictures' is .*\[N, D\] is needed"),
    ({"input": "images"}, r"input = 'images', but .*\['pixels'\]"),
    ({"weights_sha256": 64 * "0"}, "weights_sha256 = '0000"),
  ],
  ids=str,
)
def test_a_tower_json_that_does_not_fit(tmp_path, changes, message):
  folder = _write(tmp_path / "vit", **changes)
  with pytest.raises(ValueError, match=message):
    _make(folder)


def test_nothing_says_twice_how_images_are_prepared(tmp_path):
  folder = _write(tmp_path / "vit")
  with pytest.raises(ValueError, match="saved_model.pixels, saved_model.low"):
    _make(folder, low=-1.0, pixels=8)


def test_without_it_all_is_as_before(tmp_path):
  folder = _write(tmp_path / "vit")
  os.remove(os.path.join(folder, "tower.json"))
  path = os.path.join(folder, "saved_model")
  found = _make(path, signature="serving_default", features="features")
  assert found.name == "saved_model"
  expected = (_images() / 255).mean(axis=(1, 2))
  np.testing.assert_allclose(found(_images()).features, expected, atol=1e-6)


def test_the_name_is_known_before(tmp_path):
  name = saved_model.saved_model.extractor_name
  assert name() == "saved_model"
  gin.bind_parameter("saved_model.path", _write(tmp_path / "vit"))
  assert name() == "vit"
  gin.bind_parameter("saved_model.name", "mine")
  assert name() == "mine"
