"""Prepared datasets and Inception archives, where they are looked for."""

import hashlib

from compare_gan.doctor import data_files
from compare_gan.doctor import own_process
from compare_gan.doctor.finding import Asked
from compare_gan.features import inception_network
import pytest


def _prepare(folder, *names):
  for name in names:
    (folder / name).mkdir(parents=True)
    (folder / name / "dataset_info.json").write_text("{}")


def test_complete_datasets_are_listed(tmp_path, monkeypatch):
  _prepare(tmp_path, "cifar10/3.0.2", "lsun/bedroom/3.0.0")
  (tmp_path / "mnist" / "incomplete.ABC_3.0.1").mkdir(parents=True)
  monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
  one = data_files.datasets(None)
  assert one.state == "ok"
  assert one.found == f"cifar10/3.0.2, lsun/bedroom/3.0.0 in {tmp_path}"


def test_the_flag_comes_before_the_variable(tmp_path, monkeypatch):
  _prepare(tmp_path, "a/cifar10/3.0.2", "b/mnist/3.0.1")
  monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "a"))
  assert "mnist/3.0.1" in data_files.datasets(str(tmp_path / "b")).found


def test_no_datasets_are_absent_unless_a_folder_was_named(
  tmp_path, monkeypatch
):
  monkeypatch.setenv("HOME", str(tmp_path))
  monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
  one = data_files.datasets(None)
  assert one.state == "absent"
  assert one.found == f"none is prepared in {tmp_path}/tensorflow_datasets"
  assert data_files.datasets(str(tmp_path / "nowhere")).state == "wrong"


@pytest.fixture
def answers(monkeypatch):
  """Makes the child give an answer; returns what it was asked."""
  asked = []

  def set_answer(*said, failure=""):
    def ask(words, seconds):
      asked.append(words)
      return own_process.Answer(said, failure)

    monkeypatch.setattr(own_process, "ask", ask)
    return asked

  return set_answer


def test_an_archive_that_runs_is_ok_and_its_hash_is_said(tmp_path, answers):
  path = tmp_path / "a.tar.gz"
  path.write_bytes(b"abc")
  asked = answers({"begins": "read"}, {"identity": "x", "shapes": [[1, 2048]]})
  one = data_files.archive(str(path), is_given=True)
  assert one.state == "ok"
  assert hashlib.sha256(b"abc").hexdigest() in one.found
  assert asked == [["inception", str(path)]]


def test_an_archive_that_does_not_run_is_wrong(tmp_path, answers):
  path = tmp_path / "a.tar.gz"
  path.write_bytes(b"abc")
  answers({"begins": "read"}, {"error": "ValueError: no tar"})
  one = data_files.archive(str(path), is_given=True)
  assert one.state == "wrong"
  assert "ValueError: no tar" in one.found
  answers({"begins": "read"}, failure="it was killed by SIGABRT")
  assert "SIGABRT" in data_files.archive(str(path), is_given=True).found


def test_an_archive_that_is_not_there_is_wrong():
  assert "no such file" in data_files.archive("nowhere.gz", True).found


def test_an_archive_that_lies_about_is_found(tmp_path, monkeypatch, answers):
  monkeypatch.chdir(tmp_path)
  (tmp_path / inception_network.FILE).write_bytes(b"abc")
  answers({"identity": "x"})
  one, _ = data_files.inception(Asked())
  assert one.state == "ok"
  assert f"scores use it with --myevalinception={inception_network.FILE}" in (
    one.found
  )


def test_the_copy_of_tf_hub_is_looked_for_where_tf_hub_does(
  tmp_path, monkeypatch
):
  from tensorflow_hub import compressed_module_resolver

  monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
  monkeypatch.chdir(tmp_path)
  place = compressed_module_resolver._module_dir(inception_network.HUB)
  assert data_files.inception(Asked(tfds_data_dir="none"))[1].state == "absent"
  (tmp_path / place).mkdir()
  (tmp_path / place / "saved_model.pb").write_bytes(b"")
  assert data_files.inception(Asked(tfds_data_dir="none"))[1].state == "ok"
