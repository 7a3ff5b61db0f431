"""What tests give to trackers, and the packages that stand in for real ones."""

import importlib
import pathlib
import sys

from compare_gan.trackers import abstract_tracker
import numpy as np

_STAND_INS = pathlib.Path(__file__).parent.parent / "stand_ins" / "trackers"


def stand_in(monkeypatch, name):
  """Returns the package that stands in for MLflow or wandb in a test."""
  known = [m for m in sys.modules if m.partition(".")[0] == name]
  for module in known:
    monkeypatch.delitem(sys.modules, module)
  for module in {"mlflow": ["mlflow.entities"]}.get(name, []) + [name]:
    monkeypatch.setitem(sys.modules, module, None)  # The test's end removes it.
    del sys.modules[module]
  monkeypatch.syspath_prepend(str(_STAND_INS))
  return importlib.import_module(name)


def run(folder, key=None, is_training=True):
  return abstract_tracker.Run(str(folder), key, is_training)


def give_all(tracker):
  """Gives a tracker one thing of each kind."""
  tracker.params({"options.z_dim": "128", "loss.fn": "@hinge"})
  tracker.scalars(2, {"loss/d_0": 0.5, "global_step/sec": 7.0})
  tracker.image(2, "fakes/image/0", np.zeros([4, 6, 1], np.uint8))
  tracker.text(2, "gin/config", "# gin")
  tracker.table(2, "scores", [{"score": "fid", "mean": 1.5}])
  tracker.flush()
