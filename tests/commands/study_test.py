"""`compare_gan study`: from a file to a table, with trainings that are real."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from compare_gan.__main__ import main
from compare_gan.study.run import conductor
from compare_gan.study.run import journal
from compare_gan.study.run import process
from compare_gan.study.run import table
from PIL import Image
import pytest

from tests import plain_shell
from tests.study import fake_plan

_ROOT = pathlib.Path(__file__).parent.parent.parent

# Runs of seconds, on points in the plane.
_BASE = """
dataset.name = "ring8"
options.architecture = "dcgan_arch"
options.batch_size = 4
options.gan_class = @ModularGAN
options.training_steps = {steps}
options.z_dim = 2
dcgan.Generator.ch = 1
dcgan.Discriminator.ch = 1
loss.fn = @non_saturating
penalty.fn = @no_penalty
run_config.iterations_per_loop = 1
run_config.save_checkpoints_steps = 5
evaluate.metrics = [@fid]
evaluate.features = @random_filters
evaluate.num_fake = 16
evaluate.num_real = 16
"""
_STUDY = """
study.base = "base.gin"
study.axes = {
  "penalty": {"none": [], "l2": ["penalty.fn = @l2_penalty"]},
}
study.seeds = 1
study.score = "fid_random_filters"
study.checkpoint = "last"
study.eval_every_steps = 1000
study.flags = ["--run_config=cpu"]
"""


@pytest.fixture
def study_file(tmp_path):
  (tmp_path / "base.gin").write_text(_BASE.format(steps=40))
  (tmp_path / "mine.gin").write_text(_STUDY)
  return tmp_path / "mine.gin"


def test_dry_run_trains_nothing(study_file, tmp_path, capsys, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert main(["study", "run", str(study_file), "--dry_run"]) == 0
  assert "Study mine: 2 runs, 2 cells" in capsys.readouterr().out
  assert not (tmp_path / "runs").exists()


def test_dry_run_names_impossible_cells(study_file, capsys):
  study_file.write_text(
    _STUDY.replace(
      '"none": []', '"none": [\'options.architecture = "no_arch"\']'
    )
  )
  assert main(["study", "run", str(study_file), "--dry_run"]) == 0
  assert "IMPOSSIBLE penalty=none:" in capsys.readouterr().out


@pytest.mark.parametrize(
  "more,sentence",
  [
    (["--shard=2/2"], "--shard=2/2: it must be i/n with i from 0 to n - 1"),
    (["--executor_option=x"], "it must be name=value"),
    (["--gin_bindings=study.seeds = 0"], "study.seeds = 0"),
  ],
)
def test_what_is_wrong_is_a_sentence(more, sentence, study_file, capsys):
  out = f"--out={study_file.parent / 'out'}"
  assert main(["study", "run", str(study_file), out, *more]) == 1
  assert sentence in capsys.readouterr().err


def test_a_plan_is_refused_as_its_study_is(study_file, capsys):
  more = ["--dry_run", "--shard=2/2"]
  assert main(["study", "run", str(study_file), *more]) == 1
  assert "--shard=2/2: it must be i/n" in capsys.readouterr().err


def test_jobs_are_one_or_more(study_file, capsys):
  with pytest.raises(SystemExit):
    main(["study", "run", str(study_file), "--jobs=0"])
  assert "--jobs: '0'. It must be a whole number" in capsys.readouterr().err


def test_a_score_that_does_not_exist_is_refused(study_file, capsys):
  study_file.write_text(_STUDY.replace("fid_random_filters", "fid"))
  out = study_file.parent / "out"
  assert main(["study", "run", str(study_file), f"--out={out}"]) == 1
  said = capsys.readouterr().err
  assert "study.score = 'fid' is not a score" in said
  assert "There are fid_random_filters." in said
  assert not out.exists()
  assert main(["study", "run", str(study_file), "--dry_run"]) == 0
  assert "IMPOSSIBLE study.score = 'fid' is no" in capsys.readouterr().out


_OWN_METRIC = """
from compare_gan.metrics import contract
import gin


@gin.configurable(denylist=["fake_images"])
@contract.declare(contract.Score("spread", "higher", 0.0, 255.0, "grey levels"))
def own_spread(fake_images):
  return {"spread": float(fake_images.std())}
