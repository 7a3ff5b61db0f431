import pytest

from docs_build import nav


def _pages():
  """Returns the least pages that fill every group."""
  return [page.replace("*", "a.md") for page in nav.named()] + ["index.md"]


def test_pages_of_generators_are_found_by_their_folder():
  _, *tabs = nav.make(_pages())
  assert {title for tab in tabs for title in tab} == set(nav.GROUPS)
  assert {"Notebooks": ["notebooks/a.md"]} in tabs[0]["Start here"]


def test_a_page_in_no_group_is_refused():
  with pytest.raises(ValueError, match="forgotten.md: no group"):
    nav.make([*_pages(), "forgotten.md"])


def test_a_group_that_names_no_page_is_refused():
  with pytest.raises(ValueError, match="names data.md, which no file"):
    nav.make(set(_pages()) - {"data.md"})


def test_pages_that_others_write_may_be_missing():
  for page in nav._EXPECTED:
    nav.make(set(_pages()) - {page})
