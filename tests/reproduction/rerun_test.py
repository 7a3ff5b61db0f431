"""Which parts of a training are run again, and in which environment."""

from compare_gan.reproduction import rerun
import pytest

from tests.reproduction import runs

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


def _legs(folder, last):
  return [(leg.first, leg.last) for leg in rerun.legs(folder, last)]


def test_each_start_is_run_up_to_the_next_one(tmp_path):
  folder = runs.write(tmp_path / "a", configs={0: "", 2: "", 5: ""})
  assert _legs(folder, 9) == [(0, 2), (2, 5), (5, 9)]
  assert _legs(folder, 4) == [(0, 2), (2, 4)]
  assert _legs(folder, 2) == [(0, 2)]
  assert _legs(folder, 0) == [(0, 0)]


def test_steps_end_at_the_next_checkpoint(tmp_path):
  folder = runs.write(tmp_path / "a")
  assert [rerun.last_step(folder, n) for n in (None, 0, 1, 2)] == [2, 0, 2, 2]
  with pytest.raises(ValueError, match="--steps=3: the last .* step 2"):
    rerun.last_step(folder, 3)
  with pytest.raises(FileNotFoundError, match="no checkpoint"):
    rerun.last_step(str(tmp_path))


def test_a_training_that_began_elsewhere_cannot_be_run_again(tmp_path):
  folder = runs.write(tmp_path / "a", configs={1: ""})
  with pytest.raises(ValueError, match="began at step 1"):
    rerun.legs(folder, 2)


def test_a_rerun_has_the_variables_of_the_bill(tmp_path, monkeypatch):
  monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
  monkeypatch.setenv("OMP_NUM_THREADS", "7")
  monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "5")
  monkeypatch.setenv("MINE", "kept")
  [leg] = rerun.legs(runs.write(tmp_path / "a"), 2)
  found = rerun.environment(leg)
  assert found["TF_ENABLE_ONEDNN_OPTS"] == "0" and found["MINE"] == "kept"
  assert "OMP_NUM_THREADS" not in found
  assert "TF_NUM_INTRAOP_THREADS" not in found  # 0 in the bill
  [unknown] = rerun.legs(runs.write(tmp_path / "b", entries=()), 2)
  assert rerun.environment(unknown)["OMP_NUM_THREADS"] == "7"


def test_a_rerun_has_the_threads_of_the_bill(tmp_path):
  entries = [runs.entry(threads={"intra_op": 3})]
  [leg] = rerun.legs(runs.write(tmp_path / "a", entries=entries), 2)
  found = rerun.environment(leg)
  assert found["TF_NUM_INTRAOP_THREADS"] == "3"
  assert "TF_NUM_INTEROP_THREADS" not in found


def test_the_model_dir_itself_is_refused(tmp_path):
  folder = runs.write(tmp_path / "a")
  with pytest.raises(ValueError, match="is the model_dir itself"):
    rerun.rerun(folder, f"{folder}/", 2)
