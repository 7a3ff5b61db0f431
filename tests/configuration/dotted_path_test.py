"""Modules of a user's own."""

from compare_gan.configuration import dotted_path
import pytest


def test_module_is_imported():
  assert (
    dotted_path.module("tests.configuration.dotted_path_test").__name__
    == __name__
  )


@pytest.mark.parametrize("name", ["", "nowhere", "tests.nowhere", "nowhere.at"])
def test_what_is_not_there_is_none(name):
  assert dotted_path.module(name) is None


def test_what_is_missing_inside_is_passed_on(tmp_path, monkeypatch):
  (tmp_path / "lacks_something.py").write_text("import not_installed\n")
  monkeypatch.syspath_prepend(tmp_path)
  with pytest.raises(ModuleNotFoundError, match="not_installed"):
    dotted_path.module("lacks_something")
