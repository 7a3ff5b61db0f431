"""All pages but those that need packages of the extra `docs`: no formulas."""

import re

from compare_gan.checks import known
from compare_gan.configuration import kinds
import pytest

from docs_build import api_reference
from docs_build import gallery
from docs_build import gin_reference
from docs_build import nav
from docs_build import site


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
  """The folder of all Markdown pages."""
  folder = tmp_path_factory.mktemp("sources")
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(gallery, "formula", lambda name: [])
    site.write_sources(folder, folder / "none")
  return folder


def _read(folder, place):
  return (folder / place).read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.once
def test_every_page_has_a_place_in_the_navigation(sources):
  pages = [p.relative_to(sources).as_posix() for p in sources.rglob("*.md")]
  assert len(pages) > 80
  nav.make(pages)


@pytest.mark.long
@pytest.mark.once
def test_every_name_and_parameter_of_gin_is_in_the_reference(sources):
  names = known.all_names()
  assert len(names) > 200
  for name in names:
    page, _, anchor = gin_reference.place_of(name).partition("#")
    start = f"## `{name}` {{ #{anchor} }}"
    assert start in _read(sources, page)
    section = _read(sources, page).partition(start)[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert rows == list(known.find(name).parameters), name


@pytest.mark.long
@pytest.mark.once
def test_a_row_says_default_range_and_meaning(sources):
  page = _read(sources, "gin/gans.md").partition("## `options`")[2]
  row = re.search(r"^\| `batch_size` .*$", page, re.MULTILINE)[0]
  assert row == (
    "| `batch_size` | *required* | an int of 1 or more | images per D update, "
    "over all replicas. |"
  )


@pytest.mark.long
@pytest.mark.once
def test_everything_that_can_be_chosen_is_in_the_gallery(sources):
  for kind, page in gallery.pages_of_kinds().items():
    text = _read(sources, f"gallery/{page}.md")
    for entry in kinds.kinds()[kind].entries():
      plain = entry.name.removeprefix("@")
      assert f"{{ #{gallery.anchor(kind, plain)} }}" in text


def test_every_kind_has_a_page():
  files = {"cards", "presets", "studies", "yours"}
  assert set(gallery.pages_of_kinds()) | files == set(kinds.kinds())


def test_every_module_has_a_place_in_the_api_reference():
  modules = {one for page in api_reference.pages().values() for one in page}
  paths = (api_reference.ROOT / "compare_gan").rglob("*.py")
  assert modules == {
    api_reference.module_of(path.relative_to(api_reference.ROOT).as_posix())
    for path in paths
    if path.name != "__main__.py"
  }
