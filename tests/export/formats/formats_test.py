"""Every format gives the images of the model, under the names of its card."""

import importlib.util
import tempfile

from compare_gan.context import scope
from compare_gan.evaluation import sampling
from compare_gan.export import frozen_graph
from compare_gan.export import signatures
from compare_gan.export.formats import hub
from compare_gan.export.formats import onnx
from compare_gan.export.formats import savedmodel
from compare_gan.export.formats import tflite
from compare_gan.storage import transfer
import numpy as np
import pytest
import tensorflow as tf

from tests.export import tensorflow1
from tests.export import trained

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")

_KINDS = ("biggan", "bigbigan", "dcgan", "r3gan", "stylegan2")
_INPUTS = {
  "biggan": {"z": ((2, 20), "float32"), "y": ((2, 1), "int32")},
  "bigbigan": {"x1": ((2, 20), "float32"), "x2": ((2,), "int32")},
  "dcgan": {"z": ((2, 20), "float32")},
  "r3gan": {"z": ((2, 20), "float32"), "y": ((2,), "int32")},
  "stylegan2": {"z": ((2, 20), "float32"), "y": ((2,), "int32")},
}
_OUTPUT = {
  "biggan": "output",
  "bigbigan": "output",
  "dcgan": "generator_1/Tanh",
  "r3gan": "output",
  "stylegan2": "output",
}
_RANGE = {
  "biggan": (-1, 1),
  "bigbigan": (0, 1),
  "dcgan": (-1, 1),
  "r3gan": (0, 1),
  "stylegan2": (0, 1),
}
_BATCH = 2

kinds = pytest.mark.parametrize("kind", _KINDS)
onnx_required = pytest.mark.skipif(
  any(
    importlib.util.find_spec(name) is None
    for name in ("tf2onnx", "onnx", "onnxruntime")
  ),
  reason="there is no tf2onnx, onnx or onnxruntime",
)


def _written(kind, write, path, batch=_BATCH, averaged=True):
  gan = trained.make(kind)
  signature = signatures.get(trained.SIGNATURE[kind])
  return gan, signature, write(gan, signature, batch, str(path), averaged)


def _require_same(model, gan, signature, batch=_BATCH, averaged=True, n=5):
  """Five images by batches of two: the last one is filled up."""
  z, labels = trained.latents(gan, n, seed=1)
  wanted = sampling.generate(gan, z, labels, averaged)
  assert wanted.std() > 0.02  # There is something to see.
  got = signatures.run(model, signature, batch, z, labels)
  np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5)


def _as_dict(ports):
  return {port.name: (tuple(port.shape), port.dtype) for port in ports}


@pytest.mark.long
@pytest.mark.between
@kinds
def test_frozen_graph(kind, tmp_path):
  path = tmp_path / "model.pb"
  gan, signature, made = _written(kind, frozen_graph.write, path)
  model = frozen_graph.read(str(path))
  assert _as_dict(model.inputs) == _INPUTS[kind]
  assert [port.name for port in model.inputs] == list(_INPUTS[kind])
  assert model.outputs == [f"{_OUTPUT[kind]}:0"]
  assert made.node[-1].name == _OUTPUT[kind]
  _require_same(model, gan, signature)
  # BigGAN's readers show (x + 1) * 127.5, BigBiGAN's 255 x.
  z, labels = trained.latents(gan, _BATCH)
  x = model(*signature.arrays(z, labels))
  shown = (x + 1) * 127.5 if _RANGE[kind][0] else 255 * x
  wanted = 255 * sampling.generate(gan, z, labels)
  np.testing.assert_allclose(shown, wanted, rtol=0, atol=2e-3)


@pytest.mark.long
@pytest.mark.between
@kinds
def test_frozen_graph_of_any_batch(kind, tmp_path):
  path = tmp_path / "model.pb"
  gan, signature, _ = _written(kind, frozen_graph.write, path, None)
  model = frozen_graph.read(str(path))
  assert all(port.shape[0] is None for port in model.inputs)
  _require_same(model, gan, signature, None)


@pytest.mark.long
@pytest.mark.between
def test_weights_are_a_choice(tmp_path):
  path = tmp_path / "model.pb"
  gan, signature, _ = _written(
    "bigbigan", frozen_graph.write, path, averaged=False
  )
  model = frozen_graph.read(str(path))
  _require_same(model, gan, signature, averaged=False)
  with pytest.raises(AssertionError):
    _require_same(model, gan, signature, averaged=True)


@pytest.mark.long
@pytest.mark.between
@kinds
@pytest.mark.parametrize("batch", [_BATCH, None])
def test_saved_model(kind, batch, tmp_path):
  gan, signature, _ = _written(kind, savedmodel.write, tmp_path, batch)
  model = savedmodel.read(str(tmp_path), signature)
  _require_same(model, gan, signature, batch)