"""


@pytest.mark.long
def test_a_metric_of_ones_own_decides_a_study(tmp_path):
  """In a file of its own: which way it is better, best/ and the report."""
  (tmp_path / "spread_of_ones_own.py").write_text(_OWN_METRIC)
  base = _BASE.format(steps=10).replace("[@fid]", "[@own_spread, @fid]")
  (tmp_path / "base.gin").write_text(f"import spread_of_ones_own\n{base}")
  text = _STUDY.replace("fid_random_filters", "spread")
  (tmp_path / "mine.gin").write_text(text)
  env = plain_shell.checkout()
  env["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(tmp_path), env.get("PYTHONPATH")])
  )
  for words in (
    ["run", "mine.gin", "--out=out", "--jobs=1"],
    ["report", "out"],
  ):
    subprocess.run(
      [sys.executable, "-m", "compare_gan", "study", *words],
      cwd=tmp_path,
      env=env,
      check=True,
    )
  out = tmp_path / "out"
  assert json.loads((out / "study.json").read_text())["minimize"] is False
  for row in table.read(str(out)).rows:
    assert row.status == "ok"
    values = [each["scores"]["spread"] for each in row.checkpoints]
    assert row.scores["spread"]["min"] == max(values)
    folder = pathlib.Path(row.folder)
    best = json.loads((folder / "best" / "best.json").read_text())
    assert (best["by"], best["better"]) == ("spread", "higher")
    assert best["value"] == max(values)
  page = (out / "report" / "index.html").read_text()
  assert "spread, higher is better" in page


_OF_A_FOLDER = """
dataset.name = "folder"
folder.path = "pictures"
include "more.gin"
"""


@pytest.fixture
def started(monkeypatch):
  """Returns the Tasks that studies start; they end without a process."""
  tasks = []

  def run_task(task, stop, start):
    del stop, start
    tasks.append(task)
    return process.Outcome("collapsed", "It ends.")

  monkeypatch.setattr(process, "run_task", run_task)
  return tasks


def test_a_study_goes_on_in_the_folder_it_was_begun_in(
  study_file, started, tmp_path, monkeypatch, capsys
):
  """Relative paths, of pictures and gin files, mean what they meant then."""
  (tmp_path / "pictures").mkdir()
  for number in range(4):
    Image.new("RGB", (8, 8), (number, 0, 0)).save(
      tmp_path / "pictures" / f"{number}.png"
    )
  (tmp_path / "more.gin").write_text("options.z_dim = 3\n")
  base = _BASE.format(steps=40).replace('dataset.name = "ring8"', "")
  (tmp_path / "base.gin").write_text(base + _OF_A_FOLDER)
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  monkeypatch.chdir(tmp_path)
  words = ["study", "run", "mine.gin", "--out=out", "--jobs=1"]
  assert main(words) == 0
  assert len(started) == 2

  study_file.write_text(_STUDY.replace("seeds = 1", "seeds = 2"))
  (tmp_path / "elsewhere").mkdir()
  monkeypatch.chdir(tmp_path / "elsewhere")
  words = ["study", "run", "../mine.gin", "--out=../out", "--jobs=1"]
  assert main(words) == 0, capsys.readouterr().err
  assert len(started) == 4
  assert {task.cwd for task in started} == {str(tmp_path)}
  assert f"was begun in {tmp_path}" in capsys.readouterr().out
  rows = table.read(str(tmp_path / "out")).rows
  assert {row.status for row in rows} == {"collapsed"}


def test_where_its_folder_is_gone_a_study_goes_on_from_here(
  study_file, started, tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  words = ["study", "run", "mine.gin", "--out=out", "--jobs=1"]
  assert main(words) == 0
  path = tmp_path / "out" / "study.json"
  path.write_text(path.read_text().replace(str(tmp_path), "/no/such/folder"))
  study_file.write_text(_STUDY.replace("seeds = 1", "seeds = 2"))
  assert main(words) == 0
  assert [task.cwd for task in started] == [str(tmp_path)] * 4


def test_a_signal_is_an_exit_code(study_file, monkeypatch, capsys):
  def run(self):
    raise conductor.Stopped(signal.SIGINT, "SIGINT: the study has stopped.")

  monkeypatch.setattr(conductor.Conductor, "run", run)
  with pytest.raises(SystemExit) as stop:
    main(["study", "run", str(study_file), f"--out={study_file.parent / 'o'}"])
  assert stop.value.code == 130
  assert "the study has stopped" in capsys.readouterr().err


@pytest.fixture(scope="module")
def done(tmp_path_factory):
  folder = tmp_path_factory.mktemp("done")
  fake_plan.conduct(folder, plan=fake_plan.Plan(does={1: "diverge"}))
  return str(folder)


def test_status(done, capsys):
  assert main(["study", "status", done]) == 0
  text = capsys.readouterr().out
  assert "Study fake: 14 of 14 runs have ended." in text
  assert "collapsed" in text
  assert "It is not running." in text


def test_retry(tmp_path, capsys):
  made = fake_plan.study(retries=0, axes={"loss": {"ns": []}})
  plan = fake_plan.Plan(does={1: "fail"})
  fake_plan.conduct(tmp_path, plan=plan, made=made)
  words = ["study", "retry", str(tmp_path)]
  assert main([*words, "--status=timeout"]) == 0
  assert "No run has the status timeout" in capsys.readouterr().out
  assert main([*words, "--status=failed", "--run=none"]) == 1
  assert "--run=none" in capsys.readouterr().err
  assert main(words) == 0
  run = table.read(str(tmp_path)).rows[1]
  said = capsys.readouterr().out
  assert f"{run.run} loss=ns seed=2: failed\nRuns to be tried again: 1." in said
  assert run.status == "waiting"


def test_export_csv(done, tmp_path, capsys):
  assert main(["study", "export", done, f"--csv={tmp_path / 'a.csv'}"]) == 0
  assert len((tmp_path / "a.csv").read_text().splitlines()) == 15
  assert main(["study", "export", done]) == 1
  assert "--csv=FILE or --parquet=FILE" in capsys.readouterr().err


def test_report(done, capsys):
  assert main(["study", "report", done]) == 0
  path = os.path.join(done, "report", "index.html")
  assert path in capsys.readouterr().out
  assert os.path.getsize(path) > 1000


def test_a_small_page_of_a_report_leaves_pictures_out(tmp_path):
  from PIL import Image

  fake_plan.conduct(tmp_path, made=fake_plan.study(axes={"loss": {"ns": []}}))
  run = table.read(str(tmp_path)).rows[0].run
  samples = tmp_path / "runs" / run / "samples"
  samples.mkdir(exist_ok=True)
  Image.new("RGB", (8, 8)).save(samples / "step-1.png")
  page = tmp_path / "report" / "index.html"
  assert main(["study", "report", str(tmp_path)]) == 0
  assert "data:image/png" in page.read_text()
  words = ["study", "report", str(tmp_path), "--max_megabytes=0"]
  assert main(words) == 0
  assert "data:image/png" not in page.read_text()


def test_import_of_a_score_that_nobody_knows_says_so(tmp_path, capsys):
  (tmp_path / "scores.csv").write_text("step,mine_mean\n1,3.0\n")
  out = tmp_path / "old"
  words = ["study", "import", str(tmp_path / "scores.csv"), f"--out={out}"]
  assert main(words) == 0
  said = capsys.readouterr().out
  assert "No metric declares whether lower or higher mine is better" in said
  assert json.loads((out / "study.json").read_text())["minimize"] is True


def test_import_of_old_scores(tmp_path, capsys):
  (tmp_path / "scores.csv").write_text(
    "checkpoint_path,step,fid_score_list,fid_score_mean,fid_score_std,"
    "ModularGAN.g_lr\na/model.ckpt-10,10,5.0,5.0,0.0,0.1\n"
  )
  out = str(tmp_path / "old")
  scores = str(tmp_path / "scores.csv")
  assert main(["study", "import", scores, f"--out={out}"]) == 0
  assert main(["study", "status", out]) == 0
  assert "1 of 1 runs have ended." in capsys.readouterr().out


def test_no_study_is_a_sentence(tmp_path, capsys):
  assert main(["study", "status", str(tmp_path)]) == 1
  assert "it has no study.json" in capsys.readouterr().err


# ---- The real thing ----------------------------------------------------------


def _start(study_file, out):
  return subprocess.Popen(
    [
      *(sys.executable, "-m", "compare_gan", "study", "run", str(study_file)),
      *(f"--out={out}", "--jobs=2"),
    ],
    cwd=_ROOT,
    env=plain_shell.checkout(),
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )


def _scores(folder):
  return [
    (row.run, row.cell, row.seed, row.status, row.scores)
    for row in table.read(str(folder)).rows
  ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_real_trainings_that_are_killed_end_with_the_same_scores(
  study_file, tmp_path
):
  whole = _start(study_file, tmp_path / "whole")
  output, _ = whole.communicate()
  assert whole.returncode == 0, output
  expected = _scores(tmp_path / "whole")
  assert [row[3] for row in expected] == ["ok"] * 2
  assert len({json.dumps(row[4]) for row in expected}) == 2
  folder = tmp_path / "killed"
  for number, step in ((signal.SIGKILL, 5), (signal.SIGTERM, 10)):
    process = _start(study_file, folder)
    while not list(folder.glob(f"runs/*/model.ckpt-{step}.index")):
      assert process.poll() is None, process.stdout.read()
      time.sleep(0.05)
    process.send_signal(number)
    output, _ = process.communicate()
    assert process.returncode == (-9 if number == signal.SIGKILL else 143)
  process = _start(study_file, folder)
  output, _ = process.communicate()
  assert process.returncode == 0, output
  assert _scores(folder) == expected
  rows = table.read(str(folder)).rows
  assert sum(row.attempts for row in rows) > 2
  assert journal.events(str(folder))[0]["event"] == "start"
  logs = [path.read_text() for path in folder.glob("runs/*/log.txt")]
  assert any("Resuming from the checkpoint of step" in log for log in logs)
