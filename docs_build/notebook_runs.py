"""Runs the notebooks and keeps them, with their outputs, next to the site.

A kept notebook is named by a hash of its cells, so one that has changed since
it was run has no outputs until it is run again.
"""

from collections.abc import Callable
import hashlib
import json
import pathlib
from typing import Any
from typing import Optional

_SECONDS = 3600  # of a cell, at most


def kept(path: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
  """Returns where a notebook with its outputs is, or will be, kept.

  Args:
    path: the notebook, without outputs.
    folder: of all that were run.
  """
  cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
  source = json.dumps([[cell["cell_type"], cell["source"]] for cell in cells])
  digest = hashlib.sha256(source.encode()).hexdigest()[:12]
  return folder / f"{path.stem}-{digest}.ipynb"


def read(path: pathlib.Path, folder: pathlib.Path) -> Optional[dict[str, Any]]:
  """Returns a notebook with its outputs, or None if it was not run."""
  there = kept(path, folder)
  if not there.is_file():
    return None
  return json.loads(there.read_text(encoding="utf-8"))


def run_all(
  notebooks: pathlib.Path,
  folder: pathlib.Path,
  say: Callable[[str], object] = print,
) -> None:
  """Runs the notebooks that were not run since they changed.

  Args:
    notebooks: their folder, in which they run.
    folder: where they are kept with their outputs.
    say: called with a line about each.
  """
  import nbclient
  import nbformat

  folder.mkdir(parents=True, exist_ok=True)
  for path in sorted(notebooks.glob("*.ipynb")):
    there = kept(path, folder)
    if there.is_file():
      continue
    say(f"Running {path.name}")
    notebook = nbformat.read(str(path), as_version=4)
    nbclient.NotebookClient(
      notebook,
      timeout=_SECONDS,
      kernel_name="python3",
      extra_arguments=["--log-level=ERROR"],
      resources={"metadata": {"path": str(notebooks)}},
    ).execute()
    for old in folder.glob(f"{path.stem}-*.ipynb"):
      old.unlink()
    nbformat.write(notebook, str(there))
