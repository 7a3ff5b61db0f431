"""Whatever tests start has an environment that is built from nothing."""

import ast
import os
import re
import subprocess
import sys

import pytest

from tests import plain_shell

_STARTERS = ("Popen", "run", "call", "check_call", "check_output")
_COPIED = re.compile(
  r"\*\*os[.]environ\b|dict\(os[.]environ\)|os[.]environ\.(?:copy|items)\b"
)
_FILES = sorted((plain_shell.ROOT / "tests").rglob("*.py"))


def _processes(tree):
  """Yields the calls of subprocess.* in a module."""
  for node in ast.walk(tree):
    if (
      isinstance(node, ast.Call)
      and isinstance(node.func, ast.Attribute)
      and node.func.attr in _STARTERS
      and getattr(node.func.value, "id", "") == "subprocess"
    ):
      yield node


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_a_process_gets_an_environment_of_its_own(path):
  for call in _processes(ast.parse(path.read_text(encoding="utf-8"))):
    given = {word.arg for word in call.keywords}
    where = f"{path.name}:{call.lineno}"
    assert "env" in given, f"{where} inherits the environment of the tests."


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_the_environment_of_the_tests_is_never_copied(path):
  text = path.read_text(encoding="utf-8")
  assert not _COPIED.search(text), "Use tests/plain_shell.py."


def test_copies_are_found():
  name = "os" + ".environ"
  for text in (f"{{**{name}}}", f"dict({name})", f"{name}.copy()"):
    assert _COPIED.search(text), text
  assert not _COPIED.search('os.environ["A"]')


def test_nothing_is_inherited(tmp_path, monkeypatch):
  monkeypatch.setenv("TF2_BEHAVIOR", "1")
  code = "import os; print(*sorted(os.environ))"
  ran = subprocess.run(
    [sys.executable, "-c", code],
    stdout=subprocess.PIPE,
    text=True,
    check=True,
    env=plain_shell.environment(tmp_path, A=1),
  )
  # Python adds what it takes the locale from.
  assert {*ran.stdout.split()} - {"LC_CTYPE"} == {"A", "HOME", "LANG", "PATH"}


def test_the_home_is_empty():
  assert plain_shell.environment()["HOME"] == plain_shell.empty_home()
  assert os.path.isdir(plain_shell.empty_home())
