"""A tiny vision transformer in a file, against its formula in numpy."""

import sys

from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import onnx_tower
from compare_gan.features import onnx_weights
from compare_gan.features import tower
from compare_gan.metrics import cmmd
from compare_gan.metrics import fd
import gin
import numpy as np
import pytest

from tests.features import tiny_tower
from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.versions("each has another onnxruntime")


def _images(n=10, size=16):
  rng = np.random.RandomState(0)
  return rng.randint(0, 256, [n, size, size, 3]).astype(np.uint8)


def _expected(images, w=None):
  """Returns the features of images of 16 pixels, which no resize changes."""
  scaled = (images / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
  w = tiny_tower.weights() if w is None else w
  return tiny_tower.by_numpy(w, scaled.transpose(0, 3, 1, 2))


def _make(folder, **given):
  return onnx_tower.onnx_features(None, str(folder), **given)


def test_features_are_those_of_the_formula(tmp_path):
  found = _make(tiny_tower.write(tmp_path / "vit"))(_images())
  np.testing.assert_allclose(found.features, _expected(_images()), atol=2e-6)
  assert found.features.dtype == np.float64 and found.logits is None


def test_batches_and_threads_do_not_matter(tmp_path):
  folder = tiny_tower.write(tmp_path / "vit")
  whole = _make(folder)(_images()).features
  for given in ({"batch_size": 4}, {"batch_size": 1}, {"threads": 2}):
    found = _make(folder, **given)(_images()).features
    np.testing.assert_allclose(found, whole, atol=1e-6)


def test_colours_are_in_order(tmp_path):
  extractor = _make(tiny_tower.write(tmp_path / "vit"))
  swapped = extractor(_images()[..., ::-1]).features
  assert np.abs(swapped - extractor(_images()).features).max() > 0.1


def test_images_are_resized(tmp_path):
  extractor = _make(tiny_tower.write(tmp_path / "vit"))
  large = _images(2, 40)
  from PIL import Image

  small = [Image.fromarray(x).resize((16, 16), Image.BICUBIC) for x in large]
  expected = _expected(np.stack([np.asarray(x) for x in small]))
  np.testing.assert_allclose(extractor(large).features, expected, atol=2e-6)


def test_nhwc_is_another_file(tmp_path):
  """The same network behind a transposition of its input."""
  made = tiny_tower.model()
  made.graph.input[0].name = "nhwc"
  for size, value in zip(
    made.graph.input[0].type.tensor_type.shape.dim[1:], (16, 16, 3)
  ):
    size.dim_value = value
  turned = onnx.helper.make_node(
    "Transpose", ["nhwc"], ["pixels"], perm=[0, 3, 1, 2]
  )
  made.graph.node.insert(0, turned)
  folder = tmp_path / "vit"
  tiny_tower.write(folder, made=made, layout="NHWC", input="nhwc")
  found = _make(folder)(_images()).features
  np.testing.assert_allclose(found, _expected(_images()), atol=2e-6)


@pytest.mark.parametrize(
  "changes,message",
  [
    ({"layout": "NHWC"}, r"layout = 'NHWC' .* the network takes \['n', 3, 16"),
    ({"pixels": 32}, "pixels = 32 give images of"),
    ({"output": "tokens"}, r"output = 'tokens' is \['n', 17, 24\], but \[N, D"),
    ({"output": "rows"}, r"output = 'rows', but .*\['features', 'tokens'\]"),
    ({"weights_sha256": 64 * "0"}, "weights_sha256 = '0000"),
  ],
  ids=str,
)
def test_a_tower_json_that_does_not_fit(tmp_path, changes, message):
  folder = tiny_tower.write(tmp_path / "vit")
  digest = tower.digest_of_weights(folder, ["model.onnx"])
  tiny_tower.write_json(folder, **{"weights_sha256": digest, **changes})
  with pytest.raises(ValueError, match=message):
    _make(folder)


def test_a_layout_that_only_a_run_refuses(tmp_path):
  """The file does not say how large images are, or where colours stand."""
  made = tiny_tower.model()
  for i, size in enumerate(made.graph.input[0].type.tensor_type.shape.dim):
    size.dim_param = f"d{i}"
  _make(tiny_tower.write(tmp_path / "vit", made=made))
  folder = tiny_tower.write(tmp_path / "wrong", made=made, layout="NHWC")
  message = r"wrong/tower.json: onnxruntime refuses .*\[2, 16, 16, 3\]"
  with pytest.raises(ValueError, match=message):
    _make(folder)


def test_a_file_of_one_batch_size_or_of_doubles(tmp_path):
  folder = tiny_tower.write(tmp_path / "one", made=tiny_tower.model(batch=1))
  with pytest.raises(ValueError, match="batches of 1 images only"):
    _make(folder)
  with pytest.raises(ValueError, match="'pixels' is of float64"):
    _make(tiny_tower.write(tmp_path / "double", made=_of_doubles()))


def _of_doubles():
  """Returns a network of float64: features are the mean of pixels."""
  helper, kind = onnx.helper, onnx.TensorProto.DOUBLE
  mean = helper.make_node(
    "ReduceMean", ["pixels"], ["features"], axes=[2, 3], keepdims=0
  )
  of = helper.make_tensor_value_info
  graph = helper.make_graph(
    [mean],
    "means",
    [of("pixels", kind, ["n", 3, 16, 16])],
    [of("features", kind, ["n", 3])],
  )
  opset = helper.make_opsetid("", 13)
  return helper.make_model(graph, opset_imports=[opset], ir_version=7)


def test_the_identity_is_of_weights_and_preprocessing(tmp_path):
  other = tiny_tower.weights()
  other["out"][0, 0] += 1e-3
  made = [
    _make(tiny_tower.write(tmp_path / str(i) / "vit", **changes)).identity()
    for i, changes in enumerate(
      [{}, {}, {"w": other}, {"mean": [0.5, 0.4, 0.301]}, {"external": True}]
    )
  ]
  assert made[0] == made[1]
  assert len(set(made)) == 4


def test_weights_in_a_file_of_their_own(tmp_path):
  folder = tiny_tower.write(tmp_path / "vit", external=True)
  assert onnx_weights.weight_files(f"{folder}/model.onnx") == [
    "model.onnx",
    "weights.bin",
  ]
  found = _make(folder)(_images()).features
  np.testing.assert_allclose(found, _expected(_images()), atol=2e-6)
  with open(f"{folder}/weights.bin", "r+b") as file:
    file.write(b"\1")
  with pytest.raises(ValueError, match="model.onnx, weights.bin in .* has"):
    _make(folder)


def test_the_providers_and_threads_that_there_are(tmp_path):
  folder = tiny_tower.write(tmp_path / "vit")
  with pytest.raises(ValueError, match="provider = 'TPU'.*CPUExecutionProv"):
    _make(folder, provider="TPU")
  with pytest.raises(
    ValueError, match="onnx_features.threads = 0. It must be an int"
  ):
    _make(folder, threads=0)
  with pytest.raises(
    ValueError, match="onnx_features.batch_size = 2.5. It must be"
  ):
    _make(folder, batch_size=2.5)


def test_what_cannot_be_loaded(tmp_path, monkeypatch):
  with pytest.raises(FileNotFoundError, match="there is no .*features --help"):
    _make(tmp_path)
  folder = tiny_tower.write(tmp_path / "vit")
  made = tiny_tower.model()
  made.opset_import[0].version = 99
  other = tiny_tower.write(tmp_path / "new", made=made)
  with pytest.raises(
    ValueError, match="cannot load .*opset_version=13. The error is"
  ):
    _make(other)
  monkeypatch.setitem(sys.modules, "onnxruntime", None)
  with pytest.raises(ValueError, match=r"pip install compare_gan\[features\]"):
    _make(folder)


def test_scores_are_called_by_the_network(tmp_path):
  folder = tiny_tower.write(tmp_path / "dinov2_tiny")
  gin.parse_config(
    [
      "evaluate.features = @onnx_features",
      f"onnx_features.path = {folder!r}",
      "evaluate.metrics = [@fd, @cmmd]",
      "evaluate.num_fake = 6",
      "evaluate.num_real = 6",
      "evaluate.best_by = 'fd_dinov2_tiny'",
    ]
  )
  chosen = settings_lib.Settings()
  assert settings_lib.check_best_by(chosen) == ""
  evaluator = scoring.Evaluator(NoiseDataset(), chosen)
  row = evaluator.row_of_model(tiny.gan(), "model.ckpt-0", 0, {})
  assert row.status == "ok" and row.better["fd_dinov2_tiny"] == "lower"
  assert set(row.scores) == {
    "fd_dinov2_tiny",
    "cmmd_dinov2_tiny",
    "cmmd_unbiased_dinov2_tiny",
  }
  assert row.protocol["features"] == "dinov2_tiny"
  assert row.protocol["features_digest"] == _make(folder).identity()


def test_a_score_is_the_formula_on_the_features(tmp_path):
  folder = tiny_tower.write(tmp_path / "vit")
  metrics, fakes = [fd.fd, cmmd.cmmd], _images(7)
  gin.bind_parameter("onnx_features.path", folder)
  chosen = settings_lib.Settings(
    metrics, onnx_tower.onnx_features, num_fake=7, num_real=8
  )
  dataset = NoiseDataset()
  row = scoring.Evaluator(dataset, chosen).row_of_images(fakes)
  [batch] = dataset.in_order("eval", 8, 8)
  real, fake = (_make(folder)(x).features for x in (batch["images"], fakes))
  expected = {**fd.fd(real, fake), **cmmd.cmmd(real, fake)}
  assert expected["fd"] > 0.01
  for name, value in expected.items():
    assert row.scores[f"{name}_vit"] == pytest.approx(value, rel=1e-5), name
