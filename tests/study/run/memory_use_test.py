"""The memory of a run's processes."""

import os
import signal
import subprocess
import sys
import types

from compare_gan.study.run import memory_use
import psutil
import pytest

from tests import plain_shell

# The parent of the process that holds memory ends at once.
_ORPHAN = """
import os
import time
if os.fork():
  os.wait()
elif os.fork():
  os._exit(0)
else:
  held = bytearray(60 * 2**20)
  print("held", flush=True)
  time.sleep(60)
"""


def test_a_process_counts_after_its_parent_has_ended():
  with subprocess.Popen(
    [sys.executable, "-S", "-c", _ORPHAN + "time.sleep(60)"],
    stdout=subprocess.PIPE,
    env=plain_shell.checkout(),
    start_new_session=True,
  ) as leader:
    assert leader.stdout.readline() == b"held\n"
    assert 60 < memory_use.session_mb(leader.pid) < 160
    os.killpg(leader.pid, signal.SIGKILL)


@pytest.mark.parametrize(
  "used_mb,limit_mb,free,is_short",
  [
    (81, 100, 50, True),
    (79, 100, 50, False),
    (999, None, 50, False),
    (0, None, 4, True),
    (0, None, 6, False),
  ],
)
def test_memory_is_short_near_a_limit(
  used_mb, limit_mb, free, is_short, monkeypatch
):
  machine = types.SimpleNamespace(available=free, total=100)
  monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)
  assert memory_use.is_short(used_mb, limit_mb) == is_short
