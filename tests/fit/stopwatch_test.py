"""What a stopwatch writes of a training."""

from compare_gan.estimator import hook_kinds
from compare_gan.fit import stopwatch
import gin
import pytest

from tests.gans import tiny


def _training(pictured):
  return hook_kinds.Training("", 4, 4, lambda: pictured.append(1), dict)


def test_without_a_path_no_training_has_one():
  assert stopwatch.hooks_of_training(_training([])) == []
  # Else the model_dir could be read only where this module is imported.
  assert "stopwatch" not in gin.operative_config_str()


def test_seconds_of_each_step_and_the_peak_are_written(tmp_path):
  path, pictured = str(tmp_path / "measured.json"), []
  gin.bind_parameter("stopwatch.path", path)
  [watch] = stopwatch.hooks_of_training(_training(pictured))
  watch.begin(tiny.gan(), 0, 3)
  for step, seconds in ((1, 8.0), (2, 2.0), (3, 1.0)):
    watch.after_loop(step, 1, seconds, {})
  assert stopwatch.Measured.read(path) is None
  watch.end(3)
  found = stopwatch.Measured.read(path)
  assert found.steps == pytest.approx([8.0, 2.0, 1.0])
  assert len(found.cpu) == 3
  assert found.peak_bytes > 10**8  # TensorFlow
  assert found.start_s > 0 and found.checkpoint_s >= 0
  assert pictured == [1]
