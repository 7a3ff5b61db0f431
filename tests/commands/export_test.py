"""export, make_bins, emulate and score: from a model_dir to its scores."""

import importlib.util
import json
import os

from compare_gan.__main__ import main
from compare_gan.export import frozen_graph
from compare_gan.export.formats import pb
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import own_package
from tests import plain_shell
from tests.gans import tiny

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")

_CONFIG = f"""
import tests.architectures.own_architecture
import tests.commands.evaluate_test
dataset.name = "tests.noise_dataset.NoiseDataset"
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
eval_z.minval = 2.0
eval_z.maxval = 4.0
evaluate.metrics = [@fid, @ms_ssim]
evaluate.features = @pixels_of_a_test
evaluate.num_fake = 6
evaluate.num_real = 6
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
  """A model_dir; commands run in the folder that holds it."""
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  monkeypatch.chdir(tmp_path)
  return _write(tmp_path, "")


def _write(tmp_path, config):
  gin.parse_config(_CONFIG + config)
  for step in (3, 5):
    gan = tiny.gan(seed=step)
    gan.generator.out.bias.assign(gan.generator.out.bias + 1.0)  # not averaged
    model_dir.write(
      str(tmp_path / "model"), step, gan, tiny.DATASET, _CONFIG + config
    )
  gin.clear_config()
  return tmp_path


def _run(verb, *flags, code=0):
  model = [] if verb == "emulate" else ["--model_dir=model"]
  assert main([verb, *model, *flags]) == code


def _pb(*flags):
  _run("export", "--format=pb", "--signature=biggan", "--out=m.pb", *flags)


def _bins(*flags):
  _run("make_bins", "--signature=biggan", "--n=6", "--out=in", *flags)


def _emulate():
  _run("emulate", "--pb=m.pb", "--bins=in/z,in/y", "--out=out")


def _score(*flags):
  _run("score", "--bins=in", "--outputs=out", "--json=row.json", *flags)
  with open("row.json") as file:
    return json.load(file)


def test_scores_offline_are_those_of_evaluate(folder):
  """The same latents, labels and images, by way of files."""
  _pb()
  _bins()
  _emulate()
  row = _score()
  assert row["offline"]["max_error"] < 1e-6
  assert row["offline"]["ema"] and row["offline"]["dtype"] == "float32"
  assert row["offline"]["inputs"]["z"] == "uniform from 2 to 4"
  assert row["step"] == 5 and row["protocol"]["images"] == "given"
  assert main(["evaluate", "--model_dir=model", "--json=of_model.json"]) == 0
  with open("of_model.json") as file:
    wanted = json.load(file)["scores"]
  assert set(row["scores"]) == {"fid_pixels", "ms_ssim"}
  for name, score in wanted.items():
    assert row["scores"][name] == pytest.approx(score, abs=1e-5)


def test_steps_and_weights_are_a_choice(folder):
  _pb("--step=3", "--raw_weights")
  _bins("--step=3")
  _emulate()
  same = ("--errors_only", "--step=3", "--raw_weights")
  assert _score(*same)["offline"]["max_error"] < 1e-6
  assert _score(*same[:2])["offline"]["max_error"] > 0.01


def test_bins_of_another_step_are_refused(folder, capsys):
  _bins("--step=3")
  os.makedirs("out")
  _run("score", "--bins=in", "--outputs=out", code=1)
  assert "are for step 3, but the last one" in capsys.readouterr().err


def test_half_outputs_are_scored(folder):
  _pb()
  _bins()
  _emulate()
  [made] = os.listdir("out")
  for name in os.listdir(f"out/{made}"):
    path = f"out/{made}/{name}"
    np.fromfile(path, "<f4").astype("<f2").tofile(path)
  offline = _score("--errors_only")["offline"]
  assert offline["dtype"] == "float16" and 0 < offline["max_error"] < 1e-3


def test_latents_are_those_of_eval_z(folder):
  """Not from 0 to 1, and not those of training."""
  _bins()
  z = np.stack([np.fromfile(f"in/z/{i}.bin", "<f4") for i in range(6)])
  assert z.shape == (6, tiny.Z_DIM)
  assert z.min() >= 2.0 and z.max() <= 4.0 and len(np.unique(z)) == z.size


def test_seed_is_a_choice_and_says_all(folder):
  contents = []
  for i, seed in enumerate((1, 1, 2)):
    _run("make_bins", f"--out=in{i}", "--n=1", f"--seed={seed}")
    with open(f"in{i}/z/0.bin", "rb") as file:
      contents.append(file.read())
  assert contents[0] == contents[1] != contents[2]


def test_labels_are_uniform_or_given(folder, capsys):
  _run("make_bins", "--signature=biggan", "--n=300", "--out=many")
  y = [np.fromfile(f"many/y/{i}.bin", "<i4")[0] for i in range(300)]
  assert np.bincount(y).shape == (3,) and np.bincount(y).min() > 60
  np.save("y.npy", np.array([2, 0, 1, 2, 2, 2]))
  _bins("--labels=y.npy")
  y = [np.fromfile(f"in/y/{i}.bin", "<i4")[0] for i in range(6)]
  assert y == [2, 0, 1, 2, 2, 2]
  capsys.readouterr()
  np.save("y.npy", np.array([3, 0, 1, 2, 2, 2]))
  _run("make_bins", "--n=6", "--out=other", "--labels=y.npy", code=1)
  assert "the model has 3 classes" in capsys.readouterr().err
  _run("make_bins", "--n=5", "--out=other", "--labels=y.npy", code=1)
  assert "--n=5 needs as many" in capsys.readouterr().err


def test_what_is_printed(folder, capsys):
  _pb()
  printed = capsys.readouterr().out
  for part in (
    "z: float32 [1, 2]",
    "y: int32 [1, 1]",
    "output: float32 [1, 4, 4, 1], from -1 to 1",
    "operations: AddV2",
    "Wrote step 5 to m.pb",
    "atc --model=m.pb --framework=3 --output=m --soc_version=Ascend310 "
    '--input_shape="z:1,2;y:1,1" --log=info --out_nodes="output:0"',
    './msame --model "m.om" --input "input_bin/z,input_bin/y"',
  ):
    assert part in printed


def test_compiler_gets_fixed_shapes_in_any_case(folder, capsys):
  _pb("--batch=dynamic", "--soc_version=Ascend310P3")
  printed = capsys.readouterr().out
  assert "--soc_version=Ascend310P3" in printed
  assert '--input_shape="z:1,2;y:1,1"' in printed
  assert frozen_graph.read("m.pb").inputs[0].shape == (None, 2)


@pytest.mark.parametrize("form", ["savedmodel", "hub", "onnx", "tflite"])
def test_every_format_is_written_and_read_again(folder, capsys, form):
  if form == "onnx" and importlib.util.find_spec("tf2onnx") is None:
    pytest.skip("there is no tf2onnx")
  _run("export", f"--format={form}", "--out=new/of_{step}")
  printed = capsys.readouterr().out
  assert "Wrote step 5 to new/of_000005. Read back" in printed
  assert os.path.exists("new/of_000005")
  if form == "savedmodel":
    module = tf.saved_model.load("new/of_000005")
    # Of any number of images.
    y = tf.constant([0, 1, 2])
    assert module.generate(tf.zeros([3, 2]), y).shape[0] == 3


def test_a_page_is_written_but_not_compared(folder, capsys):
  _run("export", "--format=web", "--out=new/page.html")
  printed = capsys.readouterr().out
  assert "Wrote step 5 to new/page.html.\n" in printed
  assert "not compared with the model" in printed
  with open("new/page.html", encoding="utf-8") as file:
    assert file.read().startswith("<!doctype html>")


def _documented_format():
  """Returns the format that CONTRIBUTING.md has as its example."""
  text = (plain_shell.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
  name = "my_package/pbtxt.py"
  return next(
    block.partition("```")[0]
    for block in text.split("```python\n")[1:]
    if block.startswith(f"# {name}")
  )


def test_the_documented_format_of_ones_own(folder, capsys, monkeypatch):
  (folder / "my_package").mkdir()
  (folder / "my_package" / "pbtxt.py").write_text(_documented_format())
  monkeypatch.syspath_prepend(str(folder))
  own_package.forget()
  _run("export", "--format=my_package.pbtxt", "--out=m.pbtxt")
  assert "Wrote step 5 to m.pbtxt. Read back" in capsys.readouterr().out
  assert 'op: "Placeholder"' in (folder / "m.pbtxt").read_text()


@pytest.mark.parametrize("name", ["zip", "my_package.none"])
def test_unknown_formats_are_refused_with_all_there_are(folder, capsys, name):
  _run("export", f"--format={name}", "--out=m", code=1)
  printed = capsys.readouterr().err
  assert f"--format={name} is unknown" in printed
  assert "hub, onnx, pb, savedmodel, tflite, web" in printed


def test_file_of_other_images_is_an_error(folder, capsys, monkeypatch):
  read = frozen_graph.read
  off = lambda path, _: lambda *x: read(path)(*x) + 2e-3  # noqa: E731
  monkeypatch.setattr(pb, "read", off)
  _run("export", "--format=pb", "--out=m.pb", code=1)
  assert "differ by up to 0.00" in capsys.readouterr().err


@pytest.mark.parametrize(
  "flags,message",
  [
    (["--batch=0"], "--batch=0"),
    (["--batch=many"], "--batch=many"),
    (["--step=4"], "4"),
  ],
)
def test_what_cannot_be_exported_is_said(folder, capsys, flags, message):
  _run("export", "--format=pb", "--out=m.pb", *flags, code=1)
  assert message in capsys.readouterr().err


def test_empty_moments_are_filled(tmp_path, monkeypatch, capsys):
  monkeypatch.chdir(tmp_path)
  config = """
G.batch_norm_fn = @batch_norm
standardize_batch.use_moving_averages = False
"""
  _write(tmp_path, config)
  _pb("--accu_examples=64")
  _bins()
  _emulate()
  same = ("--errors_only", "--accu_examples=64")
  assert _score(*same)["offline"]["max_error"] < 1e-6
  other = ("--errors_only", "--accu_examples=128")
  assert _score(*other)["offline"]["max_error"] > 1e-6


def test_moments_of_an_exported_generator_are_those_of_truncated_latents(
  tmp_path, monkeypatch, capsys
):
  monkeypatch.chdir(tmp_path)
  config = """
G.batch_norm_fn = @batch_norm
standardize_batch.use_moving_averages = False
"""
  _write(tmp_path, config)
  flags = ("--accu_examples=64", "--truncation=0.5")
  _pb(*flags)
  _bins("--truncation=0.5")
  out = capsys.readouterr().out
  assert "64 examples of z normal, cut at 0.5" in out
  assert "give export and score --truncation=0.5 too" in out
  _emulate()
  assert _score("--errors_only", *flags)["offline"]["max_error"] < 1e-6
  of_others = _score("--errors_only", "--accu_examples=64")
  assert of_others["offline"]["max_error"] > 1e-6
