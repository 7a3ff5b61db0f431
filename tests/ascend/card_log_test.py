"""What scripts around the model cards read off a training."""

import re

from compare_gan.ascend import card_log
import pytest


def _run(style, tmp_path, loops=((1, 2.0), (4, 1.0), (5, 1.0)), **chosen):
  """Returns the lines of a training of 10 steps in three loops."""
  lines = []
  [hook] = card_log.card_log(
    64,
    style=style,
    network="Net",
    steps_per_epoch=4,
    folder=str(tmp_path),
    out=lines.append,
    **chosen,
  )
  hook.begin(None, 0, 10)
  step = 0
  for i, (steps, seconds) in enumerate(loops):
    step += steps
    hook.after_loop(
      step,
      steps,
      seconds,
      {"loss/d_0": 9.0, "loss/d_1": 2.0 + i, "loss/g": 0.5 + i},
    )
  hook.end(step)
  return lines


def test_without_a_style_there_is_nothing():
  assert card_log.card_log(64) == []


def test_biggan_lines_add_up_for_the_script_that_reads_them(tmp_path):
  lines = _run("biggan", tmp_path)
  fields = lines[1].split()
  assert lines[1].startswith("Iteration: 5, D_loss: 3.000000, G_loss: 1.500000")
  # awk's $8 + $10 + $NF, with what is not a number cut off.
  parts = [fields[7], fields[9], fields[-1]]
  total = sum(float(re.match(r"[\d.]+", part).group()) for part in parts)
  assert total == pytest.approx(0.25, abs=1e-3)  # 4 steps in a second


def test_bigbigan_has_a_line_for_each_epoch(tmp_path):
  lines = _run("bigbigan", tmp_path)
  assert lines[:2] == [
    "epoch : 1----Disc_loss : 3.0----Gen_loss : 1.5----sec/step : 0.25",
    "epoch : 2----Disc_loss : 4.0----Gen_loss : 2.5----sec/step : 0.2",
  ]


def test_dcgan_lines_count_epochs_and_batches(tmp_path):
  lines = _run("dcgan", tmp_path)
  assert re.fullmatch(
    r"\[       5 Epoch:\[ 1/ 3\] \[   0/   4\] time: \d+\.\d{4}, "
    r"d_loss: 3\.00000000, g_loss: 1\.50000000",
    lines[1],
  )


def test_final_lines_leave_out_the_call_that_built_the_graph(tmp_path):
  lines = _run("biggan", tmp_path)
  # Loops of 1/4 and 1/5 s a step: 0.225 s for 64 images.
  assert lines[-3:-1] == [
    "Final Performance images/sec : 284.44",
    "Final Performance sec/step : 0.2250",
  ]
  assert re.fullmatch(r"E2E Training Duration sec : \d+", lines[-1])


def test_case_file_has_the_keys_of_the_cards(tmp_path, monkeypatch):
  monkeypatch.setenv("RANK_SIZE", "2")
  _run("bigbigan", tmp_path)
  case = "Net_bs64_2p_perf"
  text = (tmp_path / f"{case}.log").read_text()
  values = dict(line.split(" = ") for line in text.splitlines())
  assert values["Network"] == "Net" and values["CaseName"] == case
  assert values["RankSize"] == "2" and values["BatchSize"] == "64"
  assert float(values["ActualFPS"]) == 284.44
  assert float(values["TrainingTime"]) == 225.0
  assert float(values["Actual_Disc_Loss"]) == 4.0
  assert float(values["Actual_Gen_Loss"]) == float(values["ActualLoss"]) == 2.5
  assert {"DeviceType", "E2ETrainingTime", "TrainAccuracy"} <= set(values)
  losses = (tmp_path / f"{case}_Disc_loss.txt").read_text().split()
  assert losses == ["2.0", "3.0", "4.0"]


def test_folder_follows_the_device(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setenv("ASCEND_DEVICE_ID", "3")
  [hook] = card_log.card_log(2, style="biggan", case="c", out=lambda line: None)
  hook.begin(None, 0, 1)
  hook.after_loop(1, 1, 0.1, {"loss/d_0": 1.0, "loss/g": 1.0})
  hook.end(1)
  assert (tmp_path / "test" / "output" / "3" / "c.log").exists()


def test_training_that_was_done_before_writes_nothing(tmp_path):
  assert _run("biggan", tmp_path, loops=()) == []
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
  "style,message",
  [("gan", "'gan' is unknown"), ("dcgan", "set card_log.steps_per_epoch")],
)
def test_what_cannot_be_is_refused(style, message):
  with pytest.raises(ValueError, match=message):
    card_log.card_log(2, style=style)
