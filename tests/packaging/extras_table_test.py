"""docs/installation.md shows the extras of setup.py, each with its purpose."""

import pytest

from tests.packaging import scripts

extras_table = scripts.load(".ci/extras_table.py")


def test_the_document_shows_the_table_of_setup_py():
  text = extras_table.DOCUMENT.read_text(encoding="utf-8")
  shown = extras_table.table(extras_table.extras())
  assert extras_table.with_table(text, shown) == text, (
    "python .ci/extras_table.py --write"
  )


def test_each_extra_has_a_purpose():
  for name, (purpose, packages) in extras_table.extras().items():
    assert len(purpose.split()) > 2 and packages, name


def test_a_table_names_a_package_once():
  assert extras_table.table({"x": ("a b c", ["p>=1", "q", "p>=1"])}) == (
    "| extra | for | installs |\n| --- | --- | --- |\n"
    "| `x` | a b c | `p>=1`, `q` |"
  )


def test_a_document_without_marks_is_refused():
  with pytest.raises(ValueError, match="lacks"):
    extras_table.with_table("# Installation", "|")
