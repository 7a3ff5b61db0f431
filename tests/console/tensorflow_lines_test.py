"""Which lines of TensorFlow's C++ part reach the screen."""

import os
import subprocess
import sys
import threading
import time

from compare_gan.console import tensorflow_lines
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("an older Python starts other processes")

_NOISE = [
  b"WARNING: All log messages before absl::InitializeLog() is called are writ",
  b"I0000 00:00:1795698942.95 10635 port.cc:153] oneDNN custom operations are",
  b"W0000 00:00:1795698942.95 10635 gpu_device.cc:2344] Cannot dlopen some GPU",
  b"E0000 00:00:1795698948.692333 1 cuda_platform.cc:52] failed call to cuInit",
  b"2026-11-26 13:14:23.847397: E external/local_xla/xla/stream_executor/cuda/"
  b"cuda_dnn.cc:9261] Unable to register cuDNN factory: Attempting to",
  b"2026-11-26 13:15:02.263639: E tensorflow/core/grappler/optimizers/"
  b"meta_optimizer.cc:961] remapper failed: INVALID_ARGUMENT: Mutation",
  b"2021-01-01 00:00:00.000000: I tensorflow/core/platform/cpu_feature_guard."
  b"cc:142] This TensorFlow binary is optimized",
  b"To enable the following instructions: AVX2 FMA, in other operations, reb",
]
_NEWS = [
  b"E0000 00:00:1795698948.692333 1 bfc_allocator.cc:52] out of memory",
  b"2026-11-26 13:14:23.847397: F tensorflow/core/platform/cpu_feature_guard."
  b"cc:37] The TensorFlow library was compiled to use AVX2 instructions",
  b"Traceback (most recent call last):",
  b"step 2/2  loss/d_0 2.3068",
  b"In the beginning",
  b"",
]


@pytest.mark.parametrize("line", _NOISE)
def test_noise_does_not_matter(line):
  assert not tensorflow_lines.matters(line)


@pytest.mark.parametrize("line", _NEWS)
def test_news_matter(line):
  assert tensorflow_lines.matters(line)


def test_a_gpu_that_cannot_be_used_is_news_where_there_is_one():
  line = _NOISE[2]
  assert tensorflow_lines.matters(line, has_gpu=True)


def _pass_on(*parts, pause=0.0):
  """Returns what comes out where these bytes go in one after the other."""
  source, sink = os.pipe()
  end, screen = os.pipe()
  thread = threading.Thread(
    target=tensorflow_lines.pass_on, args=(source, screen)
  )
  thread.start()
  for part in parts:
    os.write(sink, part)
    time.sleep(pause)
  os.close(sink)
  thread.join()
  os.close(screen)
  with open(end, "rb") as file:
    return file.read()


def test_lines_may_come_in_pieces():
  noise = _NOISE[1] + b"\n"
  assert _pass_on(b"a\n" + noise[:9], noise[9:] + b"b\nc") == b"a\nb\nc"


def test_a_line_without_an_end_is_shown_when_it_rests():
  assert _pass_on(b"50 %", b" done\n" + _NOISE[0], pause=0.3) == b"50 % done\n"


_PROGRAM = """
import os
import sys
from compare_gan.console import tensorflow_lines

tensorflow_lines.filter_stderr()
os.write(2, b"I0000 00:00:1795698942.95 10635 port.cc:153] oneDNN\\n")
print("from Python", file=sys.stderr)
os.write(2, b"from C++\\n")
{end}
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where one can fork")
@pytest.mark.parametrize("end", ["", "os.abort()", "os.kill(os.getpid(), 9)"])
def test_the_last_words_of_a_process_are_shown(tmp_path, end):
  result = subprocess.run(
    [sys.executable, "-c", _PROGRAM.format(end=end)],
    capture_output=True,
    text=True,
    env=plain_shell.checkout(tmp_path),
    timeout=60,
  )
  assert sorted(result.stderr.splitlines()) == ["from C++", "from Python"]
  assert (result.returncode == 0) == (not end)
