"""What a bundle holds, of which dtype, and what it does not tell."""

import io
import json

from compare_gan.bundles import archive
from compare_gan.bundles import safetensors
from compare_gan.bundles import write
from compare_gan.gans import ema
from compare_gan.storage import parts
from compare_gan.storage import score_tables
import numpy as np
from PIL import Image
import pytest

from tests.bundles import tiny
from tests.storage import tiny as storage_tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


def _arrays(path):
  return safetensors.decode(archive.read(path)[1]["weights.safetensors"])


def test_the_generator_alone_in_float32(tmp_path):
  path = tiny.bundle(tmp_path)
  manifest, found = archive.read(path)
  assert list(found) == [
    "manifest.json",
    "weights.safetensors",
    "config.gin",
    "model.json",
    "samples.png",
    "README.md",
  ]
  assert manifest.parts == [parts.GENERATOR]
  arrays = _arrays(path)
  assert int(arrays.pop("global_step")) == tiny.STEP
  # The average is there, the weights that it is of are not.
  assert f"generator/g_fc1/kernel{ema.SUFFIX}" in arrays
  assert "generator/g_fc1/kernel" not in arrays
  assert all(name.startswith("generator/") for name in arrays)
  # Moments are filled: 6400 examples in batches of 64.
  [counter, *_] = [x for n, x in arrays.items() if "accu_counter" in n]
  assert float(counter) == pytest.approx(100.0)


def test_everything_but_optimisers(tmp_path):
  path = tiny.bundle(tmp_path, with_discriminator=True)
  names = set(_arrays(path))
  assert archive.read(path)[0].parts == [
    parts.GENERATOR,
    parts.RAW,
    parts.DISCRIMINATOR,
  ]
  assert "generator/g_fc1/kernel" in names
  assert any(name.startswith("discriminator/") for name in names)
  assert not any("_opt" in name for name in names)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_weights_are_halved_and_moments_are_not(tmp_path, dtype):
  whole = _arrays(tiny.bundle(tmp_path))
  half = archive.read(tiny.bundle(tmp_path, name="b.zip", dtype=dtype))[1]
  data = half["weights.safetensors"]
  entries = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
  is_halved = {
    name: entry["dtype"] == {"float16": "F16", "bfloat16": "BF16"}[dtype]
    for name, entry in entries.items()
    if name != "__metadata__"
  }
  assert is_halved[f"generator/g_fc1/kernel{ema.SUFFIX}"]
  assert not any(x for name, x in is_halved.items() if "/accu/" in name)
  digits = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
  for name, array in safetensors.decode(data).items():
    np.testing.assert_allclose(array, whole[name], rtol=digits, atol=1e-7)


def test_what_float16_cannot_hold_stays_float32():
  x = np.array([1e5], np.float32)
  assert write._in_float16(x).dtype == np.float32
  assert write._in_float16(x / 2).dtype == np.float16


def test_paths_of_the_maker_stay_at_home(tmp_path):
  config = f"{tiny.CONFIG}\nfolder.path = '/home/me/secret'\n"
  folder = tiny.model(tmp_path / "model", config)
  row = storage_tiny.row(
    tiny.STEP,
    checkpoint_path="/home/me/model.ckpt-7",
    config={"folder.path": "/home/me/secret"},
  )
  score_tables.add_row(folder, row)
  made = write.make(folder, write.About("a"))
  found = archive.contents(made.data)
  assert not any(b"/home/me" in content for content in found.values())
  assert made.notes == [
    "Left out, because they name files of this machine: folder.path."
  ]
  assert json.loads(found["scores.jsonl"])["scores"] == {"fid": 1.5}


def test_scores_are_those_of_the_step(tmp_path):
  folder = tiny.model(tmp_path / "model")
  for step in (tiny.STEP - 1, tiny.STEP):
    score_tables.add_row(folder, storage_tiny.row(step, float(step)))
  found = archive.contents(write.make(folder, write.About("a")).data)
  assert found["scores.jsonl"].count(b"\n") == 1
  assert b"| fid | 7 |  | aa |" in found["README.md"]


def test_own_code_is_said(tmp_path):
  folder = tiny.model(tmp_path / "model", tiny.OWN_CODE)
  [note] = write.make(folder, write.About("a")).notes
  assert "--trust_bundle_code" in note
  assert "`import tests.architectures.own_architecture`" in note


def test_the_card(tmp_path):
  config = f"{tiny.CONFIG}\npenalty.fn = @no_penalty\nr1/term.fn = @r1\n"
  folder = tiny.model(tmp_path / "model", config)
  about = write.About("my|model", license="CC-BY-4.0", data_license="public")
  found = archive.contents(write.make(folder, about).data)
  text = found["README.md"].decode()
  assert text.startswith('---\nlibrary_name: compare_gan\nlicense: "cc-by-4.0"')
  for line in (
    "| Architecture | `dcgan_arch`, ModularGAN |",
    "| Images | 8 x 8, 1 color |",
    "| Regularisers | @r1 |",
    "| Licence of the data | public |",
    "| Licence of the weights | CC-BY-4.0 |",
    "| Training | 7 steps of 1 x 2 images: 14 in total |",
    "| Weights | float32, moving average |",
  ):
    assert line in text
  assert "None were computed" in text and "init_from" not in text
  picture = Image.open(io.BytesIO(found["samples.png"]))
  assert picture.size == (64, 64)


def test_an_encoder_that_is_not_there(tmp_path):
  folder = tiny.model(tmp_path / "model")
  with pytest.raises(ValueError, match="ModularGAN has no encoder"):
    write.make(folder, write.About("a"), with_encoder=True)
