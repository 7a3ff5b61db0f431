"""Which tests run where: what the marks of the suite promise."""

import pathlib
import re
import types

import pytest

from tests import conftest

TESTS = pathlib.Path(__file__).resolve().parent

# Rooms whose every test file is about what TensorFlow does.
ROOMS = (
  "architectures",
  "estimator",
  "export",
  "features",
  "front_door",
  "gans",
  "layers",
)


def item(*args, **kwargs):
  """Returns a collected test with the mark versions(*args, **kwargs)."""
  mark = pytest.mark.versions(*args, **kwargs).mark
  return types.SimpleNamespace(
    nodeid="tests/a_test.py::test_a", iter_markers=lambda name: [mark]
  )


def test_a_mark_with_a_reason_is_accepted():
  conftest.pytest_collection_modifyitems([item("reads checkpoints")])


@pytest.mark.parametrize("args", [(), ("",), (" ",), (2.6,), ("a", "b")])
def test_a_mark_without_a_reason_fails_the_collection(args):
  with pytest.raises(pytest.UsageError, match="why .* tests/a_test.py::test_a"):
    conftest.pytest_collection_modifyitems([item("good"), item(*args)])


def test_files_about_tensorflow_have_tests_that_run_on_every_version():
  without = [
    str(path.relative_to(TESTS))
    for room in ROOMS
    for path in (TESTS / room).rglob("*_test.py")
    if not re.search(r"pytest\.mark\.versions\(", path.read_text("utf-8"))
  ]
  assert not without, f"No pytest.mark.versions(reason) in {without}"
