"""The navigation: groups of pages, and pages that other files add.

A page of docs/ that no group names makes the build fail, so that it cannot be
forgotten. Names in `_EXPECTED` may be missing.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

# Title of a tab -> (title of a section or "", pages).
# "*" in a page stands for all pages that a generator makes below a folder.
GROUPS: dict[str, Sequence[tuple[str, Sequence[str]]]] = {
  "Start here": [
    (
      "",
      [
        "start/index.md",
        "start/install.md",
        "installation.md",
        "start/first_training.md",
        "start/first_study.md",
        "start/concepts.md",
      ],
    ),
    ("Notebooks", ["notebooks/*"]),
  ],
  "Guides": [
    (
      "Train",
      [
        "data.md",
        "checking.md",
        "watchdogs.md",
        "trackers.md",
        "performance.md",
        "distributed.md",
        "reproducing.md",
        "troubleshooting.md",
        "keras.md",
        "bigbigan.md",
      ],
    ),
    ("Score and look", ["metrics.md", "looking.md"]),
    ("Compare", ["regularisers.md", "studies.md", "regulariser_study.md"]),
    ("Export and share", ["export.md", "web.md", "bundles.md"]),
    ("Extend", ["contributing.md"]),
  ],
  "Gallery": [
    (
      "",
      [
        "gallery/index.md",
        "gallery/architectures.md",
        "gallery/losses.md",
        "gallery/regularisers.md",
        "gallery/normalizers.md",
        "gallery/metrics.md",
        "gallery/more.md",
      ],
    ),
  ],
  "Reference": [
    ("", ["reference/index.md", "reference/commands.md", "reference/cards.md"]),
    ("gin", ["gin/index.md", "gin/*"]),
    ("Python", ["api/index.md", "api/*"]),
  ],
  "Results": [
    ("", ["results.md", "parity.md", "changelog.md"]),
    ("Studies", ["reports/*"]),
  ],
  "Moving here": [
    (
      "",
      [
        "migrate/index.md",
        "migrate/compare_gan.md",
        "migrate/studiogan.md",
        "migrate/ascend_cards.md",
      ],
    ),
  ],
  "Ascend · 昇腾": [
    ("English", ["npu.md", "modelarts.md"]),
    (
      "中文",
      ["zh/index.md", "zh/npu.md", "zh/modelarts.md", "zh/model_cards.md"],
    ),
  ],
}

# Pages that need not exist.
_EXPECTED = {
  "bundles.md",
  "installation.md",
  "reproducing.md",
  "trackers.md",
  "troubleshooting.md",
}


def named() -> list[str]:
  """Returns all pages and patterns of the groups."""
  return [
    page
    for sections in GROUPS.values()
    for _, pages in sections
    for page in pages
  ]


def make(pages: Iterable[str]) -> list[Any]:
  """Returns the `nav` of mkdocs.yml.

  Args:
    pages: all Markdown pages of the site, relative to its sources.

  Raises:
    ValueError: a page is in no group, or a group names a page that is not
      there.
  """
  left = set(pages) - {"index.md"}
  missing = [
    page
    for page in named()
    if "*" not in page and page not in left and page not in _EXPECTED
  ]
  if missing:
    raise ValueError(
      f"docs_build/nav.py names {', '.join(missing)}, which no file of docs/ "
      "and no generator makes."
    )
  plain = {page for page in named() if "*" not in page}
  tabs: list[Any] = [{"Home": "index.md"}]
  for tab, sections in GROUPS.items():
    entries: list[Any] = []
    for title, patterns in sections:
      found = _found(patterns, left, plain)
      left -= set(found)
      if found:
        entries += [{title: found}] if title else found
    tabs.append({tab: entries})
  if left:
    raise ValueError(
      f"{', '.join(sorted(left))}: no group of docs_build/nav.py names it. Add "
      "it to the group where readers will look for it."
    )
  return tabs


def _found(patterns, pages, plain):
  """Returns the pages of patterns, in their order."""
  found = []
  for pattern in patterns:
    folder = pattern.removesuffix("*")
    if pattern == folder:
      found += [pattern] if pattern in pages else []
    else:
      more = (p for p in pages if p.startswith(folder) and p not in plain)
      # "gans" before "gans.terms".
      found += sorted(more, key=lambda page: page.removesuffix(".md"))
  return found
