"""A frozen graph on files, as msame runs a compiled one."""

import re

from compare_gan.ascend import msame
from compare_gan.export import frozen_graph
from compare_gan.export import signatures
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("numpy writes the files")


class _Options:
  z_dim = 2


class _Gan:
  """z + y."""

  num_classes = 9
  options = _Options()

  def generate(self, z, y, averaged):
    return z + tf.cast(y, tf.float32)[:, None]


def _model(batch=1):
  signature = signatures.get("compare_gan")._replace(y_is_column=True)
  made = frozen_graph.graph_def(_Gan(), signature, batch)
  return frozen_graph.FrozenGraph(made, "it")


_NAMES = ("0", "1", "10", "100", "2")


@pytest.fixture
def inputs(tmp_path):
  for name in _NAMES:
    for folder, dtype in (("z", "<f4"), ("y", "<i4")):
      (tmp_path / folder).mkdir(exist_ok=True)
      values = np.full(2 if folder == "z" else 1, int(name) % 9, dtype)
      values.tofile(str(tmp_path / folder / f"{name}.bin"))
  return [str(tmp_path / "z"), str(tmp_path / "y")]


def test_order_is_that_of_the_names_as_text(inputs, tmp_path, monkeypatch):
  model, seen = _model(), []
  run = model.run
  monkeypatch.setattr(
    model, "run", lambda *arrays: seen.append(arrays[0][0, 0]) or run(*arrays)
  )
  folder, runs = msame.run("a/model.pb", model, inputs, str(tmp_path / "out"))
  assert runs == 5
  assert seen == [int(name) % 9 for name in _NAMES]
  assert re.fullmatch(r".*/out/\d{8}_\d{6}", folder)
  for name in _NAMES:
    got = np.fromfile(f"{folder}/{name}_output_0.bin", "<f4")
    np.testing.assert_array_equal(got, [2 * (int(name) % 9)] * 2)


def test_files_give_one_run_under_the_models_name(inputs, tmp_path):
  files = [f"{folder}/10.bin" for folder in inputs]
  folder, runs = msame.run("a/model.pb", _model(), files, str(tmp_path / "out"))
  assert runs == 1
  got = np.fromfile(f"{folder}/model_output_0.bin", "<f4")
  np.testing.assert_array_equal(got, [2, 2])


def test_without_inputs_there_are_zeros(tmp_path):
  folder, _ = msame.run("model.pb", _model(), [], str(tmp_path))
  got = np.fromfile(f"{folder}/model_output_0.bin", "<f4")
  np.testing.assert_array_equal(got, [0, 0])


def test_text(inputs, tmp_path):
  out = str(tmp_path / "out")
  folder, _ = msame.run("model.pb", _model(), inputs, out, "TXT")
  with open(f"{folder}/2_output_0.txt") as file:
    assert file.read() == "4 4\n"


def test_int64_file_is_refused(inputs, tmp_path):
  np.array([1], "<i8").tofile(f"{inputs[1]}/10.bin")
  with pytest.raises(ValueError, match="8 bytes, but y is int32 .*int64"):
    msame.run("model.pb", _model(), inputs, str(tmp_path / "out"))


def test_truncated_file_is_refused(inputs, tmp_path):
  np.array([1], "<f4").tofile(f"{inputs[0]}/10.bin")
  with pytest.raises(ValueError, match="4 bytes, but z is float32 .* 8 bytes"):
    msame.run("model.pb", _model(), inputs, str(tmp_path / "out"))


@pytest.mark.parametrize(
  "change,message",
  [
    (lambda x: x[:1], r"inputs z, y. Give one path for each"),
    (lambda x: [x[0], x[1] + "/1.bin"], "mixes folders and files"),
    (lambda x: [x[0], x[1] + "s"], "there is no file or folder"),
  ],
)
def test_inputs_that_do_not_fit(inputs, tmp_path, change, message):
  with pytest.raises((ValueError, OSError), match=message):
    msame.run("model.pb", _model(), change(inputs), str(tmp_path / "out"))


def test_same_names_are_needed(inputs, tmp_path):
  (tmp_path / "y" / "2.bin").unlink()
  with pytest.raises(FileNotFoundError, match="has 2.bin, but no .*/y/2.bin"):
    msame.run("model.pb", _model(), inputs, str(tmp_path / "out"))
  assert not (tmp_path / "out").exists()


def test_any_batch_and_unknown_formats_are_refused(inputs, tmp_path):
  with pytest.raises(ValueError, match="--batch=1"):
    msame.run("model.pb", _model(None), inputs, str(tmp_path))
  with pytest.raises(ValueError, match="BIN or TXT"):
    msame.run("model.pb", _model(), inputs, str(tmp_path), "PNG")
