"""A training that ends where a rerun wants it to."""

from compare_gan.estimator import stop
from compare_gan.storage import checkpoints
import pytest

from tests.schedules import runs

pytestmark = [
  pytest.mark.versions("reads TensorFlow's checkpoints"),
  pytest.mark.long,
]


def test_a_training_ends_at_the_step_with_a_checkpoint(tmp_path):
  with pytest.raises(stop.StopRequested, match="step 3 of 4"):
    runs.train(
      tmp_path, "import compare_gan.reproduction.stop_at\nstop_at.step = 3"
    )
  assert checkpoints.all_steps(str(tmp_path)) == [0, 2, 3]
