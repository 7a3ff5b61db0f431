"""wandb as far as we use it, recorded from wandb 0.31.

tests/trackers/wandb_test.py compares the signatures with the real ones where
wandb is installed. RUNS has all runs of this process, in order.
"""

import types

RUNS = []


class Settings:
  def __init__(self, silent=False, console="auto"):
    assert console == "off"  # Else it takes over stdout.


class Config(dict):
  def update(self, d, allow_val_change=None):
    assert allow_val_change or not {*d} & {*self}
    super().update(d)


class Run:
  def __init__(self, **given):
    self.given, self.config = given, Config()
    self.rows, self.axes, self.exit_code = [], {}, None

  def define_metric(self, name, step_metric=None):
    self.axes[name] = step_metric

  def log(self, data):
    self.rows.append(data)

  def finish(self, exit_code=None):
    self.exit_code = exit_code


def init(
  entity=None,
  project=None,
  dir=None,
  id=None,
  name=None,
  mode=None,
  resume=None,
  settings=None,
):
  given = {name: value for name, value in locals().items()}
  RUNS.append(Run(**given))
  return RUNS[-1]


def Image(data):
  return types.SimpleNamespace(shape=data.shape)


def Table(columns, data):
  return types.SimpleNamespace(columns=columns, data=data)
