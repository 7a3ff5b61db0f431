"""Builds the documentation site: `python -m docs_build`, or `make docs`.

  python -m docs_build                   into build/site
  python -m docs_build --sources_only    the Markdown pages alone, in seconds
  python -m docs_build --run_notebooks   first runs the notebooks that were not
                                         run since they changed: their pages
                                         show what they print and draw

It fails if a page is in no group of the navigation, a link or an anchor leads
nowhere, or a page would load something from a network.
"""

import argparse
import pathlib
import shutil
import sys

from compare_gan import console

console.begin()  # Before TensorFlow is imported, so that it keeps quiet.

from docs_build import notebook_runs  # noqa: E402
from docs_build import site  # noqa: E402


def main() -> int:
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument("--out", default=str(site.ROOT / "build"))
  parser.add_argument("--sources_only", action="store_true")
  parser.add_argument("--run_notebooks", action="store_true")
  args = parser.parse_args()
  out = pathlib.Path(args.out).resolve()
  for name in ("sources", "site"):
    shutil.rmtree(out / name, ignore_errors=True)
  (out / "sources").mkdir(parents=True)
  ran = out / "notebooks"
  if args.run_notebooks:
    notebook_runs.run_all(site.ROOT / "notebooks", ran)
  found = site.write_sources(out / "sources", ran)
  if args.sources_only:
    print(f"{len(found)} pages in {out / 'sources'}")
    return 0
  site.write_config(out / "mkdocs.yml", found)
  code = site.build(out)
  if code == 0:
    print(f"{len(found)} pages: open {out / 'site' / 'index.html'}")
  return code


if __name__ == "__main__":
  sys.exit(main())
