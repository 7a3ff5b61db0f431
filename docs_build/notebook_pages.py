"""Notebooks as pages: texts, code, and a link to the notebook itself."""

import json
import pathlib

from docs_build import pages


def write(root: pathlib.Path, out: pathlib.Path) -> None:
  """Writes notebooks/<name>.md, and copies the notebooks next to them."""
  folder = out / "notebooks"
  folder.mkdir(parents=True, exist_ok=True)
  for path in sorted((root / "notebooks").glob("*.ipynb")):
    text = path.read_text(encoding="utf-8")
    (folder / path.name).write_text(text, encoding="utf-8")
    page = as_markdown(json.loads(text), path.name)
    page = pages.with_links_of_site(
      page, f"notebooks/{path.name}", f"notebooks/{path.stem}.md"
    )
    (folder / f"{path.stem}.md").write_text(page, encoding="utf-8")


def as_markdown(notebook: dict, name: str) -> str:
  """Returns the page of a notebook.

  Args:
    notebook: what its file holds.
    name: of the file.
  """
  parts = []
  for i, cell in enumerate(notebook["cells"]):
    source = "".join(cell["source"])
    if cell["cell_type"] == "code":
      parts.append(f"```python\n{source}\n```")
    else:
      parts.append(source)
    if i == 0:
      parts.append(
        f'<a href="{name}" download>Download this notebook</a>. It runs '
        "offline, in Jupyter or Colab."
      )
  return "\n\n".join(parts) + "\n"
