"""Paths that gin holds are made absolute."""

import os

from compare_gan.configuration import gin_roles
import gin
import pytest


@pytest.fixture
def here(tmp_path, monkeypatch):
  (tmp_path / "data").mkdir()
  (tmp_path / "data" / "a.npz").write_text("")
  (tmp_path / "run[1]").mkdir()
  (tmp_path / "run[1]" / "train-0").write_text("")
  (tmp_path / "data" / "model.ckpt-3.index").write_text("")
  monkeypatch.chdir(tmp_path)
  return str(tmp_path)


@pytest.mark.parametrize(
  "binding,path",
  [
    ("folder.path", "data"),
    ("archive.eval_path", "data/a.npz"),
    ("arrays.labels_path", "data/../data/a.npz"),
    ("tfrecord.path", "data/a.*"),
    ("tfrecord.path", "run[1]/train-*"),
    ("tfds_images.soft_labels", "data/{split}.npz"),
    ("inception.path", "data/a.npz"),
    ("saved_model.path", "data"),
    ("evaluate.real_statistics", "data/a.npz"),
    ("options.init_from", "data/model.ckpt-3"),
    ("dataset.tfds_data_dir", "data"),
    ("some_scope/folder.path", "data"),
  ],
)
def test_path_is_absolute(here, binding, path):
  gin.bind_parameter(binding, path)
  gin_roles.make_paths_absolute({})
  expected = os.path.normpath(os.path.join(here, path))
  assert gin.query_parameter(binding) == expected


@pytest.mark.parametrize(
  "binding,value",
  [
    ("saved_model.path", "my_package.network"),
    ("saved_model.path", "https://tfhub.dev/network"),
    ("folder.path", "no/such/folder"),
    ("folder.path", "/elsewhere/data"),
    ("dataset.name", "data"),  # No path, though a folder is called so.
    ("options.init_from", None),
  ],
)
def test_anything_else_is_left_alone(here, binding, value):
  gin.bind_parameter(binding, value)
  gin_roles.make_paths_absolute({})
  assert gin.query_parameter(binding) == value


def test_path_behind_a_macro_is_found(here):
  gin.parse_config("DATA = 'data'\nfolder.path = %DATA")
  gin_roles.make_paths_absolute({})
  assert gin.query_parameter("folder.path") == os.path.join(here, "data")


@pytest.mark.parametrize("path", ["data", "./data", "../data"])
def test_what_was_recorded_elsewhere_is_found_from_here(here, path):
  os.chdir("/")
  gin.bind_parameter("folder.path", path)
  gin_roles.make_paths_absolute({"folder.path": f"{here}/data"})
  assert gin.query_parameter("folder.path") == f"{here}/data"


def test_what_the_user_names_here_counts(here):
  gin.bind_parameter("folder.path", "data")
  gin_roles.make_paths_absolute({"folder.path": "/recorded/data"})
  assert gin.query_parameter("folder.path") == f"{here}/data"


def test_own_configurable_declares_its_paths(here):
  @gin.configurable("own_dataset_of_a_test")
  def own(where=None):
    return where

  gin_roles.declare("own_dataset_of_a_test", paths=["where"])
  gin.bind_parameter("own_dataset_of_a_test.where", "data")
  gin_roles.make_paths_absolute({})
  assert own() == f"{here}/data"