@pytest.mark.once
@pytest.mark.long
@pytest.mark.between
@kinds
def test_saved_model_has_named_tensors(kind, tmp_path):
  gan, signature, _ = _written(kind, savedmodel.write, tmp_path)
  loaded = tf.saved_model.load(str(tmp_path))
  served = loaded.signatures["serving_default"]
  given = served.structured_input_signature[1]
  found = {
    name: (tuple(spec.shape), spec.dtype.name) for name, spec in given.items()
  }
  assert found == _INPUTS[kind]
  z, labels = trained.latents(gan, _BATCH)
  arrays = dict(zip(_INPUTS[kind], signature.arrays(z, labels)))
  tensors = {name: tf.constant(array) for name, array in arrays.items()}
  output = served(**tensors)
  assert list(output) == [_OUTPUT[kind]]
  np.testing.assert_array_equal(
    output[_OUTPUT[kind]], loaded(*tensors.values())
  )


def test_saved_model_in_a_folder_of_any_name(tmp_path):
  path = tmp_path / "lr[1] *"
  gan, signature, _ = _written("dcgan", savedmodel.write, path)
  _require_same(savedmodel.read(str(path), signature), gan, signature)


@pytest.mark.long
@pytest.mark.between
def test_hub_reads_it(tmp_path):
  pytest.importorskip("tensorflow_hub")
  gan, signature, _ = _written("biggan", savedmodel.write, tmp_path, None)
  _require_same(hub.read(str(tmp_path), signature), gan, signature, None)


def test_a_training_starts_from_a_saved_model(tmp_path):
  """With the averages, under the names of weights."""
  gan, _, _ = _written("biggan", savedmodel.write, tmp_path)
  values = transfer.values(str(tmp_path), gan.num_classes)
  for v, average in zip(
    gan.generator.trainable_variables,
    gan.averaged_generator.trainable_variables,
  ):
    np.testing.assert_array_equal(
      values(scope.full_name(v), v.shape, v.dtype), average
    )
  assert not values.new and len(values.reused) > 10


@pytest.mark.long
@pytest.mark.between
@onnx_required
@kinds
def test_onnx(kind, tmp_path):
  path = tmp_path / "model.onnx"
  gan, signature, _ = _written(kind, onnx.write, path)
  model = onnx.read(str(path), signature)
  types = {"float32": "tensor(float)", "int32": "tensor(int32)"}
  assert {
    port.name: (tuple(port.shape), port.type) for port in model.inputs
  } == {
    name: (shape, types[dtype])
    for name, (shape, dtype) in _INPUTS[kind].items()
  }
  assert [port.name for port in model.outputs] == [_OUTPUT[kind]]
  _require_same(model, gan, signature)


@pytest.mark.long
@pytest.mark.between
@onnx_required
def test_onnx_of_any_batch(tmp_path):
  path = tmp_path / "model.onnx"
  gan, signature, _ = _written("biggan", onnx.write, path, None)
  _require_same(onnx.read(str(path), signature), gan, signature, None)


@pytest.mark.long
@pytest.mark.between
@onnx_required
def test_onnx_of_mixed_classes_and_of_halves(tmp_path):
  gan = trained.make("biggan")
  signature = signatures.Signature("mixed", y_is_weights=True)
  model = onnx.convert(gan, signature, 1)
  z = trained.latents(gan, 1)[0]
  y = np.float32([[0.0, 0.75, 0.0, 0.25, 0.0]])
  want = gan.generate(z, y)
  half = onnx.with_half_weights(model)
  for made, tolerance in ((model, 1e-5), (half, 1 / 255)):
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString())
    got = onnx.read(str(path), signature)(*signature.arrays(z, y))
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)
  assert half.ByteSize() < 0.6 * model.ByteSize()
  assert onnx.count_numbers(half) == onnx.count_numbers(model)


def test_a_missing_package_is_a_sentence(monkeypatch):
  monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
  with pytest.raises(ValueError, match=r"pip install compare_gan\[onnx\]"):
    onnx.check()


@pytest.mark.long
@pytest.mark.between
@kinds
def test_tflite(kind, tmp_path):
  path = tmp_path / "model.tflite"
  gan, signature, _ = _written(kind, tflite.write, path)
  _require_same(tflite.read(str(path), signature), gan, signature)


def test_tflite_where_tmpdir_is_a_pattern(tmp_path, monkeypatch):
  odd = tmp_path / "two words [1] \u00f6"
  odd.mkdir()
  monkeypatch.setattr(tempfile, "tempdir", str(odd))
  path = odd / "model.tflite"
  gan, signature, _ = _written("dcgan", tflite.write, path)
  _require_same(tflite.read(str(path), signature), gan, signature)


@tensorflow1.required
@kinds
def test_tensorflow_1_runs_the_frozen_graph(kind, tmp_path):
  path = tmp_path / "model.pb"
  gan, signature, _ = _written(kind, frozen_graph.write, path)
  z, labels = trained.latents(gan, _BATCH)
  feeds = dict(zip(_INPUTS[kind], signature.arrays(z, labels)))
  got = tensorflow1.run(path, feeds, _OUTPUT[kind], tmp_path)
  wanted = sampling.generate(gan, z, labels)
  np.testing.assert_allclose(signature.to_pixels(got), wanted, atol=1e-5)
