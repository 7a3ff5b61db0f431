"""What users see of a training."""

import io

from compare_gan.estimator import hooks
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.function and tf.distribute run the loop")


def _progress(*calls):
  stream = io.StringIO()
  progress = hooks.Progress(images_per_step=64, stream=stream)
  progress.begin(None, 0, 100)
  for call in calls:
    progress.after_loop(*call)
  return stream.getvalue()


def test_progress_says_rate_and_time_left():
  text = _progress(
    (1, 1, 9.0, {"loss/g": 1.0}),  # The first call builds the graph.
    (11, 10, 5.0, {"loss/g": 0.25, "accuracy": 0.5, "loss/d_0": 1.5}),
  )
  assert "Training from step 0 to 100." in text
  assert "Built the graph in 9.0 s." in text
  line = text.splitlines()[-1]
  # 2 steps a second of 64 images; 89 steps are left.
  assert line == (
    "step  11/100  loss/d_0 1.5000  loss/g 0.2500  128 images/s  0:00:45 left"
  )


@pytest.mark.parametrize(
  "penalty, shown", [(0.0, ""), (0.5, "loss/penalty 0.5000  ")]
)
def test_progress_shows_what_terms_add(penalty, shown):
  scalars = {"loss/penalty": penalty, "penalty/r1": 7.0}
  scalars["penalty/r1_weighted"] = 0.25
  text = _progress((1, 1, 9.0, {}), (11, 10, 5.0, scalars))
  line = f"step  11/100  {shown}penalty/r1_weighted 0.2500  128"
  assert text.splitlines()[-1].startswith(line)


def test_progress_shows_a_penalty_of_zero_that_no_term_stands_for():
  text = _progress((1, 1, 9.0, {}), (11, 10, 5.0, {"loss/penalty": 0.0}))
  assert "loss/penalty 0.0000" in text


class Terminal(io.StringIO):
  def isatty(self):
    return True


def test_progress_writes_one_line_over_on_a_terminal():
  stream = Terminal()
  progress = hooks.Progress(images_per_step=1, stream=stream)
  progress.begin(None, 0, 3)
  for step in (1, 2, 3):
    progress.after_loop(step, 1, 1.0, {"loss/g": 0.0})
  progress.end(3)
  lines = stream.getvalue().split("\n")
  assert lines[:2] == [
    "Training from step 0 to 3.",
    "Built the graph in 1.0 s.",
  ]
  assert [x[:8] for x in lines[2].split("\r")] == ["", "step 2/3", "step 3/3"]
  assert lines[2].count("\x1b[K") == 2
  assert lines[3:] == [""]  # What comes next has a line of its own.


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_losses_that_are_no_numbers_end_the_training(value):
  guard = hooks.NanGuard()
  guard.after_loop(1, 1, 1.0, {"loss/g": 0.0})
  with pytest.raises(FloatingPointError, match="loss/d_0 .*at step 7.*g_lr"):
    guard.after_loop(7, 1, 1.0, {"loss/g": 0.0, "loss/d_0": value})


def test_gradients_that_are_no_numbers_do_not_end_the_training():
  """Loss scaling skips such a step; the losses tell of a real divergence."""
  hooks.NanGuard().after_loop(1, 1, 1.0, {"grad_norm/g": np.inf})


def test_losses_of_a_skipped_step_do_not_end_the_training():
  guard = hooks.NanGuard()
  for skipped in (1.0, 2.0):
    guard.after_loop(
      7, 1, 1.0, {"loss/d_0": np.nan, "loss_scale/d_skipped": skipped}
    )
  with pytest.raises(FloatingPointError, match="loss/d_0"):  # None was skipped.
    guard.after_loop(
      8, 1, 1.0, {"loss/d_0": np.nan, "loss_scale/d_skipped": 2.0}
    )


def test_nothing_but_skipped_steps_end_the_training():
  guard = hooks.NanGuard()
  loops = [
    {"loss/g": np.inf, "loss_scale/g_skipped": float(i)} for i in range(1, 11)
  ]
  for scalars in loops[:-1]:
    guard.after_loop(1, 1, 1.0, scalars)
  with pytest.raises(FloatingPointError, match="loss/g"):
    guard.after_loop(10, 1, 1.0, loops[-1])


