"""One run: how its process is started, watched, ended and judged."""

import shlex
import subprocess
import sys
import threading
import time

from compare_gan.storage import locks
from compare_gan.study.run import process
import psutil
import pytest

from tests import plain_shell
from tests.study import fake_plan


def task(folder, does="well", pause=0.01, steps=5, **changes):
  folder.mkdir(exist_ok=True)
  (folder / "run.gin").write_text(
    f"fake.lr = 0.5\nfake.seed = 1\nfake.loss = 'ns'\n"
    f"fake.does = '{does}'\nfake.pause = {pause}\nfake.steps = {steps}\n"
  )
  made = process.Task(
    "id",
    str(folder),
    (sys.executable, "-S", fake_plan.TRAINER, str(folder)),
    str(folder),
    "fid",
  )
  return made._replace(**changes)


def python(folder, code, **changes):
  folder.mkdir(exist_ok=True)
  command = (sys.executable, "-S", "-c", code)
  return task(folder, **changes)._replace(command=command)


def test_a_run_that_ends_well_is_ok(tmp_path):
  outcome = process.run_task(task(tmp_path))
  assert (outcome.status, outcome.reason) == ("ok", "")
  assert outcome.seconds > 0 and outcome.host


@pytest.mark.parametrize(
  "does,status,reason",
  [
    ("fail", "failed", "ValueError: no such dataset"),
    ("diverge", "collapsed", "compare_gan: loss/d is not finite at step 7"),
    ("nan_images", "collapsed", "step 5: NaN or infinity in fake images"),
    ("nan", "collapsed", "step 5: fid is not a finite number."),
    ("no_row", "failed", "Its last checkpoint has no scores."),
    ("no_last_row", "failed", "Its last checkpoint has no scores."),
    ("no_metric", "failed", "It has other. fid: ValueError: few"),
  ],
)
def test_an_end_has_a_name_and_a_reason(does, status, reason, tmp_path):
  outcome = process.run_task(task(tmp_path, does))
  assert outcome.status == status
  assert reason in outcome.reason


def test_a_log_keeps_all_attempts_and_the_tail_is_of_the_last(tmp_path):
  process.run_task(python(tmp_path, "print('one'); raise SystemExit(2)"))
  again = python(tmp_path, "print(*range(30), sep='\\n'); 1 / 0", attempt=2)
  outcome = process.run_task(again)
  log = (tmp_path / "log.txt").read_text()
  assert log.count("==== Attempt") == 2 and "one" in log
  assert len(outcome.log_tail) == 20
  assert outcome.log_tail[-1] == "ZeroDivisionError: division by zero"
  assert outcome.reason == outcome.log_tail[-1]


def test_the_command_in_the_log_can_be_pasted(tmp_path):
  made = python(tmp_path / "it's here", "print('a  b')")
  process.run_task(made)
  first = (tmp_path / "it's here" / "log.txt").read_text().splitlines()[0]
  assert shlex.split(first.split(": ", 1)[1]) == list(made.command)


@pytest.mark.long
def test_timeout_asks_for_a_checkpoint_first(tmp_path):
  slow = task(tmp_path, pause=0.2, steps=99, timeout_s=3)
  outcome = process.run_task(slow)
  assert outcome.status == "timeout"
  assert outcome.log_tail[-1].startswith("Stopped at step ")


def test_what_does_not_end_is_killed(tmp_path):
  slow = task(tmp_path, "ignore", pause=9, timeout_s=0.5, grace_s=0.2)
  began = time.monotonic()
  outcome = process.run_task(slow)
  assert outcome.status == "timeout"
  assert time.monotonic() - began < 9


def test_memory_is_that_of_all_processes_together(tmp_path):
  part = "x = bytearray(60 * 2**20); import time; time.sleep(30)"
  code = (
    "import subprocess, sys\n"
    f"words = [sys.executable, '-c', {part!r}]\n"
    "parts = [subprocess.Popen(words) for _ in 'ab']\n"
    "parts[0].wait()"
  )
  outcome = process.run_task(python(tmp_path, code, memory_mb=100))
  assert outcome.status == "memory"
  assert "more than study.memory_mb = 100" in outcome.reason


def test_stop_interrupts(tmp_path):
  stop = threading.Event()

  def wait_and_stop():
    while not (tmp_path / "model.ckpt-1.index").exists():
      time.sleep(0.01)
    stop.set()

  threading.Thread(target=wait_and_stop).start()
  outcome = process.run_task(task(tmp_path, pause=0.2, steps=99), stop)
  assert outcome.status == "interrupted"
  assert outcome.log_tail[-1].startswith("Stopped at step ")


def test_nothing_that_it_has_started_stays(tmp_path):
  code = (
    "import subprocess, sys\n"
    "words = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
    "print(subprocess.Popen(words).pid)"
  )
  outcome = process.run_task(python(tmp_path, code))
  left = int(outcome.log_tail[0])
  for _ in range(100):
    if not is_running(left):
      return
    time.sleep(0.02)
  raise AssertionError("It runs on.")


def is_running(number):
  try:
    return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
  except psutil.NoSuchProcess:
    return False


def test_one_process_at_a_time_trains_in_a_folder(tmp_path):
  first = threading.Thread(
    target=process.run_task, args=(task(tmp_path, pause=0.1),)
  )
  first.start()
  while not (tmp_path / "model.ckpt-1.index").exists():
    time.sleep(0.01)
  outcome = process.run_task(task(tmp_path, pause=0.1, attempt=2))
  first.join()
  assert outcome.status == "ok"
  assert not (tmp_path / "TWO_AT_ONCE").exists()
  assert "Waiting for process" in (tmp_path / "log.txt").read_text()


def test_a_training_has_the_lock_of_its_folder(tmp_path):
  code = (
    "import os\n"
    "for name in os.listdir('/proc/self/fd'):\n"
    "  if os.path.exists(f'/proc/self/fd/{name}'):\n"
    "    print(os.readlink(f'/proc/self/fd/{name}'))"
  )
  outcome = process.run_task(python(tmp_path, code))
  assert str(tmp_path / "LOCK") in outcome.log_tail


def test_a_lock_lasts_as_long_as_whoever_has_it(tmp_path):
  with locks.Lock(str(tmp_path / "LOCK")) as lock:
    assert lock.acquire()
    child = subprocess.Popen(
      [sys.executable, "-S", "-c", "import time; time.sleep(60)"],
      pass_fds=[lock.fileno()],
      env=plain_shell.checkout(),
    )
  assert locks.is_held(str(tmp_path / "LOCK"))
  child.kill()
  child.wait()
  assert not locks.is_held(str(tmp_path / "LOCK"))


def test_environment_divides_cores_and_hides_clusters(tmp_path, monkeypatch):
  monkeypatch.setenv("TF_CONFIG", '{"cluster": {}}')
  code = (
    "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['TF_CONFIG'])"
  )
  given = python(tmp_path, code, environment=process.environment(3))
  assert process.run_task(given).log_tail == ("3 {}",)


def test_the_command_is_compare_gan_main(tmp_path):
  made = fake_plan.study(eval_every_steps=7, flags=("--run_config=cpu",))
  listed, _ = fake_plan.Plan().runs(made, {})
  run = listed[0]
  words = process.trainer_command(made, run, "/x")
  assert words[1:3] == ("-m", "compare_gan.main")
  assert "--model_dir=/x" in words and "--gin_config=/x/run.gin" in words
  assert "--eval_every_steps=7" in words
  assert words[-2:] == ("--run_config=auto", "--run_config=cpu")
