"""MLflow: https://mlflow.org, in a local folder or on a server.

`pip install mlflow-skinny` is enough. Everything goes through MlflowClient, so
that nothing of MLflow's global state changes.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import json
import os
import pathlib
import re
import time
from typing import Any
from typing import Optional
from urllib import parse
from urllib import request

from compare_gan.trackers import abstract_tracker
import gin
import numpy as np

_STATES = {
  abstract_tracker.FINISHED: "FINISHED",
  abstract_tracker.STOPPED: "KILLED",
  abstract_tracker.FAILED: "FAILED",
}
_FILE = "file:"
_MOST_PARAMS = 100  # MLflow accepts so many in one call,
_MOST_LETTERS = 500  # and so many letters of each; newer versions more.


@gin.configurable("mlflow_tracker", module="compare_gan.trackers")
class MlflowTracker(abstract_tracker.Tracker):
  """MLflow: runs of an experiment, in a local folder or on a server.

  Args:
    uri: where runs are kept: "file:/home/me/mlruns", "http://host:5000"; None
      for what the variable MLFLOW_TRACKING_URI says. "file:mlruns" is in the
      present directory.
    experiment: is made if it does not exist.
    run_name: None for the name of the model_dir.
  """

  def __init__(
    self,
    uri: Optional[str] = None,
    experiment: str = "compare_gan",
    run_name: Optional[str] = None,
  ) -> None:
    abstract_tracker.require_package("mlflow", "mlflow_tracker", "mlflow")
    self._uri = _absolute(uri)
    self._experiment = experiment
    self._run_name = run_name

  @property
  def name(self) -> str:
    return f"mlflow_tracker, {self._experiment} in {self._uri or 'mlflow'}"

  def open(self, run: abstract_tracker.Run) -> Optional[str]:
    if (self._uri or "").startswith(_FILE):
      # Newer versions refuse folders unless they are asked for by name, as
      # they are here.
      os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    import mlflow
    from mlflow import entities

    self._entities = entities
    self._client = mlflow.MlflowClient(tracking_uri=self._uri)
    # An evaluation beside a training does not end the training's run.
    self._ends = run.is_training or run.key is None
    if run.key is None:
      self._id = self._begin(run)
    else:
      self._id = self._client.get_run(run.key).info.run_id
      if run.is_training:
        self._client.update_run(self._id, status="RUNNING")
    return self._id

  def _begin(self, run):
    experiment = self._client.get_experiment_by_name(self._experiment)
    identity = (
      self._client.create_experiment(self._experiment)
      if experiment is None
      else experiment.experiment_id
    )
    folder = os.path.abspath(run.model_dir)
    made = self._client.create_run(
      identity,
      run_name=self._run_name or os.path.basename(folder),
      tags={"model_dir": folder},
    )
    return made.info.run_id

  def params(self, params: Mapping[str, str]) -> None:
    """Logs parameters; MLflow's do not change, so a new value is a tag."""
    known = self._client.get_run(self._id).data.params
    cut = {_key(name): str(x)[:_MOST_LETTERS] for name, x in params.items()}
    new = [
      self._entities.Param(name, value)
      for name, value in cut.items()
      if name not in known
    ]
    for i in range(0, len(new), _MOST_PARAMS):
      self._client.log_batch(self._id, params=new[i : i + _MOST_PARAMS])
    for name, value in cut.items():
      if name in known and known[name] != value:
        self._client.set_tag(self._id, f"now {name}", value)

  def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    now = int(1000 * time.time())
    metrics = [
      self._entities.Metric(_key(name), float(value), now, step)
      for name, value in scalars.items()
    ]
    self._client.log_batch(self._id, metrics=metrics)

  def image(self, step: int, name: str, image: np.ndarray) -> None:
    if image.shape[-1] == 1:  # MLflow's own pictures have three colors.
      image = np.repeat(image, 3, axis=-1)
    self._client.log_image(self._id, image, f"{_key(name)}/step-{step}.png")

  def text(self, step: int, name: str, text: str) -> None:
    self._client.log_text(self._id, text, f"{_key(name)}/step-{step}.md")

  def table(
    self, step: int, name: str, rows: Sequence[Mapping[str, Any]]
  ) -> None:
    # This is how log_table, which needs pandas, keeps them.
    columns = list(rows[0]) if rows else []
    data = [[row[column] for column in columns] for row in rows]
    text = json.dumps({"columns": columns, "data": data})
    self._client.log_text(self._id, text, f"{_key(name)}/step-{step}.json")

  def close(self, state: str) -> None:
    if self._ends:
      self._client.set_terminated(self._id, _STATES[state])


def _absolute(uri):
  """Returns "file:mlruns" with the present directory, and others unchanged."""
  if not (uri or "").startswith(_FILE):
    return uri
  path = request.url2pathname(parse.urlparse(uri).path)
  return pathlib.Path(os.path.abspath(path)).as_uri()


def _key(name):
  """Returns a name without the characters that MLflow refuses."""
  return re.sub(r"[^\w\-. /]", "_", name)
