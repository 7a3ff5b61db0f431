"""The line of a user's own code in which an error arose."""

import json
import runpy

from compare_gan.console import messages
from compare_gan.console import own_code
import pytest
import tensorflow as tf


def _raised(call):
  """Returns what a call raises, without the frame of this file."""
  with pytest.raises(Exception) as caught:
    call()
  error = caught.value
  return error.with_traceback(error.__traceback__.tb_next)


def _own(folder, text):
  """Returns the function `call` of a file mine.py in a folder."""
  path = folder / "mine.py"
  path.write_text(text)
  return runpy.run_path(str(path))["call"]


def test_the_innermost_line_of_ones_own_is_named(tmp_path, monkeypatch):
  text = (
    "import json\n\ndef call():\n  inner()\n\ndef inner():\n  json.loads('')"
  )
  call = _own(tmp_path, text)
  monkeypatch.chdir(tmp_path)
  assert own_code.line_of(_raised(call)) == "mine.py, line 7"


def test_the_whole_path_is_given_from_another_folder(tmp_path, monkeypatch):
  call = _own(tmp_path, "def call():\n  raise ValueError('x')")
  (tmp_path / "elsewhere").mkdir()
  monkeypatch.chdir(tmp_path / "elsewhere")
  line = own_code.line_of(_raised(call))
  assert line == f"{tmp_path / 'mine.py'}, line 2"


@pytest.mark.parametrize(
  "call",
  [
    lambda: json.loads(""),  # Python's
    lambda: tf.zeros([2]) + tf.zeros([3]),  # a package's
    lambda: messages.sentence(None, place=True),  # ours
  ],
)
def test_no_line_is_named_where_nothing_is_ones_own(call):
  error = _raised(call)
  error.__traceback__ = error.__traceback__.tb_next  # the lambda's
  assert own_code.line_of(error) == ""


@pytest.mark.versions("AutoGraph words it")
def test_traced_code_has_its_lines_too(tmp_path, monkeypatch):
  text = (
    "import tensorflow as tf\n\ndef call():\n  tf.zeros([2]) + tf.zeros([3])"
  )
  call = _own(tmp_path, text)
  monkeypatch.chdir(tmp_path)
  error = _raised(tf.function(lambda: call()))
  assert "in user code" in str(error)
  assert own_code.line_of(error) == "mine.py, line 4"
  said = messages.sentence(error, place=True)
  assert said.endswith(" (mine.py, line 4; --traceback shows more)")
  assert "in user code" not in said
