"""TensorFlow 1.15, where there is an interpreter that has it.

COMPARE_GAN_TF115_PYTHON=/path/to/python3.7 pytest tests/export
"""

import functools
import os
import shutil
import subprocess

import numpy as np
import pytest

from tests import plain_shell

_ASK = "import tensorflow as tf; print(tf.__version__)"

# Graph, npz of {input's name: array}, output's name, npy to write.
_RUN = """
import sys
import numpy as np
import tensorflow as tf
pb, inputs, output, out = sys.argv[1:]
made = tf.compat.v1.GraphDef()
with open(pb, "rb") as file:
  made.ParseFromString(file.read())
with tf.Graph().as_default() as graph:
  tf.import_graph_def(made, name="")
with np.load(inputs) as arrays, tf.compat.v1.Session(graph=graph) as session:
  feeds = {name + ":0": arrays[name] for name in arrays.files}
  np.save(out, session.run(output + ":0", feeds))
"""


@functools.cache
def python():
  """Returns an interpreter with TensorFlow 1.15, or None."""
  for name in (os.environ.get("COMPARE_GAN_TF115_PYTHON"), "python3.7"):
    path = name and shutil.which(name)
    if not path:
      continue
    asked = subprocess.run(
      [path, "-c", _ASK],
      capture_output=True,
      text=True,
      env=plain_shell.environment(),
    )
    if asked.stdout.startswith("1.15"):
      return path
  return None


required = pytest.mark.skipif(
  python() is None,
  reason="no python3.7 with TensorFlow 1.15, see COMPARE_GAN_TF115_PYTHON",
)


def run(pb, feeds, output, folder):
  """Returns the output of a frozen graph, as TensorFlow 1.15 computes it."""
  np.savez(folder / "feeds.npz", **feeds)
  done = subprocess.run(
    [python(), "-c", _RUN, pb, folder / "feeds.npz", output, folder / "o.npy"],
    capture_output=True,
    text=True,
    env=plain_shell.environment(TF_CPP_MIN_LOG_LEVEL=2),
  )
  assert not done.returncode, done.stderr[-2000:]
  return np.load(folder / "o.npy")
