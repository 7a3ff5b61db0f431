"""All files state one version, and a tag names it."""

import pytest

from tests.packaging import scripts

check_release = scripts.load(".ci/check_release.py")


def _checkout(folder, version="1.2.3", citation="1.2.3", recipe="1.2.3"):
  (folder / "compare_gan").mkdir()
  (folder / "recipe").mkdir()
  for name, text in {
    "compare_gan/version.py": f'"""V."""\n\n__version__ = "{version}"\n',
    "CITATION.cff": f"cff-version: 1.2.0\nversion: {citation}\n",
    "recipe/recipe.yaml": f'context:\n  version: "{recipe}"\n',
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## 1.2.3 (today)\n",
  }.items():
    (folder / name).write_text(text)
  return folder


def test_this_checkout_states_one_version():
  assert check_release.problems() == []


def test_a_tag_with_a_section_is_fine(tmp_path):
  assert check_release.problems("v1.2.3", _checkout(tmp_path)) == []


@pytest.mark.parametrize(
  "tag,stated,problem",
  [
    ("v1.2.4", {}, "The tag is v1.2.4, but the version is 1.2.3."),
    ("", {"citation": "1.2.2"}, "CITATION.cff has version 1.2.2, compare_gan"),
    ("", {"recipe": "1.2.2"}, "recipe/recipe.yaml has version 1.2.2, compare"),
    (
      "v1.2",
      {"version": "1.2", "citation": "1.2", "recipe": "1.2"},
      "CHANGELOG.md has no section '## 1.2'.",
    ),
  ],
)
def test_each_difference_is_named(tag, stated, problem, tmp_path):
  [found] = check_release.problems(tag, _checkout(tmp_path, **stated))
  assert found.startswith(problem)
