"""From docs/ and the code to pages, and from pages to the site."""

import os
import pathlib
import shutil
import subprocess
import sys

from docs_build import api_reference
from docs_build import gallery
from docs_build import gin_reference
from docs_build import listings
from docs_build import lists
from docs_build import nav
from docs_build import notebook_pages
from docs_build import pages
from docs_build import site_checks

ROOT = pathlib.Path(__file__).resolve().parent.parent


def write_sources(out: pathlib.Path, ran: pathlib.Path) -> list[str]:
  """Writes all Markdown pages; returns their names.

  Args:
    out: an empty folder.
    ran: the folder of the notebooks that were run, see notebook_runs.
  """
  pages.copy_all(ROOT, out)
  for path in out.rglob("*.md"):
    text = path.read_text(encoding="utf-8")
    path.write_text(lists.indented_by_four(text), encoding="utf-8")
  listings.write_cards(ROOT, out)
  listings.write_commands(out)
  gin_reference.write(out)
  gallery.write(ROOT, out)
  api_reference.write(out)
  notebook_pages.write(ROOT, out, ran)
  shutil.copytree(ROOT / "docs_build" / "theme", out / "assets")
  return sorted(path.relative_to(out).as_posix() for path in out.rglob("*.md"))


def write_config(path: pathlib.Path, found: list[str]) -> None:
  """Writes the mkdocs.yml of these pages.

  Args:
    path: the new file; pages are in the folder `sources` next to it.
    found: names of all pages.
  """
  import yaml  # MkDocs needs it; the tests of this folder do not.

  text = (ROOT / "docs_build" / "mkdocs.yml").read_text(encoding="utf-8")
  more = {
    "docs_dir": "sources",
    "site_dir": "site",
    "nav": nav.make(found),
    "watch": [],
  }
  text = text.replace(
    "        python:\n", f"        python:\n          paths: ['{ROOT}']\n"
  )
  path.write_text(
    f"{text}\n{yaml.safe_dump(more, allow_unicode=True, sort_keys=False)}",
    encoding="utf-8",
  )


def build(out: pathlib.Path) -> int:
  """Builds the site of out/sources into out/site; returns an exit code."""
  # docs_build extends what reads the docstrings.
  environment = {
    **os.environ,
    "NO_MKDOCS_2_WARNING": "1",
    "PYTHONPATH": str(ROOT),
  }
  command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
  command += ["--config-file", str(out / "mkdocs.yml")]
  done = subprocess.run(
    command,
    env=environment,
    check=False,
    text=True,
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
  )
  if done.returncode:
    print(done.stdout, file=sys.stderr)
    return done.returncode
  found = site_checks.problems(out / "site")
  for line in found:
    print(line, file=sys.stderr)
  return 1 if found else 0
