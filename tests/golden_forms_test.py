"""The forms of golden folders that tests/golden_test.py takes.

Each folder here is made up, of the recorded cases or of numbers of our own: the
promise is about what the test reads and how closely it looks.
"""

import json
import pathlib

from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import golden_test
from tests import plain_shell
from tests.gans import tiny

pytestmark = pytest.mark.versions("kernels of TensorFlow differ")

_GOLDEN = pathlib.Path(__file__).parent / "golden"


# ---- Optimiser steps ---------------------------------------------------------

_CASE = {"gan": "ModularGAN", "unrolled": False}


_NORMS = ("g_l2", "d_l2", "ema_l2", "g_delta_l2", "d_delta_l2", "ema_delta_l2")


def _check(case, losses, **summaries):
  """Compares losses with a run that recorded these summaries."""
  norms = dict.fromkeys(_NORMS, 1.0)
  recorded = {"summaries": summaries, "probes": {}, "steps": {}, **norms}
  golden_test.check_run(case, 0, losses, {"values": {}, **norms}, recorded)


def test_one_of_several_records_has_to_fit():
  _check(_CASE, {"loss/g": 0.5}, **{"loss/g": [0.7, 0.5]})
  _check(_CASE, {"loss/g": 0.5}, **{"loss/g": [0.5, 0.5]})
  with pytest.raises(AssertionError):
    _check(_CASE, {"loss/g": 0.5}, **{"loss/g": [0.7, 0.5001]})


def test_a_summary_that_was_not_recorded_is_not_compared():
  _check(_CASE, {"loss/g": 0.5}, **{"loss/g": []})
  _check(_CASE, {"loss/g": 0.5})


@pytest.mark.parametrize(
  "gan,tight", [("ModularGAN", True), ("S3GAN", True), ("SSGAN", False)]
)
def test_a_step_of_s3gan_is_held_as_tightly_as_a_plain_one(gan, tight):
  case = {**_CASE, "gan": gan}
  losses, recorded = {"loss/g": 0.5}, {"loss/g": [0.50001]}
  if not tight:
    _check(case, losses, **recorded)
    return
  with pytest.raises(AssertionError):
    _check(case, losses, **recorded)


def test_running_averages_are_not_compared():
  averages = {"accuracy/real": [0.1, 0.2]}
  _check({**_CASE, "gan": "S3GAN"}, {"accuracy/real": 0.9}, **averages)
  with pytest.raises(AssertionError):
    _check({**_CASE, "gan": "SSGAN"}, {"accuracy/real": 0.9}, **averages)


def test_a_recorded_case_with_a_summary_recorded_twice(monkeypatch):
  path = _GOLDEN / "train_steps_sndcgan_wgangp.json"
  case = json.loads(path.read_text())
  for run in case["runs"]:
    for name, records in run["summaries"].items():
      run["summaries"][name] = [records[0] + 1.0, *records]
  gin.bind_parameter("conv.fold", False)
  golden_test.test_optimizer_steps(case, monkeypatch)


# ---- Checkpoints -------------------------------------------------------------

_MODEL = """
dataset.name = "cifar10"
options.gan_class = @ModularGAN
options.architecture = "sndcgan_arch"
options.batch_size = 2
options.training_steps = 1
options.z_dim = 4
sndcgan.Generator.ch = 2
sndcgan.Discriminator.ch = 2
G.batch_norm_fn = @batch_norm
D.spectral_norm = True
"""


def _checkpoint_folder(folder, bindings="", **dropped):
  """Writes what a plain model's folder of the original holds."""
  folder.mkdir()
  (folder / "operative_config-0.gin").write_text(_MODEL + bindings)
  gin.parse_config(_MODEL + bindings)
  gan = model_dir.make_gan(model_dir.DatasetShape((32, 32, 3), 10))
  values = tiny.values(gan)
  tf.raw_ops.SaveV2(
    prefix=str(folder / "model.ckpt-1"),
    tensor_names=list(values),
    shape_and_slices=[""] * len(values),
    tensors=[tf.constant(value) for value in values.values()],
  )
  rng = np.random.RandomState(0)
  z = rng.randn(3, 4).astype(np.float32)
  labels = rng.randint(0, 10, 3).astype(np.int32)
  images = rng.uniform(size=(3, 32, 32, 3)).astype(np.float32)
  y = labels if gan.num_classes else None
  d = gan.discriminate(tf.constant(images), y)
  arrays = {
    "z": z,
    "labels": labels,
    "images": images,
    "generated": gan.generate(tf.constant(z), y, averaged=False),
    "generated_ema": gan.generate(tf.constant(z), y),
    "d_prob": d.prob,
    "d_logits": d.logits,
    "d_h": d.features,
  }
  np.savez(
    folder / "samples.npz",
    **{k: np.asarray(v) for k, v in arrays.items() if k not in dropped},
  )
  gin.clear_config()
  return folder


def test_a_checkpoint_without_accumulated_moments(tmp_path):
  folder = _checkpoint_folder(tmp_path / "plain", "ModularGAN.g_use_ema = True")
  for weights in ("raw", "ema"):
    golden_test.test_checkpoint_samples(folder, weights, tmp_path / weights)
  golden_test.test_checkpoint_discriminator(folder, tmp_path / "d")
  with pytest.raises(pytest.skip.Exception, match="no accumulated moments"):
    golden_test.test_checkpoint_accumulators(folder, tmp_path / "accu")


def test_a_checkpoint_with_labels_and_without_an_average(tmp_path):
  folder = _checkpoint_folder(
    tmp_path / "conditional",
    "ModularGAN.conditional = True\n"
    "G.batch_norm_fn = @conditional_batch_norm\n",
    generated_ema=True,
  )
  golden_test.test_checkpoint_samples(folder, "raw", tmp_path / "raw")
  with pytest.raises(pytest.skip.Exception, match="no generated_ema"):
    golden_test.test_checkpoint_samples(folder, "ema", tmp_path / "ema")


def test_images_of_another_checkpoint_are_seen(tmp_path):
  folder = _checkpoint_folder(tmp_path / "plain")
  arrays = dict(np.load(folder / "samples.npz"))
  arrays["generated"] = arrays["generated"] + 1e-3
  np.savez(folder / "samples.npz", **arrays)
  with pytest.raises(AssertionError):
    golden_test.test_checkpoint_samples(folder, "raw", tmp_path / "raw")


# ---- Folders -----------------------------------------------------------------


def _said_of(folder, home):
  """Returns pytest's exit status and what it says of the folder's files."""
  words = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
  words += ["-k", "known_kind or has_cases", "tests/golden_test.py"]
  ran = plain_shell.run(words, plain_shell.ROOT, home, GOLDEN_DIR=folder)
  return ran.returncode, ran.stdout + ran.stderr


def test_a_folder_without_cases_does_not_pass(tmp_path):
  code, said = _said_of(tmp_path / "missing", tmp_path)
  assert code == 1 and "has no golden numbers" in said


def test_files_of_other_forms_are_named(tmp_path):
  (tmp_path / "rows.json").write_text("[1, 2]")
  (tmp_path / "mygan.json").write_text('{"kind": "mygan", "variables": []}')
  (tmp_path / "losses.json").write_text((_GOLDEN / "losses.json").read_text())
  code, said = _said_of(tmp_path, tmp_path)
  assert code == 1
  assert "known_kind[rows]" in said and "known_kind[mygan]" in said
  assert "known_kind[losses]" not in said
