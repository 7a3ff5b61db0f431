"""What trackers get of a training, of what follows, and of a failure."""

from compare_gan.trackers import abstract_tracker
import pytest

from tests.schedules import runs

pytestmark = [
  pytest.mark.versions("trains, and scores checkpoints"),
  pytest.mark.long,
]

_NAMED = "run_config.trackers = ['tests.trackers.training_test.Recorder']"
_calls = []


class Recorder(abstract_tracker.Tracker):
  """Keeps what it gets, for the tests of this file."""

  fails = False

  def open(self, run):
    _calls.append(("open", run.key, run.is_training))
    return "a key"

  def params(self, params):
    _calls.append(("params", params))

  def scalars(self, step, scalars):
    if self.fails:
      raise ConnectionError("no network")
    _calls.append(("scalars", step, scalars))

  def image(self, step, name, image):
    _calls.append(("image", step, name, image.dtype.name))

  def table(self, step, name, rows):
    _calls.append(("table", step, name, rows))

  def close(self, state):
    _calls.append(("close", state))


@pytest.fixture(autouse=True)
def _no_calls():
  _calls.clear()


def _of(kind):
  return [call[1:] for call in _calls if call[0] == kind]


def test_a_training_that_resumes_and_its_scores_are_one_run(tmp_path):
  runs.train(tmp_path, _NAMED, "options.training_steps = 2")
  rows = runs.run("eval_after_train", tmp_path, _NAMED)
  assert _of("open") == [(None, True), ("a key", True), ("a key", False)]
  assert _of("close") == [("finished",)] * 3
  first, second = (params for [params] in _of("params"))
  assert first["options.training_steps"] == "2"
  assert second["options.training_steps"] == "4"
  assert first["bill.seed"] == "1" and first["bill.device"] == "cpu"
  steps = [step for step, scalars in _of("scalars") if "loss/g" in scalars]
  assert steps == [1, 3]
  scores = {
    step: scalars["score/fid_pixels"]
    for step, scalars in _of("scalars")
    if "score/fid_pixels" in scalars
  }
  assert scores == {row.step: row.scores["fid_pixels"] for row in rows}
  names = {(name, dtype) for _, name, dtype in _of("image")}
  assert ("fake_images/image/0", "uint8") in names
  assert ("evaluation/samples", "uint8") in names
  assert {name for _, name, _ in _of("table")} == {"evaluation/scores"}
  assert list((tmp_path / "eval").glob("events.*"))  # TensorBoard has them too.


def test_a_tracker_that_fails_ends_no_training(tmp_path, monkeypatch):
  monkeypatch.setattr(Recorder, "fails", True)
  with pytest.warns(UserWarning, match="Recorder failed: .*no network"):
    tensors = runs.train(tmp_path, _NAMED)
  assert int(tensors["global_step"]) == 4
