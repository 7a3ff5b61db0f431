"""Determinism is asked of TensorFlow; of a process of its own, for good."""

import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("TensorFlow is asked in two ways")

# A legacy draw without a seed has other bits in every run.
_CODE = """
import os
from compare_gan.context import determinism
import tensorflow as tf

tf.random.uniform([])
determinism.require()
try:
  tf.random.uniform([])
  print(os.environ.get("TF_DETERMINISTIC_OPS"))
except RuntimeError as error:
  print(error)
"""


@pytest.mark.long
def test_what_cannot_be_repeated_is_refused(tmp_path):
  done = plain_shell.run(["-c", _CODE], tmp_path, PYTHONPATH=plain_shell.ROOT)
  assert "determinism" in done.stdout or done.stdout == "1\n", done
