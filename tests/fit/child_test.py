"""Processes that are measured."""

import os

from compare_gan.fit import child
import numpy as np
import pytest


def test_the_environment_is_that_of_the_start(monkeypatch):
  monkeypatch.setenv("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
  found = child.environment()
  if os.path.exists("/proc/self/environ"):
    assert "TF_ONEDNN_USE_SYSTEM_ALLOCATOR" not in found
  root = found["PYTHONPATH"].split(os.pathsep)[0]
  assert os.path.isfile(os.path.join(root, "compare_gan", "main.py"))


def test_the_peak_stays_when_memory_is_free_again():
  before = child.peak_bytes()
  array = np.ones(before // 8 + 2**23)
  with_array = child.peak_bytes()
  assert with_array > before + 2**24
  del array
  # The kernel counts pages by the hundred.
  assert child.peak_bytes() > with_array - 2**22


def test_a_process_that_ends_has_a_log(tmp_path):
  log = tmp_path / "log"
  assert child.run(["-S", "-c", "print('ä')"], str(log), 60) == child.End()
  assert log.read_bytes() == "ä\n".encode()


@pytest.mark.parametrize(
  "seconds,most_bytes,why",
  [(0.2, None, "longer than 0.2 s"), (60, 10, "more than 0.00 GB")],
)
def test_a_process_that_takes_too_much_is_ended(
  tmp_path, seconds, most_bytes, why
):
  words = ["-S", "-c", "import time; time.sleep(60)"]
  end = child.run(words, str(tmp_path / "log"), seconds, most_bytes)
  assert why in end.reason
  assert end.of_memory == (most_bytes is not None)


def test_what_the_kernel_ends_had_no_memory(tmp_path):
  words = ["-S", "-c", "import os; os.kill(os.getpid(), 9)"]
  assert child.run(words, str(tmp_path / "log"), 60).of_memory
