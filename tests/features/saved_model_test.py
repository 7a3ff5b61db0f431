"""Any network of one's own as an extractor."""

import sys
import types

from compare_gan.features import saved_model
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


class _Network(tf.Module):
  def __init__(self, factor=1.0):
    super().__init__()
    self.factor = tf.Variable(factor)

  @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
  def __call__(self, images):
    mean = self.factor * tf.reduce_mean(images, axis=[1, 2])
    return {"pool": mean, "logits": -mean}


def _save(tmp_path, factor=1.0):
  path = str(tmp_path / f"model{factor}")
  network = _Network(factor)
  tf.saved_model.save(
    network, path, signatures={"serving_default": network.__call__}
  )
  return path


def _images():
  return np.random.RandomState(0).rand(4, 6, 6, 3).astype(np.float32)


def _dotted(tmp_path, monkeypatch, body):
  (tmp_path / "my_network.py").write_text(f"def network(x):\n  return {body}\n")
  monkeypatch.syspath_prepend(str(tmp_path))
  monkeypatch.delitem(sys.modules, "my_network", raising=False)
  return "my_network.network"


@pytest.mark.parametrize("signature", [None, "serving_default"])
def test_a_folder(tmp_path, signature):
  extractor = saved_model.saved_model(
    None,
    _save(tmp_path),
    signature=signature,
    features="pool",
    logits="logits",
  )
  found = extractor(_images())
  np.testing.assert_allclose(
    found.features, _images().mean(axis=(1, 2)), rtol=1e-5
  )
  np.testing.assert_array_equal(found.logits, -found.features)


@pytest.mark.parametrize("name", ["lr[1]", "a*b", "back\\slash"])
def test_a_folder_of_any_name(tmp_path, name):
  (tmp_path / name).mkdir()
  path = _save(tmp_path / name, 2.0)
  found = saved_model.saved_model(None, path, features="pool")(_images())
  np.testing.assert_allclose(
    found.features, 2.0 * _images().mean(axis=(1, 2)), rtol=1e-5
  )


def test_range_and_size_are_the_networks(tmp_path, monkeypatch):
  path = _dotted(tmp_path, monkeypatch, "x")
  extractor = saved_model.saved_model(None, path, pixels=3, low=-1.0, high=1.0)
  found = extractor(np.ones([2, 6, 6, 3], np.float32))
  assert found.features.shape == (2, 27)
  np.testing.assert_allclose(found.features, 1.0, rtol=1e-6)
  black = extractor(np.zeros([2, 6, 6, 3], np.float32))
  np.testing.assert_allclose(black.features, -1.0, rtol=1e-6)
  assert found.logits is None


def test_two_outputs_are_features_and_logits(tmp_path, monkeypatch):
  path = _dotted(tmp_path, monkeypatch, "(x[:, 0], x[:, 0, 0])")
  found = saved_model.saved_model(None, path)(_images())
  assert found.features.shape == (4, 18)
  assert found.logits.shape == (4, 3)


def test_identity_is_of_weights_and_settings(tmp_path):
  first, second = _save(tmp_path), _save(tmp_path, 2.0)
  make = saved_model.saved_model
  extractors = [
    make(None, first, features="pool"),
    make(None, second, features="pool"),
    make(None, first, features="logits"),
    make(None, first, features="pool", high=2.0),
  ]
  assert len({e.identity() for e in extractors}) == 4
  again = make(None, first, features="pool")
  assert again.identity() == extractors[0].identity()


def test_what_cannot_be_loaded_is_explained(tmp_path):
  make = saved_model.saved_model
  for path in ("nowhere", "no_package.network", "math.nothing"):
    with pytest.raises(ValueError, match="saved_model.path = "):
      make(None, path)
  with pytest.raises(ValueError, match="There are .'serving_default'."):
    make(None, _save(tmp_path), signature="other")
  extractor = make(None, _save(tmp_path, 3.0), features="pol")
  with pytest.raises(ValueError, match=r"saved_model.features = 'pol'.*'pool'"):
    extractor(_images())


def test_inceptions_name_is_taken():
  with pytest.raises(ValueError, match="Choose another name"):
    saved_model.saved_model(None, "math.sqrt", name="inception")


def test_variables_of_a_callable_count(tmp_path, monkeypatch):
  path = _dotted(tmp_path, monkeypatch, "x[:, 0, 0]")
  import my_network

  found = []
  for factor in (1.0, 1.0, 2.0):
    my_network.network = _Network(factor)
    extractor = saved_model.saved_model(
      None, path, features="pool", logits="logits"
    )
    found.append(extractor.identity())
  assert found[0] == found[1] != found[2]


def test_identity_of_an_address_is_of_its_files(tmp_path, monkeypatch):
  hub = types.ModuleType("tensorflow_hub")
  monkeypatch.setitem(sys.modules, "tensorflow_hub", hub)
  found = []
  for factor in (1.0, 2.0):
    folder = _save(tmp_path, factor)
    hub.load = lambda address, folder=folder: tf.saved_model.load(folder)
    hub.resolve = lambda address, folder=folder: folder
    found.append(
      saved_model.saved_model(
        None, "https://tfhub.dev/a/1", features="pool", logits="logits"
      ).identity()
    )
    here = saved_model.saved_model(
      None, folder, features="pool", logits="logits"
    )
    assert here.identity() == found[-1]
  assert found[0] != found[1]
