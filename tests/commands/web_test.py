"""web: a page of a model_dir, computed in the browser or of frames."""

import base64
import importlib.util
import json
import re

from compare_gan.__main__ import main
from compare_gan.export.web import onnxruntime_web
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

_CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
eval_z.minval = 0.0
eval_z.maxval = 4.0
"""


@pytest.fixture
def web(tmp_path, capsys):
  """Returns a function: flags, extra gin lines -> (text, data, output)."""

  def run(*flags, config="", code=0):
    gin.parse_config(_CONFIG + config)
    gan = tiny.gan()
    gan.generator.out.bias.assign(gan.generator.out.bias + 1.0)  # not averaged
    folder, out = str(tmp_path / "model"), tmp_path / "page.html"
    model_dir.write(folder, 5, gan, tiny.DATASET, _CONFIG + config)
    gin.clear_config()
    assert (
      main(["web", f"--model_dir={folder}", f"--out={out}", *flags]) == code
    )
    said = capsys.readouterr()
    if code:
      return said.err
    text = out.read_text()
    [data] = re.findall(r'id="data">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(data), said.out

  return run


def test_page_computes(web):
  text, data, said = web()
  assert "Wrote 0.0 MB" in said
  assert data["image"] == [4, 4, 1] and data["z_dim"] == tiny.Z_DIM
  assert data["classes"] == ["0", "1", "2"]
  assert data["program"]["steps"]
  assert "step 5" in text


def test_quantiles_are_those_of_eval_z(web):
  quantiles = web()[1]["quantiles"]
  np.testing.assert_allclose(quantiles, np.linspace(0, 4, 513), atol=0.05)


def test_names_and_title(web):
  text, data, _ = web("--class_names=a,b,c", "--title=Mine & yours")
  assert data["classes"] == ["a", "b", "c"]
  assert "<h1>Mine &amp; yours</h1>" in text


def test_step_names_the_checkpoint(web):
  assert "step 5" in web("--step=5")[0]
  assert "model.ckpt-4" in web("--step=4", code=1)


def test_wrong_number_of_names(web):
  assert "has 2 names, but the model has 3" in web("--class_names=a,b", code=1)


def test_raw_weights_are_a_choice(web):
  assert web()[0] != web("--raw_weights")[0]


def test_half(web):
  assert any(w["half"] for w in web("--half")[1]["program"]["weights"])
  assert not any(w["half"] for w in web()[1]["program"]["weights"])


def test_frames_on_request(web):
  _, data, said = web("--frames", "--classes=2,0")
  frames = data["frames"]
  assert "program" not in data and "frames:" not in said
  assert data["classes"] == ["2", "0"]
  assert frames["coordinates"] == tiny.Z_DIM
  assert len(frames["bases"]) == 4
  assert all(len(sheets) == 2 for sheets in frames["bases"])
  assert len(frames["values"]) == 9
  # Where 96 % of eval_z lie.
  np.testing.assert_allclose(
    frames["values"], np.linspace(0.08, 3.92, 9), atol=0.03
  )


def test_a_page_too_large_gets_frames_and_says_why(web, monkeypatch):
  from compare_gan.export.web import web_page

  def refuse(*_):
    raise web_page.TooLargeError("It would be too large.")

  monkeypatch.setattr(web_page, "live", refuse)
  text, data, said = web()
  assert "frames: It would be too large." in said
  assert "It would be too large." in text  # on the page, too
  assert data["frames"]


def test_an_unknown_operation_gets_frames_and_says_which(web, monkeypatch):
  from compare_gan.export.web import web_program

  monkeypatch.delitem(web_program._RULES, "MatMul")
  text, data, said = web()
  assert "MatMul" in said and "MatMul" in text
  assert data["frames"]


def test_onnxruntime_that_is_not_there(web, tmp_path):
  folder = str(tmp_path / "no")
  said = web("--engine=onnxruntime", f"--onnxruntime={folder}", code=1)
  assert f"--onnxruntime={folder} has no LICENSE" in said
  assert "scripts/vendor_onnxruntime_web.py" in said


@pytest.mark.long
@pytest.mark.skipif(
  any(
    importlib.util.find_spec(name) is None
    for name in ("tf2onnx", "onnx", "onnxruntime")
  ),
  reason="there is no tf2onnx, onnx or onnxruntime",
)
def test_page_for_onnxruntime_holds_the_model(web, tmp_path):
  import onnx

  folder = tmp_path / "runtime"
  folder.mkdir()
  for name in onnxruntime_web.NAMES:
    (folder / name).write_text("1.2.3")
  text, data, _ = web("--engine=onnxruntime", f"--onnxruntime={folder}")
  assert "onnxruntime-web 1.2.3" in text
  [weights] = re.findall(r'id="weights">(.*?)</script>', text)
  model = onnx.load_model_from_string(base64.b64decode(weights))
  named = {port.name for port in model.graph.input}
  assert {*data["program"]["inputs"].values()} == named == {"z", "y"}
  assert data["program"]["output"] == model.graph.output[0].name


def test_where_nothing_fits_the_flag_is_named(web):
  assert "larger --max_mb or fewer --classes" in web("--max_mb=0.001", code=1)


def test_frames_of_a_class_that_is_none(web):
  said = web("--frames", "--classes=3", code=1)
  assert "--classes=3 must list classes from 0 to 2" in said


def test_empty_accumulators_are_filled(web):
  config = """
G.batch_norm_fn = @batch_norm
standardize_batch.use_moving_averages = False
"""
  few = web("--accu_examples=64", config=config)[0]
  assert few != web("--accu_examples=128", config=config)[0]