def _events(model_dir):
  """Returns {(tag, step): tensor} of TensorBoard's files."""
  found = {}
  for path in model_dir.glob("events.out.tfevents.*"):
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
      event = tf.compat.v1.Event.FromString(record)
      for value in event.summary.value:
        tensor = tf.make_ndarray(value.tensor)
        plugin = value.metadata.plugin_data.plugin_name
        found[value.tag, event.step] = (plugin, tensor)
  return found


def test_summaries_hold_scalars_and_pictures(tmp_path):
  picture = np.zeros([4, 6, 3], np.uint8)
  summaries = hooks.Summaries(
    str(tmp_path),
    every_steps=10,
    images=lambda: {"fake_images": picture},
    images_per_step=64,
    texts=lambda: {"gin/operative_config": "#### a:\n    b = 1"},
  )
  summaries.begin(None, 0, 100)
  for step in (1, 5, 12):  # 5 is too soon.
    summaries.after_loop(step, 2, 4.0, {"loss/g": tf.constant(step / 2.0)})
  summaries.end(12)
  events = _events(tmp_path)
  assert {step for _, step in events} == {1, 12}
  assert events["loss/g", 12] == ("scalars", 6.0)
  assert events["global_step/sec", 12] == ("scalars", 0.5)
  assert events["examples/sec", 12] == ("scalars", 32.0)
  assert ("examples/sec", 1) not in events  # That time built the graph.
  text = ("text", b"#### a:\n    b = 1")
  assert events["gin/operative_config", 1] == text
  assert ("gin/operative_config", 12) not in events
  plugin, (width, height, png) = events["fake_images", 1]
  assert (plugin, width, height) == ("images", b"6", b"4")
  np.testing.assert_array_equal(tf.io.decode_png(png), picture)


def test_summaries_that_cannot_be_written_are_an_oserror(tmp_path):
  (tmp_path / "file").write_bytes(b"")
  summaries = hooks.Summaries(str(tmp_path / "file"))
  with pytest.raises(OSError, match="summaries in .*file cannot be written"):
    summaries.begin(None, 0, 1)
    summaries.after_loop(1, 1, 1.0, {"loss/g": tf.constant(0.0)})


def _table(tmp_path, start, *calls):
  table = hooks.ScalarTable(str(tmp_path))
  table.begin(None, start, 100)
  for call in calls:
    table.after_loop(*call)
  return (tmp_path / "scalars.csv").read_text().splitlines()


def test_scalars_are_a_table(tmp_path):
  lines = _table(
    tmp_path,
    0,
    (1, 1, 2.5, {"loss/g": 0.25, "loss/d_0": 1.5}),
    (11, 10, 1.0, {"loss/g": np.float32(0.5), "loss/d_0": np.nan}),
  )
  assert lines == [
    "step,seconds,loss/d_0,loss/g",
    "1,2.5,1.5,0.25",
    "11,3.5,nan,0.5",
  ]


def test_scalars_after_the_checkpoint_are_made_again(tmp_path):
  """So is half a line that a killed process left."""
  _table(
    tmp_path,
    0,
    (5, 5, 1.0, {"loss/g": 1.0}),
    (10, 5, 1.0, {"loss/g": 2.0}),
    (15, 5, 1.0, {"loss/g": 3.0}),
  )
  with open(tmp_path / "scalars.csv", "a") as file:
    file.write("20,4.0")
  lines = _table(tmp_path, 10, (12, 2, 0.5, {"loss/g": 4.0}))
  assert lines[1:] == ["5,1.0,1.0", "10,2.0,2.0", "12,2.5,4.0"]


def test_scalars_of_another_training_are_not_mixed_in(tmp_path):
  _table(tmp_path, 0, (5, 5, 1.0, {"loss/g": 1.0}))
  lines = _table(tmp_path, 0, (5, 5, 1.0, {"loss/g": 7.0}))
  assert lines == ["step,seconds,loss/g", "5,1.0,7.0"]


def test_a_scalar_that_is_new_gets_a_column(tmp_path):
  _table(tmp_path, 0, (5, 5, 1.0, {"loss/g": 1.0, "old": 3.0}))
  lines = _table(tmp_path, 5, (6, 1, 1.0, {"loss/g": 7.0, "new": 2.0}))
  assert lines == [
    "step,seconds,loss/g,new,old",
    "5,1.0,1.0,,3.0",
    "6,2.0,7.0,2.0,",
  ]
  assert hooks.read_scalars(str(tmp_path / "scalars.csv"))[0] == {
    "step": 5,
    "seconds": 1.0,
    "loss/g": 1.0,
    "old": 3.0,
  }
