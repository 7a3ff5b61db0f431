"""MLflow's client as far as we use it, recorded from mlflow-skinny 3.17.

tests/trackers/mlflow_test.py compares the signatures with the real ones where
MLflow is installed. Runs live in this process: {uri: {id: run}}.
"""

import types

RUNS = {}


class MlflowException(Exception):
  pass


class MlflowClient:
  def __init__(self, tracking_uri=None):
    self._runs = RUNS.setdefault(tracking_uri, {})

  def get_experiment_by_name(self, name):
    return types.SimpleNamespace(experiment_id="7") if self._runs else None

  def create_experiment(self, name):
    return "7"

  def create_run(self, experiment_id, tags=None, run_name=None):
    run_id = f"run{len(self._runs)}"
    run = types.SimpleNamespace(
      info=types.SimpleNamespace(
        run_id=run_id, status="RUNNING", run_name=run_name
      ),
      data=types.SimpleNamespace(params={}, tags=dict(tags or {})),
      metrics=[],
      artifacts={},
    )
    self._runs[run_id] = run
    return run

  def get_run(self, run_id):
    if run_id not in self._runs:
      raise MlflowException(f"Run '{run_id}' not found")
    return self._runs[run_id]

  def update_run(self, run_id, status=None):
    self.get_run(run_id).info.status = status

  def log_batch(self, run_id, metrics=(), params=()):
    run = self.get_run(run_id)
    assert len(params) <= 100 and all(len(p.value) <= 6000 for p in params)
    for param in params:
      if run.data.params.setdefault(param.key, param.value) != param.value:
        raise MlflowException("Changing param values is not allowed.")
    run.metrics += metrics

  def set_tag(self, run_id, key, value):
    self.get_run(run_id).data.tags[key] = value

  def log_image(self, run_id, image, artifact_file=None):
    assert image.shape[-1] == 3
    self.get_run(run_id).artifacts[artifact_file] = image

  def log_text(self, run_id, text, artifact_file):
    self.get_run(run_id).artifacts[artifact_file] = text

  def set_terminated(self, run_id, status=None):
    self.get_run(run_id).info.status = status
