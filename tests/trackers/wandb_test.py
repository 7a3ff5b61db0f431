"""wandb, with a stand-in; and with the real one where it is installed."""

import inspect

from compare_gan.trackers import abstract_tracker
from compare_gan.trackers import wandb as wandb_lib
import pytest

from tests.trackers import given


@pytest.fixture
def wandb(monkeypatch):
  module = given.stand_in(monkeypatch, "wandb")
  module.RUNS.clear()
  return module


def test_a_run_is_offline_and_has_all_that_it_was_given(wandb, tmp_path):
  tracker = wandb_lib.WandbTracker(project="gans")
  key = tracker.open(given.run(tmp_path / "a"))
  given.give_all(tracker)
  tracker.close(abstract_tracker.FINISHED)
  [run] = wandb.RUNS
  asked = {name: run.given[name] for name in ("project", "mode", "id", "name")}
  assert asked == {
    "project": "gans",
    "mode": "offline",
    "id": key,
    "name": "a",
  }
  assert run.given["dir"] == str(tmp_path / "a")
  assert run.config == {"options.z_dim": "128", "loss.fn": "@hinge"}
  numbers, image, text, table = run.rows
  assert numbers == {"loss/d_0": 0.5, "global_step/sec": 7.0, "step": 2}
  assert image["fakes/image/0"].shape == (4, 6, 1)
  assert text["gin/config"].data == [["# gin"]]
  assert (table["scores"].columns, table["scores"].data) == (
    ["score", "mean"],
    [["fid", 1.5]],
  )
  assert run.axes["*"] == "step"  # Scores of earlier steps come later.
  assert run.exit_code == 0


def test_a_run_goes_on_under_its_key(wandb, tmp_path):
  tracker = wandb_lib.WandbTracker()
  key = tracker.open(given.run(tmp_path))
  tracker.params({"options.lamba": "1"})
  tracker.close(abstract_tracker.FAILED)
  assert tracker.open(given.run(tmp_path, key)) == key
  first, second = wandb.RUNS
  assert first.exit_code == 1
  assert second.given["id"] == key and second.given["resume"] == "allow"


def test_an_unknown_mode_is_refused(wandb):
  with pytest.raises(ValueError, match="wandb_tracker.mode = 'of' .*'offline'"):
    wandb_lib.WandbTracker(mode="of")


# ---- The real one ------------------------------------------------------------


def test_the_stand_in_takes_what_the_real_one_takes(monkeypatch):
  real = pytest.importorskip("wandb")
  taken = inspect.signature(real.init).parameters
  logged = inspect.signature(real.Run.log).parameters
  settings = real.Settings(silent=True, console="off")
  ours = given.stand_in(monkeypatch, "wandb")
  assert set(inspect.signature(ours.init).parameters) <= set(taken)
  assert "data" in logged and settings.console == "off"


@pytest.mark.long
def test_an_offline_run_of_the_real_one(tmp_path, monkeypatch):
  pytest.importorskip("wandb")
  monkeypatch.setenv("HOME", str(tmp_path))
  tracker = wandb_lib.WandbTracker()
  (tmp_path / "a").mkdir()
  key = tracker.open(given.run(tmp_path / "a"))
  given.give_all(tracker)
  tracker.close(abstract_tracker.FINISHED)
  [kept] = (tmp_path / "a" / "wandb").glob(f"offline-run-*-{key}/*.wandb")
  assert kept.stat().st_size > 0
  assert b"loss/d_0" in kept.read_bytes()
