"""Notebooks as pages: texts, code, outputs, and a link to the notebook."""

import base64
from collections.abc import Iterable
from collections.abc import Mapping
import json
import pathlib
import re
from typing import Any

from compare_gan.console import tensorflow_lines

from docs_build import notebook_runs
from docs_build import pages

_LINES = 24  # of an output; a longer one loses those in the middle
_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # colors and the like


def write(root: pathlib.Path, out: pathlib.Path, ran: pathlib.Path) -> None:
  """Writes notebooks/<name>.md, and copies the notebooks next to them.

  Args:
    root: the repository.
    out: the folder of the pages.
    ran: the folder of the notebooks that were run, see notebook_runs.
  """
  folder = out / "notebooks"
  folder.mkdir(parents=True, exist_ok=True)
  for path in sorted((root / "notebooks").glob("*.ipynb")):
    text = path.read_text(encoding="utf-8")
    (folder / path.name).write_text(text, encoding="utf-8")
    notebook = notebook_runs.read(path, ran) or json.loads(text)
    _lead_to_site(notebook, path)
    page, pictures = as_markdown(notebook, path.name)
    for name, content in pictures.items():
      (folder / name).write_bytes(content)
    (folder / f"{path.stem}.md").write_text(page, encoding="utf-8")


def _lead_to_site(notebook, path):
  """Turns links of its texts into links of the site."""
  for cell in notebook["cells"]:
    if cell["cell_type"] == "markdown":
      text = "".join(cell["source"])
      cell["source"] = [
        pages.with_links_of_site(
          text, f"notebooks/{path.name}", f"notebooks/{path.stem}.md"
        )
      ]


def as_markdown(notebook: dict, name: str) -> tuple[str, dict[str, bytes]]:
  """Returns the page of a notebook, and {name: content} of its pictures.

  Args:
    notebook: what its file holds.
    name: of the file.
  """
  parts = []
  pictures: dict[str, bytes] = {}
  for i, cell in enumerate(notebook["cells"]):
    source = "".join(cell["source"])
    if cell["cell_type"] == "code":
      parts.append(f"```python\n{source}\n```")
      for output in _joined(cell.get("outputs", ())):
        parts += _shown(output, pathlib.Path(name).stem, pictures)
    else:
      parts.append(source)
    if i == 0:
      parts.append(
        f'<a href="{name}" download>Download this notebook</a>. It runs '
        "offline, in Jupyter or Colab."
      )
  return "\n\n".join(parts) + "\n", pictures


def _joined(outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
  """Returns outputs; prints that follow each other are one.

  Lines of TensorFlow that commands do not show are left out here, too.
  """
  joined: list[dict[str, Any]] = []
  for output in outputs:
    if output["output_type"] != "stream":
      joined.append(dict(output))
      continue
    lines = "".join(output["text"]).splitlines(keepends=True)
    text = "".join(
      line for line in lines if tensorflow_lines.matters(line.encode())
    )
    if joined and joined[-1]["output_type"] == "stream":
      joined[-1]["text"] += text
    elif text:
      joined.append({"output_type": "stream", "text": text})
  return joined


def _shown(output: Mapping[str, Any], stem: str, pictures: dict[str, bytes]):
  """Returns the parts of a page that show an output; adds its picture."""
  if output["output_type"] == "stream":
    return [_as_text(output["text"])]
  data = output.get("data", {})
  if "image/png" in data:
    name = f"{stem}_{len(pictures) + 1}.png"
    pictures[name] = base64.b64decode("".join(data["image/png"]))
    return [f"![What the cell draws]({name})"]
  if "text/plain" in data:
    return [_as_text("".join(data["text/plain"]))]
  return []


def _as_text(text: str) -> str:
  """Returns an output as a block, as a terminal would leave it."""
  lines = [
    _TERMINAL.sub("", line.rpartition("\r")[2])
    for line in text.replace("\r\n", "\n").rstrip().split("\n")
  ]
  if len(lines) > _LINES:
    half = _LINES // 2
    more = f"... {len(lines) - 2 * half} more lines ..."
    lines = [*lines[:half], more, *lines[-half:]]
  return "\n".join(['```text title="Output"', *lines, "```"])
