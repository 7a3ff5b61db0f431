"""Copies the written pages, with links that work on the site.

A link of the repository leads to a file. On the site, it leads to the page of
this file: README.md to the first page, a module to its place in the API
reference, a gin file to its place among the cards. A link to a file that has no
page, such as a test, becomes the name of the file.
"""

import os
import pathlib
import re
import shutil
from typing import Callable
from typing import Optional

from docs_build import api_reference
from docs_build import listings
from docs_build import lists

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_FENCE = re.compile(r"^( *)(```+)", re.MULTILINE)
_OF_REPOSITORY = {
  "README.md": "index.md",
  "CONTRIBUTING.md": "contributing.md",
  "CHANGELOG.md": "changelog.md",
}


def place_of(path: str) -> Optional[str]:
  """Returns the page, and anchor, of a file of the repository, None if none.

  Args:
    path: relative to the repository.
  """
  if path in _OF_REPOSITORY:
    return _OF_REPOSITORY[path]
  report = re.fullmatch(r"docs/(\w+)/summary\.md", path)
  if report:
    return f"reports/{report[1]}.md#summary"
  if path.startswith("docs/site/"):
    return path[len("docs/site/") :]
  if path.startswith("docs/"):
    return path[len("docs/") :]
  if path.startswith("notebooks/") and path.endswith(".ipynb"):
    return path[: -len(".ipynb")] + ".md"
  if path.startswith("compare_gan/") and path.endswith(".py"):
    return api_reference.place_of_module(path)
  if path.startswith("configs/") and path.endswith(".gin"):
    return f"reference/cards.md#{listings.anchor_of_card(path)}"
  return None


def copy_all(root: pathlib.Path, out: pathlib.Path) -> None:
  """Copies all written pages, pictures and reports into a folder."""
  for path in sorted((root / "docs").rglob("*")):
    inside = path.relative_to(root).as_posix()
    if path.is_file() and not inside.endswith("/summary.md"):
      copy_file(root, inside, out / str(place_of(inside)))
  for path in _OF_REPOSITORY:
    if path != "README.md":
      copy_file(root, path, out / _OF_REPOSITORY[path])
  _add_reports(root, out)


def copy_file(root: pathlib.Path, inside: str, to: pathlib.Path) -> None:
  """Copies a file; Markdown with its links changed.

  Args:
    root: the repository.
    inside: the file, relative to it.
    to: the new file.
  """
  to.parent.mkdir(parents=True, exist_ok=True)
  if not inside.endswith(".md"):
    shutil.copyfile(root / inside, to)
    return
  text = (root / inside).read_text(encoding="utf-8")
  text = outside_of_fences(text, lists.joined_chinese)
  to.write_text(
    with_links_of_site(text, inside, str(place_of(inside))), encoding="utf-8"
  )


def with_links_of_site(text: str, inside: str, place: str) -> str:
  """Returns the Markdown of a page with each link changed.

  Args:
    text: the page.
    inside: its file, relative to the repository.
    place: its page on the site.
  """

  def replace(match: re.Match) -> str:
    mark, words, target = match.groups()
    words = _LINK.sub(replace, words)
    if re.match(r"[a-z]+:|#", target):
      return f"{mark}[{words}]({target})"
    path, _, anchor = target.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(inside), path))
    found = place_of(path)
    if found is None:
      return f"{words}" if "`" in words else f"`{path}`"
    page, _, own = found.partition("#")
    link = os.path.relpath(page, os.path.dirname(place) or ".")
    anchor = anchor or own
    return f"{mark}[{words}]({link}{'#' + anchor if anchor else ''})"

  return outside_of_fences(text, lambda part: _LINK.sub(replace, part))


def outside_of_fences(text: str, change: Callable[[str], str]) -> str:
  """Returns a Markdown text with its parts that are no code changed."""
  parts = []
  code = False
  fence = ""
  lines: list[str] = []

  def flush():
    part = "".join(lines)
    parts.append(part if code else change(part))
    lines.clear()

  for line in text.splitlines(keepends=True):
    match = _FENCE.match(line)
    if match and not code:
      flush()
      code, fence = True, match[2]
      lines.append(line)
    elif match and match[2].startswith(fence):
      lines.append(line)
      flush()
      code = False
    else:
      lines.append(line)
  flush()
  return "".join(parts)


# ---- Reports of studies ------------------------------------------------------

_REPORT = """# {title}

<p class="report-links"><a href="../{name}/index.html" target="_blank"
>The whole report in its own tab</a></p>

<iframe class="report" src="../{name}/index.html" title="Report of the study"
loading="lazy"></iframe>

## Summary

{summary}
"""


def _add_reports(root, out):
  """Makes a page around each report below docs/."""
  for path in sorted((root / "docs").glob("*/index.html")):
    name = path.parent.name
    summary = path.with_name("summary.md")
    text = summary.read_text(encoding="utf-8") if summary.exists() else ""
    page = out / "reports" / f"{name}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    title = name.replace("_", " ").capitalize()
    page.write_text(
      _REPORT.format(title=title, name=name, summary=_demoted(text)),
      encoding="utf-8",
    )


def _demoted(text):
  """Returns Markdown whose first title is left out, and others are smaller."""
  text = re.sub(r"\A# .*\n", "", text)
  return outside_of_fences(
    text, lambda part: re.sub(r"^#", "##", part, flags=re.MULTILINE)
  )
