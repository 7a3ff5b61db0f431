"""What CI says of a run: .ci/check_tests.py, on small suites of their own."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

from tests import plain_shell

SCRIPT = pathlib.Path(__file__).parent.parent / ".ci" / "check_tests.py"

SUITE = """
import os
import pytest

@pytest.mark.parametrize("x", ["a b", "c/d::e", "n\\nl", "\\xfc", "]["])
def test_x(x):
  pass

class TestOne:
  def test_y(self):
    if os.environ.get("DIES"):
      os._exit(3)

@pytest.mark.skip(reason="no GPU here")
def test_z():
  pass
"""
ALL = 7


def load():
  spec = importlib.util.spec_from_file_location("check_tests", SCRIPT)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


check = load()


def pytest_in(folder, *words, dies=""):
  """Runs pytest with a folder's tests; returns its exit code."""
  done = subprocess.run(
    [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
    cwd=folder,
    env={"PATH": "", "DIES": dies},
    stdout=open(folder / "collected.txt", "w")
    if "--collect-only" in words
    else subprocess.DEVNULL,
    stdin=subprocess.DEVNULL,
  )
  return done.returncode


def verdict(folder, capsys):
  """Returns (exit code, what is printed) of the check of a folder."""
  names = ("collected.txt", "junit.xml")
  code = check.main(*(str(folder / name) for name in names))
  return code, capsys.readouterr().out


@pytest.fixture
def suite(tmp_path):
  """Returns a folder with SUITE, and with what pytest collects in it."""
  (tmp_path / "pytest.ini").write_text("[pytest]\npython_files = *_test.py\n")
  (tmp_path / "tests").mkdir()
  (tmp_path / "tests" / "a_test.py").write_text(SUITE)
  assert pytest_in(tmp_path, "--collect-only") == 0
  return tmp_path


def test_a_run_of_all_tests_is_right(suite, capsys):
  assert pytest_in(suite, "--junitxml=junit.xml") == 0
  code, said = verdict(suite, capsys)
  assert code == 0
  assert f"{ALL} tests collected: {ALL - 1} ran, 1 were skipped" in said
  assert "skipped 1x: no GPU here" in said
  assert f"{ALL} tests  tests/a_test.py" in said


def test_a_test_that_did_not_run_is_named(suite, capsys):
  assert pytest_in(suite, "--junitxml=junit.xml", "-k", "not test_y") == 0
  code, said = verdict(suite, capsys)
  assert code == 1
  assert "FAILED: 1 collected, but neither run nor skipped" in said
  assert "tests/a_test.py::TestOne::test_y" in said


def test_a_worker_that_dies_fails(suite):
  words = ("-n", "2", "--junitxml=junit.xml")
  assert pytest_in(suite, *words, dies="yes") == 1


def test_a_run_that_dies_fails(suite):
  assert pytest_in(suite, "--junitxml=junit.xml", dies="yes") == 3
  done = subprocess.run(
    [sys.executable, SCRIPT, "collected.txt", "junit.xml"],
    cwd=suite,
    capture_output=True,
    text=True,
    env=plain_shell.environment(),
  )
  assert done.returncode == 1
  assert "FAILED: " in done.stderr and "junit.xml" in done.stderr


@pytest.mark.parametrize(
  "decorator", ["skip", "skip(reason='')", "xfail(run=False)"]
)
def test_a_skip_without_a_reason_is_named(suite, capsys, decorator):
  text = f"import pytest\n@pytest.mark.{decorator}\ndef test_w(): assert 0\n"
  (suite / "tests" / "b_test.py").write_text(text)
  assert pytest_in(suite, "--collect-only") == 0
  assert pytest_in(suite, "--junitxml=junit.xml") == 0
  code, said = verdict(suite, capsys)
  assert code == 1
  assert "FAILED: 1 skipped without a reason: tests.b_test.test_w" in said


def test_a_test_without_cases_is_named(suite, capsys):
  text = (
    "import pytest\n@pytest.mark.parametrize('x', [])\ndef test_w(x): pass\n"
  )
  (suite / "tests" / "b_test.py").write_text(text)
  assert pytest_in(suite, "--collect-only") == 0
  assert pytest_in(suite, "--junitxml=junit.xml") == 0
  code, said = verdict(suite, capsys)
  assert code == 1
  assert "skipped without a reason: tests.b_test.test_w[" in said


def test_a_file_that_is_skipped_has_a_reason(suite, capsys):
  text = "import pytest\npytest.importorskip('no_such', reason='needs more')\n"
  (suite / "tests" / "b_test.py").write_text(text)
  assert pytest_in(suite, "--collect-only") == 0
  assert pytest_in(suite, "--junitxml=junit.xml") == 0
  code, said = verdict(suite, capsys)
  assert code == 0
  assert "skipped 1x: needs more" in said


def test_a_test_that_was_not_collected_is_named():
  ran = [check.Case("tests.a_test.test_b", 0.0, False, "")]
  assert check.faults(["tests/a_test.py::test_a"], ran) == [
    "1 collected, but neither run nor skipped: tests/a_test.py::test_a",
    "1 run, but not collected: tests.a_test.test_b",
  ]


def test_a_list_that_is_cut_short_is_an_error():
  text = "tests/a_test.py::test_a\n\n2/5 tests collected (3 deselected) in 1s\n"
  with pytest.raises(ValueError, match="1 tests are listed.* collected 2"):
    check.collected_tests(text)
  with pytest.raises(ValueError, match="0 tests are listed.* collected none"):
    check.collected_tests("Making .venv\n")


def test_what_stands_around_the_list_is_no_test():
  text = (
    "Making .venv\npython -m pytest -n 2 tests/a_test.py::test_a\n"
    "tests/a_test.py::test_a\n\n=== warnings summary ===\n"
    "tests/a_test.py::test_b\n  careful\n\n1 test collected in 1s\n"
  )
  assert check.collected_tests(text) == ["tests/a_test.py::test_a"]


def test_slowest_files_come_first():
  tests = ["a_test.py::test_a", "a_test.py::test_b", "b_test.py::T::test_c"]
  seconds = {"a_test.test_a": 1.0, "a_test.test_b": 1.5, "b_test.T.test_c": 2.0}
  cases = [check.Case(name, s, False, "") for name, s in seconds.items()]
  assert check.slowest_files(tests, cases) == [
    (2.5, 2, "a_test.py"),
    (2.0, 1, "b_test.py"),
  ]
  assert check.slowest_files(tests, cases, count=1) == [(2.5, 2, "a_test.py")]
