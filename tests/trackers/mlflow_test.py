"""MLflow, with a stand-in; and with the real one where it is installed."""

import inspect
import json
import sys

from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import mlflow as mlflow_lib
import gin
import pytest

from tests.trackers import given


@pytest.fixture
def mlflow(monkeypatch):
  module = given.stand_in(monkeypatch, "mlflow")
  monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
  module.RUNS.clear()
  return module


def test_a_run_has_all_that_it_was_given(mlflow, tmp_path):
  uri = (tmp_path / "kept").as_uri()
  tracker = mlflow_lib.MlflowTracker(uri, "gans")
  key = tracker.open(given.run(tmp_path / "runs" / "a"))
  given.give_all(tracker)
  tracker.close(abstract_tracker.FINISHED)
  run = mlflow.RUNS[uri][key]
  assert (run.info.status, run.info.run_name) == ("FINISHED", "a")
  assert run.data.params == {"options.z_dim": "128", "loss.fn": "@hinge"}
  assert [(m.key, m.value, m.step) for m in run.metrics] == [
    ("loss/d_0", 0.5, 2),
    ("global_step/sec", 7.0, 2),
  ]
  assert run.artifacts["fakes/image/0/step-2.png"].shape == (4, 6, 3)
  assert run.artifacts["gin/config/step-2.md"] == "# gin"
  assert json.loads(run.artifacts["scores/step-2.json"]) == {
    "columns": ["score", "mean"],
    "data": [["fid", 1.5]],
  }


def test_a_run_goes_on_and_notes_new_values(mlflow, tmp_path):
  tracker = mlflow_lib.MlflowTracker("http://host:5000")
  key = tracker.open(given.run(tmp_path))
  tracker.params({"options.lamba": "1"})
  tracker.close(abstract_tracker.STOPPED)
  run = mlflow.RUNS["http://host:5000"][key]
  assert run.info.status == "KILLED"
  assert tracker.open(given.run(tmp_path, key)) == key
  assert run.info.status == "RUNNING"
  tracker.params({"options.lamba": "10"})
  assert run.data.params == {"options.lamba": "1"}
  assert run.data.tags["now options.lamba"] == "10"


def test_an_evaluation_does_not_end_the_run_of_a_training(mlflow, tmp_path):
  tracker = mlflow_lib.MlflowTracker("http://host:5000")
  key = tracker.open(given.run(tmp_path))
  beside = mlflow_lib.MlflowTracker("http://host:5000")
  beside.open(given.run(tmp_path, key, is_training=False))
  beside.scalars(2, {"score/fid": 1.5})
  beside.close(abstract_tracker.FAILED)
  assert mlflow.RUNS["http://host:5000"][key].info.status == "RUNNING"


def test_many_and_long_params(mlflow, tmp_path):
  tracker = mlflow_lib.MlflowTracker("http://host:5000")
  key = tracker.open(given.run(tmp_path))
  tracker.params({f"a.b{i}": "x" * 9000 for i in range(150)})
  params = mlflow.RUNS["http://host:5000"][key].data.params
  assert len(params) == 150 and len(params["a.b149"]) == 500


def test_a_folder_is_that_of_the_present_directory(
  mlflow, tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  tracker = mlflow_lib.MlflowTracker("file:my runs")
  assert (tmp_path / "my runs").as_uri() in tracker.name


def test_a_missing_package_is_said_with_what_to_install(monkeypatch):
  monkeypatch.setitem(sys.modules, "mlflow", None)
  monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
  gin.parse_config("run_config.trackers = [@mlflow_tracker()]")
  with pytest.raises(ImportError, match=r"compare_gan\[mlflow\].*-skinny"):
    gin.query_parameter("run_config.trackers")
    gin.get_configurable("run_config")()


# ---- The real one ------------------------------------------------------------


def _real():
  return pytest.importorskip("mlflow")


def test_the_stand_in_takes_what_the_real_one_takes(monkeypatch):
  real = _real().MlflowClient
  ours = given.stand_in(monkeypatch, "mlflow").MlflowClient
  for name, method in vars(ours).items():
    if inspect.isfunction(method):
      taken = inspect.signature(getattr(real, name)).parameters
      assert set(inspect.signature(method).parameters) <= set(taken), name


@pytest.mark.long
def test_a_folder_of_the_real_one(tmp_path, monkeypatch):
  client = _real().MlflowClient
  monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
  uri = (tmp_path / "kept").as_uri()
  tracker = mlflow_lib.MlflowTracker(uri)
  key = tracker.open(given.run(tmp_path / "a"))
  given.give_all(tracker)
  tracker.close(abstract_tracker.STOPPED)
  assert tracker.open(given.run(tmp_path / "a", key)) == key
  tracker.scalars(4, {"loss/d_0": 0.25})
  tracker.params({"options.z_dim": "64"})
  tracker.close(abstract_tracker.FINISHED)
  run = client(uri).get_run(key)
  assert run.info.status == "FINISHED" and run.info.run_name == "a"
  assert run.data.params["options.z_dim"] == "128"
  assert run.data.tags["now options.z_dim"] == "64"
  steps = client(uri).get_metric_history(key, "loss/d_0")
  assert [(m.step, m.value) for m in steps] == [(2, 0.5), (4, 0.25)]
  kept = {file.path for file in client(uri).list_artifacts(key, "scores")}
  assert kept == {"scores/step-2.json"}
