"""Imports that wait: modules of a user's folder, and the help of all verbs."""

import sys

from compare_gan.console import lazy_imports

from tests import plain_shell

HELP = """
import contextlib, io, sys
from compare_gan import __main__ as program

for verb in program.find_verbs():
  shown = io.StringIO()
  with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
    program.main([verb, "--help"])
  assert f"usage: compare_gan {verb}" in shown.getvalue(), verb
  used = {"tensorflow.python", "scipy.linalg", "matplotlib.pyplot"}
  assert not used & {*sys.modules}, verb
"""


def test_help_of_no_verb_needs_tensorflow(tmp_path):
  done = plain_shell.run(["-c", HELP], tmp_path, PYTHONPATH=plain_shell.ROOT)
  assert done.returncode == 0, done.stderr


def test_a_module_waits_until_it_is_read(tmp_path, monkeypatch, capsys):
  (tmp_path / "slow_words.py").write_text("print('at work')\nX = 3\n")
  monkeypatch.syspath_prepend(str(tmp_path))
  monkeypatch.delitem(sys.modules, "slow_words", raising=False)
  with lazy_imports.waiting():
    import slow_words
    import slow_words as again
  assert capsys.readouterr().out == "" and again is slow_words
  assert slow_words.X == 3
  assert slow_words.__spec__.loader is slow_words.__loader__
  assert capsys.readouterr().out == "at work\n"


def test_afterwards_imports_do_not_wait(tmp_path, monkeypatch, capsys):
  (tmp_path / "quick_words.py").write_text("print('at work')\n")
  monkeypatch.syspath_prepend(str(tmp_path))
  with lazy_imports.waiting():
    pass
  import quick_words  # noqa: F401

  assert capsys.readouterr().out == "at work\n"
