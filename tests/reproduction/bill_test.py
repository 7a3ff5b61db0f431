"""The bill of materials: one entry for each start of a training."""

import json
import os

from compare_gan.datasets import in_memory
from compare_gan.estimator.devices import single
from compare_gan.reproduction import bill
import numpy as np
import pytest

from tests import own_package
from tests.noise_dataset import NoiseDataset
from tests.reproduction import runs

pytestmark = pytest.mark.versions("asks TensorFlow for devices and versions")


def _steps(folder):
  return [(one["step"], one["host"]) for one in bill.read(folder)]


def test_starts_on_two_machines_are_two_entries(tmp_path):
  folder = str(tmp_path)
  bill.add(folder, runs.entry(0, host="a"), resumes=False)
  bill.add(folder, runs.entry(10, host="b"), resumes=True)
  assert _steps(folder) == [(0, "a"), (10, "b")]


def test_starts_that_led_to_nothing_are_dropped(tmp_path):
  folder = str(tmp_path)
  bill.add(folder, runs.entry(0, host="a"), resumes=False)
  for step, host in ((10, "b"), (20, "c"), (10, "d")):
    bill.add(folder, runs.entry(step, host=host), resumes=True)
  assert _steps(folder) == [(0, "a"), (10, "d")]
  # The first variables are still those of "a".
  bill.add(folder, runs.entry(0, host="e"), resumes=True)
  assert _steps(folder) == [(0, "a"), (0, "e")]
  bill.add(folder, runs.entry(0, host="f"), resumes=False)
  assert _steps(folder) == [(0, "f")]


def test_an_entry_says_what_numbers_depend_on(tmp_path, monkeypatch):
  monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
  monkeypatch.setenv("MY_TOKEN", "secret")
  made = bill.entry(7, single.OneDevice("CPU:0"), NoiseDataset())
  assert made["step"] == 7
  assert made["versions"]["numpy"] == np.__version__
  assert made["device"]["kind"] == "cpu"
  assert made["device"]["precision"] == "float32"
  assert made["environment"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
  assert made["data"]["count"] == 60 and made["data"]["of"] == "all images"
  assert "secret" not in json.dumps(made)
  assert set(made) == set(runs.ENTRY)


def test_the_cpu_is_told_by_its_model_and_what_changes_rounding(tmp_path):
  path = tmp_path / "cpuinfo"
  path.write_text(
    "processor\t: 0\nmodel name\t: A 7\nflags\t\t: fpu fma avx2\n\n"
    "processor\t: 1\nmodel name\t: B 8\nflags\t\t: fpu\n"
  )
  found = bill.cpu(str(path))
  assert (found["model"], found["flags"]) == ("A 7", ["avx2", "fma"])
  assert bill.cpu(str(tmp_path / "none"))["flags"] == []


class _Images(in_memory.InMemoryDataset):
  def __init__(self, images):
    super().__init__("images", images.shape[1:], 0, eval_samples=1)
    self._images = images

  def load(self, split):
    return self._images, np.zeros(len(self._images), np.int64)


def _digest_of(images):
  return bill.entry(0, single.OneDevice("CPU:0"), _Images(images))["data"]


def test_one_other_pixel_is_other_data():
  images = np.zeros([4, 2, 2, 1], np.uint8)
  before = _digest_of(images.copy())
  images[3, 1, 1] = 1
  assert _digest_of(images.copy()) != before


def test_of_large_data_a_sample_is_hashed(monkeypatch):
  monkeypatch.setattr(bill, "_MOST_BYTES", 15)
  images = np.zeros([4, 2, 2, 1], np.uint8)
  before = _digest_of(images.copy())
  assert before["of"] == "a sample"
  images[0, 0, 0] = 1
  assert _digest_of(images.copy())["digest"] != before["digest"]


def test_data_that_cannot_be_read_end_no_training():
  class Broken(_Images):
    def load(self, split):
      raise KeyError("gone")

  with pytest.warns(UserWarning, match="bill.json .*gone"):
    made = bill.entry(
      0, single.OneDevice("CPU:0"), Broken(np.zeros([4, 2, 2, 1], np.uint8))
    )
  assert made["data"]["unknown"]


def test_ones_own_code_is_told_by_its_content(tmp_path, monkeypatch):
  folder = tmp_path / own_package.NAME
  folder.mkdir()
  (folder / "__init__.py").touch()
  path = folder / "my_loss.py"
  path.write_text("FACTOR = 1\n")
  monkeypatch.syspath_prepend(str(tmp_path))
  own_package.forget()
  __import__(f"{own_package.NAME}.my_loss")
  before = bill.own_code()
  path.write_text("FACTOR = 2\n")
  after = bill.own_code()
  own_package.forget()
  changed = {name for name in after if after[name] != before.get(name)}
  assert changed == {"my_package.my_loss"}
  assert "numpy" not in after and "compare_gan" not in after


def test_what_is_no_bill_is_said(tmp_path):
  (tmp_path / bill.FILE).write_text("[1]")
  with pytest.raises(ValueError, match="bill.json is no bill"):
    bill.read(str(tmp_path))
  assert os.listdir(tmp_path) == [bill.FILE]


def test_a_file_that_cannot_be_read_ends_no_training(tmp_path):
  found = bill._digest_of_files([str(tmp_path / "gone.py")])
  assert found.startswith("unknown: ") and "gone.py" in found
